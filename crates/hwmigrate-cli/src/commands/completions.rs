//! `completions`: scripts that complete arguments in a shell.

use crate::args::Cli;
use crate::failure::Result;
use crate::output::Output;

/// Writes the script of a shell.
pub(crate) fn run(shell: clap_complete::Shell, output: &Output) -> Result<()> {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Cli::tree(), "hwmigrate", &mut script);
    output.text(&String::from_utf8_lossy(&script))
}
