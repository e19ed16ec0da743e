//! The binary `hwmigrate`; everything is in the library of this crate.

use std::process::ExitCode;

fn main() -> ExitCode {
    hwmigrate_cli::main()
}
