//! Splitting the work of a group into tasks.
//!
//! A task gets a stretch of the sorted keys, or of the lines of a list file.
//! How far the splitting has come is kept together with each task it makes, so
//! that it goes on exactly there after the emulator was killed.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::groups::Group;
use super::model::{Reason, Slice, Spec, TaskType};
use super::select::prefixes;
use super::transfer::source_failed;
use super::{Inner, listfile};
use crate::state::Changes;
use crate::store::Store;

/// How far the work of a group is split.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Cursor {
    /// The prefix or list file it is at.
    step: usize,
    /// The last key that has a task, within the prefix.
    after: Option<String>,
    /// The next line, within the list file.
    line: u64,
    /// Objects that have a task.
    pub(crate) objects: u64,
    /// Their bytes, as far as they are known.
    pub(crate) bytes: u64,
    /// Whether all of the work is split.
    pub(crate) finished: bool,
}

/// A task to make.
struct Cut {
    spec: Spec,
    slice: Slice,
    objects: u64,
    bytes: u64,
    next: Cursor,
}

impl Inner {
    /// Makes the tasks of a group that do not exist yet.
    pub(super) async fn split(self: &Arc<Self>, group: &Group) -> Result<(), Reason> {
        let mut cursor = group.cursor.clone();
        if cursor.finished {
            return Ok(());
        }
        match group.spec.task_type {
            TaskType::Object | TaskType::Prefix => self.split_keys(group, &mut cursor).await?,
            TaskType::List | TaskType::UrlList => self.split_lists(group, &mut cursor).await?,
        }
        if cursor.objects == 0 {
            return Err(Reason::new("TRF.0012", "no object at the source matches what the group asks for"));
        }
        cursor.finished = true;
        self.keep_cursor(&group.id, cursor);
        Ok(())
    }

    async fn split_keys(self: &Arc<Self>, group: &Group, cursor: &mut Cursor) -> Result<(), Reason> {
        let from = self.stores.get(&group.spec.src_node.bucket).ok_or_else(|| {
            let name = &group.spec.src_node.bucket;
            Reason::new("TRF.0155", format!("the source bucket \"{name}\" does not exist"))
        })?;
        while let Some(prefix) = prefixes(&group.spec).get(cursor.step).cloned() {
            self.split_prefix(group, from, &prefix, cursor).await?;
            cursor.step += 1;
            cursor.after = None;
        }
        Ok(())
    }

    async fn split_prefix(
        self: &Arc<Self>,
        group: &Group,
        from: &Store,
        prefix: &str,
        cursor: &mut Cursor,
    ) -> Result<(), Reason> {
        let mut listing = from.list(prefix, cursor.after.as_deref());
        let (mut objects, mut bytes, mut last) = (0, 0, None);
        loop {
            let page = listing.next().await.map_err(|error| source_failed(&error))?;
            let over = page.is_empty();
            for entry in page {
                objects += 1;
                bytes += entry.size;
                let full = objects >= self.limits.group_objects || bytes >= self.limits.group_bytes;
                last = Some(entry.key);
                if full {
                    self.cut_keys(group, prefix, cursor, last.take(), (objects, bytes));
                    (objects, bytes) = (0, 0);
                }
            }
            if over {
                break;
            }
        }
        if last.is_some() {
            self.cut_keys(group, prefix, cursor, last, (objects, bytes));
        }
        Ok(())
    }

    fn cut_keys(
        &self,
        group: &Group,
        prefix: &str,
        cursor: &mut Cursor,
        until: Option<String>,
        (objects, bytes): (u64, u64),
    ) {
        let mut spec = group.spec.clone();
        spec.task_type = TaskType::Prefix;
        spec.src_node.object_key = vec![prefix.to_owned()];
        let slice =
            Slice::Keys { prefix: prefix.to_owned(), after: cursor.after.take(), until: until.clone() };
        cursor.after = until;
        let next =
            Cursor { objects: cursor.objects + objects, bytes: cursor.bytes + bytes, ..cursor.clone() };
        self.make(group, Cut { spec, slice, objects, bytes, next }, cursor);
    }

    async fn split_lists(self: &Arc<Self>, group: &Group, cursor: &mut Cursor) -> Result<(), Reason> {
        let list = group.spec.src_node.list_file.as_ref();
        let list = list.ok_or_else(|| Reason::new("TRF.0013", "the group names no list file"))?;
        let store = self
            .stores
            .get(&list.obs_bucket)
            .ok_or_else(|| Reason::new("TRF.0013", "the bucket of the list file does not exist"))?;
        let files = listfile::files(store, list).await?;
        while let Some(file) = files.get(cursor.step) {
            let text = listfile::read(store, file).await?;
            if group.spec.task_type == TaskType::UrlList {
                listfile::check_urls(file, &text)?;
            }
            let lines = listfile::lines(&text).count() as u64;
            while cursor.line < lines {
                let count = (lines - cursor.line).min(self.limits.group_objects.max(1));
                let slice = Slice::Lines { file: file.clone(), from: cursor.line, count };
                let next =
                    Cursor { line: cursor.line + count, objects: cursor.objects + count, ..cursor.clone() };
                let cut = Cut { spec: group.spec.clone(), slice, objects: count, bytes: 0, next };
                self.make(group, cut, cursor);
            }
            cursor.step += 1;
            cursor.line = 0;
        }
        Ok(())
    }

    /// Makes a task, and keeps it together with how far the splitting has come.
    fn make(&self, group: &Group, cut: Cut, cursor: &mut Cursor) {
        let mut world = self.world();
        *cursor = cut.next;
        if self.halted() {
            return;
        }
        let mut changes = Changes::default();
        let id = self.add_task(&mut world, cut.spec, &group.id, Some(cut.slice), None, &mut changes);
        if let Some(entry) = world.tasks.get_mut(&id) {
            entry.task.totals.objects = cut.objects;
            entry.task.totals.bytes = cut.bytes;
        }
        if let Some(group) = world.groups.get_mut(&group.id) {
            group.cursor = cursor.clone();
        }
        world.keep_task(id, &mut changes);
        world.keep_group(&group.id, &mut changes);
        drop(self.state.keep(changes));
        drop(world);
        self.ring();
    }

    fn keep_cursor(&self, id: &str, cursor: Cursor) {
        let mut world = self.world();
        if let Some(group) = world.groups.get_mut(id) {
            group.cursor = cursor;
        }
        let mut changes = Changes::default();
        world.keep_group(id, &mut changes);
        drop(self.state.keep(changes));
    }
}
