//! Look-ups in buckets of any provider.
//!
//! These calls read through the service, with the keys in the request: what
//! the service can see is what a migration will see.

use std::collections::VecDeque;

use futures_core::Stream;
use futures_util::TryStreamExt;
use hwmigrate_api::Secret;
use hwmigrate_api::oms::types::{
    CheckPrefixReq, CheckUrlSourceListFileFormatReq, CloudType, ListBucketsReq, ShowBucketObjectsResponse,
    ShowBucketRecord, ShowBucketRegionReq, ShowBucketRegionResponse, ShowBucketReq, ShowCdnInfoReq,
    ShowCdnInfoResponse,
};

use super::{Oms, call};
use crate::error::Result;
use crate::jobs::check::Checks;
use crate::jobs::paging::{Record, incomplete};
use crate::transport::call::Response;

/// The ways in which the look-ups carry credentials.
struct Keys<'a> {
    ak: Option<&'a Secret>,
    sk: Option<&'a Secret>,
    connection_string: Option<&'a Secret>,
    json_auth_file: Option<&'a Secret>,
    app_id: Option<&'a str>,
}

/// The credentials of a request that may carry any of them.
macro_rules! keys {
    ($request:expr) => {
        Keys {
            ak: $request.ak.as_ref(),
            sk: $request.sk.as_ref(),
            connection_string: $request.connection_string.as_ref(),
            json_auth_file: $request.json_auth_file.as_ref(),
            app_id: $request.app_id.as_deref(),
        }
    };
}

/// Bucket look-ups; made by [`Oms::buckets`].
///
/// The requests are the generated structs, because each provider needs other
/// fields; `cloud_type` takes `HEC` for Huawei Cloud here.
#[derive(Clone, Debug)]
pub struct Buckets {
    oms: Oms,
}

impl Buckets {
    pub(super) fn new(oms: Oms) -> Self {
        Self { oms }
    }

    /// The names of the buckets that an account can see.
    ///
    /// # Errors
    /// `Invalid` for missing keys; `Api` when the provider refuses them.
    ///
    /// Source: <https://support.huaweicloud.com/api-oms/ShowBucketList.html>.
    pub async fn list(&self, request: &ListBucketsReq) -> Result<Response<Vec<String>>> {
        let mut checks = Checks::new();
        checks.account(&request.cloud_type, &keys!(request));
        checks.finish("ShowBucketList")?;
        call!(&self.oms, show_bucket_list(request))
    }

    /// The objects and folders in one folder of a bucket, to be read page by page.
    pub fn objects(&self, request: &ShowBucketReq) -> ListObjects {
        ListObjects { oms: self.oms.clone(), request: request.clone() }
    }

    /// The region of a bucket, and whether the service can migrate from it.
    ///
    /// # Errors
    /// `Invalid` for a missing name or missing keys.
    ///
    /// Source: <https://support.huaweicloud.com/api-oms/ShowBucketRegion.html>.
    pub async fn region(&self, request: &ShowBucketRegionReq) -> Result<Response<ShowBucketRegionResponse>> {
        let mut checks = Checks::new();
        checks.account(&request.cloud_type, &keys!(request));
        checks.named("bucket_name", &request.bucket_name, 100, "the name of the bucket");
        checks.finish("ShowBucketRegion")?;
        call!(&self.oms, show_bucket_region(request))
    }

    /// Whether the bucket holds a key that begins with `file_name`.
    ///
    /// # Errors
    /// `Invalid` for a missing name or missing keys; `Decode` when the answer does not say.
    ///
    /// Source: <https://support.huaweicloud.com/api-oms/CheckPrefix.html>.
    pub async fn check_prefix(&self, request: &CheckPrefixReq) -> Result<bool> {
        let mut checks = Checks::new();
        checks.account(&request.cloud_type, &keys!(request));
        checks.named("bucket_name", &request.bucket_name, 100, "the name of the bucket");
        checks.required("data_center", &request.data_center, "the region of the bucket");
        checks.length("data_center", &request.data_center, 100);
        checks.length("file_name", &request.file_name, 1024);
        checks.finish("CheckPrefix")?;
        let answer = call!(&self.oms, check_prefix(request))?;
        answer.value.exist.ok_or_else(|| {
            let what = "the answer does not say whether there is such a key";
            incomplete("CheckPrefix", what, answer.status, answer.request_id)
        })
    }

    /// Whether a CDN domain serves the objects of a bucket.
    ///
    /// # Errors
    /// `Invalid` for missing fields, or a domain that is none.
    ///
    /// Source: <https://support.huaweicloud.com/api-oms/ShowCdnInfo.html>.
    pub async fn cdn_info(&self, request: &ShowCdnInfoReq) -> Result<Response<ShowCdnInfoResponse>> {
        let mut checks = Checks::new();
        let keys = Keys {
            ak: Some(&request.ak),
            sk: Some(&request.sk),
            connection_string: request.connection_string.as_ref(),
            json_auth_file: None,
            app_id: request.app_id.as_deref(),
        };
        checks.account(&request.cloud_type, &keys);
        checks.named("bucket", &request.bucket, 100, "the name of the bucket");
        checks.required("region", &request.region, "the region of the bucket");
        checks.length("region", &request.region, 100);
        checks.cdn(Some(&request.source_cdn));
        if let Some(prefix) = &request.prefix {
            checks.keys("prefix.keys", &prefix.keys, 100, 2048);
        }
        checks.finish("ShowCdnInfo")?;
        call!(&self.oms, show_cdn_info(request))
    }

    /// Checks a URL list file before a task reads it. No error means that it is well formed.
    ///
    /// # Errors
    /// `Invalid` for missing fields; how the service reports a malformed file
    /// is not documented.
    ///
    /// Source: <https://support.huaweicloud.com/api-oms/CheckUrlSourceListFileFormat.html>.
    pub async fn check_url_list(&self, request: &CheckUrlSourceListFileFormatReq) -> Result<()> {
        let mut checks = Checks::new();
        checks.named("obs_bucket", &request.obs_bucket, 1024, "the OBS bucket of the list file");
        checks.required("list_file_key", &request.list_file_key, "the key of the list file");
        checks.length("list_file_key", &request.list_file_key, 1024);
        checks.named("region", &request.region, 100, "the region of that bucket");
        checks.secret("ak", &request.ak, 100, "the access key id of the destination");
        checks.secret("sk", &request.sk, 100, "the secret access key of the destination");
        checks.finish("CheckUrlSourceListFileFormat")?;
        call!(&self.oms, check_url_source_list_file_format(request)).map(drop)
    }
}

impl Checks {
    fn account(&mut self, cloud: &CloudType, keys: &Keys<'_>) {
        let replaced = match cloud {
            CloudType::Azure => keys.connection_string.is_some(),
            CloudType::Google => keys.json_auth_file.is_some(),
            _ => false,
        };
        for (field, key) in [("ak", keys.ak), ("sk", keys.sk)] {
            match key.filter(|key| !key.is_empty()) {
                Some(key) => self.secret(field, key, 100, "the access key"),
                None if replaced => {}
                None => self.add(field, "is missing", "give the access key of the account"),
            }
        }
        if *cloud == CloudType::Tencent {
            self.present("app_id", keys.app_id, "the APPID of the Tencent account");
        }
        self.long_secret("connection_string", keys.connection_string, 2048);
        self.long_secret("json_auth_file", keys.json_auth_file, 65_535);
    }
}

/// The objects and folders in one folder of a bucket; made by [`Buckets::objects`].
///
/// Source: <https://support.huaweicloud.com/api-oms/ShowBucketObjects.html>.
#[derive(Clone, Debug)]
#[must_use = "a list does nothing before it is read"]
pub struct ListObjects {
    oms: Oms,
    request: ShowBucketReq,
}

impl ListObjects {
    /// The page behind the name `marker`; an empty marker is the first page.
    ///
    /// # Errors
    /// `Invalid` for a missing name or missing keys.
    pub async fn page(&self, marker: &str) -> Result<Response<ShowBucketObjectsResponse>> {
        let request = ShowBucketReq { behind_filename: marker.to_owned(), ..self.request.clone() };
        let mut checks = Checks::new();
        checks.account(&request.cloud_type, &keys!(request));
        checks.named("bucket_name", &request.bucket_name, 100, "the name of the bucket");
        checks.required("data_center", &request.data_center, "the region of the bucket");
        if !request.file_path.is_empty() && !request.file_path.ends_with('/') {
            checks.add(
                "file_path",
                format!("is {:?}", request.file_path),
                "end it with a slash, or leave it empty",
            );
        }
        checks.length("file_path", &request.file_path, 1023);
        checks.length("behind_filename", &request.behind_filename, 1024);
        if !(1..=100).contains(&request.page_size) {
            checks.add("page_size", format!("is {}", request.page_size), "use 1 to 100");
        }
        checks.finish("ShowBucketObjects")?;
        let answer = call!(&self.oms, show_bucket_objects(&request))?;
        if answer.value.records.is_none() && answer.value.next_page != Some(false) {
            let what = "the answer holds no list of objects";
            return Err(incomplete("ShowBucketObjects", what, answer.status, answer.request_id));
        }
        Ok(answer)
    }

    /// All records from the request's `behind_filename` on, page after page as
    /// they are asked for. The list ends where the service says so, where it
    /// names no further marker, or at an empty page.
    pub fn stream(self) -> impl Stream<Item = Result<ShowBucketRecord>> + Send {
        self.records().map_ok(Record::into_inner)
    }

    /// As [`stream`](Self::stream), each record with the answer it came in.
    pub fn records(self) -> impl Stream<Item = Result<Record<ShowBucketRecord>>> + Send {
        let marker = Some(self.request.behind_filename.clone());
        let start = (self, marker, VecDeque::new());
        futures_util::stream::try_unfold(start, |(list, mut marker, mut buffer)| async move {
            loop {
                if let Some(record) = buffer.pop_front() {
                    return Ok(Some((record, (list, marker, buffer))));
                }
                let Some(behind) = marker.take() else { return Ok(None) };
                let answer = list.page(&behind).await?;
                let body = answer.raw().clone();
                let page = answer.into_inner();
                let records = page.records.unwrap_or_default();
                let more = page.next_page != Some(false) && !records.is_empty();
                // A marker that does not move would go round for ever.
                marker = page.next_marker.filter(|next| more && !next.is_empty() && *next != behind);
                let records = records.into_iter().enumerate();
                buffer.extend(records.map(|(index, record)| Record::new(record, index, &body)));
            }
        })
    }

    /// All records at once.
    ///
    /// # Errors
    /// The first error of a page.
    pub async fn all(self) -> Result<Vec<ShowBucketRecord>> {
        self.stream().try_collect().await
    }
}
