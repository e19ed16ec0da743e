//! Checking the keys that a request carries, without keeping them.

use hwmigrate_api::Secret;
use serde::Deserialize;

use super::Inner;
use super::model::Reason;

/// The keys for one side of a migration.
#[derive(Debug, Default, Deserialize)]
pub(crate) struct NodeKeys {
    #[serde(default)]
    pub(crate) ak: Option<Secret>,
    #[serde(default)]
    pub(crate) sk: Option<Secret>,
    #[serde(default)]
    pub(crate) json_auth_file: Option<Secret>,
    #[serde(default)]
    pub(crate) connection_string: Option<Secret>,
}

impl NodeKeys {
    /// Whether anything was given to log in with.
    pub(crate) fn given(&self) -> bool {
        let some = |secret: &Option<Secret>| secret.as_ref().is_some_and(|secret| !secret.is_empty());
        some(&self.ak) && some(&self.sk) || some(&self.json_auth_file) || some(&self.connection_string)
    }
}

/// The keys of both sides.
#[derive(Debug, Default)]
pub(crate) struct BothKeys {
    pub(crate) source: NodeKeys,
    pub(crate) destination: NodeKeys,
}

/// The keys in the body of a create request.
#[derive(Deserialize)]
struct CreateKeys {
    #[serde(default)]
    src_node: NodeKeys,
    #[serde(default)]
    dst_node: NodeKeys,
}

/// The keys in the body of a start request.
#[derive(Default, Deserialize)]
#[serde(default)]
struct StartKeys {
    src_ak: Option<Secret>,
    src_sk: Option<Secret>,
    json_auth_file: Option<Secret>,
    connection_string: Option<Secret>,
    dst_ak: Option<Secret>,
    dst_sk: Option<Secret>,
}

impl BothKeys {
    /// From the body of a create request.
    pub(crate) fn of_create(body: &serde_json::Value) -> Self {
        // A body that does not fit has been refused before; then there are no keys to check.
        CreateKeys::deserialize(body)
            .map(|keys| Self { source: keys.src_node, destination: keys.dst_node })
            .unwrap_or_default()
    }

    /// From the body of a start request, or of one that names the sides alike.
    pub(crate) fn of_start(body: &serde_json::Value) -> Self {
        let keys = StartKeys::deserialize(body).unwrap_or_default();
        let source = NodeKeys {
            ak: keys.src_ak,
            sk: keys.src_sk,
            json_auth_file: keys.json_auth_file,
            connection_string: keys.connection_string,
        };
        let destination = NodeKeys { ak: keys.dst_ak, sk: keys.dst_sk, ..NodeKeys::default() };
        Self { source, destination }
    }
}

impl Inner {
    /// Whether a registered access key came with the wrong secret key; unknown keys are accepted.
    pub(crate) fn wrong_key(&self, keys: &NodeKeys) -> bool {
        let Some(known) = keys.ak.as_ref().and_then(|ak| self.access_keys.get(ak.expose())) else {
            return false;
        };
        keys.sk.as_ref() != Some(known)
    }

    /// Why a job with these keys has to fail, if it has to.
    pub(crate) fn doom(&self, keys: &BothKeys) -> Option<Reason> {
        if self.wrong_key(&keys.source) {
            return Some(Reason::new("TRF.0151", "the access key or secret key of the source is invalid"));
        }
        self.wrong_key(&keys.destination)
            .then(|| Reason::new("TRF.0051", "the access key or secret key of the destination is invalid"))
    }
}
