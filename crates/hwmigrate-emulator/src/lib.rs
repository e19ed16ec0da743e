//! IAM and OMS on one loopback port, for tests and for trying things out.
//!
//! The emulator verifies tokens and signatures for real, refuses requests that
//! the OpenAPI documents do not allow, moves real bytes between folders and
//! S3-compatible servers, misbehaves on command, and keeps a journal of what
//! it was asked, without the secrets.
//!
//! It needs neither an account nor a network, and listens on loopback only.

mod admin;
mod app;
mod auth;
mod builder;
mod clock;
mod emulator;
// Stand-ins until the engine is linked in.
mod engine {
    pub(crate) struct Engine;
    pub(crate) struct EngineConfig {
        pub(crate) state_dir: std::path::PathBuf,
        pub(crate) buckets: Vec<crate::builder::BucketConfig>,
        pub(crate) access_keys: std::collections::BTreeMap<String, hwmigrate_api::Secret>,
        pub(crate) region: String,
        pub(crate) clock: crate::clock::Clock,
        pub(crate) faults: crate::fault::FaultBook,
        pub(crate) seed: u64,
    }
    impl Engine {
        pub(crate) async fn open(_: EngineConfig) -> Result<Self, crate::EmulatorError> {
            Ok(Self)
        }
        pub(crate) async fn shutdown(&self) {}
    }
}
mod oms {
    pub(crate) async fn handle(
        _: &crate::engine::Engine,
        call: crate::http::call::Call,
    ) -> Result<serde_json::Value, crate::http::call::ApiError> {
        Ok(serde_json::json!({ "operation": call.operation.id, "id": 1, "status": 2 }))
    }
}
mod error;
mod fault;
mod http;
mod iam;
mod journal;
mod validate;

pub use builder::{Builder, S3Bucket};
pub use emulator::Emulator;
pub use error::EmulatorError;
pub use fault::{Fault, FaultKind, Faults};
pub use journal::Entry;
