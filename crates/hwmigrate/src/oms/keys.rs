//! The keys of both sides of a migration, for starting a job again.

use hwmigrate_api::Secret;
use hwmigrate_api::oms::types::{
    CreateTaskGroupReq, CreateTaskReq, RetryTaskGroupReq, StartSyncTaskReq, StartTaskGroupReq, StartTaskReq,
};

/// The keys of both sides, for starting a job again.
///
/// The service keeps no keys for later: every start and retry sends them anew.
///
/// ```
/// use hwmigrate::oms::NodeKeys;
///
/// let keys = NodeKeys::new("src-ak", "src-sk", "dst-ak", "dst-sk");
/// let request = keys.start_task(true);
/// assert_eq!(request.migrate_failed_object, Some(true));
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct NodeKeys(StartTaskReq);

impl NodeKeys {
    /// Access keys for the source and for the destination.
    pub fn new(
        src_ak: impl Into<Secret>,
        src_sk: impl Into<Secret>,
        dst_ak: impl Into<Secret>,
        dst_sk: impl Into<Secret>,
    ) -> Self {
        Self(StartTaskReq {
            src_ak: Some(src_ak.into()),
            src_sk: Some(src_sk.into()),
            ..empty_start(dst_ak.into(), dst_sk.into())
        })
    }

    /// Keys for the destination alone: URL lists, or a source with credentials of its own kind.
    pub fn destination_only(dst_ak: impl Into<Secret>, dst_sk: impl Into<Secret>) -> Self {
        Self(empty_start(dst_ak.into(), dst_sk.into()))
    }

    /// The session tokens of temporary keys. Task groups do not take them.
    #[must_use]
    pub fn security_tokens(mut self, source: Option<Secret>, destination: Option<Secret>) -> Self {
        self.0.src_security_token = source;
        self.0.dst_security_token = destination;
        self
    }

    /// The connection string of an Azure source.
    #[must_use]
    pub fn connection_string(mut self, connection: impl Into<Secret>) -> Self {
        self.0.connection_string = Some(connection.into());
        self
    }

    /// The service account's JSON text of a Google source.
    #[must_use]
    pub fn json_auth_file(mut self, json: impl Into<Secret>) -> Self {
        self.0.json_auth_file = Some(json.into());
        self
    }

    /// The key of a CDN domain with authentication.
    #[must_use]
    pub fn cdn_key(mut self, key: impl Into<Secret>) -> Self {
        self.0.source_cdn_authentication_key = Some(key.into());
        self
    }

    /// The request that starts a paused or failed task; with `failed_only`
    /// just the objects that failed before.
    pub fn start_task(&self, failed_only: bool) -> StartTaskReq {
        StartTaskReq { migrate_failed_object: Some(failed_only), ..self.0.clone() }
    }

    /// The request that resumes a paused group.
    pub fn start_group(&self) -> StartTaskGroupReq {
        let keys = self.0.clone();
        StartTaskGroupReq {
            connection_string: keys.connection_string,
            dst_ak: keys.dst_ak,
            dst_crypto_type: keys.dst_crypto_type,
            dst_kms_key_id: keys.dst_kms_key_id,
            dst_sk: keys.dst_sk,
            json_auth_file: keys.json_auth_file,
            source_cdn_authentication_key: keys.source_cdn_authentication_key,
            source_cdn_crypto_type: keys.source_cdn_crypto_type,
            source_cdn_kms_key_id: keys.source_cdn_kms_key_id,
            src_ak: keys.src_ak,
            src_crypto_type: keys.src_crypto_type,
            src_kms_key_id: keys.src_kms_key_id,
            src_sk: keys.src_sk,
        }
    }

    /// The request that runs a failed group again; with `failed_only` just the
    /// objects that failed before.
    pub fn retry_group(&self, failed_only: bool) -> RetryTaskGroupReq {
        let keys = self.0.clone();
        RetryTaskGroupReq {
            connection_string: keys.connection_string,
            dst_ak: Some(keys.dst_ak),
            dst_crypto_type: keys.dst_crypto_type,
            dst_kms_key_id: keys.dst_kms_key_id,
            dst_sk: Some(keys.dst_sk),
            json_auth_file: keys.json_auth_file,
            migrate_failed_object: Some(failed_only),
            source_cdn_authentication_key: keys.source_cdn_authentication_key,
            source_cdn_crypto_type: keys.source_cdn_crypto_type,
            source_cdn_kms_key_id: keys.source_cdn_kms_key_id,
            src_ak: keys.src_ak,
            src_crypto_type: keys.src_crypto_type,
            src_kms_key_id: keys.src_kms_key_id,
            src_sk: keys.src_sk,
        }
    }

    /// The request that starts a stopped sync task. It needs keys for both sides.
    pub fn start_sync_task(&self) -> StartSyncTaskReq {
        let keys = self.0.clone();
        StartSyncTaskReq {
            dst_ak: keys.dst_ak,
            dst_crypto_type: keys.dst_crypto_type,
            dst_kms_key_id: keys.dst_kms_key_id,
            dst_sk: keys.dst_sk,
            source_cdn_authentication_key: keys.source_cdn_authentication_key,
            source_cdn_crypto_type: keys.source_cdn_crypto_type,
            source_cdn_kms_key_id: keys.source_cdn_kms_key_id,
            src_ak: keys.src_ak.unwrap_or_default(),
            src_crypto_type: keys.src_crypto_type,
            src_kms_key_id: keys.src_kms_key_id,
            src_sk: keys.src_sk.unwrap_or_default(),
        }
    }
}

/// Takes the keys out of a create; the block adds those that only one kind of job has.
macro_rules! keys_of_create {
    ($request:ty, |$source:ident, $destination:ident| { $($token:tt)* }) => {
        impl From<&$request> for NodeKeys {
            fn from(request: &$request) -> Self {
                let ($source, $destination) = (request.src_node.clone(), request.dst_node.clone());
                let cdn = request.source_cdn.clone();
                Self(StartTaskReq {
                    $($token)*
                    connection_string: $source.connection_string,
                    dst_crypto_type: $destination.crypto_type,
                    dst_kms_key_id: $destination.kms_key_id,
                    json_auth_file: $source.json_auth_file,
                    source_cdn_authentication_key: cdn.as_ref().and_then(|cdn| cdn.authentication_key.clone()),
                    source_cdn_crypto_type: cdn.as_ref().and_then(|cdn| cdn.crypto_type.clone()),
                    source_cdn_kms_key_id: cdn.and_then(|cdn| cdn.kms_key_id),
                    src_ak: $source.ak,
                    src_crypto_type: $source.crypto_type,
                    src_kms_key_id: $source.kms_key_id,
                    src_sk: $source.sk,
                    ..empty_start($destination.ak, $destination.sk)
                })
            }
        }
    };
}

keys_of_create!(CreateTaskReq, |source, destination| {
    src_security_token: source.security_token,
    dst_security_token: destination.security_token,
});
keys_of_create!(CreateTaskGroupReq, |source, destination| {});

impl From<StartTaskReq> for NodeKeys {
    fn from(request: StartTaskReq) -> Self {
        Self(request)
    }
}

fn empty_start(dst_ak: Secret, dst_sk: Secret) -> StartTaskReq {
    StartTaskReq {
        connection_string: None,
        dst_ak,
        dst_crypto_type: None,
        dst_kms_key_id: None,
        dst_security_token: None,
        dst_sk,
        json_auth_file: None,
        migrate_failed_object: None,
        source_cdn_authentication_key: None,
        source_cdn_crypto_type: None,
        source_cdn_kms_key_id: None,
        src_ak: None,
        src_crypto_type: None,
        src_kms_key_id: None,
        src_security_token: None,
        src_sk: None,
    }
}
