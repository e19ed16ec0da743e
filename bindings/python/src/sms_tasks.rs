//! Migration tasks of servers.

use std::future::Future;

use hwmigrate::sms::types::{BatchGetConsistencyResultReq, ConfigKey, PostTask, PutTaskReq, TaskState};
use hwmigrate::sms::{self, Action, Goal, ListTasks};
use hwmigrate::wait::{Unlimited, Waiter};
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;

use crate::call::Call;
use crate::convert::{Limit, Offset, settings};
use crate::json::Body;
use crate::oms::page;
use crate::progress;
use crate::runtime::Runtime;
use crate::slot::Output;
use crate::sms::{Speed, configured};
use crate::source::{Source, bytes, nothing, plain, secret};
use crate::watch::{self, FleetWatch, Lister, Manner, Watch};

/// Migration tasks of servers.
#[pyclass(frozen, module = "hwmigrate._hwmigrate")]
pub(crate) struct SmsTasks {
    tasks: sms::Tasks,
    runtime: Runtime,
}

settings! {
    /// Which records of the list, and how many at once.
    struct Filter {
        state: Option<String>,
        name: Option<String>,
        id: Option<String>,
        source_server_id: Option<String>,
        enterprise_project_id: Option<String>,
        page_size: Option<u32>,
        limit: Option<u64>,
    }
}

settings! {
    /// What comes with an action.
    struct Details {
        force: bool,
        template: Option<String>,
        switch_hce: Option<bool>,
        consistency_check: Option<bool>,
    }
}

/// What a wait is for, by its word.
struct PyGoal(Goal);

impl<'py> FromPyObject<'_, 'py> for PyGoal {
    type Error = PyErr;

    fn extract(object: Borrowed<'_, 'py, PyAny>) -> PyResult<Self> {
        let word: String = object.extract()?;
        Goal::ALL.into_iter().find(|goal| goal.as_str() == word).map(Self).ok_or_else(|| {
            let words: Vec<_> = Goal::ALL.into_iter().map(Goal::as_str).collect();
            PyValueError::new_err(format!("the goal is {word:?}; use one of {}", words.join(", ")))
        })
    }
}

#[pymethods]
impl SmsTasks {
    fn create(&self, request: Body<PostTask>) -> Call {
        self.call(|tasks| async move {
            tasks.create(&request.0).await.map(|task| plain(progress::created(&task)))
        })
    }

    fn create_once(&self, request: Body<PostTask>) -> Call {
        self.call(|tasks| async move {
            tasks.create_once(&request.0).await.map(|task| plain(progress::created(&task)))
        })
    }

    fn find(&self, source_server_id: String, name: String) -> Call {
        self.call(|tasks| async move {
            let found = tasks.find(&source_server_id, &name).await?;
            Ok(plain(found.as_ref().map(progress::created)))
        })
    }

    fn show(&self, id: String) -> Call {
        self.call(|tasks| async move { tasks.show(&id).await.map(Source::one) })
    }

    fn progress(&self, id: String) -> Call {
        self.call(|tasks| async move { tasks.progress(&id).await.map(progress::look) })
    }

    fn list(&self, filter: Filter) -> Lister {
        let page = filter.page_size.unwrap_or(200) as usize;
        Lister::new(&self.runtime, page, "tasks", self.filtered(filter).records())
    }

    fn page(&self, filter: Filter, offset: Offset) -> Call {
        let list = self.filtered(filter);
        Call::new(&self.runtime, async move { page("tasks", list.page(offset.0).await) })
    }

    fn update(&self, id: String, request: Body<PutTaskReq>) -> Call {
        self.call(|tasks| async move { tasks.update(&id, &request.0).await.map(nothing) })
    }

    fn delete(&self, id: String) -> Call {
        self.call(|tasks| async move { tasks.delete(&id).await.map(nothing) })
    }

    fn delete_when_stopped(&self, id: String, limit: Limit) -> Call {
        self.call(|tasks| async move { tasks.delete_when_stopped(&id, limit.0.0).await.map(nothing) })
    }

    fn delete_many(&self, ids: Vec<String>) -> Call {
        self.call(|tasks| async move { tasks.delete_many(ids).await.map(nothing) })
    }

    fn action(&self, id: String, action: String, details: Details) -> Call {
        self.call(|tasks| async move {
            let mut call = tasks.action(&id, Action::from(action.as_str()));
            if details.force {
                call = call.force();
            }
            if let Some(template) = details.template {
                call = call.template(template);
            }
            if let Some(switch) = details.switch_hce {
                call = call.switch_hce(switch);
            }
            if let Some(check) = details.consistency_check {
                call = call.consistency_check(check);
            }
            call.send().await.map(nothing)
        })
    }

    fn speed_limits(&self, id: String) -> Call {
        self.call(|tasks| async move {
            tasks.speed_limits(&id).await.map(|answer| Source::listed("speed_limit", answer, None))
        })
    }

    #[pyo3(signature = (id, speed, over_speed_threshold=None))]
    fn limit_speed(&self, id: String, speed: Speed, over_speed_threshold: Option<f64>) -> Call {
        self.call(|tasks| async move {
            let plan = speed.within(over_speed_threshold)?;
            tasks.limit_speed(&id, &plan).await.map(nothing)
        })
    }

    fn collect_log(&self, id: String, bucket: String) -> Call {
        self.call(|tasks| async move { tasks.collect_log(&id, &bucket).await.map(nothing) })
    }

    fn passphrase(&self, id: String) -> Call {
        self.call(|tasks| async move { tasks.passphrase(&id).await.map(|found| secret(found.into_inner())) })
    }

    fn cert_key(&self, id: String, with_ca: bool) -> Call {
        self.call(|tasks| async move { tasks.cert_key(&id, with_ca).await.map(Source::one) })
    }

    #[pyo3(signature = (id, key=None))]
    fn settings(&self, id: String, key: Option<String>) -> Call {
        self.call(|tasks| async move {
            let key = key.map(|key| ConfigKey::from(key.as_str()));
            tasks.settings(&id, key.as_ref()).await.map(Source::one)
        })
    }

    fn configure(&self, id: String, options: Vec<(String, String)>) -> Call {
        self.call(|tasks| async move { tasks.configure(&id, configured(&options)).await.map(nothing) })
    }

    fn consistency(&self, id: String) -> Call {
        self.call(|tasks| async move { tasks.consistency(&id).await.map(Source::one) })
    }

    fn export_consistency(&self, ids: Vec<String>) -> Call {
        self.call(|tasks| async move {
            let file = tasks.export_consistency(ids).await?.into_inner().bytes().await?;
            Ok(bytes(file))
        })
    }

    fn export_consistency_of(&self, request: Body<BatchGetConsistencyResultReq>) -> Call {
        self.call(|tasks| async move {
            let file = tasks.export_consistency_of(&request.0).await?.into_inner().bytes().await?;
            Ok(bytes(file))
        })
    }

    #[pyo3(signature = (id, manner, goal=None))]
    fn wait(&self, id: String, manner: Manner, goal: Option<PyGoal>) -> Call {
        watch::wait(&self.runtime, self.waiter(&id, goal), manner)
    }

    #[pyo3(signature = (id, manner, goal=None))]
    fn wait_or_stop(&self, id: String, manner: Manner, goal: Option<PyGoal>) -> Call {
        watch::wait_or_stop(&self.runtime, self.waiter(&id, goal), manner)
    }

    #[pyo3(signature = (id, manner, goal=None))]
    fn watch(&self, id: String, manner: Manner, goal: Option<PyGoal>) -> Watch {
        Watch::new(&self.runtime, self.waiter(&id, goal), manner)
    }

    fn wait_all(&self, ids: Vec<String>, manner: Manner, goal: PyGoal) -> Call {
        watch::wait_all(&self.runtime, self.tasks.wait_all(ids, goal.0), manner)
    }

    fn watch_all(&self, ids: Vec<String>, manner: Manner, goal: PyGoal) -> FleetWatch {
        FleetWatch::new(&self.runtime, self.tasks.wait_all(ids, goal.0), manner)
    }
}

impl SmsTasks {
    pub(crate) fn new(tasks: sms::Tasks, runtime: &Runtime) -> Self {
        Self { tasks, runtime: runtime.clone() }
    }

    fn call<F>(&self, work: impl FnOnce(sms::Tasks) -> F) -> Call
    where
        F: Future<Output = hwmigrate::Result<Output>> + Send + 'static,
    {
        Call::new(&self.runtime, work(self.tasks.clone()))
    }

    fn waiter(&self, id: &str, goal: Option<PyGoal>) -> Waiter<Unlimited> {
        match goal {
            Some(PyGoal(goal)) => self.tasks.wait_until(id, goal),
            None => self.tasks.wait(id),
        }
    }

    fn filtered(&self, filter: Filter) -> ListTasks {
        let mut list = self.tasks.list();
        if let Some(state) = filter.state {
            list = list.state(TaskState::from(state.as_str()));
        }
        if let Some(name) = filter.name {
            list = list.name(name);
        }
        if let Some(id) = filter.id {
            list = list.id(id);
        }
        if let Some(id) = filter.source_server_id {
            list = list.source_server_id(id);
        }
        if let Some(id) = filter.enterprise_project_id {
            list = list.enterprise_project_id(id);
        }
        if let Some(size) = filter.page_size {
            list = list.page_size(size);
        }
        if let Some(records) = filter.limit {
            list = list.limit(records);
        }
        list
    }
}
