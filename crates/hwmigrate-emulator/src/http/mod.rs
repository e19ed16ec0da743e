//! HTTP: from a socket to a checked call, and back.

pub(crate) mod call;
