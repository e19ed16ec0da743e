//! A friendly way to write the request for a task.
//!
//! The generated struct has a field for everything and says nothing about
//! which fields belong together: an existing target needs its id and a flag,
//! a new one a template and no id, and the disks of the target repeat what the
//! service recommends for the source. The builder here knows. It dereferences
//! to the generated struct, so it is accepted wherever that is, and whatever
//! it does not cover can be set on [`into_inner`](TaskRequest::into_inner).

use std::ops::Deref;

use hwmigrate_api::sms::types::{
    InitTargetServer, LogicalVolumes, LogicalVolumesResp, MigrationType, PhysicalVolumes,
    PhysicalVolumesResp, PostTask, ShowServerResponse, SourceServerByTask, TargetDisks, TargetServerByTask,
    TaskPriority, VolumeGroups, VolumeGroupsResp,
};

use super::speed::{SpeedLimit, check_threshold};
use crate::error::Result;
use crate::jobs::check::refuse;

/// The target of a migration: a server that exists, or one that the service creates.
#[derive(Clone, Debug, PartialEq)]
pub struct Target {
    server: TargetServerByTask,
    template: Option<String>,
    region: (String, String),
    project: (String, String),
}

impl Target {
    /// An ECS that exists, by its id, in the built-in project of a region.
    /// Its disks are overwritten.
    pub fn existing(
        vm_id: impl Into<String>,
        name: impl Into<String>,
        region_id: impl Into<String>,
        project_id: impl Into<String>,
    ) -> Self {
        let server = TargetServerByTask { vm_id: Some(vm_id.into()), ..TargetServerByTask::new(name.into()) };
        Self::of(server, None, region_id.into(), project_id.into())
    }

    /// A server that the service creates by a template, in the built-in project of a region.
    pub fn from_template(
        template_id: impl Into<String>,
        name: impl Into<String>,
        region_id: impl Into<String>,
        project_id: impl Into<String>,
    ) -> Self {
        let server = TargetServerByTask::new(name.into());
        Self::of(server, Some(template_id.into()), region_id.into(), project_id.into())
    }

    fn of(server: TargetServerByTask, template: Option<String>, region: String, project: String) -> Self {
        // The built-in project of a region is named like it.
        Self { server, template, project: (project, region.clone()), region: (region.clone(), region) }
    }

    /// The name of the region, where it is not its id.
    #[must_use]
    pub fn region_name(mut self, name: impl Into<String>) -> Self {
        self.region.1 = name.into();
        self
    }

    /// The name of the project, where it is not that of the region.
    #[must_use]
    pub fn project_name(mut self, name: impl Into<String>) -> Self {
        self.project.1 = name.into();
        self
    }

    /// The disks of the target as the service recommends them for a source
    /// server: `init_target_server` of [`Servers::show`](super::Servers::show).
    /// Sizes are in bytes.
    #[must_use]
    pub fn layout(mut self, recommended: &InitTargetServer) -> Self {
        let disks = recommended.disks.iter().flatten().map(|disk| TargetDisks {
            device_use: disk.device_use.clone(),
            disk_id: None,
            name: disk.name.clone(),
            physical_volumes: disk.physical_volumes.iter().flatten().map(partition).collect(),
            size: disk.size,
            used_size: disk.used_size,
        });
        self.server.disks = disks.collect();
        self.server.volume_groups = recommended.volume_groups.iter().flatten().map(volume_group).collect();
        self
    }

    /// The EVS volumes of an existing target, for the disks of the layout in their order.
    ///
    /// # Errors
    /// `Invalid` when there are more or fewer volumes than disks.
    pub fn volumes<I: Into<String>>(mut self, ids: impl IntoIterator<Item = I>) -> Result<Self> {
        let ids: Vec<String> = ids.into_iter().map(Into::into).collect();
        if ids.len() != self.server.disks.len() {
            let problem = format!("names {} volumes for {} disks", ids.len(), self.server.disks.len());
            return Err(refuse(
                "target_server.disks",
                problem,
                "give the layout first, then one volume per disk",
            ));
        }
        for (disk, id) in self.server.disks.iter_mut().zip(ids) {
            disk.disk_id = Some(id);
        }
        Ok(self)
    }
}

fn partition(advised: &PhysicalVolumesResp) -> PhysicalVolumes {
    PhysicalVolumes {
        device_use: advised.device_use.clone(),
        file_system: advised.file_system.clone(),
        index: advised.index,
        inode_size: advised.inode_size,
        mount_point: advised.mount_point.clone(),
        name: advised.name.clone(),
        size: advised.size,
        used_size: advised.used_size,
        uuid: advised.uuid.clone(),
    }
}

fn volume_group(advised: &VolumeGroupsResp) -> VolumeGroups {
    VolumeGroups {
        components: advised.components.clone(),
        free_size: advised.free_size,
        logical_volumes: advised.logical_volumes.iter().flatten().map(logical_volume).collect(),
        name: advised.name.clone(),
        size: advised.size,
    }
}

fn logical_volume(advised: &LogicalVolumesResp) -> LogicalVolumes {
    LogicalVolumes {
        block_count: advised.block_count,
        block_size: advised.block_size,
        device_use: advised.device_use.clone(),
        file_system: advised.file_system.clone(),
        free_size: advised.free_size,
        inode_nums: advised.inode_nums,
        inode_size: advised.inode_size,
        mount_point: advised.mount_point.clone(),
        name: advised.name.clone(),
        size: advised.size,
        used_size: advised.used_size,
    }
}

/// A request for a migration task; accepted wherever a [`PostTask`] is.
///
/// ```no_run
/// use hwmigrate::sms::types::MigrationType;
/// use hwmigrate::sms::{SpeedLimit, Target, TaskRequest};
///
/// # async fn demo(client: hwmigrate::Client) -> hwmigrate::Result<()> {
/// let sms = client.sms();
/// let server = sms.servers().show("source-id").await?.into_inner();
/// let target = Target::from_template("template-id", "web-1", "cn-north-4", "project-id");
/// let request = TaskRequest::for_server("web-1", MigrationType::MigrateFile, &server, target)?
///     .syncing(true)
///     .speed_limit(SpeedLimit::mbit_per_second(300)?);
/// let created = sms.tasks().create_once(&request).await?;
/// println!("task {}", created.id);
/// # Ok(()) }
/// ```
///
/// Source: <https://support.huaweicloud.com/api-sms/CreateTask.html>.
#[derive(Clone, Debug, PartialEq)]
pub struct TaskRequest(PostTask);

impl TaskRequest {
    /// A task for a source server, by its id. The name has 1 to 64 letters,
    /// digits, underscores, hyphens or Chinese characters; some regions take
    /// no more than 20 and no hyphens.
    pub fn new(
        name: impl Into<String>,
        kind: MigrationType,
        source_server_id: impl Into<String>,
        target: Target,
    ) -> Self {
        let Target { server, template, region, project } = target;
        let source = SourceServerByTask { id: source_server_id.into() };
        Self(PostTask {
            exist_server: Some(server.vm_id.is_some()),
            vm_template_id: template,
            ..PostTask::new(name.into(), kind, source, server, region.1, region.0, project.1, project.0)
        })
    }

    /// A task for a source server that was read: with its kind of system, and
    /// the recommended disks where the target describes none.
    ///
    /// # Errors
    /// `Invalid` when the answer about the server holds no id.
    pub fn for_server(
        name: impl Into<String>,
        kind: MigrationType,
        server: &ShowServerResponse,
        target: Target,
    ) -> Result<Self> {
        let Some(id) = &server.id else {
            return Err(refuse(
                "source_server.id",
                "is not in the answer",
                "read the server by its id first",
            ));
        };
        let target = match &server.init_target_server {
            Some(recommended) if target.server.disks.is_empty() => target.layout(recommended),
            _ => target,
        };
        let mut request = Self::new(name, kind, id, target);
        request.0.os_type = server.os_type.clone();
        Ok(request)
    }

    /// Begins as soon as the task is created; it waits for a start otherwise.
    #[must_use]
    pub fn auto_start(mut self, start: bool) -> Self {
        self.0.auto_start = Some(start);
        self
    }

    /// Keeps the target in step after the first copy, until a cut-over; off unless said otherwise.
    #[must_use]
    pub fn syncing(mut self, syncing: bool) -> Self {
        self.0.syncing = Some(syncing);
        self
    }

    /// Starts the target after the migration; on unless said otherwise.
    #[must_use]
    pub fn start_target(mut self, start: bool) -> Self {
        self.0.start_target_server = Some(start);
        self
    }

    /// Which tasks go first.
    #[must_use]
    pub fn priority(mut self, priority: TaskPriority) -> Self {
        self.0.priority = Some(priority);
        self
    }

    /// The highest rate, in Mbit/s.
    #[must_use]
    pub fn speed_limit(mut self, limit: SpeedLimit) -> Self {
        self.0.speed_limit = Some(limit.get());
        self
    }

    /// By how many percent the rate may exceed the limit before the task
    /// stops, 10 to 100.
    ///
    /// # Errors
    /// `Invalid` outside that range.
    pub fn over_speed_threshold(mut self, percent: f64) -> Result<Self> {
        check_threshold(percent)?;
        self.0.over_speed_threshold = Some(percent);
        Ok(self)
    }

    /// Sends the data to this address of an existing target. IPv6 is told by itself.
    #[must_use]
    pub fn address(mut self, address: std::net::IpAddr) -> Self {
        self.0.migration_ip = Some(address.to_string());
        self.0.use_ipv6 = Some(address.is_ipv6());
        self
    }

    /// Sends the data over a public address, or over a private one.
    #[must_use]
    pub fn public_address(mut self, public: bool) -> Self {
        self.0.use_public_ip = Some(public);
        self
    }

    /// Has the data of both sides compared.
    #[must_use]
    pub fn consistency_check(mut self, check: bool) -> Self {
        self.0.is_need_consistency_check = Some(check);
        self
    }

    /// Measures the network first.
    #[must_use]
    pub fn network_check(mut self, check: bool) -> Self {
        self.0.start_network_check = Some(check);
        self
    }

    /// The request as the generated struct.
    pub fn into_inner(self) -> PostTask {
        self.0
    }
}

impl Deref for TaskRequest {
    type Target = PostTask;

    fn deref(&self) -> &PostTask {
        &self.0
    }
}

impl From<TaskRequest> for PostTask {
    fn from(request: TaskRequest) -> Self {
        request.0
    }
}
