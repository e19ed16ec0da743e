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
    let mut found = Found { operation, differences: Vec::new() };
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
    let mut found = Found { operation, differences: Vec::new() };
    found.json("body", ours, theirs);
    found.differences
}

struct Found<'a> {
    operation: &'a str,
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
