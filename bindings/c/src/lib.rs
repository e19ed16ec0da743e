//! The C interface.
//!
//! Every function here does three things: it turns pointers into values
//! (`pointer`), does one thing with the high-level crate inside a guard that
//! no panic and no signal passes (`enter`), and turns the outcome into a
//! number, an error object and an output. What it promises to callers is
//! written in `README.md` beside this crate and, item by item, in the header,
//! which is made from the comments of this crate.
//!
//! # Pointers
//! The unsafe code keeps to four rules, which the header gives to callers and
//! which `SAFETY` comments name:
//! - **handles** are `NULL`, or came from this library and are not freed yet;
//! - **texts** are `NULL`, or end with a NUL;
//! - **buffers** are `NULL` with length 0, or point to that many bytes;
//! - **outputs** are `NULL`, or point to writable room for their type.

#![allow(non_camel_case_types, reason = "the names are those of the header")]
#![allow(
    clippy::missing_safety_doc,
    reason = "the rules for pointers are one set for all functions, stated above and in the README"
)]

mod call;
mod callback;
mod cancel;
mod client;
mod config;
mod credentials;
mod engine;
mod enter;
mod error;
mod failure;
mod find;
mod fleet;
mod groups;
mod handle;
mod list;
mod log;
mod memory;
mod pointer;
mod progress;
mod request;
mod result;
mod servers;
mod sync_tasks;
mod tasks;
mod typed;
mod value;
mod version;
mod wait;
