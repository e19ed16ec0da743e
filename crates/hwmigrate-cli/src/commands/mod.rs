//! One module for each command.

pub(crate) mod api;
pub(crate) mod bucket;
pub(crate) mod completions;
pub(crate) mod emulator;
pub(crate) mod group;
pub(crate) mod login;
pub(crate) mod migrate;
pub(crate) mod migrate_local;
pub(crate) mod oms;
pub(crate) mod sync;
pub(crate) mod task;
pub(crate) mod wait;
