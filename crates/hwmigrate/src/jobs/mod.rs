//! What the jobs of every service have in common: requests that are checked
//! before they are sent, lists that come in pages, a create that happens once,
//! commands whose reply is lost, and a delete that has to stop the job first.

pub(crate) mod check;
pub(crate) mod command;
pub(crate) mod create;
pub(crate) mod day_time;
pub(crate) mod mark;
pub(crate) mod moment;
pub(crate) mod paging;
pub(crate) mod remove;
