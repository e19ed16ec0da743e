//! Look-ups in buckets.

use hwmigrate::oms;
use hwmigrate::oms::types::{
    CheckPrefixReq, CheckUrlSourceListFileFormatReq, ListBucketsReq, ShowBucketRegionReq, ShowBucketReq,
    ShowCdnInfoReq,
};
use pyo3::prelude::*;

use crate::call::Call;
use crate::json::Body;
use crate::runtime::Runtime;
use crate::source::{Source, nothing, plain};
use crate::watch::Lister;

/// Objects that the service gives at once.
const PAGE: usize = 100;

/// Look-ups in buckets of any provider.
#[pyclass(frozen, module = "hwmigrate._hwmigrate")]
pub(crate) struct Buckets {
    buckets: oms::Buckets,
    runtime: Runtime,
}

impl Buckets {
    pub(crate) fn new(buckets: oms::Buckets, runtime: &Runtime) -> Self {
        Self { buckets, runtime: runtime.clone() }
    }
}

#[pymethods]
impl Buckets {
    fn list(&self, request: Body<ListBucketsReq>) -> Call {
        let buckets = self.buckets.clone();
        Call::new(&self.runtime, async move {
            buckets.list(&request.0).await.map(|answer| plain(answer.into_inner()))
        })
    }

    fn objects(&self, request: Body<ShowBucketReq>) -> Lister {
        Lister::new(&self.runtime, PAGE, "records", self.buckets.objects(&request.0).records())
    }

    fn objects_page(&self, request: Body<ShowBucketReq>, marker: String) -> Call {
        let list = self.buckets.objects(&request.0);
        Call::new(&self.runtime, async move { list.page(&marker).await.map(Source::one) })
    }

    fn region(&self, request: Body<ShowBucketRegionReq>) -> Call {
        let buckets = self.buckets.clone();
        Call::new(&self.runtime, async move { buckets.region(&request.0).await.map(Source::one) })
    }

    fn check_prefix(&self, request: Body<CheckPrefixReq>) -> Call {
        let buckets = self.buckets.clone();
        Call::new(&self.runtime, async move { buckets.check_prefix(&request.0).await.map(plain) })
    }

    fn cdn_info(&self, request: Body<ShowCdnInfoReq>) -> Call {
        let buckets = self.buckets.clone();
        Call::new(&self.runtime, async move { buckets.cdn_info(&request.0).await.map(Source::one) })
    }

    fn check_url_list(&self, request: Body<CheckUrlSourceListFileFormatReq>) -> Call {
        let buckets = self.buckets.clone();
        Call::new(&self.runtime, async move { buckets.check_url_list(&request.0).await.map(nothing) })
    }
}
