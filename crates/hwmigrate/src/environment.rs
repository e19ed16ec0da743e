//! The environment, as something that can be passed in.

use std::collections::BTreeMap;
use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;

/// Environment variables: those of the process, or given ones.
///
/// Everything that this library reads from the environment goes through one of
/// these, so a test can say exactly what there is.
///
/// ```
/// use hwmigrate::Environment;
///
/// let environment = Environment::from_pairs([("HW_REGION_NAME", "cn-north-4")]);
/// assert_eq!(environment.get("HW_REGION_NAME"), Some("cn-north-4"));
/// assert_eq!(environment.get("HOME"), None);
/// ```
#[derive(Clone, Default)]
pub struct Environment(Arc<BTreeMap<String, String>>);

impl Environment {
    /// The variables of this process, as they are now. Values that are not
    /// UTF-8 are left out.
    pub fn process() -> Self {
        let text = |(name, value): (std::ffi::OsString, std::ffi::OsString)| {
            Some((name.into_string().ok()?, value.into_string().ok()?))
        };
        Self(Arc::new(std::env::vars_os().filter_map(text).collect()))
    }

    /// No variables at all, and so no home folder either.
    pub fn empty() -> Self {
        Self::default()
    }

    /// Exactly these variables.
    pub fn from_pairs<N: Into<String>, V: Into<String>>(pairs: impl IntoIterator<Item = (N, V)>) -> Self {
        Self(Arc::new(pairs.into_iter().map(|(name, value)| (name.into(), value.into())).collect()))
    }

    /// The value of a variable. Set but empty counts as not set.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str).filter(|value| !value.is_empty())
    }

    /// Variables whose name begins like that, without the empty ones.
    pub(crate) fn starting_with<'a>(&'a self, prefix: &'a str) -> impl Iterator<Item = (&'a str, &'a str)> {
        self.0
            .range(prefix.to_owned()..)
            .take_while(move |(name, _)| name.starts_with(prefix))
            .filter(|(_, value)| !value.is_empty())
            .map(|(name, value)| (name.as_str(), value.as_str()))
    }

    pub(crate) fn home(&self) -> Option<PathBuf> {
        self.get("HOME").or_else(|| self.get("USERPROFILE")).map(PathBuf::from)
    }
}

impl fmt::Debug for Environment {
    /// Names only: values may be secrets.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.0.keys()).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_do_not_show() {
        let environment = Environment::from_pairs([("HW_SECRET_KEY", "canary")]);
        let shown = format!("{environment:?}");
        assert!(shown.contains("HW_SECRET_KEY") && !shown.contains("canary"), "{shown}");
    }

    #[test]
    fn empty_means_unset() {
        let environment = Environment::from_pairs([("A_1", ""), ("A_2", "x"), ("B", "y")]);
        assert_eq!(environment.get("A_1"), None);
        assert_eq!(environment.starting_with("A_").collect::<Vec<_>>(), [("A_2", "x")]);
        assert_eq!(Environment::empty().home(), None);
    }
}
