//! One file of cases for every face: the library, the command, the Python package and the C library.
//!
//! `tests/faces/cases.json` says what is asked for, step by step, and how it
//! ends. A face is asked in words (`wait_task 42 60000`) and answers with
//! JSON or with the facts of its error; the judging is the same for all. So a
//! binding that names an error differently, loses a digit or sends one request
//! more is found here.
//!
//! Python and C need the package and the library built, so their tests are
//! among the ignored ones; `cargo xtask test --only faces` runs them.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests")]

mod cases;
mod command;
mod library;
mod program;

use std::path::PathBuf;

use cases::{Face, every_case};

#[tokio::test]
async fn library_goes_through_every_case() {
    every_case(Face::Library).await;
}

#[tokio::test]
async fn command_goes_through_every_case() {
    every_case(Face::Command).await;
}

/// `HWMIGRATE_PYTHON` is an interpreter that has the package.
#[tokio::test]
#[ignore = "needs the Python package; `cargo xtask test --only faces` brings it"]
async fn python_package_goes_through_every_case() {
    let driver = concat!(env!("CARGO_MANIFEST_DIR"), "/faces/driver.py");
    let words = [wanted("HWMIGRATE_PYTHON"), "-B".into(), driver.into()];
    for manner in ["blocking", "asyncio"] {
        every_case(Face::Program(words.iter().cloned().chain([manner.into()]).collect())).await;
    }
}

/// `HWMIGRATE_C_DRIVER` is `tests/faces/driver.c`, built with the library.
#[tokio::test]
#[ignore = "needs the C library; `cargo xtask test --only faces` brings it"]
async fn c_library_goes_through_every_case() {
    every_case(Face::Program(vec![wanted("HWMIGRATE_C_DRIVER")])).await;
}

fn wanted(name: &str) -> PathBuf {
    std::env::var_os(name).unwrap_or_else(|| panic!("{name} is not set")).into()
}
