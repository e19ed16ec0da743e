//! HTTP: from a socket to a checked call, and back.

pub(crate) mod answer;
pub(crate) mod call;
mod check;
mod connection;
mod delivery;
pub(crate) mod gate;
pub(crate) mod route;
pub(crate) mod server;
