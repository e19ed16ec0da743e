//! Whether source and target hold the same.

use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use futures_core::Stream;
use hwmigrate_api::ByteStream;
use hwmigrate_api::sms::types::{
    BatchConsistencyReq, BatchGetConsistencyResultReq, ShowConsistencyResultResponse,
};

use super::call;
use super::tasks::{Tasks, check_task_id};
use crate::error::{Error, ErrorKind, Result};
use crate::jobs::check::Checks;
use crate::transport::call::Response;

/// Most tasks that one export covers.
const MOST_EXPORTED: usize = 200;

impl Tasks {
    /// What the consistency checks of a task found, one record per check.
    ///
    /// The service has answered a record as an object and as text with JSON
    /// inside; both are read.
    ///
    /// # Errors
    /// `NotFound` when there is no such task, or it was never checked.
    ///
    /// Source: <https://support.huaweicloud.com/api-sms/ShowConsistencyResult.html>.
    pub async fn consistency(&self, id: &str) -> Result<Response<ShowConsistencyResultResponse>> {
        check_task_id("ShowConsistencyResult", id)?;
        call!(self.sms(), show_consistency_result(id))
    }

    /// The results of up to 200 tasks as one file. Of what kind the file is
    /// the documents do not say, and only English is on offer.
    ///
    /// ```no_run
    /// # async fn demo(client: hwmigrate::Client) -> hwmigrate::Result<()> {
    /// let file = client.sms().tasks().export_consistency(["5f0c…"]).await?.into_inner();
    /// std::fs::write("consistency.out", file.bytes().await?).unwrap();
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// `Invalid` for no or more than 200 tasks.
    ///
    /// Source: <https://support.huaweicloud.com/api-sms/ExportConsistencyResults.html>.
    pub async fn export_consistency<I: Into<String>>(
        &self,
        task_ids: impl IntoIterator<Item = I>,
    ) -> Result<Response<Export>> {
        let task = |id: I| BatchConsistencyReq { task_id: Some(id.into()), ..Default::default() };
        let request = BatchGetConsistencyResultReq { task_info: task_ids.into_iter().map(task).collect() };
        self.export_consistency_of(&request).await
    }

    /// As [`export_consistency`](Self::export_consistency), with the ids and names of the source servers.
    ///
    /// # Errors
    /// As [`export_consistency`](Self::export_consistency).
    pub async fn export_consistency_of(
        &self,
        request: &BatchGetConsistencyResultReq,
    ) -> Result<Response<Export>> {
        let mut checks = Checks::new();
        let count = request.task_info.len();
        if !(1..=MOST_EXPORTED).contains(&count) {
            checks.add(
                "task_info",
                format!("has {count} entries"),
                format!("give 1 to {MOST_EXPORTED} tasks"),
            );
        }
        checks.finish("ExportConsistencyResults")?;
        let answer = call!(self.sms(), export_consistency_results(None, request))?;
        Ok(answer.map(Export))
    }
}

/// A file on its way: a stream of its pieces. The time limit of the call holds for the whole.
#[derive(Debug)]
pub struct Export(ByteStream);

impl Export {
    /// The whole file, in memory. Read the stream where it may be large.
    ///
    /// # Errors
    /// `Transport` or `Timeout` when it breaks off.
    pub async fn bytes(self) -> Result<Vec<u8>> {
        self.0.bytes().await.map_err(broken)
    }
}

impl Stream for Export {
    type Item = Result<Bytes>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        Pin::new(&mut self.0).poll_next(context).map(|piece| piece.map(|piece| piece.map_err(broken)))
    }
}

fn broken(cause: std::io::Error) -> Error {
    cause
        .downcast::<Error>()
        .unwrap_or_else(|cause| Error::new(ErrorKind::Transport, "the answer broke off").with_source(cause))
}
