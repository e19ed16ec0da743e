//! The Python package: what of it is derived, and how it is built and proven.

mod api;
mod blocking;
mod generate;
mod prove;
mod text;
mod types;

pub(crate) use generate::{of_document, secret_names, twins};
pub(crate) use prove::{Profile, environment, prove, sdist, wheel};
