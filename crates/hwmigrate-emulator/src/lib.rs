//! IAM, OMS and SMS on one loopback port, for tests and for trying things out.
//!
//! The emulator verifies tokens and signatures for real, refuses requests that
//! the OpenAPI documents do not allow, moves real bytes between folders and
//! S3-compatible servers, simulates migrations of servers, misbehaves on command, and keeps a journal of what
//! it was asked, without the secrets.
//!
//! It needs neither an account nor a network, and listens on loopback only.
//!
//! # Features
//! `remote`, on by default: [`S3Bucket`]s, and TLS towards their servers and those of URL lists. Without it
//! buckets are folders, and the URLs of lists are plain http.

mod admin;
mod app;
mod auth;
mod builder;
mod clock;
mod emulator;
mod engine;
mod error;
mod fault;
mod http;
mod iam;
mod journal;
mod names;
mod oms;
mod settings;
mod sms;
mod state;
mod store;
mod validate;

pub use builder::{Builder, S3Bucket};
pub use emulator::Emulator;
pub use error::EmulatorError;
pub use fault::{Fault, FaultKind, Faults};
pub use journal::Entry;
pub use sms::SourceServer;
