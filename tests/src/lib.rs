//! Tests as an outside user would write them, and the programs that measure.
//!
//! Everything here speaks to the emulator over HTTP, or to the command over
//! its arguments and streams; nothing reaches inside another crate.

pub mod dice;
pub mod document;
pub mod load;
pub mod process;
pub mod sandbox;
pub mod scripted;
pub mod tree;
