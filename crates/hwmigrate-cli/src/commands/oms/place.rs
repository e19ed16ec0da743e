//! Addresses of buckets, such as `aws://eu-west-1/photos/2026/`.

use crate::args::oms::Cloud;
use crate::failure::{Failure, Result};

/// A bucket, and where in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Place {
    pub(crate) cloud: Cloud,
    pub(crate) region: String,
    pub(crate) bucket: String,
    pub(crate) prefix: String,
}

const SCHEMES: [(&str, Cloud); 19] = [
    ("aws", Cloud::Aws),
    ("s3", Cloud::Aws),
    ("azure", Cloud::Azure),
    ("aliyun", Cloud::Aliyun),
    ("oss", Cloud::Aliyun),
    ("tencent", Cloud::Tencent),
    ("cos", Cloud::Tencent),
    ("huaweicloud", Cloud::HuaweiCloud),
    ("obs", Cloud::HuaweiCloud),
    ("qingcloud", Cloud::QingCloud),
    ("kingsoftcloud", Cloud::KingsoftCloud),
    ("ks3", Cloud::KingsoftCloud),
    ("baidu", Cloud::Baidu),
    ("bos", Cloud::Baidu),
    ("qiniu", Cloud::Qiniu),
    ("ucloud", Cloud::UCloud),
    ("us3", Cloud::UCloud),
    ("google", Cloud::Google),
    ("gs", Cloud::Google),
];

impl Place {
    /// Reads an address; `what` is the argument it comes from.
    pub(crate) fn parse(text: &str, what: &str) -> Result<Self> {
        let form = "write it as CLOUD://REGION/BUCKET/PREFIX, such as aws://eu-west-1/photos/2026/";
        let wrong = |why: &str| Failure::usage(format!("{what} {text:?} {why}"));
        let Some((scheme, rest)) = text.split_once("://") else {
            return Err(wrong("is not the address of a bucket")
                .help(format!("{form}; for folders of this machine add --emulator")));
        };
        let cloud =
            SCHEMES.iter().find(|(name, _)| name.eq_ignore_ascii_case(scheme)).map(|(_, cloud)| *cloud);
        let Some(cloud) = cloud else {
            let mut names: Vec<_> = SCHEMES.iter().map(|(name, _)| *name).collect();
            names.sort_unstable();
            return Err(wrong(&format!("names no supported cloud ({scheme})"))
                .help(format!("known are {}", names.join(", "))));
        };
        let mut parts = rest.splitn(3, '/');
        let region = parts.next().unwrap_or_default();
        let bucket = parts.next().unwrap_or_default();
        if region.is_empty() || bucket.is_empty() {
            return Err(wrong("lacks a region or a bucket").help(form));
        }
        Ok(Self {
            cloud,
            region: region.to_owned(),
            bucket: bucket.to_owned(),
            prefix: parts.next().unwrap_or_default().to_owned(),
        })
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn an_address_has_cloud_region_bucket_and_prefix() {
        let place = Place::parse("AWS://eu-west-1/photos/2026/a b/", "SRC").unwrap();
        assert_eq!(place.cloud, Cloud::Aws);
        assert_eq!((place.region.as_str(), place.bucket.as_str()), ("eu-west-1", "photos"));
        assert_eq!(place.prefix, "2026/a b/");
        assert_eq!(Place::parse("obs://r/b", "DST").unwrap().prefix, "");
    }

    #[test]
    fn a_wrong_address_is_refused_with_the_form() {
        for text in ["./from", "aws://", "aws://r", "aws://r/", "ftp://r/b", "aws:///b"] {
            let failure = Place::parse(text, "SRC").unwrap_err();
            let shown = failure.to_json().to_string();
            assert!(shown.contains("aws"), "{shown}");
        }
    }
}
