//! How an emulator is set up.

use std::collections::BTreeMap;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use hwmigrate_api::Secret;

use crate::app::App;
use crate::auth::seal::Seal;
use crate::auth::token::Party;
use crate::auth::{Authority, KeyOwner, totp};
use crate::clock::Clock;
use crate::emulator::Emulator;
use crate::engine::{Engine, EngineConfig, EngineOptions};
use crate::error::EmulatorError;
use crate::fault::{Fault, FaultBook, Faults};
use crate::http::gate::Gate;
use crate::http::server::{Server, listen};
use crate::iam::Iam;
use crate::iam::directory::{Agency, Directory, Project, User, party};
use crate::journal::Journal;
use crate::settings::{self, Settings};
use crate::sms::{Pace, Sms, SmsConfig, SourceServer};

/// A bucket on an S3-compatible server.
#[derive(Clone, Debug)]
pub struct S3Bucket {
    /// The address of the server, such as `http://127.0.0.1:9000`.
    pub endpoint: String,
    /// The region to sign for, such as `us-east-1`.
    pub region: String,
    /// The name of the bucket on that server.
    pub bucket: String,
    /// The access key for that server.
    pub access_key: Secret,
    /// The secret key for that server.
    pub secret_key: Secret,
}

/// A bucket that migrations can read and write.
#[derive(Clone, Debug)]
pub(crate) struct BucketConfig {
    /// The name that requests use.
    pub(crate) name: String,
    /// Where its objects are.
    pub(crate) place: BucketPlace,
}

/// Where the objects of a bucket are.
#[derive(Clone, Debug)]
pub(crate) enum BucketPlace {
    /// Files below a folder.
    Folder(PathBuf),
    /// On an S3-compatible server.
    S3(S3Bucket),
}

/// Sets up an emulator.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), hwmigrate_emulator::EmulatorError> {
/// use hwmigrate_emulator::Emulator;
///
/// let emulator = Emulator::builder()
///     .user("my-account", "my-user", "made-up-password".into())
///     .start()
///     .await?;
/// println!("export HUAWEICLOUD_SDK_IAM_ENDPOINT={}", emulator.url());
/// emulator.shutdown().await;
/// # Ok(()) }
/// ```
#[derive(Clone, Debug)]
pub struct Builder {
    listen: SocketAddr,
    state_dir: Option<PathBuf>,
    journal_file: bool,
    check_responses: bool,
    region: String,
    account: Option<String>,
    project_id: Option<String>,
    other_projects: Vec<(String, String, String)>,
    users: Vec<NewUser>,
    agencies: Vec<(String, String, String)>,
    /// Ids with their keys; the documents call both secret.
    access_keys: Vec<(Secret, Secret)>,
    buckets: Vec<BucketConfig>,
    sources: Vec<SourceServer>,
    pace: Option<(Duration, u32)>,
    faults: Vec<Fault>,
    seed: u64,
    options: EngineOptions,
}

#[derive(Clone, Debug)]
struct NewUser {
    account: String,
    name: String,
    password: Secret,
    totp_key: Option<Secret>,
}

impl Default for Builder {
    fn default() -> Self {
        Self {
            listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 0)),
            state_dir: None,
            journal_file: false,
            check_responses: false,
            region: "cn-north-4".to_owned(),
            account: None,
            project_id: None,
            other_projects: Vec::new(),
            users: Vec::new(),
            agencies: Vec::new(),
            access_keys: Vec::new(),
            buckets: Vec::new(),
            sources: Vec::new(),
            pace: None,
            faults: Vec::new(),
            seed: 0,
            options: EngineOptions::default(),
        }
    }
}

impl Builder {
    /// The address to listen on, loopback only. Port 0, the default, takes a free one.
    pub fn listen(mut self, address: SocketAddr) -> Self {
        self.listen = address;
        self
    }

    /// The folder for jobs and token keys, so that they survive a restart. A folder that
    /// is removed at the end is used if none is set.
    pub fn state_dir(mut self, path: impl Into<PathBuf>) -> Self {
        self.state_dir = Some(path.into());
        self
    }

    /// Also writes the journal to `journal.jsonl` in the state folder.
    pub fn journal_file(mut self, write: bool) -> Self {
        self.journal_file = write;
        self
    }

    /// Holds its own answers against the document too; the journal says what is not allowed.
    pub fn check_responses(mut self, check: bool) -> Self {
        self.check_responses = check;
        self
    }

    /// A bucket whose objects are the files below a folder.
    pub fn bucket(mut self, name: &str, folder: impl Into<PathBuf>) -> Self {
        self.buckets.push(BucketConfig { name: name.to_owned(), place: BucketPlace::Folder(folder.into()) });
        self
    }

    /// A bucket that is on an S3-compatible server. Without the feature `remote` the start refuses it.
    pub fn s3_bucket(mut self, name: &str, bucket: S3Bucket) -> Self {
        self.buckets.push(BucketConfig { name: name.to_owned(), place: BucketPlace::S3(bucket) });
        self
    }

    /// The id of the main project, whose name is the region's.
    pub fn project(mut self, id: &str) -> Self {
        self.project_id = Some(id.to_owned());
        self
    }

    /// One more project of an account.
    pub fn another_project(mut self, account: &str, name: &str, id: &str) -> Self {
        self.other_projects.push((account.to_owned(), name.to_owned(), id.to_owned()));
        self
    }

    /// The region that the emulator plays, `cn-north-4` unless set.
    pub fn region(mut self, region: &str) -> Self {
        self.region = region.to_owned();
        self
    }

    /// The account of the main project and of the access keys; the first user's unless set.
    pub fn account(mut self, name: &str) -> Self {
        self.account = Some(name.to_owned());
        self
    }

    /// A user who logs in by password.
    pub fn user(mut self, account: &str, name: &str, password: Secret) -> Self {
        let user = NewUser { account: account.to_owned(), name: name.to_owned(), password, totp_key: None };
        self.users.push(user);
        self
    }

    /// A user who logs in by password and passcode. The key is the base32 text that an
    /// authenticator app is set up with; see [`Emulator::user_id`] for the id they need.
    pub fn totp_user(mut self, account: &str, name: &str, password: Secret, key: Secret) -> Self {
        let (account, name) = (account.to_owned(), name.to_owned());
        self.users.push(NewUser { account, name, password, totp_key: Some(key) });
        self
    }

    /// An agency that `account` made, by which users of `trusted` act in it.
    pub fn agency(mut self, account: &str, name: &str, trusted: &str) -> Self {
        self.agencies.push((account.to_owned(), name.to_owned(), trusted.to_owned()));
        self
    }

    /// A permanent access key of the main account, good for all its projects.
    pub fn access_key(mut self, access_key: &str, secret_key: Secret) -> Self {
        self.access_keys.push((access_key.into(), secret_key));
        self
    }

    /// How many tasks run at once, and how many groups; five of each unless set.
    pub fn running(mut self, tasks: usize, groups: usize) -> Self {
        self.options.limits.running = tasks;
        self.options.limits.groups = groups;
        self
    }

    /// How many tasks may wait, and how many may be created in 24 hours; 1,500 of each unless set.
    pub fn task_quota(mut self, waiting: usize, created: usize) -> Self {
        self.options.limits.waiting = waiting;
        self.options.limits.created = created;
        self
    }

    /// How large a task of a group becomes before another one is made for the rest.
    pub fn group_split(mut self, objects: u64, bytes: u64) -> Self {
        self.options.limits.group_objects = objects;
        self.options.limits.group_bytes = bytes;
        self
    }

    /// Whether URL lists may name other hosts than this one; they may not unless set. Their URLs can be https
    /// with the feature `remote`.
    pub fn fetch_remote_urls(mut self, fetch: bool) -> Self {
        self.options.fetch_remote_urls = fetch;
        self
    }

    /// Whether tasks leave lists of the migrated and the skipped objects under `oms/` in their
    /// destination, as the service does. On unless set; failed objects are listed either way.
    pub fn object_lists(mut self, write: bool) -> Self {
        self.options.lists.succeeded = write;
        self.options.lists.skipped = write;
        self
    }

    /// A source server of the main account whose agent the emulator plays: by its name, which makes it a
    /// Linux server, or as a [`SourceServer`] that says more.
    ///
    /// ```
    /// use hwmigrate_emulator::{Emulator, SourceServer};
    ///
    /// let builder = Emulator::builder()
    ///     .source_server("web-1")
    ///     .source_server(SourceServer::new("desk-1").windows());
    /// # let _ = builder;
    /// ```
    pub fn source_server(mut self, server: impl Into<SourceServer>) -> Self {
        self.sources.push(server.into());
        self
    }

    /// How fast simulated servers migrate, by the emulator's clock: how long everything takes that moves no
    /// data, and how many Mbit/s move where no limit is set. One second and 1,000 Mbit/s unless set.
    pub fn sms_pace(mut self, step: Duration, megabits_per_second: u32) -> Self {
        self.pace = Some((step, megabits_per_second));
        self
    }

    /// A fault that is there from the start; see [`Emulator::faults`] for later ones.
    pub fn fault(mut self, fault: Fault) -> Self {
        self.faults.push(fault);
        self
    }

    /// Decides everything that is left to chance.
    pub fn seed(mut self, seed: u64) -> Self {
        self.seed = seed;
        self
    }

    /// Starts the emulator on the tokio runtime that this is called on.
    ///
    /// # Errors
    /// A setting that cannot work, a folder that cannot be used, an address that is taken
    /// or that is not loopback.
    pub async fn start(self) -> Result<Emulator, EmulatorError> {
        let users: Vec<_> = self.users.iter().map(|user| format!("{}/{}", user.account, user.name)).collect();
        settings::check(&Settings {
            region: &self.region,
            projects: self.project_id.iter().chain(self.other_projects.iter().map(|(_, _, id)| id)).collect(),
            users: users.iter().collect(),
            access_keys: &self.access_keys,
        })?;
        let directory = self.directory()?;
        let project = directory.projects.first().map(|project| project.party.id.clone()).unwrap_or_default();
        let keys = self.keys(&directory);
        let main = self.main_account().id;
        let pace = self.pace.map_or_else(|| Ok(Pace::default()), |(step, rate)| Pace::new(step, rate))?;
        let listener = listen(self.listen).await?;
        let address =
            listener.local_addr().map_err(|source| EmulatorError::Listen { address: self.listen, source })?;
        let url = format!("http://{address}");
        let (state_dir, temporary) = self.make_state_dir()?;
        let clock = Clock::new();
        let faults = Faults::new(self.seed, FaultBook::default());
        self.faults.iter().cloned().try_for_each(|fault| faults.try_push(fault))?;
        let journal_file = self.journal_file.then(|| state_dir.join("journal.jsonl"));
        let journal = Journal::open(journal_file.as_deref())?;
        let authority = Arc::new(Authority::new(Seal::open(&state_dir)?, keys));
        let (engine, state, values) = Engine::open_state(EngineConfig {
            state_dir: state_dir.clone(),
            buckets: self.buckets,
            access_keys: self
                .access_keys
                .into_iter()
                .map(|(id, key)| (id.expose().to_owned(), key))
                .collect(),
            region: self.region.clone(),
            clock: clock.clone(),
            faults: faults.book().clone(),
            seed: self.seed,
            options: self.options,
        })?;
        let sms = Sms::open(
            SmsConfig {
                state_dir,
                state: Arc::clone(&state),
                clock: clock.clone(),
                authority: Arc::clone(&authority),
                faults: faults.book().clone(),
                seed: self.seed,
                region: self.region.clone(),
                account: main,
                sources: self.sources,
                pace,
            },
            &values,
        )?;
        let iam = Iam::new(directory.clone(), Arc::clone(&authority), self.region.clone(), url.clone());
        let app = Arc::new(App {
            clock,
            authority,
            iam,
            engine,
            sms,
            state,
            faults,
            journal,
            check_responses: self.check_responses,
            project_id: project,
            region: self.region,
        });
        let server = Server::start(listener, Arc::new(Gate::new(Arc::clone(&app), self.seed)));
        Ok(Emulator::new(url, app, server, directory, temporary))
    }

    fn main_account(&self) -> Party {
        let first = self.users.first().map(|user| user.account.as_str());
        party("account", self.account.as_deref().or(first).unwrap_or("emulator"))
    }

    fn directory(&self) -> Result<Directory, EmulatorError> {
        let main = self.main_account();
        let mut id = party("project", &self.region);
        if let Some(given) = &self.project_id {
            id.id.clone_from(given);
        }
        let mut projects = vec![Project { party: id, domain: main }];
        for (account, name, id) in &self.other_projects {
            let party = Party { id: id.clone(), name: name.clone() };
            projects.push(Project { party, domain: self::party("account", account) });
        }
        let mut users = Vec::new();
        for user in &self.users {
            let totp_key = match &user.totp_key {
                Some(text) => Some(totp::decode_key(text.expose()).ok_or_else(|| {
                    EmulatorError::Config(format!("the passcode key of the user {} is not base32", user.name))
                })?),
                None => None,
            };
            users.push(User {
                party: party("user", &format!("{}/{}", user.account, user.name)).renamed(&user.name),
                domain: party("account", &user.account),
                password: user.password.clone(),
                totp_key,
            });
        }
        let agencies = self.agencies.iter().map(|(account, name, trusted)| Agency {
            party: party("agency", &format!("{account}/{name}")).renamed(name),
            domain: party("account", account),
            trusted: party("account", trusted),
        });
        Ok(Directory { users, projects, agencies: agencies.collect() })
    }

    fn keys(&self, directory: &Directory) -> BTreeMap<String, KeyOwner> {
        let domain = self.main_account();
        let owner = directory.users.iter().find(|user| user.domain == domain);
        let user = owner.map_or_else(|| party("user", "emulator"), |user| user.party.clone());
        let key = |secret_key: &Secret| KeyOwner {
            secret_key: secret_key.clone(),
            user: user.clone(),
            domain: domain.clone(),
        };
        self.access_keys.iter().map(|(id, secret_key)| (id.expose().to_owned(), key(secret_key))).collect()
    }

    fn make_state_dir(&self) -> Result<(PathBuf, Option<tempfile::TempDir>), EmulatorError> {
        match &self.state_dir {
            Some(path) => {
                std::fs::create_dir_all(path).map_err(|e| EmulatorError::file(path, e))?;
                Ok((path.clone(), None))
            }
            None => {
                let made = tempfile::Builder::new().prefix("hwmigrate-emulator-").tempdir();
                let made = made.map_err(|e| EmulatorError::file(std::env::temp_dir(), e))?;
                Ok((made.path().to_owned(), Some(made)))
            }
        }
    }
}
