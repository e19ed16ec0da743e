//! One module for each command.

pub(crate) mod api;
pub(crate) mod completions;
pub(crate) mod emulator;
pub(crate) mod inside;
pub(crate) mod login;
pub(crate) mod oms;
pub(crate) mod shared;
pub(crate) mod sms;
pub(crate) mod wait;
