//! Settings that could not work, refused before anything is started.

use std::collections::BTreeSet;

use hwmigrate_api::Secret;

use crate::error::EmulatorError;

/// What is given for the names of things.
pub(crate) struct Settings<'a> {
    pub(crate) region: &'a str,
    /// Ids.
    pub(crate) projects: Vec<&'a String>,
    /// As account and name.
    pub(crate) users: Vec<&'a String>,
    pub(crate) access_keys: &'a [(Secret, Secret)],
}

/// Refuses what requests could not name, and what would hide something else of the same name.
pub(crate) fn check(settings: &Settings<'_>) -> Result<(), EmulatorError> {
    word("region", settings.region)?;
    for id in &settings.projects {
        word("project id", id)?;
    }
    let texts = |names: &[&'_ String]| names.iter().map(|name| name.to_string()).collect::<Vec<_>>();
    once("project", &texts(&settings.projects))?;
    once("user", &texts(&settings.users))?;
    if settings.access_keys.iter().any(|(id, key)| id.is_empty() || key.is_empty()) {
        return Err(EmulatorError::Config("an access key needs a name and a secret key".to_owned()));
    }
    let ids: BTreeSet<_> = settings.access_keys.iter().map(|(id, _)| id.expose()).collect();
    if ids.len() < settings.access_keys.len() {
        // Not named: the documents call the name of an access key secret too.
        return Err(EmulatorError::Config("an access key is there twice; remove one of them".to_owned()));
    }
    Ok(())
}

/// A text that stands in paths and host names.
fn word(what: &str, text: &str) -> Result<(), EmulatorError> {
    let letters = text.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'));
    if letters && (1..=64).contains(&text.len()) {
        return Ok(());
    }
    Err(EmulatorError::Config(format!(
        "\"{text}\" cannot be a {what}: use 1 to 64 letters, digits, hyphens and underscores"
    )))
}

fn once(what: &str, names: &[String]) -> Result<(), EmulatorError> {
    let mut seen = BTreeSet::new();
    match names.iter().find(|name| !seen.insert(*name)) {
        Some(name) => {
            Err(EmulatorError::Config(format!("the {what} {name} is there twice; remove one of them")))
        }
        None => Ok(()),
    }
}
