//! The credentials file of the official SDKs: INI with `[basic]` and `[global]`.

use std::path::Path;

use ini::Ini;

use crate::config::layer::{Item, Layer};
use crate::error::{Error, Result};
use crate::profile::{malformed, read_text};

/// Names in the file and the settings that they are.
const FIELDS: [(&str, Item); 6] = [
    ("ak", Item::AccessKey),
    ("sk", Item::SecretKey),
    ("security_token", Item::SecurityToken),
    ("project_id", Item::ProjectId),
    ("domain_id", Item::DomainId),
    ("iam_endpoint", Item::IamEndpoint),
];

/// `[basic]` serves regional services and comes first; `[global]` fills in
/// only where there is no `[basic]`.
pub(crate) fn read(path: &Path) -> Result<Layer> {
    let text = read_text(path)?;
    let file = Ini::load_from_str(&text).map_err(|error| {
        malformed(path, error.line + 1, "not an INI file; it has sections and lines ak = …")
    })?;
    let (name, section) =
        ["basic", "global"].into_iter().find_map(|name| Some((name, file.section(Some(name))?))).ok_or_else(
            || Error::config(format!("{} has neither a section [basic] nor [global]", path.display())),
        )?;
    let mut layer = Layer::default();
    for (field, key) in FIELDS {
        if let Some(value) = section.get(field).map(str::trim).filter(|value| !value.is_empty()) {
            layer.set(key, value, format!("`{field}` in {} [{name}]", path.display()));
        }
    }
    Ok(layer)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    fn parse(text: &str) -> Result<Layer> {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), text).unwrap();
        read(file.path())
    }

    #[test]
    fn the_basic_section_is_read() {
        let layer = parse(
            "# comment\n[basic]\nak = A\nsk = S/+=\nsecurity_token =\nproject_id=p1\n[global]\nak = G\ndomain_id = d\n",
        )
        .unwrap();
        assert_eq!(layer.get(Item::AccessKey).unwrap().text(), "A");
        assert_eq!(layer.get(Item::SecretKey).unwrap().text(), "S/+=");
        assert_eq!(layer.get(Item::ProjectId).unwrap().text(), "p1");
        assert!(layer.get(Item::SecurityToken).is_none());
        assert!(layer.get(Item::DomainId).is_none());
        assert_eq!(parse("[global]\nak = G\n").unwrap().get(Item::AccessKey).unwrap().text(), "G");
    }

    #[test]
    fn a_broken_file_is_named_without_its_content() {
        for text in ["[basic\nak = canary\n", "[other]\nak = canary\n", ""] {
            let error = parse(text).unwrap_err().chain();
            assert!(error.contains("/") && !error.contains("canary"), "{error}");
        }
    }
}
