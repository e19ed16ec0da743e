//! Source servers.

use hwmigrate_api::sms::types::{
    DeleteIds, MigrationCycle, MigrationErrors, PutSourceServerBody, ShowOverviewResponse,
    ShowServerResponse, SourceServersResponseBody, SourceState,
};

use super::list::{LAST_OFFSET, reading};
use super::{Page, Sms, call};
use crate::error::Result;
use crate::jobs::check::{Checks, check_id, check_ids};
use crate::jobs::command::{all_deleted, found, gone_is_deleted};
use crate::jobs::paging::{Extent, incomplete};
use crate::transport::call::Response;

/// Longest id that any of the documents allows.
pub(super) const LONGEST_ID: usize = 255;

/// Most servers that one call deletes.
const MOST_DELETED: usize = 50;

/// Source servers; made by [`Sms::servers`].
///
/// A server appears here when its agent registers it, and goes when it is
/// deleted; to see it again its agent must be restarted.
///
/// Reference: <https://support.huaweicloud.com/api-sms/ListServers.html>.
#[derive(Clone, Debug)]
pub struct Servers {
    sms: Sms,
}

impl Servers {
    pub(super) fn new(sms: Sms) -> Self {
        Self { sms }
    }

    /// The list of source servers, to be narrowed and read.
    pub fn list(&self) -> ListServers {
        ListServers {
            sms: self.sms.clone(),
            state: None,
            name: None,
            id: None,
            ip: None,
            ipv6: None,
            project: None,
            migration_cycle: None,
            connected: None,
            enterprise_project_id: None,
            has_consistency_result: None,
            vm_id: None,
            extent: Extent::new(200, LAST_OFFSET),
        }
    }

    /// One server: its disks, network cards, environment checks, and task.
    ///
    /// # Errors
    /// `NotFound` when there is none with this id.
    ///
    /// Source: <https://support.huaweicloud.com/api-sms/ShowServer.html>.
    pub async fn show(&self, id: &str) -> Result<Response<ShowServerResponse>> {
        check_server_id("ShowServer", id)?;
        let answer = call!(&self.sms, show_server(id))?;
        if answer.value.id.is_none() && answer.value.state.is_none() {
            return Err(incomplete(
                "ShowServer",
                "the answer describes no server",
                answer.status,
                answer.request_id,
            ));
        }
        Ok(answer)
    }

    /// Gives a server another name, 1 to 255 characters.
    ///
    /// # Errors
    /// `NotFound` when there is none with this id.
    ///
    /// Source: <https://support.huaweicloud.com/api-sms/UpdateServerName.html>.
    pub async fn rename(&self, id: &str, name: &str) -> Result<()> {
        let mut checks = Checks::new();
        checks.named("name", name, LONGEST_ID, "a name for the server");
        checks.finish("UpdateServerName")?;
        let request = PutSourceServerBody { name: Some(name.to_owned()), ..Default::default() };
        self.update(id, &request).await
    }

    /// Moves a server to another migration project.
    ///
    /// # Errors
    /// `NotFound` when there is no such server or project.
    ///
    /// Source: <https://support.huaweicloud.com/api-sms/UpdateServerName.html>.
    pub async fn move_to(&self, id: &str, project_id: &str) -> Result<()> {
        check_id("UpdateServerName", "migprojectid", project_id, LONGEST_ID)?;
        let request = PutSourceServerBody { migprojectid: Some(project_id.to_owned()), ..Default::default() };
        self.update(id, &request).await
    }

    /// Changes name, migration project, or the choice of disks and volumes,
    /// sizes in bytes. The choice takes effect only while the server has no
    /// target configured.
    ///
    /// # Errors
    /// `NotFound` when there is none with this id.
    ///
    /// Source: <https://support.huaweicloud.com/api-sms/UpdateServerName.html>.
    pub async fn update(&self, id: &str, request: &PutSourceServerBody) -> Result<()> {
        check_server_id("UpdateServerName", id)?;
        call!(&self.sms, update_server_name(id, request)).map(drop)
    }

    /// Deletes the record of a server. The server itself stays as it is; to
    /// see it again its agent must be restarted.
    ///
    /// # Errors
    /// `NotFound` when there is none with this id.
    ///
    /// Source: <https://support.huaweicloud.com/api-sms/DeleteServer.html>.
    pub async fn delete(&self, id: &str) -> Result<()> {
        check_server_id("DeleteServer", id)?;
        gone_is_deleted(call!(&self.sms, delete_server(id)).map(drop))
    }

    /// Deletes the records of 1 to 50 servers with one request.
    ///
    /// # Errors
    /// `Invalid` for no or more than 50 ids.
    ///
    /// Source: <https://support.huaweicloud.com/api-sms/DeleteServers.html>.
    pub async fn delete_many<I: Into<String>>(&self, ids: impl IntoIterator<Item = I>) -> Result<()> {
        let ids: Vec<String> = ids.into_iter().map(Into::into).collect();
        check_ids("DeleteServers", "ids", &ids, MOST_DELETED, LONGEST_ID)?;
        let send = |ids| async move { call!(&self.sms, delete_servers(&DeleteIds { ids })).map(drop) };
        let is_there = |id: String| async move {
            let server = found(self.show(&id).await)?;
            Ok(server.is_some_and(|server| server.state != Some(SourceState::Deleting)))
        };
        all_deleted(ids, send, is_there).await
    }

    /// How many servers are in each state. The service counts to 1,000.
    ///
    /// # Errors
    /// Those of every call; see the kinds of [`Error`](crate::Error).
    ///
    /// Source: <https://support.huaweicloud.com/api-sms/ShowOverview.html>.
    pub async fn overview(&self) -> Result<Response<ShowOverviewResponse>> {
        call!(&self.sms, show_overview())
    }

    /// The servers whose migration failed, and why, to be read.
    pub fn errors(&self) -> ListErrors {
        ListErrors {
            sms: self.sms.clone(),
            enterprise_project_id: None,
            extent: Extent::new(100, LAST_OFFSET),
        }
    }
}

/// Checks the id of a source server.
pub(super) fn check_server_id(operation: &'static str, id: &str) -> Result<()> {
    check_id(operation, "source_id", id, LONGEST_ID)
}

/// The list of source servers; made by [`Servers::list`]. Its order is not documented.
///
/// ```no_run
/// # async fn demo(client: hwmigrate::Client) -> hwmigrate::Result<()> {
/// let lost = client.sms().servers().list().connected(false).all().await?;
/// println!("{} servers have lost their agent", lost.len());
/// # Ok(()) }
/// ```
///
/// Source: <https://support.huaweicloud.com/api-sms/ListServers.html>.
#[derive(Clone, Debug)]
#[must_use = "a list does nothing before it is read"]
pub struct ListServers {
    sms: Sms,
    state: Option<SourceState>,
    name: Option<String>,
    id: Option<String>,
    ip: Option<String>,
    ipv6: Option<String>,
    project: Option<String>,
    migration_cycle: Option<MigrationCycle>,
    connected: Option<bool>,
    enterprise_project_id: Option<String>,
    has_consistency_result: Option<bool>,
    vm_id: Option<String>,
    extent: Extent,
}

impl ListServers {
    /// Only servers in this state.
    pub fn state(mut self, state: SourceState) -> Self {
        self.state = Some(state);
        self
    }

    /// Only servers of this name.
    pub fn name(mut self, name: impl Into<String>) -> Self {
        self.name = Some(name.into());
        self
    }

    /// Only the server with this id.
    pub fn id(mut self, id: impl Into<String>) -> Self {
        self.id = Some(id.into());
        self
    }

    /// Only the server with this IPv4 address.
    pub fn ip(mut self, address: impl Into<String>) -> Self {
        self.ip = Some(address.into());
        self
    }

    /// Only the server with this IPv6 address; [`ip`](Self::ip) wins when both are given.
    pub fn ipv6(mut self, address: impl Into<String>) -> Self {
        self.ipv6 = Some(address.into());
        self
    }

    /// Only servers of this migration project, by its id.
    pub fn project(mut self, id: impl Into<String>) -> Self {
        self.project = Some(id.into());
        self
    }

    /// Only servers at this stage.
    pub fn migration_cycle(mut self, cycle: MigrationCycle) -> Self {
        self.migration_cycle = Some(cycle);
        self
    }

    /// Only servers whose agent is connected, or only those whose agent is not.
    pub fn connected(mut self, connected: bool) -> Self {
        self.connected = Some(connected);
        self
    }

    /// Only servers of this enterprise project.
    pub fn enterprise_project_id(mut self, id: impl Into<String>) -> Self {
        self.enterprise_project_id = Some(id.into());
        self
    }

    /// Only servers that have the result of a consistency check, or only those that have none.
    pub fn has_consistency_result(mut self, has: bool) -> Self {
        self.has_consistency_result = Some(has);
        self
    }

    /// Only the server whose clone is this ECS.
    pub fn vm_id(mut self, id: impl Into<String>) -> Self {
        self.vm_id = Some(id.into());
        self
    }

    async fn read(&self, offset: i32, size: i32) -> Result<Response<Page<SourceServersResponseBody>>> {
        let mut checks = Checks::new();
        let texts = [
            ("name", &self.name),
            ("id", &self.id),
            ("ip", &self.ip),
            ("ipv6", &self.ipv6),
            ("migproject", &self.project),
            ("enterprise_project_id", &self.enterprise_project_id),
            ("vm_id", &self.vm_id),
        ];
        for (field, text) in texts {
            checks.length(field, text.as_deref().unwrap_or_default(), LONGEST_ID);
        }
        checks.finish("ListServers")?;
        let answer = call!(
            &self.sms,
            list_servers(
                self.connected,
                self.enterprise_project_id.as_deref(),
                self.id.as_deref(),
                self.ip.as_deref(),
                self.ipv6.as_deref(),
                self.has_consistency_result,
                Some(size),
                self.project.as_deref(),
                self.migration_cycle.as_ref(),
                self.name.as_deref(),
                Some(offset),
                self.state.as_ref(),
                self.vm_id.as_deref(),
            )
        )?;
        Page::of("ListServers", answer.map(|list| (list.source_servers, list.count.map(i64::from))))
    }
}

reading!(ListServers, SourceServersResponseBody, "ListServers", 200, |server: &SourceServersResponseBody| {
    server.id.clone()
});

/// The servers whose migration failed; made by [`Servers::errors`].
///
/// ```no_run
/// # async fn demo(client: hwmigrate::Client) -> hwmigrate::Result<()> {
/// for failed in client.sms().servers().errors().all().await? {
///     println!("{:?}: {:?}", failed.name, failed.error_json);
/// }
/// # Ok(()) }
/// ```
///
/// Source: <https://support.huaweicloud.com/api-sms/getMigrationErrors.html>.
#[derive(Clone, Debug)]
#[must_use = "a list does nothing before it is read"]
pub struct ListErrors {
    sms: Sms,
    enterprise_project_id: Option<String>,
    extent: Extent,
}

impl ListErrors {
    /// Only servers of this enterprise project.
    pub fn enterprise_project_id(mut self, id: impl Into<String>) -> Self {
        self.enterprise_project_id = Some(id.into());
        self
    }

    async fn read(&self, offset: i32, size: i32) -> Result<Response<Page<MigrationErrors>>> {
        // The offset is always sent: the documents call it optional and required at once.
        let project = self.enterprise_project_id.as_deref();
        let answer = call!(&self.sms, list_error_servers(project, Some(size), offset))?;
        Page::of("ListErrorServers", answer.map(|list| (list.migration_errors, list.count.map(i64::from))))
    }
}

reading!(ListErrors, MigrationErrors, "ListErrorServers", 100, |failed: &MigrationErrors| {
    failed.source_id.clone()
});
