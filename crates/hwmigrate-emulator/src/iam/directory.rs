//! Accounts, users, projects and agencies: what this emulator knows.

use hwmigrate_api::Secret;
use sha2::{Digest, Sha256};

use crate::auth::token::Party;

/// A user that can log in by password.
#[derive(Clone, Debug)]
pub(crate) struct User {
    pub(crate) party: Party,
    pub(crate) domain: Party,
    pub(crate) password: Secret,
    /// The key of their authenticator app; a passcode is asked for if there is one.
    pub(crate) totp_key: Option<Vec<u8>>,
}

/// A project of an account.
#[derive(Clone, Debug)]
pub(crate) struct Project {
    pub(crate) party: Party,
    pub(crate) domain: Party,
}

/// A way for users of one account to act in another.
#[derive(Clone, Debug)]
pub(crate) struct Agency {
    pub(crate) party: Party,
    /// The account that made it.
    pub(crate) domain: Party,
    /// The account that may use it.
    pub(crate) trusted: Party,
}

/// All of them; fixed when the emulator starts.
#[derive(Clone, Debug, Default)]
pub(crate) struct Directory {
    pub(crate) users: Vec<User>,
    pub(crate) projects: Vec<Project>,
    pub(crate) agencies: Vec<Agency>,
}

/// An account, user or agency with the id that follows from its name, the same in every run.
pub(crate) fn party(kind: &str, name: &str) -> Party {
    let mut id = hex::encode(Sha256::digest(format!("{kind}\0{name}")));
    id.truncate(32);
    Party { id, name: name.to_owned() }
}

/// A reference by id or by name.
#[derive(Clone, Debug, Default, serde::Deserialize)]
pub(crate) struct Reference {
    pub(crate) id: Option<String>,
    pub(crate) name: Option<String>,
}

impl Reference {
    /// Whether it refers to this one. An id counts more than a name.
    pub(crate) fn is(&self, party: &Party) -> bool {
        match (&self.id, &self.name) {
            (Some(id), _) => *id == party.id,
            (None, Some(name)) => *name == party.name,
            (None, None) => false,
        }
    }
}

impl Directory {
    /// The user of this name in this account.
    pub(crate) fn user(&self, domain: &str, name: &str) -> Option<&User> {
        self.users.iter().find(|user| user.domain.name == domain && user.party.name == name)
    }

    /// The projects of an account.
    pub(crate) fn projects_of<'a>(&'a self, domain: &'a Party) -> impl Iterator<Item = &'a Project> {
        self.projects.iter().filter(move |project| project.domain == *domain)
    }
}
