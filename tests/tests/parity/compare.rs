//! Two requests side by side, field by field.

use std::collections::BTreeSet;
use std::fmt;

use serde_json::Value;

use crate::recorder::Recorded;

/// Headers whose values differ from call to call; that they are there is compared.
const VALUES_OF_THE_CALL: [&str; 4] = ["authorization", "host", "user-agent", "x-sdk-date"];

/// One difference.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Difference {
    /// The operation, such as `oms.CreateTask`.
    pub(crate) operation: String,
    /// Where, such as `header accept` or `body disks[].name`.
    pub(crate) place: String,
    /// What we send there, if anything.
    pub(crate) ours: Option<String>,
    /// What the vendor's client sends there, if anything.
    pub(crate) theirs: Option<String>,
    /// Neither request has a body.
    pub(crate) bodiless: bool,
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let shown = |side: &Option<String>| side.clone().unwrap_or_else(|| "nothing".to_owned());
        let (ours, theirs) = (shown(&self.ours), shown(&self.theirs));
        write!(f, "{}, {}: we send {ours}, the vendor's client {theirs}", self.operation, self.place)
    }
}

/// All differences of two requests.
pub(crate) fn compare(operation: &str, ours: &Recorded, theirs: &Recorded) -> Vec<Difference> {
    let bodiless = ours.body.is_null() && theirs.body.is_null();
    let mut found = Found { operation, bodiless, differences: Vec::new() };
    found.pair("method", Some(&ours.method), Some(&theirs.method));
    found.pair("path", Some(&ours.path.join("/")), Some(&theirs.path.join("/")));

    let names: BTreeSet<&String> = ours.query.iter().chain(&theirs.query).map(|(name, _)| name).collect();
    for name in names {
        let of = |side: &Recorded| {
            let values =
                side.query.iter().filter(|(other, _)| other == name).map(|(_, value)| value.as_str());
            let values: Vec<&str> = values.collect();
            (!values.is_empty()).then(|| values.join(" and "))
        };
        found.pair(&format!("query {name}"), of(ours).as_ref(), of(theirs).as_ref());
    }

    let names: BTreeSet<&String> = ours.headers.keys().chain(theirs.headers.keys()).collect();
    for name in names {
        let present = "some value".to_owned();
        let of = |side: &Recorded| match side.headers.get(name) {
            Some(_) if VALUES_OF_THE_CALL.contains(&name.as_str()) => Some(present.clone()),
            value => value.cloned(),
        };
        // Its value follows from the body, which is compared by itself.
        if name != "content-length" {
            found.pair(&format!("header {name}"), of(ours).as_ref(), of(theirs).as_ref());
        }
    }

    found.differences.extend(compare_bodies(operation, &ours.body, &theirs.body));
    found.differences
}

/// All differences of two bodies.
pub(crate) fn compare_bodies(operation: &str, ours: &Value, theirs: &Value) -> Vec<Difference> {
    let bodiless = ours.is_null() && theirs.is_null();
    let mut found = Found { operation, bodiless, differences: Vec::new() };
    found.json("body", ours, theirs);
    found.differences
}

struct Found<'a> {
    operation: &'a str,
    bodiless: bool,
    differences: Vec<Difference>,
}

impl Found<'_> {
    fn pair(&mut self, place: &str, ours: Option<&String>, theirs: Option<&String>) {
        if ours != theirs {
            self.differences.push(Difference {
                operation: self.operation.to_owned(),
                place: place.to_owned(),
                ours: ours.cloned(),
                theirs: theirs.cloned(),
                bodiless: self.bodiless,
            });
        }
    }

    fn json(&mut self, place: &str, ours: &Value, theirs: &Value) {
        match (ours, theirs) {
            (Value::Object(a), Value::Object(b)) => {
                let names: BTreeSet<&String> = a.keys().chain(b.keys()).collect();
                for name in names {
                    let place =
                        if place == "body" { format!("body {name}") } else { format!("{place}.{name}") };
                    match (a.get(name), b.get(name)) {
                        (Some(ours), Some(theirs)) => self.json(&place, ours, theirs),
                        (ours, theirs) => {
                            let text = |value: &Value| value.to_string();
                            self.pair(&place, ours.map(text).as_ref(), theirs.map(text).as_ref());
                        }
                    }
                }
            }
            (Value::Array(a), Value::Array(b)) if a.len() == b.len() => {
                let place = format!("{place}[]");
                a.iter().zip(b).for_each(|(ours, theirs)| self.json(&place, ours, theirs));
            }
            (ours, theirs) if ours != theirs => {
                self.pair(place, Some(&ours.to_string()), Some(&theirs.to_string()));
            }
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::intended::{INTENDED, Intended, Side};

    fn request(query: &[(&str, &str)], headers: &[(&str, &str)], body: Value) -> Recorded {
        let owned = |pairs: &[(&str, &str)]| {
            pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect::<Vec<_>>()
        };
        Recorded {
            method: "POST".to_owned(),
            path: vec!["v3".to_owned(), "tasks".to_owned()],
            query: owned(query),
            headers: owned(headers).into_iter().collect(),
            body,
        }
    }

    #[test]
    fn every_part_is_compared_and_secrets_are_too() {
        let ours = request(
            &[("limit", "1"), ("limit", "2"), ("name", "a b")],
            &[("authorization", "one"), ("x-language", "en-us"), ("content-length", "7")],
            json!({"sk": "secret", "disks": [{"size": 1}, {"size": 2}], "same": [1, null], "ours": false}),
        );
        let mut theirs = request(
            &[("limit", "1"), ("name", "a+b")],
            &[("authorization", "two"), ("x-project-id", "p"), ("content-length", "9")],
            json!({"sk": "Secret", "disks": [{"size": 1}, {"size": "2"}], "same": [1, null]}),
        );
        theirs.method = "PUT".to_owned();
        theirs.path.pop();
        let found = compare("sms.X", &ours, &theirs);
        let places: Vec<&str> = found.iter().map(|difference| difference.place.as_str()).collect();
        assert_eq!(
            places,
            [
                "method",
                "path",
                "query limit",
                "query name",
                "header x-language",
                "header x-project-id",
                "body disks[].size",
                "body ours",
                "body sk",
            ]
        );
        assert_eq!(found[8].to_string(), r#"sms.X, body sk: we send "secret", the vendor's client "Secret""#);
        assert!(compare("sms.X", &ours, &ours).is_empty());
    }

    #[test]
    fn lists_of_other_lengths_and_bodies_of_other_kinds_differ() {
        for (ours, theirs) in
            [(json!({"ids": [1]}), json!({"ids": [1, 2]})), (json!({}), Value::Null), (json!(1), json!(1.5))]
        {
            assert_eq!(compare_bodies("oms.X", &ours, &theirs).len(), 1, "{ours} {theirs}");
        }
    }

    #[test]
    fn intended_difference_covers_its_own_place_and_value_only() {
        let known = Intended {
            operation: "oms.X",
            place: "header accept",
            ours: Side::This("a"),
            theirs: Side::Nothing,
            bodiless: false,
            reason: "for this test",
        };
        let found = |operation: &str, place: &str, ours: Option<&str>, theirs: Option<&str>| Difference {
            operation: operation.to_owned(),
            place: place.to_owned(),
            ours: ours.map(str::to_owned),
            theirs: theirs.map(str::to_owned),
            bodiless: false,
        };
        assert!(known.covers(&found("oms.X", "header accept", Some("a"), None)));
        assert!(!known.covers(&found("oms.Y", "header accept", Some("a"), None)));
        assert!(!known.covers(&found("oms.X", "header accept", Some("b"), None)));
        assert!(!known.covers(&found("oms.X", "header accept", Some("a"), Some("a"))));
        assert!(!known.covers(&found("oms.X", "header host", Some("a"), None)));
        let known = Intended { bodiless: true, ..known };
        let with_body = found("oms.X", "header accept", Some("a"), None);
        assert!(!known.covers(&with_body));
        assert!(known.covers(&Difference { bodiless: true, ..with_body }));
        assert!(INTENDED.iter().all(|known| known.reason.len() > 20), "every difference has a reason");
    }

    #[test]
    fn body_without_its_type_is_not_intended() {
        let typed = [("content-type", "application/json")];
        let unlisted = |body: Value| {
            let found = compare("sms.X", &request(&[], &[], body.clone()), &request(&[], &typed, body));
            assert_eq!(found.len(), 1);
            found.into_iter().filter(|one| !INTENDED.iter().any(|known| known.covers(one))).count()
        };
        assert_eq!(unlisted(Value::Null), 0);
        assert_eq!(unlisted(json!({"name": "a"})), 1);
    }
}
