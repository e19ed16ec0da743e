//! Every type that the documents make of a schema with a secret.

use hwmigrate_tests::document::Document;

use crate::{CANARY, Markers, assert_clean};

/// What a value shows of itself: its `Debug`, and its JSON outside a request body.
fn shown<T: serde::de::DeserializeOwned + serde::Serialize + std::fmt::Debug>(
    json: &serde_json::Value,
) -> String {
    let value: T = serde_json::from_value(json.clone()).unwrap();
    format!("{value:?} {value:#?} {}", serde_json::to_string(&value).unwrap())
}

/// `fn show(name, json)`: what the type of that name shows; none if it is not in the list.
macro_rules! types {
    ($show:ident, $path:path: $($name:ident)*) => {
        fn $show(name: &str, json: &serde_json::Value) -> Option<String> {
            use $path as types;
            match name {
                $(stringify!($name) => Some(shown::<types::$name>(json)),)*
                _ => None,
            }
        }
    };
}

types! { oms, hwmigrate::api::oms::types:
    CreateTaskReq SrcNodeReq DstNodeReq SourceCdnReq StartTaskReq CreateTaskGroupReq TaskGroupSrcNode
    TaskGroupDstNode StartTaskGroupReq RetryTaskGroupReq CreateSyncTaskReq StartSyncTaskReq ListBucketsReq
    ShowBucketReq ShowBucketRegionReq CheckPrefixReq ShowCdnInfoReq CheckUrlSourceListFileFormatReq
}

types! { iam, hwmigrate::api::iam::types:
    CreateTokenReq TokenAuth TokenIdentity PasswordIdentity PasswordUser TotpIdentity TotpUser
    TokenIdentityToken CreateTemporaryAccessKeyReq AccessKeyAuth AccessKeyIdentity AccessKeyToken
    CreateTemporaryAccessKeyResponse TemporaryCredential
}

types! { sms, hwmigrate::api::sms::types:
    CreateTemplateReq ListServersResponse ListTemplatesResponse ShowCertKeyResponse ShowPassphraseResponse
    ShowTargetPasswordResponse ShowTemplateResponse SourceServersResponseBody TaskByServerSources
    TemplateRequest TemplateResponseBody UpdateTemplateReq
}

type Show = fn(&str, &serde_json::Value) -> Option<String>;

#[test]
fn no_generated_type_shows_a_secret() {
    let mut markers = Markers::default();
    let documents = [
        (hwmigrate::api::oms::DOCUMENT, oms as Show),
        (hwmigrate::api::iam::DOCUMENT, iam),
        (hwmigrate::api::sms::DOCUMENT, sms),
    ];
    for (text, show) in documents {
        let document = Document::parse(text).unwrap();
        for schema in document.secret_schemas() {
            let body = document.example(&schema, &mut |path| markers.next(path));
            assert!(!body.secrets.is_empty(), "{schema} holds no marker");
            let text = show(&schema, &body.json)
                .unwrap_or_else(|| panic!("{schema} is new: add it to the list above"));
            assert_clean(&schema, &text);
            assert!(text.contains("redacted"), "{schema} shows no field at all: {text}");
        }
    }
}

#[test]
fn request_bodies_do_carry_their_secrets() {
    let body = serde_json::json!({"dst_ak": format!("{CANARY}-ak"), "dst_sk": format!("{CANARY}-sk")});
    let request: hwmigrate::api::oms::types::StartTaskReq = serde_json::from_value(body.clone()).unwrap();
    assert_eq!(serde_json::to_value(hwmigrate::api::Exposed(&request)).unwrap(), body);
}
