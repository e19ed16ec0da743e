//! Finding the objects that a job is about.

use std::collections::{HashSet, VecDeque};

use super::listfile;
use super::model::{Reason, Slice, Spec, TaskType};
use super::transfer::{Item, source_failed};
use crate::store::{Listing, Store};

/// How many named keys are handed out at a time.
const BATCH: usize = 512;

/// The objects of a job, handed out in parts and always in the same order.
pub(super) struct Selection {
    from: Option<Store>,
    steps: VecDeque<Step>,
    current: Current,
}

enum Step {
    /// Keys with a prefix, behind one key and not behind another.
    Keys { prefix: String, after: Option<String>, until: Option<String> },
    /// One key.
    Named(String),
    /// Some lines of a list file.
    File { store: Store, key: String, from: u64, count: u64, urls: bool },
}

enum Current {
    Nothing,
    Listing { listing: Box<Listing>, until: Option<String> },
    Lines { items: VecDeque<Item> },
}

impl Selection {
    /// The objects that a task is about; `lists` is the bucket of its list files.
    pub(super) async fn of_task(
        spec: &Spec,
        slice: Option<&Slice>,
        from: Option<Store>,
        lists: Option<Store>,
    ) -> Result<Self, Reason> {
        let urls = spec.task_type == TaskType::UrlList;
        let mut steps = VecDeque::new();
        match (slice, spec.task_type) {
            (Some(Slice::Keys { prefix, after, until }), _) => steps.push_back(Step::Keys {
                prefix: prefix.clone(),
                after: after.clone(),
                until: until.clone(),
            }),
            (Some(Slice::Lines { file, from, count }), _) => {
                let (store, key) = (list_bucket(lists)?, file.clone());
                steps.push_back(Step::File { store, key, from: *from, count: *count, urls });
            }
            (None, TaskType::Object | TaskType::Prefix) => {
                let prefixes = prefixes(spec);
                if spec.task_type == TaskType::Object {
                    let named = spec.src_node.object_key.iter().filter(|key| !is_folder(key));
                    let mut seen = HashSet::new();
                    for key in named.filter(|key| !covered(key, &prefixes) && seen.insert(*key)) {
                        steps.push_back(Step::Named(key.clone()));
                    }
                }
                steps.extend(prefixes.into_iter().map(|prefix| Step::Keys {
                    prefix,
                    after: None,
                    until: None,
                }));
            }
            (None, TaskType::List | TaskType::UrlList) => {
                let store = list_bucket(lists)?;
                let list = spec.src_node.list_file.as_ref();
                let list = list.ok_or_else(|| Reason::new("TRF.0013", "the task names no list file"))?;
                for key in listfile::files(&store, list).await? {
                    steps.push_back(Step::File { store: store.clone(), key, from: 0, count: u64::MAX, urls });
                }
            }
        }
        Ok(Self { from, steps, current: Current::Nothing })
    }

    /// Keys that are known by name.
    pub(super) fn named(from: Option<Store>, keys: impl IntoIterator<Item = String>) -> Self {
        Self { from, steps: keys.into_iter().map(Step::Named).collect(), current: Current::Nothing }
    }

    /// The next objects; an empty list means that there are no more.
    pub(super) async fn next(&mut self) -> Result<Vec<Item>, Reason> {
        loop {
            match &mut self.current {
                Current::Nothing => {
                    if !self.step().await? {
                        return Ok(Vec::new());
                    }
                }
                Current::Lines { items } => {
                    let part: Vec<_> = items.drain(..items.len().min(BATCH)).collect();
                    if !part.is_empty() {
                        return Ok(part);
                    }
                    self.current = Current::Nothing;
                }
                Current::Listing { listing, until } => {
                    let entries = listing.next().await.map_err(|error| source_failed(&error))?;
                    let found = entries.len();
                    let within = |key: &str| until.as_deref().is_none_or(|until| key <= until);
                    let items: Vec<_> = entries
                        .into_iter()
                        .take_while(|entry| within(&entry.key))
                        .map(Item::Listed)
                        .collect();
                    if items.len() < found || found == 0 {
                        self.current = Current::Nothing;
                    }
                    if !items.is_empty() {
                        return Ok(items);
                    }
                }
            }
        }
    }

    /// Goes on to the next step; `false` if there is none.
    async fn step(&mut self) -> Result<bool, Reason> {
        let Some(step) = self.steps.pop_front() else { return Ok(false) };
        self.current = match step {
            Step::Named(key) => {
                let mut items = VecDeque::from([Item::Named(key)]);
                while items.len() < BATCH
                    && let Some(Step::Named(_)) = self.steps.front()
                    && let Some(Step::Named(key)) = self.steps.pop_front()
                {
                    items.push_back(Item::Named(key));
                }
                Current::Lines { items }
            }
            Step::Keys { prefix, after, until } => {
                let Some(from) = &self.from else { return Ok(true) };
                Current::Listing { listing: Box::new(from.list(&prefix, after.as_deref())), until }
            }
            Step::File { store, key, from, count, urls } => {
                let text = listfile::read(&store, &key).await?;
                if urls {
                    listfile::check_urls(&key, &text)?;
                }
                let (from, count) = (usize::try_from(from), usize::try_from(count));
                let lines =
                    listfile::lines(&text).skip(from.unwrap_or(usize::MAX)).take(count.unwrap_or(usize::MAX));
                let items = if urls {
                    lines
                        .filter_map(|line| listfile::url(line).ok())
                        .map(|(url, key)| Item::Url { url, key })
                        .collect()
                } else {
                    lines
                        .map(|line| {
                            listfile::key(line).map_or_else(|entry| Item::Listed(*entry), Item::Named)
                        })
                        .collect()
                };
                Current::Lines { items }
            }
        };
        Ok(true)
    }
}

fn list_bucket(lists: Option<Store>) -> Result<Store, Reason> {
    lists.ok_or_else(|| Reason::new("TRF.0013", "the bucket of the list file does not exist"))
}

fn is_folder(key: &str) -> bool {
    key.is_empty() || key.ends_with('/')
}

/// The prefixes of a task, without those that others cover.
pub(super) fn prefixes(spec: &Spec) -> Vec<String> {
    let chosen = spec.src_node.object_key.iter();
    let mut all: Vec<_> =
        chosen.filter(|key| spec.task_type == TaskType::Prefix || is_folder(key)).cloned().collect();
    // Sorted, a prefix comes before everything that it covers.
    all.sort();
    let mut kept: Vec<String> = Vec::new();
    for prefix in all {
        if !kept.last().is_some_and(|last| prefix.starts_with(last.as_str())) {
            kept.push(prefix);
        }
    }
    kept
}

fn covered(key: &str, prefixes: &[String]) -> bool {
    prefixes.iter().any(|prefix| key.starts_with(prefix.as_str()))
}
