//! Migration projects.

use hwmigrate_api::sms::types::{
    MigProject, MigprojectsResponseBody, PostMigProjectBody, ShowMigprojectResponse,
};

use super::list::{LAST_OFFSET, reading};
use super::servers::LONGEST_ID;
use super::speed::warn_of;
use super::{Created, Page, Sms, call};
use crate::error::Result;
use crate::jobs::check::{Checks, check_id};
use crate::jobs::command::gone_is_deleted;
use crate::jobs::paging::Extent;
use crate::transport::call::Response;

/// Migration projects; made by [`Sms::projects`]. They have nothing to do with
/// the projects of IAM.
///
/// A project holds defaults for the migration of its source servers. A server
/// that registers itself lands in the default project.
///
/// Reference: <https://support.huaweicloud.com/api-sms/CreateMigproject.html>.
#[derive(Clone, Debug)]
pub struct Projects {
    sms: Sms,
}

impl Projects {
    pub(super) fn new(sms: Sms) -> Self {
        Self { sms }
    }

    /// The list of migration projects, to be read.
    pub fn list(&self) -> ListProjects {
        ListProjects { sms: self.sms.clone(), extent: Extent::new(100, LAST_OFFSET) }
    }

    /// Creates a migration project. Its name must be the only one of its kind
    /// in the account, its speed limit is in Mbit/s, and 0 is none.
    ///
    /// # Errors
    /// `Invalid` without name or region; `Quota` with SMS.8115 beyond 50
    /// projects; `Ambiguous` when the reply was lost.
    ///
    /// Source: <https://support.huaweicloud.com/api-sms/CreateMigproject.html>.
    pub async fn create(&self, project: &PostMigProjectBody) -> Result<Created<String>> {
        let mut checks = Checks::new();
        checks.required("name", &project.name, "a name for the project");
        checks.required("region", &project.region, "the region of the targets");
        check_speed(&mut checks, project.speed_limit);
        checks.finish("CreateMigproject")?;
        let Response { value, request_id, .. } = call!(&self.sms, create_migproject(project))?;
        Created::from_answer("CreateMigproject", value.id, Some(project.name.clone()), request_id)
    }

    /// One migration project. The answer does not repeat the id.
    ///
    /// # Errors
    /// `NotFound` when there is none with this id.
    ///
    /// Source: <https://support.huaweicloud.com/api-sms/ShowMigproject.html>.
    pub async fn show(&self, id: &str) -> Result<Response<ShowMigprojectResponse>> {
        check_project_id("ShowMigproject", id)?;
        call!(&self.sms, show_migproject(id))
    }

    /// Changes a migration project.
    ///
    /// # Errors
    /// `NotFound` when there is none with this id.
    ///
    /// Source: <https://support.huaweicloud.com/api-sms/UpdateMigproject.html>.
    pub async fn update(&self, id: &str, project: &MigProject) -> Result<()> {
        check_project_id("UpdateMigproject", id)?;
        let mut checks = Checks::new();
        check_speed(&mut checks, project.speed_limit);
        checks.finish("UpdateMigproject")?;
        call!(&self.sms, update_migproject(id, project)).map(drop)
    }

    /// Makes a migration project the default one.
    ///
    /// # Errors
    /// `NotFound` when there is none with this id.
    ///
    /// Source: <https://support.huaweicloud.com/api-sms/UpdateDefaultMigproject.html>.
    pub async fn make_default(&self, id: &str) -> Result<()> {
        check_project_id("UpdateDefaultMigproject", id)?;
        call!(&self.sms, update_default_migproject(id)).map(drop)
    }

    /// Deletes a migration project that holds no servers and is not the default one.
    ///
    /// # Errors
    /// `NotFound` when there is none with this id.
    ///
    /// Source: <https://support.huaweicloud.com/api-sms/DeleteMigproject.html>.
    pub async fn delete(&self, id: &str) -> Result<()> {
        check_project_id("DeleteMigproject", id)?;
        gone_is_deleted(call!(&self.sms, delete_migproject(id)).map(drop))
    }
}

fn check_project_id(operation: &'static str, id: &str) -> Result<()> {
    check_id(operation, "mig_project_id", id, LONGEST_ID)
}

/// The documents differ on the upper end, 1,000 or 10,000: the service may judge.
pub(super) fn check_speed(checks: &mut Checks, limit: Option<i32>) {
    match limit {
        Some(limit) if limit < 0 => {
            checks.add("speed_limit", format!("is {limit}"), "give Mbit/s, 0 to 1000; 0 is no limit");
        }
        Some(limit) => warn_of(limit),
        None => {}
    }
}

/// The list of migration projects; made by [`Projects::list`]. Its order is not documented.
///
/// Source: <https://support.huaweicloud.com/api-sms/ListMigprojects.html>.
#[derive(Clone, Debug)]
#[must_use = "a list does nothing before it is read"]
pub struct ListProjects {
    sms: Sms,
    extent: Extent,
}

impl ListProjects {
    async fn read(&self, offset: i32, size: i32) -> Result<Response<Page<MigprojectsResponseBody>>> {
        let answer = call!(&self.sms, list_migprojects(Some(size), Some(offset)))?;
        Page::of("ListMigprojects", answer.map(|list| (list.migprojects, list.count.map(i64::from))))
    }
}

reading!(
    ListProjects,
    MigprojectsResponseBody,
    "ListMigprojects",
    100,
    |project: &MigprojectsResponseBody| { project.id.clone() }
);
