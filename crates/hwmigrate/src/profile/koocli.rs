//! KooCLI's `~/.hcloud/config.json`, where its keys are not encrypted.

use std::path::Path;

use serde::Deserialize;
use serde_json::Value;

use crate::config::layer::{Item, Layer};
use crate::error::{Error, Result};
use crate::profile::{malformed, read_text};

/// Names in the file and the settings that they are.
const FIELDS: [(&str, Item); 8] = [
    ("accessKeyId", Item::AccessKey),
    ("secretAccessKey", Item::SecretKey),
    ("securityToken", Item::SecurityToken),
    ("region", Item::Region),
    ("projectId", Item::ProjectId),
    ("domainId", Item::DomainId),
    ("agencyName", Item::AgencyName),
    ("agencyDomainName", Item::AgencyDomain),
];

#[derive(Deserialize)]
struct File {
    #[serde(default)]
    current: String,
    #[serde(default)]
    profiles: Vec<serde_json::Map<String, Value>>,
}

/// The profile of that name, or the one that KooCLI itself would use.
pub(crate) fn read(path: &Path, name: Option<&str>) -> Result<Layer> {
    let text = read_text(path)?;
    let file: File = serde_json::from_str(&text).map_err(|error| {
        malformed(path, error.line(), "not KooCLI's JSON; write it anew with `hcloud configure`")
    })?;
    let name = name.unwrap_or(&file.current);
    let named =
        |profile: &&serde_json::Map<String, Value>| profile.get("name").and_then(Value::as_str) == Some(name);
    let profile = file.profiles.iter().find(named).ok_or_else(|| {
        let known: Vec<_> = file.profiles.iter().filter_map(|p| p.get("name")?.as_str()).collect();
        Error::config(format!("{} has no profile `{name}`; it has {}", path.display(), known.join(", ")))
    })?;
    if is_encrypted(profile) {
        return Err(Error::config(format!(
            "the keys of profile `{name}` in {} are encrypted and only KooCLI can read them; give the keys by \
             environment variables or a profile of {}",
            path.display(),
            "~/.config/hwmigrate/config.toml"
        )));
    }
    let mut layer = Layer::default();
    for (field, key) in FIELDS {
        if let Some(value) = profile.get(field).and_then(Value::as_str).filter(|value| !value.is_empty()) {
            layer.set(key, value, format!("`{field}` in {} (profile {name})", path.display()));
        }
    }
    Ok(layer)
}

/// KooCLI does not document a mark. An access key id is short and plain, an
/// encrypted one is neither.
fn is_encrypted(profile: &serde_json::Map<String, Value>) -> bool {
    let says_so = profile.iter().any(|(name, value)| {
        name.to_ascii_lowercase().contains("encrypt") && (value == true || value == "true")
    });
    let access = profile.get("accessKeyId").and_then(Value::as_str).unwrap_or_default();
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
    says_so || access.len() > 64 || !access.bytes().all(plain)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    fn parse(text: &str, name: Option<&str>) -> Result<Layer> {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), text).unwrap();
        read(file.path(), name)
    }

    const TWO: &str = r#"{"language":"en","current":"one","profiles":[
        {"name":"one","mode":"AKSK","accessKeyId":"AK1","secretAccessKey":"sk1","region":"cn-north-4","projectId":"","retryCount":0},
        {"name":"two","accessKeyId":"AK2","secretAccessKey":"sk2","securityToken":"st","agencyName":"a","agencyDomainName":"d"}]}"#;

    #[test]
    fn the_current_or_the_named_profile_is_read() {
        let one = parse(TWO, None).unwrap();
        assert_eq!(one.get(Item::AccessKey).unwrap().text(), "AK1");
        assert_eq!(one.get(Item::Region).unwrap().text(), "cn-north-4");
        assert!(one.get(Item::ProjectId).is_none());
        let two = parse(TWO, Some("two")).unwrap();
        assert_eq!(two.get(Item::SecurityToken).unwrap().text(), "st");
        assert_eq!(two.get(Item::AgencyName).unwrap().text(), "a");
        let error = parse(TWO, Some("three")).unwrap_err().to_string();
        assert!(error.contains("`three`") && error.contains("one, two"), "{error}");
    }

    #[test]
    fn encrypted_and_broken_files_are_refused_without_showing_them() {
        let rows = [
            (
                r#"{"current":"a","profiles":[{"name":"a","accessKeyId":"canary+/==","secretAccessKey":"x"}]}"#,
                "encrypted",
            ),
            (r#"{"current":"a","profiles":[{"name":"a","accessKeyId":"AK","encrypted":true}]}"#, "encrypted"),
            ("{\"current\":\n \"canary\" \"x\"}", "line 2"),
            (r#"{"current":"a"}"#, "no profile `a`"),
        ];
        for (text, words) in rows {
            let error = parse(text, None).unwrap_err().chain();
            assert!(error.contains(words) && !error.contains("canary"), "{error}");
        }
    }
}
