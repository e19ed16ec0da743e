//! IAM and OMS on one loopback port, for tests and for trying things out.
//!
//! The emulator verifies tokens and signatures for real, refuses requests that
//! the OpenAPI documents do not allow, moves real bytes between folders and
//! S3-compatible servers, misbehaves on command, and keeps a journal of what
//! it was asked, without the secrets.
//!
//! It needs neither an account nor a network, and listens on loopback only.

mod builder;
mod clock;
mod error;
mod fault;
mod http;

pub use builder::{Builder, S3Bucket};
pub use error::EmulatorError;
