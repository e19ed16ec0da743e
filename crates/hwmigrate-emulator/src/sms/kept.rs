//! Values by name that remember which of them have to be written.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::error::EmulatorError;
use crate::state::Changes;

/// What everything of this service is called in the state.
pub(super) const PREFIX: &str = "sms/";

/// Values of one kind, by id.
#[derive(Debug)]
pub(crate) struct Kept<T> {
    kind: &'static str,
    items: BTreeMap<String, T>,
    changed: BTreeSet<String>,
}

impl<T: Serialize + DeserializeOwned> Kept<T> {
    pub(super) fn new(kind: &'static str) -> Self {
        Self { kind, items: BTreeMap::new(), changed: BTreeSet::new() }
    }

    /// Takes in a value of the state, if it is of this kind.
    pub(super) fn restore(&mut self, name: &str, value: &Value) -> Result<(), EmulatorError> {
        let id = name.strip_prefix(PREFIX).and_then(|rest| rest.strip_prefix(self.kind)?.strip_prefix('/'));
        let Some(id) = id else { return Ok(()) };
        let item = T::deserialize(value).map_err(|error| {
            EmulatorError::Config(format!(
                "the state holds a {name} that cannot be read ({error}); start with another state folder"
            ))
        })?;
        self.items.insert(id.to_owned(), item);
        Ok(())
    }

    pub(crate) fn get(&self, id: &str) -> Option<&T> {
        self.items.get(id)
    }

    /// Lends a value for a change, which will be written.
    pub(crate) fn change(&mut self, id: &str) -> Option<&mut T> {
        let item = self.items.get_mut(id)?;
        self.changed.insert(id.to_owned());
        Some(item)
    }

    /// Lends a value whose changes follow from the time, and need not be written; see [`Kept::mark`].
    pub(crate) fn touch(&mut self, id: &str) -> Option<&mut T> {
        self.items.get_mut(id)
    }

    /// Has a value written.
    pub(crate) fn mark(&mut self, id: &str) {
        self.changed.insert(id.to_owned());
    }

    pub(crate) fn insert(&mut self, id: &str, item: T) {
        self.changed.insert(id.to_owned());
        self.items.insert(id.to_owned(), item);
    }

    pub(crate) fn remove(&mut self, id: &str) -> Option<T> {
        self.changed.insert(id.to_owned());
        self.items.remove(id)
    }

    pub(crate) fn values(&self) -> impl Iterator<Item = &T> {
        self.items.values()
    }

    /// Adds what has to be written.
    pub(super) fn collect(&mut self, changes: &mut Changes) -> bool {
        let any = !self.changed.is_empty();
        for id in std::mem::take(&mut self.changed) {
            let name = format!("{PREFIX}{}/{id}", self.kind);
            match self.items.get(&id) {
                Some(item) => changes.put(name, item),
                None => changes.delete(name),
            };
        }
        any
    }
}
