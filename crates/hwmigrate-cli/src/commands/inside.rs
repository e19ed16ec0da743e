//! An emulator inside a command, and a client that logs in to it.
//!
//! Everything but the server is what a real run uses: a login by password over
//! HTTP, the same calls, the same waiting and reporting.

use std::hash::{BuildHasher, RandomState};

use hwmigrate::{Client, Credentials, Environment, Secret, Service};
use hwmigrate_emulator::{Builder, Emulator};

use crate::args::Global;
use crate::exit::ExitCode;
use crate::failure::{Failure, Result};

const DOMAIN: &str = "emulator";
const USER: &str = "migrator";
const REGION: &str = "cn-north-4";
/// One project for all runs, so that a kept state finds its tasks again.
const PROJECT: &str = "00000000000000000000000000e30d01";

/// An emulator that lives as long as a command.
pub(crate) struct Inside {
    emulator: Emulator,
    client: Client,
}

impl Inside {
    /// Starts it with what `set_up` adds.
    pub(crate) async fn start(global: &Global, set_up: impl FnOnce(Builder) -> Builder) -> Result<Self> {
        let connection = &global.connection;
        // Keeps other users of this machine out of the emulator while it runs.
        let password = draw();
        let builder = Emulator::builder()
            .region(region(global))
            .project(connection.project_id.as_deref().unwrap_or(PROJECT))
            .user(DOMAIN, USER, password.clone());
        let emulator = set_up(builder).start().await?;
        let url = emulator.url();
        let client = Client::builder()
            // Nothing of the user's own settings may lead this run elsewhere.
            .environment(Environment::empty())
            .region(region(global))
            .endpoint(Service::Iam, url)
            .endpoint(Service::Oms, url)
            .endpoint(Service::Sms, url)
            .credentials(Credentials::password(DOMAIN, USER, password))
            .build()
            .map_err(|error| Failure::from(error).with_code(ExitCode::Unexpected))?;
        Ok(Self { emulator, client })
    }

    /// The client.
    pub(crate) fn client(&self) -> &Client {
        &self.client
    }

    /// Ends the emulator, which writes its state down before it goes.
    pub(crate) async fn end(self) {
        self.emulator.shutdown().await;
    }
}

/// The region that the emulator serves.
pub(crate) fn region(global: &Global) -> &str {
    global.connection.region.as_deref().unwrap_or(REGION)
}

/// A secret that nobody can guess.
pub(crate) fn draw() -> Secret {
    // Each state is seeded by the system, and the hash keeps the seed to itself.
    let parts = [0_u8, 1].map(|part| format!("{:016x}", RandomState::new().hash_one(part)));
    Secret::from(parts.concat())
}
