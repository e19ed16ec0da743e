//! `cargo xtask dist`: what is given to users, optimised, below one folder.

use std::fs;
use std::path::PathBuf;

use crate::c_header::version;
use crate::dist_c;
use crate::python::{Profile, sdist, wheel};
use crate::tools::{Result, target};

/// What to build, and where to.
#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// Folder that receives the C library in lib/ and include/, and wheel and source archive in python/;
    /// `dist` in the folder of builds by default
    #[arg(long, value_name = "DIR")]
    prefix: Option<PathBuf>,
    /// Build the Python package only
    #[arg(long, conflicts_with = "c")]
    python: bool,
    /// Build the C library only
    #[arg(long)]
    c: bool,
}

/// Builds wheel, source archive and C library.
pub(crate) fn dist(arguments: &Arguments) -> Result<()> {
    let prefix = match &arguments.prefix {
        Some(prefix) => std::path::absolute(prefix)?,
        None => target().join("dist"),
    };
    if !arguments.c {
        // Built elsewhere: both want a folder that holds nothing else, and empty it.
        let (folder, work) = (prefix.join("python"), target().join("python/dist"));
        fs::create_dir_all(&folder)?;
        for made in [sdist(&work.join("sdist"))?, wheel(Profile::Dist, &work.join("wheels"))?] {
            let place = folder.join(made.file_name().ok_or("a package is a file")?);
            fs::copy(&made, &place)?;
            println!("{}", place.display());
        }
    }
    if !arguments.python {
        dist_c::install(&prefix, "dist")?;
        println!("hwmigrate {} for C in {}", version()?, prefix.display());
    }
    Ok(())
}
