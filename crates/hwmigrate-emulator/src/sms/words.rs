//! The words of the service: states, actions, sub-tasks.

/// Declares a list of words: the names here, and the texts on the wire.
macro_rules! words {
    ($(#[$doc:meta])* $name:ident { $($(#[$of:meta])* $word:ident = $text:literal,)+ }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, serde::Serialize, serde::Deserialize)]
        pub(crate) enum $name {
            $($(#[$of])* #[serde(rename = $text)] $word,)+
        }

        impl $name {
            /// Every one of them.
            #[cfg(test)]
            #[allow(dead_code, reason = "not every list has a table to be held against")]
            pub(crate) const ALL: &'static [Self] = &[$(Self::$word,)+];

            /// The word on the wire.
            pub(crate) const fn word(self) -> &'static str {
                match self { $(Self::$word => $text,)+ }
            }

            /// The one with this word.
            #[allow(dead_code, reason = "some lists are only written")]
            pub(crate) fn of(word: &str) -> Option<Self> {
                match word { $($text => Some(Self::$word),)+ _ => None }
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(self.word())
            }
        }
    };
}

words! {
    /// The state of a task, in the documented spelling.
    TaskState {
        /// Created, not started.
        Ready = "READY",
        /// Copying for the first time, or cutting over.
        Running = "RUNNING",
        /// Copying what changed.
        Syncing = "SYNCING",
        /// The target was launched.
        MigrateSuccess = "MIGRATE_SUCCESS",
        /// The copy or the cut-over failed.
        MigrateFail = "MIGRATE_FAIL",
        /// One synchronisation was done and the target launched again.
        SyncSuccess = "SYNC_SUCCESS",
        /// A synchronisation failed.
        SyncFail = "SYNC_FAIL",
        /// About to be paused.
        Aborting = "ABORTING",
        /// Paused.
        Abort = "ABORT",
        /// The consistency check is being skipped.
        Skipping = "SKIPPING",
        /// About to be gone.
        Deleting = "DELETING",
        /// Being rolled back, to start from the beginning.
        Reseting = "RESETING",
        /// Being rolled back after a failed synchronisation.
        SyncFRollbacking = "SYNC_F_ROLLBACKING",
        /// Rolled back after a failed synchronisation.
        SyncFRollbackSuccess = "SYNC_F_ROLLBACK_SUCCESS",
    }
}

words! {
    /// What a task can be told to do.
    Action {
        Start = "start",
        Stop = "stop",
        /// Explained nowhere; taken for the older word for launching the target.
        Test = "test",
        Cutover = "cutover",
        CloneTest = "clone_test",
        Restart = "restart",
        NetworkCheck = "network_check",
        Skip = "skip",
        Clear = "clear",
        MigrationTest = "migration_test",
        ErrorForOverspeed = "error_for_overspeed",
        CollectLog = "collect_log",
        SyncFailedRollback = "sync_failed_rollback",
    }
}

words! {
    /// The state of a source server.
    SourceState {
        Unavailable = "unavailable",
        Waiting = "waiting",
        Initialize = "initialize",
        Replicate = "replicate",
        Syncing = "syncing",
        Stopping = "stopping",
        Stopped = "stopped",
        Skipping = "skipping",
        Deleting = "deleting",
        Clearing = "clearing",
        Cleared = "cleared",
        Clearfailed = "clearfailed",
        Premigready = "premigready",
        Premiging = "premiging",
        Premiged = "premiged",
        Premigfailed = "premigfailed",
        Cloning = "cloning",
        Cutovering = "cutovering",
        Finished = "finished",
        Error = "error",
    }
}

words! {
    /// The stage of a migration. The first four are known to agents only.
    Cycle {
        NoReady = "no_ready",
        ReadyForTest = "ready_for_test",
        Testing = "testing",
        Tested = "tested",
        Checking = "checking",
        Setting = "setting",
        Replicating = "replicating",
        Syncing = "syncing",
        Cutovering = "cutovering",
        Cutovered = "cutovered",
    }
}

words! {
    /// The operating system of a source.
    Os { Windows = "WINDOWS", Linux = "LINUX", }
}

words! {
    /// How data is copied.
    Kind { File = "MIGRATE_FILE", Block = "MIGRATE_BLOCK", }
}

words! {
    /// The state of a clone of the target.
    CloneState { Preparing = "PREPARING", Creating = "CREATING", Finished = "FINISHED", Error = "ERROR", }
}

words! {
    /// How far collecting logs has come.
    LogStatus { Init = "INIT", Uploading = "UPLOADING", UploadFail = "UPLOAD_FAIL", Uploaded = "UPLOADED", }
}

words! {
    /// A part of the work on a task.
    Step {
        CreateCloudServer = "CREATE_CLOUD_SERVER",
        SslConfig = "SSL_CONFIG",
        AttachAgentImage = "ATTACH_AGENT_IMAGE",
        DettachAgentImage = "DETTACH_AGENT_IMAGE",
        FormatDiskLinux = "FORMAT_DISK_LINUX",
        FormatDiskLinuxFile = "FORMAT_DISK_LINUX_FILE",
        FormatDiskLinuxBlock = "FORMAT_DISK_LINUX_BLOCK",
        FormatDiskWindows = "FORMAT_DISK_WINDOWS",
        MigrateLinuxFile = "MIGRATE_LINUX_FILE",
        MigrateLinuxBlock = "MIGRATE_LINUX_BLOCK",
        MigrateWindowsBlock = "MIGRATE_WINDOWS_BLOCK",
        CloneVm = "CLONE_VM",
        SyncLinuxFile = "SYNC_LINUX_FILE",
        SyncLinuxBlock = "SYNC_LINUX_BLOCK",
        SyncWindowsBlock = "SYNC_WINDOWS_BLOCK",
        ConfigureLinux = "CONFIGURE_LINUX",
        ConfigureLinuxBlock = "CONFIGURE_LINUX_BLOCK",
        ConfigureLinuxFile = "CONFIGURE_LINUX_FILE",
        ConfigureWindows = "CONFIGURE_WINDOWS",
        /// Seen by users, and in no list of the documents.
        CheckConsistency = "CHECK_CONSISTENCY",
        /// The drill; a command of agents and not a sub-task, named here so that it can be made to fail.
        Premigrate = "PREMIGRATE",
        /// The removal of snapshots; likewise.
        Clear = "CLEAR",
    }
}

impl Step {
    /// Whether it copies what is on the source for the first time.
    pub(crate) fn copies(self) -> bool {
        matches!(self, Self::MigrateLinuxFile | Self::MigrateLinuxBlock | Self::MigrateWindowsBlock)
    }

    /// Whether it copies what changed since.
    pub(crate) fn syncs(self) -> bool {
        matches!(self, Self::SyncLinuxFile | Self::SyncLinuxBlock | Self::SyncWindowsBlock)
    }

    /// Whether it moves data, so that its length follows from rate and size.
    pub(crate) fn moves_data(self) -> bool {
        self.copies() || self.syncs()
    }

    /// Whether it is part of launching the target.
    pub(crate) fn launches(self) -> bool {
        matches!(
            self,
            Self::ConfigureLinux
                | Self::ConfigureLinuxFile
                | Self::ConfigureLinuxBlock
                | Self::ConfigureWindows
                | Self::DettachAgentImage
        )
    }
}
