//! Templates of target servers.

use hwmigrate_api::Secret;
use hwmigrate_api::sms::types::{
    CreateTemplateReq, DeletetemplatesReq, TemplateRequest, TemplateResponseBody, UpdateTemplateReq,
};

use super::list::{LAST_OFFSET, reading};
use super::servers::LONGEST_ID;
use super::{Created, Page, Sms, call};
use crate::error::Result;
use crate::jobs::check::{Checks, check_id, check_ids};
use crate::jobs::command::{all_deleted, found, gone_is_deleted};
use crate::jobs::paging::{Extent, incomplete};
use crate::transport::call::Response;

/// Most templates that one call deletes. The documents name no figure; this is
/// that of servers and tasks.
const MOST_DELETED: usize = 50;

/// Templates of target servers; made by [`Sms::templates`].
///
/// The service creates the target of a task by its template: flavour, network,
/// disks. Sizes of disks are in **GB** here and in bytes everywhere else.
///
/// Reference: <https://support.huaweicloud.com/api-sms/CreateTemplate.html>.
#[derive(Clone, Debug)]
pub struct Templates {
    sms: Sms,
}

impl Templates {
    pub(super) fn new(sms: Sms) -> Self {
        Self { sms }
    }

    /// The list of templates, to be narrowed and read.
    pub fn list(&self) -> ListTemplates {
        ListTemplates {
            sms: self.sms.clone(),
            name: None,
            availability_zone: None,
            region: None,
            id: None,
            extent: Extent::new(100, LAST_OFFSET),
        }
    }

    /// Creates a template. For a network that the service makes by itself, give
    /// exactly one entry with the id `autoCreate`.
    ///
    /// # Errors
    /// `Invalid` without a name; `Ambiguous` when the reply was lost.
    ///
    /// Source: <https://support.huaweicloud.com/api-sms/CreateTemplate.html>.
    pub async fn create(&self, template: &TemplateRequest) -> Result<Created<String>> {
        check_template("CreateTemplate", template)?;
        let request = CreateTemplateReq { template: template.clone() };
        let Response { value, request_id, .. } = call!(&self.sms, create_template(&request))?;
        Created::from_answer("CreateTemplate", value.id, Some(template.name.clone()), request_id)
    }

    /// One template. Its password is a [`Secret`].
    ///
    /// # Errors
    /// `NotFound` when there is none with this id.
    ///
    /// Source: <https://support.huaweicloud.com/api-sms/ShowTemplate.html>.
    pub async fn show(&self, id: &str) -> Result<Response<TemplateResponseBody>> {
        check_template_id("ShowTemplate", id)?;
        let mut answer = call!(&self.sms, show_template(id))?;
        match answer.value.template.take() {
            Some(template) => Ok(answer.map(|_| template)),
            None => {
                let Response { status, request_id, .. } = answer;
                Err(incomplete("ShowTemplate", "the answer holds no template", status, request_id))
            }
        }
    }

    /// Replaces a template.
    ///
    /// # Errors
    /// `NotFound` when there is none with this id.
    ///
    /// Source: <https://support.huaweicloud.com/api-sms/UpdateTemplate.html>.
    pub async fn update(&self, id: &str, template: &TemplateRequest) -> Result<()> {
        check_template_id("UpdateTemplate", id)?;
        check_template("UpdateTemplate", template)?;
        let request = UpdateTemplateReq { template: Some(template.clone()) };
        call!(&self.sms, update_template(id, &request)).map(drop)
    }

    /// Deletes a template.
    ///
    /// # Errors
    /// `NotFound` when there is none with this id.
    ///
    /// Source: <https://support.huaweicloud.com/api-sms/DeleteTemplate.html>.
    pub async fn delete(&self, id: &str) -> Result<()> {
        check_template_id("DeleteTemplate", id)?;
        gone_is_deleted(call!(&self.sms, delete_template(id)).map(drop))
    }

    /// Deletes 1 to 50 templates with one request.
    ///
    /// # Errors
    /// `Invalid` for no or more than 50 ids.
    ///
    /// Source: <https://support.huaweicloud.com/api-sms/DeleteTemplates.html>.
    pub async fn delete_many<I: Into<String>>(&self, ids: impl IntoIterator<Item = I>) -> Result<()> {
        let ids: Vec<String> = ids.into_iter().map(Into::into).collect();
        check_ids("DeleteTemplates", "ids", &ids, MOST_DELETED, LONGEST_ID)?;
        let send =
            |ids| async move { call!(&self.sms, delete_templates(&DeletetemplatesReq { ids })).map(drop) };
        all_deleted(ids, send, |id: String| async move { Ok(found(self.show(&id).await)?.is_some()) }).await
    }

    /// The password that the target of a template gets; `None` when it has none.
    ///
    /// # Errors
    /// `NotFound` when there is no such template.
    ///
    /// Source: <https://support.huaweicloud.com/api-sms/ShowTargetPassword.html>.
    pub async fn target_password(&self, id: &str) -> Result<Response<Option<Secret>>> {
        check_template_id("ShowTargetPassword", id)?;
        let answer = call!(&self.sms, show_target_password(id))?;
        Ok(answer.map(|answer| answer.target_password))
    }
}

fn check_template_id(operation: &'static str, id: &str) -> Result<()> {
    check_id(operation, "id", id, LONGEST_ID)
}

fn check_template(operation: &'static str, template: &TemplateRequest) -> Result<()> {
    let mut checks = Checks::new();
    checks.required("template.name", &template.name, "a name for the template");
    for (index, disk) in template.disk.iter().enumerate() {
        if disk.size < 1 {
            let field = format!("template.disk[{index}].size");
            checks.add(field, format!("is {}", disk.size), "give GB, 1 or more");
        }
    }
    if let Some(publicip) = &template.publicip
        && !(1..=2000).contains(&publicip.bandwidth_size)
    {
        let problem = format!("is {}", publicip.bandwidth_size);
        checks.add("template.publicip.bandwidth_size", problem, "give Mbit/s, 1 to 2000");
    }
    checks.finish(operation)
}

/// The list of templates; made by [`Templates::list`]. Its order is not documented.
///
/// ```no_run
/// # async fn demo(client: hwmigrate::Client) -> hwmigrate::Result<()> {
/// let here = client.sms().templates().list().region("cn-north-4").all().await?;
/// # let _ = here; Ok(()) }
/// ```
///
/// Source: <https://support.huaweicloud.com/api-sms/ListTemplates.html>.
#[derive(Clone, Debug)]
#[must_use = "a list does nothing before it is read"]
pub struct ListTemplates {
    sms: Sms,
    name: Option<String>,
    availability_zone: Option<String>,
    region: Option<String>,
    id: Option<String>,
    extent: Extent,
}

impl ListTemplates {
    /// Only templates of this name.
    pub fn name(mut self, name: impl Into<String>) -> Self {
        self.name = Some(name.into());
        self
    }

    /// Only templates for this availability zone.
    pub fn availability_zone(mut self, zone: impl Into<String>) -> Self {
        self.availability_zone = Some(zone.into());
        self
    }

    /// Only templates for this region.
    pub fn region(mut self, region: impl Into<String>) -> Self {
        self.region = Some(region.into());
        self
    }

    /// Only the template with this id.
    pub fn id(mut self, id: impl Into<String>) -> Self {
        self.id = Some(id.into());
        self
    }

    async fn read(&self, offset: i32, size: i32) -> Result<Response<Page<TemplateResponseBody>>> {
        let (zone, id) = (self.availability_zone.as_deref(), self.id.as_deref());
        let (name, region) = (self.name.as_deref(), self.region.as_deref());
        let answer = call!(&self.sms, list_templates(zone, id, Some(size), name, Some(offset), region))?;
        Page::of("ListTemplates", answer.map(|list| (list.templates, list.count.map(i64::from))))
    }
}

reading!(ListTemplates, TemplateResponseBody, "ListTemplates", 100, |template: &TemplateResponseBody| {
    template.id.clone()
});
