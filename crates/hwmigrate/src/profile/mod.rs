//! Profile files: the lowest level of settings.
//!
//! Exactly one file is read, so that settings of different accounts never mix:
//! our own, the official SDKs', or KooCLI's. Named files come first, then
//! whichever exists, in that order.

mod koocli;
mod sdk;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde::Deserialize;
use toml::{Spanned, Value};

use crate::config::layer::{Item, Layer, TABLE};
use crate::environment::Environment;
use crate::error::{Error, Result};
use crate::secret_ref;

/// Which profile the caller asked for.
#[derive(Clone, Debug, Default)]
pub(crate) struct Choice {
    pub(crate) name: Option<String>,
    pub(crate) file: Option<PathBuf>,
}

/// Reads the profile that arguments and environment choose; nothing is an
/// empty level.
pub(crate) fn load(choice: &Choice, environment: &Environment) -> Result<Layer> {
    let name = choice.name.as_deref().or_else(|| environment.get("HWMIGRATE_PROFILE"));
    let file = choice.file.clone().or_else(|| environment.get("HWMIGRATE_CONFIG_FILE").map(PathBuf::from));
    let own = file.clone().or_else(|| own_path(environment));
    if name.is_some() || file.is_some() {
        let path = own.ok_or_else(|| {
            Error::config("a profile is named, but there is no home folder to look for it; name the file too")
        })?;
        return read_own(&path, name);
    }
    let sdk = environment.get("HUAWEICLOUD_SDK_CREDENTIALS_FILE");
    let koocli = environment.get("HW_SHARED_CONFIG_FILE");
    match (sdk, koocli) {
        (Some(_), Some(_)) => {
            return Err(Error::config(
                "HUAWEICLOUD_SDK_CREDENTIALS_FILE and HW_SHARED_CONFIG_FILE name two profile files; unset one",
            ));
        }
        (Some(path), None) => return sdk::read(Path::new(path)),
        (None, Some(path)) => return koocli::read(Path::new(path), environment.get("HW_PROFILE")),
        (None, None) => {}
    }
    if let Some(path) = own.filter(|path| path.exists()) {
        return read_own(&path, None);
    }
    let Some(home) = environment.home() else { return Ok(Layer::default()) };
    let sdk = home.join(".huaweicloud/credentials");
    if sdk.exists() {
        return sdk::read(&sdk);
    }
    let koocli = home.join(".hcloud/config.json");
    if koocli.exists() {
        return koocli::read(&koocli, environment.get("HW_PROFILE"));
    }
    Ok(Layer::default())
}

/// `$XDG_CONFIG_HOME/hwmigrate/config.toml`, by default below `~/.config`.
fn own_path(environment: &Environment) -> Option<PathBuf> {
    let base = environment
        .get("XDG_CONFIG_HOME")
        .map(PathBuf::from)
        .or_else(|| environment.home().map(|home| home.join(".config")))?;
    Some(base.join("hwmigrate/config.toml"))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    default_profile: Option<String>,
    #[serde(default)]
    profiles: BTreeMap<String, BTreeMap<String, Spanned<Value>>>,
}

fn read_own(path: &Path, name: Option<&str>) -> Result<Layer> {
    let text = read_text(path)?;
    let file: File = toml::from_str(&text).map_err(|error| {
        // Only its words: the error's own text quotes the line, which may hold a secret.
        let line = error.span().map_or(1, |span| line_of(&text, span.start));
        let words = error.message().lines().next().unwrap_or_default().to_owned();
        malformed(
            path,
            line,
            format_args!("{words}; profiles look like [profiles.NAME] with lines key = \"value\""),
        )
    })?;
    let names = || file.profiles.keys().map(String::as_str).collect::<Vec<_>>().join(", ");
    let name = match name.or(file.default_profile.as_deref()) {
        Some(name) => name,
        None if file.profiles.contains_key("default") => "default",
        None => match file.profiles.keys().next() {
            Some(only) if file.profiles.len() == 1 => only,
            // Several and none chosen: the other levels may be enough.
            Some(_) => {
                let remedy = format!("{} has the profiles {}: choose one of them", path.display(), names());
                return Ok(Layer::unchosen(remedy));
            }
            None => return Ok(Layer::default()),
        },
    };
    let profile = file.profiles.get(name).ok_or_else(|| {
        let known =
            if file.profiles.is_empty() { "it has none".to_owned() } else { format!("it has {}", names()) };
        Error::config(format!("{} has no profile `{name}`; {known}", path.display()))
    })?;
    let mut layer = Layer::default();
    for (field, value) in profile {
        let line = line_of(&text, value.span().start);
        let Some(key) = Item::from_name(field) else {
            let known: Vec<_> = TABLE.iter().map(|row| row.name).collect();
            return Err(malformed(
                path,
                line,
                format_args!("unknown setting `{field}`; known are {}", known.join(", ")),
            ));
        };
        let origin = format!("`{field}` in {} line {line}", path.display());
        let text = match value.get_ref() {
            Value::String(text) => text.clone(),
            Value::Integer(number) => number.to_string(),
            Value::Boolean(flag) => flag.to_string(),
            _ => return Err(malformed(path, line, format_args!("`{field}` must be a text in quotes"))),
        };
        if !key.is_secret() {
            layer.set(key, text, origin);
        } else if secret_ref::is_reference(&text) {
            layer.set_reference(key, text, origin);
        } else {
            check_owner_only(path, field)?;
            layer.set(key, text, origin);
        }
    }
    Ok(layer)
}

pub(crate) fn read_text(path: &Path) -> Result<String> {
    std::fs::read_to_string(path).map_err(|error| {
        Error::config(format!("the profile file {} cannot be read", path.display())).with_source(error)
    })
}

pub(crate) fn malformed(path: &Path, line: usize, problem: impl std::fmt::Display) -> Error {
    Error::config(format!("{} line {line}: {problem}", path.display()))
}

pub(crate) fn line_of(text: &str, at: usize) -> usize {
    text.bytes().take(at).filter(|byte| *byte == b'\n').count() + 1
}

/// A file with a secret in it must be its owner's alone.
#[cfg(unix)]
fn check_owner_only(path: &Path, field: &str) -> Result<()> {
    use std::os::unix::fs::PermissionsExt as _;
    let mode = std::fs::metadata(path).map_or(0, |data| data.permissions().mode());
    if mode & 0o077 == 0 {
        return Ok(());
    }
    let path = path.display();
    Err(Error::config(format!(
        "{path} holds the secret `{field}` and can be read by others (mode {:o}); run `chmod 600 {path}`, or write \
         a reference such as \"env:NAME\" in its place",
        mode & 0o777
    )))
}

#[cfg(not(unix))]
fn check_owner_only(_path: &Path, _field: &str) -> Result<()> {
    Ok(())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use std::fs;
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    struct Place {
        folder: tempfile::TempDir,
    }

    impl Place {
        fn new() -> Self {
            Self { folder: tempfile::tempdir().unwrap() }
        }

        fn write(&self, name: &str, text: &str, mode: u32) -> PathBuf {
            let path = self.folder.path().join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(&path, text).unwrap();
            fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
            path
        }

        fn environment(&self, more: &[(&str, &str)]) -> Environment {
            let home = self.folder.path().display().to_string();
            let home = [("HOME".to_owned(), home)];
            Environment::from_pairs(
                more.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).chain(home),
            )
        }
    }

    const OWN: &str = ".config/hwmigrate/config.toml";

    fn region(layer: &Layer) -> Option<&str> {
        layer.get(Item::Region).map(|setting| setting.text())
    }

    #[test]
    fn a_profile_is_found_by_name_default_and_alone() {
        let place = Place::new();
        let two = "default_profile = 'b'\n[profiles.a]\nregion = 'ra'\n[profiles.b]\nregion = 'rb'\n";
        place.write(OWN, two, 0o644);
        let load = |name: Option<&str>, variables: &[(&str, &str)]| {
            let choice = Choice { name: name.map(str::to_owned), file: None };
            load(&choice, &place.environment(variables))
        };
        assert_eq!(region(&load(None, &[]).unwrap()), Some("rb"));
        assert_eq!(region(&load(Some("a"), &[]).unwrap()), Some("ra"));
        assert_eq!(region(&load(None, &[("HWMIGRATE_PROFILE", "a")]).unwrap()), Some("ra"));
        assert_eq!(region(&load(Some("b"), &[("HWMIGRATE_PROFILE", "a")]).unwrap()), Some("rb"));
        let error = load(Some("c"), &[]).unwrap_err().to_string();
        assert!(error.contains("no profile `c`") && error.contains("a, b"), "{error}");
        place.write(OWN, "[profiles.only]\nregion = 'r1'\n", 0o644);
        assert_eq!(region(&load(None, &[]).unwrap()), Some("r1"));
        place.write(OWN, "[profiles.a]\nregion='x'\n[profiles.b]\nregion='y'\n", 0o644);
        let unchosen = load(None, &[]).unwrap();
        assert_eq!(region(&unchosen), None);
        assert!(unchosen.remedy.unwrap().ends_with("has the profiles a, b: choose one of them"));
    }

    #[test]
    fn a_malformed_file_names_file_line_and_remedy_but_no_secret() {
        let place = Place::new();
        let rows = [
            ("[profiles.a]\npassword = canary\n", "line 2"),
            ("[profiles.a]\nregion = 'x'\nregon = 'canary'\n", "line 3: unknown setting `regon`"),
            ("[profiles.a]\nregion = ['canary']\n", "line 2: `region` must be a text"),
            ("[profile.a]\nregion = 'canary'\n", "line 1"),
            ("\n\n[profiles.a\n", "line 3"),
        ];
        for (text, words) in rows {
            let path = place.write(OWN, text, 0o600);
            let error = load(&Choice::default(), &place.environment(&[])).unwrap_err();
            assert_eq!(error.kind(), crate::ErrorKind::Config);
            let shown = error.chain();
            assert!(shown.contains(words) && shown.contains(path.to_str().unwrap()), "{text}: {shown}");
            assert!(!shown.contains("canary"), "{shown}");
        }
    }

    #[test]
    fn a_secret_in_a_readable_file_is_refused() {
        let place = Place::new();
        let text = "[profiles.a]\npassword = 'canary'\n";
        place.write(OWN, text, 0o640);
        let error = load(&Choice::default(), &place.environment(&[])).unwrap_err().to_string();
        assert!(error.contains("chmod 600") && error.contains("640") && !error.contains("canary"), "{error}");
        place.write(OWN, text, 0o600);
        let layer = load(&Choice::default(), &place.environment(&[])).unwrap();
        assert_eq!(layer.get(Item::Password).unwrap().text(), "canary");
        assert!(!format!("{layer:?}").contains("canary"));
        place.write(OWN, "[profiles.a]\npassword = 'env:PW'\n", 0o644);
        let environment = place.environment(&[("PW", "from-env")]);
        let layer = load(&Choice::default(), &environment).unwrap();
        assert_eq!(layer.get(Item::Password).unwrap().secret(&environment).unwrap().expose(), "from-env");
    }

    #[test]
    fn exactly_one_file_is_read() {
        let place = Place::new();
        let sdk = place.write(".huaweicloud/credentials", "[basic]\nak = sdk-ak\nsk = sdk-sk\n", 0o600);
        let koocli = place.write(
            ".hcloud/config.json",
            r#"{"current":"p","profiles":[{"name":"p","accessKeyId":"KOOAK","secretAccessKey":"koo-sk"}]}"#,
            0o600,
        );
        let access = |variables: &[(&str, &str)]| {
            let layer = load(&Choice::default(), &place.environment(variables)).unwrap();
            layer.get(Item::AccessKey).map(|setting| setting.text().to_owned())
        };
        assert_eq!(access(&[]).as_deref(), Some("sdk-ak"));
        assert_eq!(access(&[("HW_SHARED_CONFIG_FILE", koocli.to_str().unwrap())]).as_deref(), Some("KOOAK"));
        place.write(OWN, "[profiles.a]\nregion = 'x'\n", 0o600);
        assert_eq!(access(&[]), None, "our own file hides the others");
        assert_eq!(
            access(&[("HUAWEICLOUD_SDK_CREDENTIALS_FILE", sdk.to_str().unwrap())]).as_deref(),
            Some("sdk-ak")
        );
        let both = [
            ("HUAWEICLOUD_SDK_CREDENTIALS_FILE", sdk.to_str().unwrap()),
            ("HW_SHARED_CONFIG_FILE", koocli.to_str().unwrap()),
        ];
        let error = load(&Choice::default(), &place.environment(&both)).unwrap_err().to_string();
        assert!(error.contains(both[0].0) && error.contains(both[1].0), "{error}");
    }

    #[test]
    fn no_home_and_no_file_is_an_empty_level() {
        assert_eq!(region(&load(&Choice::default(), &Environment::empty()).unwrap()), None);
        let named = Choice { name: Some("x".to_owned()), file: None };
        assert!(load(&named, &Environment::empty()).is_err());
        let missing = Choice { name: None, file: Some("/nonexistent/c.toml".into()) };
        assert!(
            load(&missing, &Environment::empty()).unwrap_err().to_string().contains("/nonexistent/c.toml")
        );
    }
}
