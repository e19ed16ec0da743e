//! Doing the work of one task.

use std::collections::VecDeque;
use std::sync::Arc;

use tokio::sync::mpsc;
use tokio::task::JoinSet;

use super::Inner;
use super::kernel;
use super::lists;
use super::model::{Lists, Reason, Task, TaskType};
use super::record::{Ledger, Live};
use super::select::Selection;
use super::transfer::{Item, Transfer};
use crate::state::ObjectLog;
use crate::store::{Store, StoreError, StoreErrorKind, blocking};

/// Small objects that one turn of a blocking thread copies.
const TURN_OBJECTS: usize = 32;
const TURN_BYTES: u64 = 4 << 20;
/// Turns at once where the kernel copies, and objects at once where they stream.
const TURNS: usize = 4;
const STREAMS: usize = 16;
/// Pages of found objects that may wait: enough to know the totals of most buckets early.
const PAGES_AHEAD: usize = 256;

/// How a run ended.
#[derive(Debug)]
pub(super) enum Ended {
    /// It was stopped before all was done.
    Stopped,
    /// All objects are at the destination.
    Done(Lists),
    /// Not all objects are.
    Failed(Reason, Lists),
}

impl From<Reason> for Ended {
    fn from(reason: Reason) -> Self {
        Self::Failed(reason, Lists::default())
    }
}

/// Runs a task until it is done, fails or is stopped.
pub(super) async fn run(inner: &Arc<Inner>, task: &Task, live: &Arc<Live>) -> Ended {
    match work(inner, task, live).await {
        Ok(ended) => ended,
        Err(reason) => reason.into(),
    }
}

async fn work(inner: &Arc<Inner>, task: &Task, live: &Arc<Live>) -> Result<Ended, Reason> {
    #[cfg(test)]
    super::tests::trap(&task.spec);
    if let Some(reason) = &task.doomed {
        return Err(reason.clone());
    }
    let (from, to, list_bucket) = stores(inner, task)?;
    let (mut ledger, log) = records(inner, task).await?;
    let known = if task.failed_only { task.totals } else { Default::default() };
    ledger.begin(live, known);
    let selection = if task.failed_only && task.spec.task_type != TaskType::UrlList {
        Selection::named(from.clone(), ledger.failed.keys().cloned())
    } else {
        Selection::of_task(&task.spec, task.slice.as_ref(), from.clone(), list_bucket).await?
    };
    let transfer = inner.transfer(from, to.clone(), task.spec.clone(), live);
    let stopped = move_all(inner, task, live, &transfer, selection, &mut ledger, &log).await?;
    if let Some(folder) = to.folder() {
        folder.partials().tidy();
    }
    if let Some(why) = inner.state.failure() {
        return Err(Reason::new("TRF.0001", why));
    }
    if stopped {
        return Ok(Ended::Stopped);
    }
    let totals = live.totals();
    if totals.objects == 0 {
        return Err(Reason::new("TRF.0012", "no object at the source matches what the task asks for"));
    }
    inner.state.flush().await;
    let wanted = lists::Wanted {
        failed: task.spec.enable_failed_object_recording,
        succeeded: inner.lists.succeeded && totals.done > 0,
        skipped: inner.lists.skipped && totals.skipped > 0,
    };
    let writer = lists::Writer { store: &to, task: task.id, now: inner.clock.now() };
    let lists = writer.write(wanted, &ledger, &log, &task.lists).await;
    if let Some(folder) = to.folder() {
        folder.partials().tidy();
    }
    if totals.failed > 0 {
        let mut text = format!("{} of {} objects failed to migrate", totals.failed, totals.objects);
        // The list would name them; without it this is the only place that tells why.
        if let (None, Some((_, (_, first)))) = (&lists.failed_key, ledger.failed.first_key_value()) {
            text.push_str(&format!("; for one of them: {}", first.text));
        }
        return Ok(Ended::Failed(Reason::new("TRF.0062", text), lists));
    }
    Ok(Ended::Done(lists))
}

/// The buckets of a task: source, destination, and where its list files are.
fn stores(inner: &Inner, task: &Task) -> Result<(Option<Store>, Store, Option<Store>), Reason> {
    let spec = &task.spec;
    let from = match spec.task_type {
        TaskType::UrlList => None,
        _ => Some(inner.stores.get(&spec.src_node.bucket).cloned().ok_or_else(|| {
            Reason::new("TRF.0155", format!("the source bucket \"{}\" does not exist", spec.src_node.bucket))
        })?),
    };
    let to = inner.stores.get(&spec.dst_node.bucket).cloned().ok_or_else(|| {
        Reason::new("TRF.0058", format!("the destination bucket \"{}\" does not exist", spec.dst_node.bucket))
    })?;
    for (store, code, name) in
        [(from.as_ref(), "TRF.0155", &spec.src_node.bucket), (Some(&to), "TRF.0058", &spec.dst_node.bucket)]
    {
        // A folder can go away while the emulator runs; an empty listing would look like an empty bucket.
        if store.and_then(Store::root).is_some_and(|root| !root.is_dir()) {
            return Err(Reason::new(code, format!("the folder of the bucket \"{name}\" is gone")));
        }
    }
    if let (Some(from), Some(to)) = (from.as_ref().and_then(Store::folder), to.folder())
        && let Some(reason) = kernel::nested(from, to)
    {
        return Err(reason);
    }
    let lists = spec.src_node.list_file.as_ref().and_then(|list| inner.stores.get(&list.obs_bucket)).cloned();
    Ok((from, to, lists))
}

/// What earlier runs of this pass recorded.
async fn records(inner: &Inner, task: &Task) -> Result<(Ledger, Arc<ObjectLog>), Reason> {
    let mut log = inner.state.objects(&task.records());
    let opened = blocking(move || {
        let mut ledger = Ledger::default();
        let opened = log.resume(|record| ledger.replay(record));
        opened.map_err(|error| StoreError::new(StoreErrorKind::Other, error.to_string()))?;
        Ok((ledger, Arc::new(log)))
    });
    opened.await.map_err(|error| {
        Reason::new("TRF.0001", format!("the emulator cannot read its state: {}", error.message))
    })
}

/// Finds objects and moves them until there are no more; `true` if it was stopped.
async fn move_all(
    inner: &Arc<Inner>,
    task: &Task,
    live: &Arc<Live>,
    transfer: &Arc<Transfer>,
    mut selection: Selection,
    ledger: &mut Ledger,
    log: &ObjectLog,
) -> Result<bool, Reason> {
    let fresh = !task.failed_only;
    let (pages, mut found) = mpsc::channel(PAGES_AHEAD);
    let mut finder = JoinSet::new();
    let counting = Arc::clone(live);
    let bell = inner.changed.clone();
    finder.spawn(async move {
        loop {
            let page = selection.next().await;
            match &page {
                Ok(items) if items.is_empty() => return counting.all_found(),
                Ok(items) if fresh => counting.found(items),
                _ => {}
            }
            bell.send_modify(|count| *count += 1);
            if page.is_err() | pages.send(page).await.is_err() {
                return;
            }
        }
    });
    let mut moving = JoinSet::new();
    let mut queue: VecDeque<Item> = VecDeque::new();
    let mut over = false;
    let mut problem = None;
    loop {
        // A limit can come and go while the task runs.
        let (most, width) = if transfer.by_kernel() { (TURN_OBJECTS, TURNS) } else { (1, STREAMS) };
        while !queue.is_empty() && moving.len() < width && !live.stop.asked() {
            let batch = take_turn(&mut queue, most);
            let transfer = Arc::clone(transfer);
            moving.spawn(async move { transfer.turn(batch).await });
        }
        let stopped = live.stop.asked();
        if moving.is_empty() && (stopped || over && queue.is_empty()) {
            break;
        }
        tokio::select! {
            page = found.recv(), if !stopped && !over && queue.len() < TURN_OBJECTS * TURNS => match page {
                Some(Ok(items)) => queue.extend(items.into_iter().filter(|item| unsettled(item, ledger, live, task))),
                Some(Err(reason)) => {
                    problem = Some(reason);
                    over = true;
                }
                None => over = true,
            },
            Some(joined) = moving.join_next() => {
                let Ok((moved, rest)) = joined else {
                    return Err(Reason::new("TRF.0001", "the emulator failed internally while copying"));
                };
                for item in rest.into_iter().rev() {
                    queue.push_front(item);
                }
                let records = ledger.settle(live, moved, fresh);
                log.add(&records);
                inner.ring();
            }
            () = live.stop.wait(), if !stopped => {}
        }
    }
    match problem {
        _ if live.stop.asked() => Ok(true),
        Some(reason) => Err(reason),
        None => Ok(false),
    }
}

/// Whether an object has to be looked at.
fn unsettled(item: &Item, ledger: &Ledger, live: &Live, task: &Task) -> bool {
    if task.failed_only {
        return ledger.failed.contains_key(item.key());
    }
    let Some(size) = ledger.settled(item.key()) else { return true };
    if item.size().is_none() {
        live.found_bytes(size);
    }
    false
}

/// The next objects for one turn: many small ones, or a large one.
fn take_turn(queue: &mut VecDeque<Item>, most: usize) -> Vec<Item> {
    let mut bytes = 0;
    let mut turn = Vec::new();
    while turn.len() < most
        && let Some(item) = queue.pop_front()
    {
        bytes += item.size().unwrap_or(0);
        if bytes > TURN_BYTES && !turn.is_empty() {
            // What is settled shows only at the end of a turn, so small ones do not wait for a large one.
            queue.push_front(item);
            break;
        }
        turn.push(item);
    }
    turn
}
