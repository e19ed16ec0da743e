//! The generator, change by change on a small document, and as a whole
//! against `golden/small.rs`. To accept a new outcome, run the tests with
//! `BLESS=1` and read the difference.

#![allow(clippy::unwrap_used)]

use std::fs;

use serde_json::{Value, json};

use super::document::{self, Roles};
use super::{Service, adjust, code, diff, enums, operations};
use crate::root;

fn small() -> Value {
    document::parse(&fs::read_to_string(root().join("xtask/golden/small.yaml")).unwrap()).unwrap()
}

/// The small document after the adjustments up to and with the one of a name.
fn adjusted(name: &str) -> Value {
    let mut document = small();
    let last = adjust::ADJUSTMENTS.iter().position(|adjustment| adjustment.name == name).unwrap();
    for adjustment in &adjust::ADJUSTMENTS[..=last] {
        adjustment.make("small", &mut document);
    }
    document
}

fn schema<'a>(document: &'a Value, name: &str) -> &'a Value {
    &document["components"]["schemas"][name]
}

const LIST: &str = "/paths/~1v1~1{id}~1things/get";
const CREATE: &str = "/paths/~1v1~1{id}~1things/post";

#[test]
fn every_adjustment_has_a_name_and_a_reason() {
    let names: Vec<&str> = adjust::ADJUSTMENTS.iter().map(|adjustment| adjustment.name).collect();
    assert_eq!(
        names,
        [
            "apart-shared-schemas",
            "one-success-one-error",
            "nothing-required-in-responses",
            "comma-lists-are-text",
            "limits-into-prose",
            "named-types",
            "links-into-prose",
        ]
    );
    assert!(adjust::ADJUSTMENTS.iter().all(|adjustment| adjustment.reason.len() > 20));
}

#[test]
fn schema_of_request_and_response_is_parted() {
    let document = adjusted("apart-shared-schemas");
    assert_eq!(schema(&document, "WindowResp"), schema(&document, "Window"));
    let items = &schema(&document, "Thing")["properties"]["windows"]["items"];
    assert_eq!(items["$ref"], "#/components/schemas/WindowResp");
    let roles = Roles::of(&document);
    assert!(roles.requests.contains("Window") && !roles.responses.contains("Window"));
    assert!(roles.responses.contains("WindowResp") && !roles.requests.contains("WindowResp"));
    // A list of words is one type for both.
    assert!(schema(&document, "KindResp").is_null());
}

#[test]
fn answers_become_one_success_and_one_error() {
    let document = adjusted("one-success-one-error");
    let responses = document.pointer(CREATE).unwrap()["responses"].as_object().unwrap();
    assert_eq!(responses.keys().collect::<Vec<_>>(), ["2XX", "4XX", "5XX"]);
    assert_eq!(responses["2XX"], json!({"description": "Created."}));
    assert_eq!(
        responses["4XX"]["content"]["application/json"]["schema"]["$ref"],
        "#/components/schemas/ErrorResp"
    );
}

#[test]
fn responses_require_nothing_and_requests_what_they_did() {
    let document = adjusted("nothing-required-in-responses");
    assert!(schema(&document, "Thing").get("required").is_none());
    assert!(schema(&document, "WindowResp").get("required").is_none());
    assert_eq!(schema(&document, "Window")["required"], json!(["size"]));
    assert_eq!(schema(&document, "CreateThing")["required"], json!(["name", "window"]));
}

#[test]
fn comma_list_becomes_text() {
    let document = adjusted("comma-lists-are-text");
    assert_eq!(document.pointer(LIST).unwrap()["parameters"][2]["schema"], json!({"type": "string"}));
}

#[test]
fn limits_of_requests_become_prose_and_those_of_responses_vanish() {
    let document = adjusted("limits-into-prose");
    let create = &schema(&document, "CreateThing")["properties"];
    assert_eq!(
        create["name"],
        json!({
            "type": "string",
            "description": "Its name.\n\nLimits: 1 to 8 characters, pattern `^[a-z]+$`.",
        })
    );
    assert_eq!(create["kind"]["description"], "Its kind.\n\nDefault: `small`.");
    assert!(create["kind"].get("default").is_none());
    assert_eq!(create["tags"]["description"], "Its tags.\n\nLimits: at most 3 entries.");
    let size = |name| schema(&document, name)["properties"]["size"].clone();
    assert_eq!(size("Window")["description"], "Its size.\n\nUnit: bytes. Limits: at least 1.");
    assert_eq!(size("WindowResp")["description"], "Its size.\n\nUnit: bytes.");
    assert!(size("WindowResp").get("minimum").is_none());
    assert_eq!(document["components"]["parameters"]["Id"]["schema"], json!({"type": "string"}));
}

#[test]
fn secrets_and_words_get_their_types() {
    let document = adjusted("named-types");
    let path = |value: &Value| value["x-rust-type"]["path"].as_str().unwrap_or_default().to_owned();
    let create = &schema(&document, "CreateThing")["properties"];
    assert_eq!(path(&create["key"]), "hwmigrate_api::Secret");
    assert_eq!(path(&create["kind"]), "hwmigrate_api::small::types::Kind");
    assert_eq!(path(&create["window"]), "hwmigrate_api::small::types::Window");
    let thing = &schema(&document, "Thing")["properties"];
    assert_eq!(path(&thing["kind"]), "hwmigrate_api::small::types::Kind");
    assert_eq!(path(&thing["state"]), "hwmigrate_api::small::types::State");
    let parameters = &document.pointer(LIST).unwrap()["parameters"];
    assert_eq!(path(&parameters[3]["schema"]), "hwmigrate_api::small::types::State");
    assert_eq!(path(&parameters[1]["schema"]), "", "a header takes text");
    assert_eq!(path(schema(&document, "ErrorResp")), "hwmigrate_api::ErrorResp");
    assert!(schema(&document, "Kind").is_null() && schema(&document, "State").is_null());
}

#[test]
fn links_become_prose() {
    let document = adjusted("links-into-prose");
    assert_eq!(
        document.pointer(LIST).unwrap()["description"],
        "\n\nPermission: `small:thing:list`.\n\n[Documentation](https://example.invalid/list)"
    );
}

#[test]
fn small_document_gives_the_golden_code() {
    let service = Service { module: "small", variant: "Oms", document: "small.yaml" };
    let made = code(&service, &small()).unwrap();
    let path = root().join("xtask/golden/small.rs");
    if std::env::var_os("BLESS").is_some() {
        fs::write(&path, &made).unwrap();
    }
    let golden = fs::read_to_string(&path).unwrap_or_default();
    assert!(golden == made, "{}", diff::show("golden/small.rs", &golden, &made));
}

#[test]
fn word_lists_of_one_type_are_joined_without_case() {
    let found = enums::collect(&small()).unwrap();
    assert_eq!(found.iter().map(|open| open.name.as_str()).collect::<Vec<_>>(), ["Kind", "State"]);
    let text = found[0].tokens().to_string();
    for variant in ["Small", "BigOne", "Huge", "Unknown"] {
        assert!(text.contains(variant), "{variant}");
    }
    assert!(!text.contains("\"SMALL\""), "the first spelling counts");
}

#[test]
fn code_without_a_name_is_refused() {
    let mut document = small();
    document["components"]["schemas"]["State"]["x-enum-varnames"] = json!(["Open"]);
    assert!(enums::collect(&document).unwrap_err().contains("x-enum-varnames"));
}

#[test]
fn operation_without_its_extensions_is_refused() {
    for (member, complaint) in [("x-idempotent", "x-idempotent"), ("externalDocs", "externalDocs")] {
        let mut document = small();
        document.pointer_mut(LIST).unwrap().as_object_mut().unwrap().remove(member);
        assert!(operations::collect(&document).unwrap_err().contains(complaint));
    }
}

#[test]
fn committed_documents_follow_the_conventions() {
    for service in super::SERVICES {
        let text = fs::read_to_string(root().join("openapi").join(service.document)).unwrap();
        let document = document::parse(&text).unwrap();
        for (name, schema) in document["components"]["schemas"].as_object().unwrap() {
            assert!(schema["description"].is_string(), "{name} has no description");
            for (field, property) in schema["properties"].as_object().into_iter().flatten() {
                assert!(property["description"].is_string(), "{name}.{field} has no description");
                assert!(property["properties"].is_null(), "{name}.{field} holds an object without a name");
                assert!(property["enum"].is_null(), "{name}.{field} holds words without a name");
                assert!(property["$ref"].is_null(), "{name}.{field} refers without an `allOf`");
            }
            assert!(schema.get("additionalProperties").is_none(), "{name} is closed");
        }
        units(&document, service.document);
        for (path, method, operation) in document::operations(&document) {
            assert!(operation["description"].is_string(), "{method} {path} has no description");
            let id = operation["operationId"].as_str().unwrap();
            let url = operation["externalDocs"]["url"].as_str().unwrap();
            assert!(url.starts_with("https://support.huaweicloud.com/api-"), "{id}: {url}");
        }
    }
}

/// A unit that nobody knows would be one that nobody reads.
fn units(value: &Value, place: &str) {
    const KNOWN: &[&str] =
        &["bytes", "MB", "GB", "bytes/s", "Mbit/s", "percent", "ms", "s", "ms since 1970", "s since 1970"];
    match value {
        Value::Object(members) => {
            if let Some(unit) = members.get("x-unit") {
                let known = unit.as_str().is_some_and(|unit| KNOWN.contains(&unit));
                assert!(known, "{place}: x-unit is {unit}");
                let moment = unit.as_str().is_some_and(|unit| unit.ends_with("since 1970"));
                assert!(!moment || value["type"] == "integer", "{place}: a moment is a whole number");
            }
            members.iter().for_each(|(name, member)| units(member, &format!("{place}/{name}")));
        }
        Value::Array(items) => items.iter().for_each(|item| units(item, place)),
        _ => {}
    }
}

#[test]
fn credentials_of_requests_are_marked_secret() {
    for service in super::SERVICES {
        let text = fs::read_to_string(root().join("openapi").join(service.document)).unwrap();
        let document = document::parse(&text).unwrap();
        for (name, schema) in document["components"]["schemas"].as_object().unwrap() {
            for (field, property) in schema["properties"].as_object().into_iter().flatten() {
                let looks =
                    ["ak", "sk", "password", "passcode", "passphrase", "secret", "token", "auth_file"]
                        .iter()
                        .any(|word| field == word || field.ends_with(&format!("_{word}")))
                        || ["authentication_key", "connection_string", "private_key", "share_url"]
                            .iter()
                            .any(|end| field.ends_with(end));
                if looks && property["type"] == "string" {
                    assert_eq!(property["x-secret"], true, "{name}.{field}");
                }
            }
        }
    }
}

#[test]
fn difference_shows_the_lines_that_differ() {
    let text = diff::show("f", "a\nb\nc\nd\n", "a\nb\nX\nd\n");
    assert!(text.contains("- c\n+ X\n"), "{text}");
    assert!(text.contains("@@ line 3 @@"), "{text}");
    assert!(!text.contains("- a"), "{text}");
    let longer = diff::show("f", "a\n", "a\na\n");
    assert!(longer.contains("+ a\n"), "{longer}");
}
