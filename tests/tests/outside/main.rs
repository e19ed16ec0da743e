//! What users rely on, as they would see it: the library and the emulator over HTTP.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests")]

mod create;
mod flows;
mod logins;
mod mutations;
mod readme;
mod resume;
mod safety;
mod surface;
mod waiter_faults;
mod waiter_states;
