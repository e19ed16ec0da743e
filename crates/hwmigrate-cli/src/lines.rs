//! Files with one entry on each line.

use std::path::Path;

use crate::body::name_of;
use crate::failure::{Failure, Result};

/// The failure of a line, of which `place` counts from 0.
pub(crate) fn bad_line(path: &Path, place: usize, why: &str, help: &str) -> Failure {
    // The line itself is not repeated: an address may be signed.
    Failure::usage(format!("{} line {} {why}", name_of(path), place + 1)).help(help)
}

/// The lines of a file without their ends; blank lines at the end do not count.
pub(crate) fn read_lines(path: &Path) -> Result<Vec<String>> {
    let unreadable = |error: std::io::Error| {
        Failure::usage(format!("the list {} could not be read", name_of(path)))
            .cause(error)
            .help("check the path and that you may read it")
    };
    let bytes = if path.as_os_str() == "-" {
        let mut bytes = Vec::new();
        std::io::Read::read_to_end(&mut std::io::stdin().lock(), &mut bytes).map_err(unreadable)?;
        bytes
    } else {
        std::fs::read(path).map_err(unreadable)?
    };
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(&bytes);
    let mut lines = Vec::new();
    for (place, line) in bytes.split(|byte| *byte == b'\n').enumerate() {
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        let text = std::str::from_utf8(line)
            .map_err(|_| bad_line(path, place, "is not UTF-8", "save the list as UTF-8 text"))?;
        lines.push(text.to_owned());
    }
    while lines.last().is_some_and(String::is_empty) {
        lines.pop();
    }
    Ok(lines)
}
