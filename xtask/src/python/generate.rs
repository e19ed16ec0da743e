//! The derived part of the Python package: models, operations, and the blocking client.

use std::fs;
use std::path::PathBuf;

use serde_json::Value;

use super::{api, blocking, types};
use crate::root;
use crate::tools::Result;

/// A file below `bindings/python`, and what it has to hold.
pub(crate) type Derived = (PathBuf, String);

/// The files that follow from one document.
pub(crate) fn of_document(service: &str, file: &str, document: &Value) -> Result<Vec<Derived>> {
    let title = document["info"]["title"].as_str().unwrap_or(service);
    let schemas = types::Schemas::of(document)?;
    let operations = api::module(document, &schemas, file, service)?;
    let twin = blocking::twin(&format!("aio/{service}_api.py"), &operations);
    Ok(vec![
        (package(&format!("{service}_types.py")), schemas.module(file, title)?),
        (package(&format!("aio/{service}_api.py")), operations),
        (package(&format!("blocking/{service}_api.py")), twin),
    ])
}

/// The blocking twins of what is written by hand.
pub(crate) fn twins() -> Result<Vec<Derived>> {
    let folder = root().join("bindings/python/python/hwmigrate/_async");
    let mut files = vec![
        (
            package("__init__.py"),
            "\"\"\"Files that `cargo xtask generate` derives. Do not edit.\"\"\"\n".to_owned(),
        ),
        (package("aio/__init__.py"), "\"\"\"Operations for asyncio.\"\"\"\n".to_owned()),
        (package("blocking/__init__.py"), "\"\"\"The blocking client.\"\"\"\n".to_owned()),
    ];
    let mut names: Vec<_> = fs::read_dir(folder)?.collect::<std::io::Result<_>>()?;
    names.sort_by_key(fs::DirEntry::file_name);
    for entry in names {
        let name = entry.file_name().to_string_lossy().into_owned();
        if name.ends_with(".py") && name != "__init__.py" {
            let text = fs::read_to_string(entry.path())?;
            files.push((
                package(&format!("blocking/{name}")),
                blocking::twin(&format!("_async/{name}"), &text),
            ));
        }
    }
    Ok(files)
}

fn package(name: &str) -> PathBuf {
    root().join("bindings/python/python/hwmigrate/generated").join(name)
}
