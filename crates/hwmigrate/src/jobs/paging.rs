//! Lists that come in pages.
//!
//! The offset counts records, and the lists change while they are read: a job
//! may move to another page and come twice. So every list here remembers what
//! it has given out. It ends when a page is shorter than asked for, or when
//! the offset reaches the number of all matches.

use std::collections::{HashSet, VecDeque};
use std::fmt;
use std::future::Future;

use bytes::Bytes;
use futures_core::Stream;

use super::check::refuse;
use crate::error::{Error, ErrorKind, Result};
use crate::transport::call::Response;

/// One page of a list.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Page<T> {
    /// The records, as the service gave them.
    pub items: Vec<T>,
    /// How many records match in all, by the service.
    pub count: Option<u64>,
}

impl<T> Page<T> {
    /// From an answer. One without records is empty only if it counts none;
    /// otherwise it is not the answer of this operation.
    pub(crate) fn of(
        operation: &'static str,
        answer: Response<(Option<Vec<T>>, Option<i64>)>,
    ) -> Result<Response<Self>> {
        let (items, count) = &answer.value;
        if items.is_none() && *count != Some(0) {
            return Err(incomplete(operation, "the answer holds no list", answer.status, answer.request_id));
        }
        let page = |(items, count): (Option<Vec<T>>, Option<i64>)| Self {
            items: items.unwrap_or_default(),
            count: count.and_then(|count| u64::try_from(count).ok()),
        };
        Ok(answer.map(page))
    }
}

/// One record of a list, with the answer that it came in.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Record<T> {
    /// The record, as the documents describe it.
    pub value: T,
    /// Its place among the records of its answer, counted from 0; nulls are none and do not count.
    pub index: usize,
    body: Bytes,
}

impl<T> Record<T> {
    pub(crate) fn new(value: T, index: usize, body: &Bytes) -> Self {
        Self { value, index, body: body.clone() }
    }

    /// The record alone.
    pub fn into_inner(self) -> T {
        self.value
    }

    /// The answer as it came, with all its records: for members that no document
    /// lists yet. It may hold secrets.
    pub fn raw(&self) -> &Bytes {
        &self.body
    }
}

/// The answer may hold secrets, so only the record is shown.
impl<T: fmt::Debug> fmt::Debug for Record<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Record")
            .field("value", &self.value)
            .field("index", &self.index)
            .finish_non_exhaustive()
    }
}

/// The error of a success that lacks what it is for.
pub(crate) fn incomplete(
    operation: &'static str,
    what: &str,
    status: u16,
    request_id: Option<String>,
) -> Error {
    Error::new(ErrorKind::Decode, what)
        .with_operation(operation)
        .with_status(status)
        .with_request_id(request_id)
        .with_advice(
            "something between here and the service may have answered in its place; check the endpoint",
        )
}

/// How much of a list is asked for.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Extent {
    /// Records per request.
    pub(crate) page_size: u32,
    /// The most records that the service gives at once.
    pub(crate) largest_page: u32,
    /// Records in all.
    pub(crate) limit: Option<u64>,
    /// The largest offset that the service takes.
    pub(crate) last_offset: u64,
}

impl Extent {
    pub(crate) fn new(largest_page: u32, last_offset: u64) -> Self {
        Self { page_size: largest_page, largest_page, limit: None, last_offset }
    }

    pub(crate) fn check(&self, operation: &'static str, offset: u64) -> Result<()> {
        let error = if !(1..=self.largest_page).contains(&self.page_size) {
            refuse("page_size", format!("is {}", self.page_size), format!("use 1 to {}", self.largest_page))
        } else if offset > self.last_offset {
            refuse(
                "offset",
                format!("is {offset}"),
                format!("the service counts to {}; filter the list", self.last_offset),
            )
        } else {
            return Ok(());
        };
        Err(error.with_operation(operation))
    }
}

struct Reading<T> {
    buffer: VecDeque<Record<T>>,
    seen: HashSet<String>,
    offset: u64,
    given: u64,
    /// Pages in a row that brought nothing new.
    stale: u32,
    over: bool,
}

/// All records of a list, page after page, each id once.
pub(crate) fn records<T, F, R>(
    operation: &'static str,
    extent: Extent,
    id: fn(&T) -> Option<String>,
    page: F,
) -> impl Stream<Item = Result<Record<T>>> + Send
where
    T: Send,
    F: Fn(u64, u32) -> R + Send + Sync,
    R: Future<Output = Result<Response<Page<T>>>> + Send,
{
    let start =
        Reading { buffer: VecDeque::new(), seen: HashSet::new(), offset: 0, given: 0, stale: 0, over: false };
    futures_util::stream::try_unfold((start, page), move |(mut reading, page)| async move {
        loop {
            if extent.limit.is_some_and(|limit| reading.given >= limit) {
                return Ok(None);
            }
            if let Some(item) = reading.buffer.pop_front() {
                reading.given += 1;
                return Ok(Some((item, (reading, page))));
            }
            if reading.over {
                return Ok(None);
            }
            extent.check(operation, reading.offset)?;
            let size = match extent.limit {
                // A duplicate would leave a short page one record short; one more request mends that.
                Some(limit) => u32::try_from(limit - reading.given).unwrap_or(u32::MAX).min(extent.page_size),
                None => extent.page_size,
            };
            let answer = page(reading.offset, size).await?;
            reading.take(answer, size, id).map_err(|error| error.with_operation(operation))?;
        }
    })
}

impl<T> Reading<T> {
    fn take(&mut self, answer: Response<Page<T>>, size: u32, id: fn(&T) -> Option<String>) -> Result<()> {
        let body = answer.raw().clone();
        let page = answer.into_inner();
        let length = page.items.len() as u64;
        let before = self.buffer.len();
        for (index, item) in page.items.into_iter().enumerate() {
            // A record without an id cannot be told from another, so it counts as new.
            if id(&item).is_none_or(|id| self.seen.insert(id)) {
                self.buffer.push_back(Record::new(item, index, &body));
            }
        }
        self.offset += length;
        self.over = length < u64::from(size) || page.count.is_some_and(|count| self.offset >= count);
        self.stale = if self.buffer.len() == before { self.stale + 1 } else { 0 };
        if !self.over && self.stale >= 3 {
            return Err(Error::new(
                ErrorKind::Decode,
                "the list repeats itself: page after page holds the same records",
            ));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use std::sync::Mutex;

    use futures_util::TryStreamExt;

    use super::*;

    type Asked = Mutex<Vec<(u64, u32)>>;

    fn list(
        extent: Extent,
        asked: &Asked,
        answer: impl Fn(u64, u32) -> Page<u64> + Send + Sync,
    ) -> impl Stream<Item = Result<u64>> + Send {
        let page = move |offset, size| {
            asked.lock().unwrap().push((offset, size));
            let page = answer(offset, size);
            let body = format!("{} records from {offset} on", page.items.len());
            std::future::ready(Ok(Response::for_tests(page, body)))
        };
        records("ListTasks", extent, |id: &u64| Some(id.to_string()), page).map_ok(|record| {
            let from: u64 =
                std::str::from_utf8(record.raw()).unwrap().split(' ').nth(3).unwrap().parse().unwrap();
            assert!(record.index < 100 && record.value <= from + record.index as u64);
            record.into_inner()
        })
    }

    fn numbers(total: u64) -> impl Fn(u64, u32) -> Page<u64> {
        move |offset, size| Page { items: (offset..total).take(size as usize).collect(), count: Some(total) }
    }

    fn extent(page_size: u32, limit: Option<u64>) -> Extent {
        Extent { page_size, limit, ..Extent::new(100, 10_000) }
    }

    #[tokio::test]
    async fn list_ends_at_the_count_without_an_empty_request() {
        let asked = Asked::default();
        let all: Vec<u64> = list(extent(100, None), &asked, numbers(200)).try_collect().await.unwrap();
        assert_eq!(all, (0..200).collect::<Vec<_>>());
        assert_eq!(*asked.lock().unwrap(), [(0, 100), (100, 100)]);
    }

    #[tokio::test]
    async fn list_without_a_count_ends_at_a_short_page() {
        let asked = Asked::default();
        let answer = |offset, size| Page { count: None, ..numbers(250)(offset, size) };
        let all: Vec<u64> = list(extent(100, None), &asked, answer).try_collect().await.unwrap();
        assert_eq!(all.len(), 250);
        assert_eq!(asked.lock().unwrap().len(), 3);
    }

    #[tokio::test]
    async fn shifted_pages_give_each_record_once() {
        let asked = Asked::default();
        // Five new records at the front push the list back between the requests.
        let answer = |offset: u64, size: u32| {
            let shift = if offset == 0 { 0 } else { 5 };
            Page { items: (offset - shift..150).take(size as usize).collect(), count: Some(155) }
        };
        let all: Vec<u64> = list(extent(100, None), &asked, answer).try_collect().await.unwrap();
        assert_eq!(all, (0..150).collect::<Vec<_>>());
    }

    #[tokio::test]
    async fn limit_asks_for_no_more_than_it_needs() {
        let asked = Asked::default();
        let all: Vec<u64> = list(extent(100, Some(130)), &asked, numbers(900)).try_collect().await.unwrap();
        assert_eq!(all.len(), 130);
        assert_eq!(*asked.lock().unwrap(), [(0, 100), (100, 30)]);
        let none: Vec<u64> = list(extent(100, Some(0)), &asked, numbers(900)).try_collect().await.unwrap();
        assert!(none.is_empty());
        assert_eq!(asked.lock().unwrap().len(), 2, "nothing is asked for nothing");
    }

    #[tokio::test]
    async fn list_that_repeats_itself_ends_with_an_error() {
        let asked = Asked::default();
        let answer = |_, size: u32| Page { items: (0..u64::from(size)).collect(), count: None };
        let all: Result<Vec<u64>> = list(extent(10, None), &asked, answer).try_collect().await;
        assert!(all.unwrap_err().message().contains("repeats itself"));
        assert_eq!(asked.lock().unwrap().len(), 4);
    }

    #[tokio::test]
    async fn wrong_page_size_and_far_offset_are_refused() {
        let asked = Asked::default();
        for size in [0, 101] {
            let all: Result<Vec<u64>> = list(extent(size, None), &asked, numbers(5)).try_collect().await;
            assert!(all.unwrap_err().message().contains("page_size"));
        }
        assert!(asked.lock().unwrap().is_empty());
        let far: Result<Vec<u64>> = list(extent(100, None), &asked, numbers(20_000)).try_collect().await;
        assert!(far.unwrap_err().message().contains("offset is 10100"));
    }
}
