//! What the agent on a source server says.
//!
//! The migration agent makes these calls by itself. They are here for tools
//! that stand in for it, and for tests.

use hwmigrate_api::sms::types::{
    CommandBody, ConsistencyResult, MigrationCycle, NetworkCheckInfoRequestBody, PostSourceServerBody,
    PutCopyStateReq, PutDiskInfoReq, SetConsistencyResultRequestBody, ShowCommandResponse, SourceState,
    UpdateTaskSpeedReq,
};

use super::servers::{LONGEST_ID, check_server_id};
use super::tasks::check_task_id;
use super::{Created, Sms, call};
use crate::error::Result;
use crate::jobs::check::{Checks, check_id};
use crate::transport::call::Response;

/// The agent's calls; made by [`Sms::agent`].
///
/// Reference: <https://support.huaweicloud.com/api-sms/RegisterServer.html>.
#[derive(Clone, Debug)]
pub struct Agent {
    sms: Sms,
}

impl Agent {
    pub(super) fn new(sms: Sms) -> Self {
        Self { sms }
    }

    /// Registers a source server, or reports its facts again. Sizes are in
    /// bytes; the first network card needs a MAC address.
    ///
    /// # Errors
    /// `Invalid` without a name, a system version, an agent version, a network
    /// card, or any address of the server.
    ///
    /// Source: <https://support.huaweicloud.com/api-sms/RegisterServer.html>.
    pub async fn register(&self, server: &PostSourceServerBody) -> Result<Created<String>> {
        let mut checks = Checks::new();
        checks.required("name", &server.name, "the name of the server");
        checks.required("os_version", &server.os_version, "a label such as CENTOS_7_6_64BIT");
        checks.required("agent_version", &server.agent_version, "the version of the agent");
        if server.ip.is_none() && server.ipv6.is_none() {
            checks.add("ip", "is missing, and so is ipv6", "give the server's address of either kind");
        }
        match server.networks.first() {
            None => checks.add("networks", "is empty", "describe the server's network cards"),
            Some(first) => checks.required("networks[0].mac", &first.mac, "the MAC address of the card"),
        }
        checks.finish("RegisterServer")?;
        let Response { value, request_id, .. } = call!(&self.sms, register_server(server))?;
        Created::from_answer("RegisterServer", value.id, Some(server.name.clone()), request_id)
    }

    /// Replaces what is known of a server's disks, volume groups and Btrfs
    /// file systems; sizes in bytes.
    ///
    /// # Errors
    /// `NotFound` when there is no such server.
    ///
    /// Source: <https://support.huaweicloud.com/api-sms/UpdateDiskInfo.html>.
    pub async fn update_disk_info(&self, server_id: &str, disks: &PutDiskInfoReq) -> Result<()> {
        check_server_id("UpdateDiskInfo", server_id)?;
        call!(&self.sms, update_disk_info(server_id, disks)).map(drop)
    }

    /// Sets state and stage of a server. `Initialize` is sent as `init`, which
    /// is how this one call spells it.
    ///
    /// The service accepts the call and does nothing while the server is
    /// unavailable, stopping, stopped, deleting, finished, clearing or clearfailed.
    ///
    /// # Errors
    /// `NotFound` when there is no such server.
    ///
    /// Source: <https://support.huaweicloud.com/api-sms/UpdateCopyState.html>.
    pub async fn update_copy_state(
        &self,
        server_id: &str,
        state: SourceState,
        cycle: MigrationCycle,
    ) -> Result<()> {
        check_server_id("UpdateCopyState", server_id)?;
        let state = if state == SourceState::Initialize { SourceState::Init } else { state };
        let request = PutCopyStateReq { copystate: state, migrationcycle: cycle };
        call!(&self.sms, update_copy_state(server_id, &request)).map(drop)
    }

    /// The next command for the agent of a server.
    ///
    /// # Errors
    /// `NotFound` when there is no such server.
    ///
    /// Source: <https://support.huaweicloud.com/api-sms/ShowCommand.html>.
    pub async fn command(&self, server_id: &str) -> Result<Response<ShowCommandResponse>> {
        check_id("ShowCommand", "server_id", server_id, LONGEST_ID)?;
        call!(&self.sms, show_command(server_id))
    }

    /// Reports what came of a command.
    ///
    /// # Errors
    /// `Conflict` with SMS.2009 when the service gave another command.
    ///
    /// Source: <https://support.huaweicloud.com/api-sms/UpdateCommandResult.html>.
    pub async fn command_result(&self, server_id: &str, result: &CommandBody) -> Result<()> {
        check_id("UpdateCommandResult", "server_id", server_id, LONGEST_ID)?;
        call!(&self.sms, update_command_result(server_id, result)).map(drop)
    }

    /// Reports how far a step of a task is: percent, bytes, and Mbit/s.
    ///
    /// # Errors
    /// `Invalid` for a progress outside 0 to 100.
    ///
    /// Source: <https://support.huaweicloud.com/api-sms/UpdateTaskSpeed.html>.
    pub async fn report_progress(&self, task_id: &str, progress: &UpdateTaskSpeedReq) -> Result<()> {
        check_task_id("UpdateTaskSpeed", task_id)?;
        let mut checks = Checks::new();
        if !(0..=100).contains(&progress.progress) {
            checks.add("progress", format!("is {}", progress.progress), "give percent, 0 to 100");
        }
        for (field, bytes) in [("replicatesize", progress.replicatesize), ("totalsize", progress.totalsize)] {
            if bytes < 0 {
                checks.add(field, format!("is {bytes}"), "give bytes, 0 or more");
            }
        }
        checks.finish("UpdateTaskSpeed")?;
        call!(&self.sms, update_task_speed(task_id, progress)).map(drop)
    }

    /// Reports what the network between source and target can do: delays in
    /// milliseconds, Mbit/s, percent.
    ///
    /// # Errors
    /// `NotFound` when there is no such task.
    ///
    /// Source: <https://support.huaweicloud.com/api-sms/UpdateNetworkCheckInfo.html>.
    pub async fn report_network(&self, task_id: &str, check: &NetworkCheckInfoRequestBody) -> Result<()> {
        check_task_id("UpdateNetworkCheckInfo", task_id)?;
        call!(&self.sms, update_network_check_info(task_id, check)).map(drop)
    }

    /// Reports what a consistency check found, one entry per directory.
    ///
    /// # Errors
    /// `NotFound` when there is no such task.
    ///
    /// Source: <https://support.huaweicloud.com/api-sms/UpdateConsistencyResult.html>.
    pub async fn report_consistency(
        &self,
        task_id: &str,
        results: impl IntoIterator<Item = ConsistencyResult>,
    ) -> Result<()> {
        check_task_id("UpdateConsistencyResult", task_id)?;
        let request = SetConsistencyResultRequestBody { consistency_result: results.into_iter().collect() };
        call!(&self.sms, update_consistency_result(task_id, &request)).map(drop)
    }
}
