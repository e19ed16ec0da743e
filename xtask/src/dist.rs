//! `cargo xtask dist`: what is given to users, in one folder.

use std::path::PathBuf;

use crate::dist_c;
use crate::python::{Profile, sdist, wheel};
use crate::tools::{Result, target};

/// What to build, and where to.
#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// Folder that receives everything; `dist` in the folder of builds by default
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// Build the Python package only
    #[arg(long, conflicts_with = "c")]
    python: bool,
    /// Build the C library only
    #[arg(long)]
    c: bool,
}

/// Builds wheel, source archive and C library, optimised.
pub(crate) fn dist(arguments: &Arguments) -> Result<()> {
    let out = match &arguments.out {
        Some(out) => std::path::absolute(out)?,
        None => target().join("dist"),
    };
    if !arguments.c {
        println!("{}", sdist(&out.join("python/sdist"))?.display());
        println!("{}", wheel(Profile::Dist, &out.join("python/wheels"))?.display());
    }
    if !arguments.python {
        dist_c::install(&out.join("c"), "dist")?;
    }
    Ok(())
}
