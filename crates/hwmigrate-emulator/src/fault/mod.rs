//! Misbehaviour on command.

mod book;

pub(crate) use book::FaultBook;
