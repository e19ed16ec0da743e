//! No secret field of any document shows its text, except inside a request body.

#![allow(clippy::unwrap_used, clippy::panic)]

use std::collections::BTreeSet;
use std::fmt::Debug;

use hwmigrate_api::{Exposed, REDACTED, Secret, iam, oms, sms};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value, json};

const MARKER: &str = "MARKER-7d1f";

/// A value for a schema in which every secret is the marker.
fn sample(document: &Value, schema: &Value) -> Value {
    if let Some(reference) = schema["$ref"].as_str() {
        return sample(document, document.pointer(&reference[1..]).unwrap());
    }
    if let Some(parts) = schema["allOf"].as_array() {
        return sample(document, &parts[0]);
    }
    if schema["x-secret"] == true {
        return MARKER.into();
    }
    if let Some(values) = schema["enum"].as_array() {
        return values[0].clone();
    }
    match schema["type"].as_str().unwrap() {
        "object" => {
            let Some(members) = schema["properties"].as_object() else { return json!({"free": ["form"]}) };
            Value::Object(
                members.iter().map(|(name, of)| (name.clone(), sample(document, of))).collect::<Map<_, _>>(),
            )
        }
        "array" => Value::Array(vec![sample(document, &schema["items"])]),
        "string" => "text".into(),
        "integer" => 5.into(),
        "number" => 0.5.into(),
        "boolean" => true.into(),
        other => panic!("a schema of type {other}"),
    }
}

/// The schemas of a document that hold a secret, directly or below.
fn holders(document: &Value) -> BTreeSet<String> {
    let schemas = document["components"]["schemas"].as_object().unwrap();
    let holds = |(name, schema): (&String, &Value)| {
        sample(document, schema).to_string().contains(MARKER).then(|| name.clone())
    };
    schemas.iter().filter_map(holds).collect()
}

fn check<T: Serialize + DeserializeOwned + Debug>(document: &Value, name: &str) {
    let whole = sample(document, &document["components"]["schemas"][name]);
    let value: T = serde_json::from_value(whole.clone()).unwrap_or_else(|error| panic!("{name}: {error}"));
    for shown in [format!("{value:?}"), format!("{value:#?}"), serde_json::to_string(&value).unwrap()] {
        assert!(!shown.contains(MARKER), "{name} shows a secret: {shown}");
        assert!(shown.contains(REDACTED), "{name} holds no secret");
    }
    assert!(!format!("{:?}", Exposed(&value)).contains(MARKER), "{name} shows a secret in Debug of Exposed");
    assert_eq!(
        serde_json::to_value(Exposed(&value)).unwrap(),
        whole,
        "{name} loses something on the way out"
    );
    // The exposure ends with the value.
    assert!(!serde_json::to_string(&value).unwrap().contains(MARKER));
}

macro_rules! check_all {
    ($module:ident: $($name:ident)*) => {{
        let document: Value = serde_json::from_str($module::DOCUMENT).unwrap();
        let mut left = holders(&document);
        $(
            assert!(left.remove(stringify!($name)), "{} holds no secret", stringify!($name));
            check::<$module::types::$name>(&document, stringify!($name));
        )*
        assert!(left.is_empty(), "schemas with secrets that this test does not know: {left:?}");
    }};
}

#[test]
fn secrets_of_oms_are_shown_in_request_bodies_only() {
    check_all!(oms:
        CreateTaskReq SrcNodeReq DstNodeReq SourceCdnReq StartTaskReq CreateTaskGroupReq TaskGroupSrcNode
        TaskGroupDstNode StartTaskGroupReq RetryTaskGroupReq CreateSyncTaskReq StartSyncTaskReq ListBucketsReq
        ShowBucketReq ShowBucketRegionReq CheckPrefixReq ShowCdnInfoReq CheckUrlSourceListFileFormatReq
    );
}

#[test]
fn secrets_of_iam_are_shown_in_request_bodies_only() {
    check_all!(iam:
        CreateTokenReq TokenAuth TokenIdentity PasswordIdentity PasswordUser TotpIdentity TotpUser
        TokenIdentityToken CreateTemporaryAccessKeyReq AccessKeyAuth AccessKeyIdentity AccessKeyToken
        CreateTemporaryAccessKeyResponse TemporaryCredential
    );
}

#[test]
fn secrets_of_sms_are_shown_in_request_bodies_only() {
    check_all!(sms:
        ListServersResponse SourceServersResponseBody TaskByServerSources ShowPassphraseResponse
        ShowCertKeyResponse CreateTemplateReq UpdateTemplateReq TemplateRequest TemplateResponseBody
        ListTemplatesResponse ShowTemplateResponse ShowTargetPasswordResponse
    );
}

#[test]
fn exposure_ends_when_serializing_fails() {
    struct Fails;
    impl Serialize for Fails {
        fn serialize<S: serde::Serializer>(&self, _: S) -> Result<S::Ok, S::Error> {
            Err(serde::ser::Error::custom("no"))
        }
    }
    assert!(serde_json::to_string(&Exposed(&Fails)).is_err());
    assert_eq!(serde_json::to_string(&Secret::from(MARKER)).unwrap(), format!("\"{REDACTED}\""));
}

#[test]
fn exposure_nests() {
    let inner = Secret::from(MARKER);
    let text = serde_json::to_string(&Exposed(&[Exposed(&inner), Exposed(&inner)])).unwrap();
    assert_eq!(text, format!("[\"{MARKER}\",\"{MARKER}\"]"));
    assert_eq!(serde_json::to_string(&inner).unwrap(), format!("\"{REDACTED}\""));
}
