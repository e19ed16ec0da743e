//! What hangs on SMS beside its tasks: servers, templates, migration projects, the agent's calls.

use std::future::Future;

use hwmigrate::sms::types::{
    CommandBody, ConsistencyResult, MigProject, MigrationCycle, NetworkCheckInfoRequestBody,
    PostMigProjectBody, PostSourceServerBody, PutDiskInfoReq, PutSourceServerBody, SourceState,
    TemplateRequest, UpdateTaskSpeedReq,
};
use hwmigrate::sms::{self, ListErrors, ListProjects, ListServers, ListTemplates};
use pyo3::prelude::*;

use crate::call::Call;
use crate::convert::{Offset, settings};
use crate::json::Body;
use crate::oms::page;
use crate::progress;
use crate::runtime::Runtime;
use crate::slot::Output;
use crate::source::{Source, nothing, plain, secret};
use crate::watch::Lister;

/// Parts of the service differ in their methods and not in how they hold their handle.
macro_rules! part {
    ($name:ident) => {
        impl $name {
            pub(crate) fn new(part: sms::$name, runtime: &Runtime) -> Self {
                Self { part, runtime: runtime.clone() }
            }

            fn call<F>(&self, work: impl FnOnce(sms::$name) -> F) -> Call
            where
                F: Future<Output = hwmigrate::Result<Output>> + Send + 'static,
            {
                Call::new(&self.runtime, work(self.part.clone()))
            }
        }
    };
}

/// Every list is cut into pages, and at a number of records.
macro_rules! cut {
    ($list:expr, $filter:expr) => {{
        let mut list = $list;
        if let Some(size) = $filter.page_size {
            list = list.page_size(size);
        }
        if let Some(records) = $filter.limit {
            list = list.limit(records);
        }
        list
    }};
}

part!(Servers);
part!(Templates);
part!(Projects);
part!(Agent);

/// Records of a page, where the caller names no number.
const PAGE: u32 = 100;

/// Source servers.
#[pyclass(frozen, module = "hwmigrate._hwmigrate")]
pub(crate) struct Servers {
    part: sms::Servers,
    runtime: Runtime,
}

settings! {
    /// Which source servers, and how many at once.
    struct Filter {
        state: Option<String>,
        name: Option<String>,
        id: Option<String>,
        ip: Option<String>,
        vm_id: Option<String>,
        has_consistency_result: Option<bool>,
        project: Option<String>,
        migration_cycle: Option<String>,
        connected: Option<bool>,
        enterprise_project_id: Option<String>,
        page_size: Option<u32>,
        limit: Option<u64>,
    }
}

settings! {
    /// Which failed migrations, and how many at once.
    struct ErrorFilter {
        enterprise_project_id: Option<String>,
        page_size: Option<u32>,
        limit: Option<u64>,
    }
}

#[pymethods]
impl Servers {
    fn list(&self, filter: Filter) -> Lister {
        let page = filter.page_size.unwrap_or(PAGE) as usize;
        Lister::new(&self.runtime, page, "source_servers", self.filtered(filter).records())
    }

    fn page(&self, filter: Filter, offset: Offset) -> Call {
        let list = self.filtered(filter);
        Call::new(&self.runtime, async move { page("source_servers", list.page(offset.0).await) })
    }

    fn show(&self, id: String) -> Call {
        self.call(|servers| async move { servers.show(&id).await.map(Source::one) })
    }

    fn rename(&self, id: String, name: String) -> Call {
        self.call(|servers| async move { servers.rename(&id, &name).await.map(nothing) })
    }

    fn move_to(&self, id: String, project_id: String) -> Call {
        self.call(|servers| async move { servers.move_to(&id, &project_id).await.map(nothing) })
    }

    fn update(&self, id: String, request: Body<PutSourceServerBody>) -> Call {
        self.call(|servers| async move { servers.update(&id, &request.0).await.map(nothing) })
    }

    fn delete(&self, id: String) -> Call {
        self.call(|servers| async move { servers.delete(&id).await.map(nothing) })
    }

    fn delete_many(&self, ids: Vec<String>) -> Call {
        self.call(|servers| async move { servers.delete_many(ids).await.map(nothing) })
    }

    fn overview(&self) -> Call {
        self.call(|servers| async move { servers.overview().await.map(Source::one) })
    }

    fn errors(&self, filter: ErrorFilter) -> Lister {
        let page = filter.page_size.unwrap_or(PAGE) as usize;
        Lister::new(&self.runtime, page, "migration_errors", self.failed(filter).records())
    }

    fn errors_page(&self, filter: ErrorFilter, offset: Offset) -> Call {
        let list = self.failed(filter);
        Call::new(&self.runtime, async move { page("migration_errors", list.page(offset.0).await) })
    }
}

impl Servers {
    fn filtered(&self, filter: Filter) -> ListServers {
        let mut list = self.part.list();
        if let Some(state) = filter.state {
            list = list.state(SourceState::from(state.as_str()));
        }
        if let Some(name) = filter.name {
            list = list.name(name);
        }
        if let Some(id) = filter.id {
            list = list.id(id);
        }
        if let Some(address) = filter.ip {
            list = if address.contains(':') { list.ipv6(address) } else { list.ip(address) };
        }
        if let Some(id) = filter.vm_id {
            list = list.vm_id(id);
        }
        if let Some(has) = filter.has_consistency_result {
            list = list.has_consistency_result(has);
        }
        if let Some(project) = filter.project {
            list = list.project(project);
        }
        if let Some(cycle) = filter.migration_cycle {
            list = list.migration_cycle(MigrationCycle::from(cycle.as_str()));
        }
        if let Some(connected) = filter.connected {
            list = list.connected(connected);
        }
        if let Some(project) = filter.enterprise_project_id {
            list = list.enterprise_project_id(project);
        }
        cut!(list, filter)
    }

    fn failed(&self, filter: ErrorFilter) -> ListErrors {
        let mut list = self.part.errors();
        if let Some(project) = filter.enterprise_project_id {
            list = list.enterprise_project_id(project);
        }
        cut!(list, filter)
    }
}

/// Templates of target servers.
#[pyclass(frozen, module = "hwmigrate._hwmigrate")]
pub(crate) struct Templates {
    part: sms::Templates,
    runtime: Runtime,
}

settings! {
    /// Which templates, and how many at once.
    struct TemplateFilter {
        name: Option<String>,
        id: Option<String>,
        region: Option<String>,
        availability_zone: Option<String>,
        page_size: Option<u32>,
        limit: Option<u64>,
    }
}

#[pymethods]
impl Templates {
    fn list(&self, filter: TemplateFilter) -> Lister {
        let page = filter.page_size.unwrap_or(PAGE) as usize;
        Lister::new(&self.runtime, page, "templates", self.filtered(filter).records())
    }

    fn page(&self, filter: TemplateFilter, offset: Offset) -> Call {
        let list = self.filtered(filter);
        Call::new(&self.runtime, async move { page("templates", list.page(offset.0).await) })
    }

    fn create(&self, template: Body<TemplateRequest>) -> Call {
        self.call(|templates| async move {
            templates.create(&template.0).await.map(|made| plain(progress::created(&made)))
        })
    }

    fn show(&self, id: String) -> Call {
        self.call(|templates| async move {
            templates.show(&id).await.map(|answer| Source::within("template", answer))
        })
    }

    fn update(&self, id: String, template: Body<TemplateRequest>) -> Call {
        self.call(|templates| async move { templates.update(&id, &template.0).await.map(nothing) })
    }

    fn delete(&self, id: String) -> Call {
        self.call(|templates| async move { templates.delete(&id).await.map(nothing) })
    }

    fn delete_many(&self, ids: Vec<String>) -> Call {
        self.call(|templates| async move { templates.delete_many(ids).await.map(nothing) })
    }

    fn target_password(&self, id: String) -> Call {
        self.call(|templates| async move {
            templates.target_password(&id).await.map(|found| secret(found.into_inner()))
        })
    }
}

impl Templates {
    fn filtered(&self, filter: TemplateFilter) -> ListTemplates {
        let mut list = self.part.list();
        if let Some(name) = filter.name {
            list = list.name(name);
        }
        if let Some(id) = filter.id {
            list = list.id(id);
        }
        if let Some(region) = filter.region {
            list = list.region(region);
        }
        if let Some(zone) = filter.availability_zone {
            list = list.availability_zone(zone);
        }
        cut!(list, filter)
    }
}

/// Migration projects.
#[pyclass(frozen, module = "hwmigrate._hwmigrate")]
pub(crate) struct Projects {
    part: sms::Projects,
    runtime: Runtime,
}

settings! {
    /// How many migration projects at once, and in all.
    struct ProjectFilter {
        page_size: Option<u32>,
        limit: Option<u64>,
    }
}

#[pymethods]
impl Projects {
    fn list(&self, filter: ProjectFilter) -> Lister {
        let page = filter.page_size.unwrap_or(PAGE) as usize;
        Lister::new(&self.runtime, page, "migprojects", self.filtered(filter).records())
    }

    fn page(&self, filter: ProjectFilter, offset: Offset) -> Call {
        let list = self.filtered(filter);
        Call::new(&self.runtime, async move { page("migprojects", list.page(offset.0).await) })
    }

    fn create(&self, project: Body<PostMigProjectBody>) -> Call {
        self.call(|projects| async move {
            projects.create(&project.0).await.map(|made| plain(progress::created(&made)))
        })
    }

    fn show(&self, id: String) -> Call {
        self.call(|projects| async move { projects.show(&id).await.map(Source::one) })
    }

    fn update(&self, id: String, project: Body<MigProject>) -> Call {
        self.call(|projects| async move { projects.update(&id, &project.0).await.map(nothing) })
    }

    fn make_default(&self, id: String) -> Call {
        self.call(|projects| async move { projects.make_default(&id).await.map(nothing) })
    }

    fn delete(&self, id: String) -> Call {
        self.call(|projects| async move { projects.delete(&id).await.map(nothing) })
    }
}

impl Projects {
    fn filtered(&self, filter: ProjectFilter) -> ListProjects {
        cut!(self.part.list(), filter)
    }
}

/// What the agent on a source server says.
#[pyclass(frozen, module = "hwmigrate._hwmigrate")]
pub(crate) struct Agent {
    part: sms::Agent,
    runtime: Runtime,
}

#[pymethods]
impl Agent {
    fn register(&self, server: Body<PostSourceServerBody>) -> Call {
        self.call(|agent| async move {
            agent.register(&server.0).await.map(|made| plain(progress::created(&made)))
        })
    }

    fn update_disk_info(&self, id: String, disks: Body<PutDiskInfoReq>) -> Call {
        self.call(|agent| async move { agent.update_disk_info(&id, &disks.0).await.map(nothing) })
    }

    fn update_copy_state(&self, id: String, state: String, cycle: String) -> Call {
        let (state, cycle) = (SourceState::from(state.as_str()), MigrationCycle::from(cycle.as_str()));
        self.call(|agent| async move { agent.update_copy_state(&id, state, cycle).await.map(nothing) })
    }

    fn command(&self, id: String) -> Call {
        self.call(|agent| async move { agent.command(&id).await.map(Source::one) })
    }

    fn command_result(&self, id: String, result: Body<CommandBody>) -> Call {
        self.call(|agent| async move { agent.command_result(&id, &result.0).await.map(nothing) })
    }

    fn report_progress(&self, task_id: String, progress: Body<UpdateTaskSpeedReq>) -> Call {
        self.call(|agent| async move { agent.report_progress(&task_id, &progress.0).await.map(nothing) })
    }

    fn report_network(&self, task_id: String, check: Body<NetworkCheckInfoRequestBody>) -> Call {
        self.call(|agent| async move { agent.report_network(&task_id, &check.0).await.map(nothing) })
    }

    fn report_consistency(&self, task_id: String, results: Body<Vec<ConsistencyResult>>) -> Call {
        self.call(|agent| async move { agent.report_consistency(&task_id, results.0).await.map(nothing) })
    }
}
