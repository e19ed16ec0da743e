//! Answers that say something else than they should.

use hwmigrate_api::Service;
use serde_json::{Map, Value, json};

use super::FaultKind;

/// The member that no document lists.
pub(crate) const UNKNOWN_MEMBER: &str = "emulator_unknown_member";

/// Changes a success the way a fault asks for.
pub(crate) fn alter(kind: &FaultKind, strike: u64, service: Option<Service>, body: &mut Value) {
    match kind {
        FaultKind::WrongType { member } => each_object(body, &mut |object| {
            if let Some(value) = object.get_mut(member) {
                *value = if value.is_number() { json!("a text") } else { json!(4711) };
            }
        }),
        FaultKind::UnknownField => each_object(body, &mut |object| {
            object.insert(UNKNOWN_MEMBER.to_owned(), json!({ "nested": [1, "two", null] }));
        }),
        FaultKind::State { state } => set_state(body, service, state),
        FaultKind::States { states } => {
            let last = states.len().saturating_sub(1);
            let turn = usize::try_from(strike).unwrap_or(usize::MAX).min(last);
            if let Some(state) = states.get(turn) {
                set_state(body, service, state);
            }
        }
        _ => {}
    }
}

/// OMS has a `status` in every object. In SMS it is the `state` of what was asked for, alone or in a
/// list: those of other things within it stay.
fn set_state(body: &mut Value, service: Option<Service>, state: &Value) {
    if service != Some(Service::Sms) {
        return each_object(body, &mut |object| {
            if let Some(value) = object.get_mut("status") {
                *value = state.clone();
            }
        });
    }
    let set = |object: &mut Value| {
        if let Some(value) = object.get_mut("state") {
            *value = state.clone();
        }
    };
    set(body);
    let lists = body.as_object_mut().into_iter().flat_map(Map::values_mut).filter_map(Value::as_array_mut);
    lists.flatten().for_each(set);
}

fn each_object(value: &mut Value, change: &mut impl FnMut(&mut Map<String, Value>)) {
    match value {
        Value::Object(members) => {
            members.values_mut().for_each(|member| each_object(member, change));
            change(members);
        }
        Value::Array(items) => items.iter_mut().for_each(|item| each_object(item, change)),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sequence_of_states_ends_with_its_last() {
        let kind = FaultKind::States { states: vec![json!(1), json!("new")] };
        let shown = |strike| {
            let mut body = json!({"status": 2, "tasks": [{"status": 5}]});
            alter(&kind, strike, Some(Service::Oms), &mut body);
            body
        };
        assert_eq!(shown(0), json!({"status": 1, "tasks": [{"status": 1}]}));
        assert_eq!(shown(1), shown(9));
        assert_eq!(shown(1), json!({"status": "new", "tasks": [{"status": "new"}]}));
    }

    #[test]
    fn state_of_a_server_task_changes_and_that_of_its_source_does_not() {
        let kind = FaultKind::State { state: json!("MIGRATE_SUCCESS5") };
        let source = json!({"state": "replicate"});
        let shown = |mut body: Value| {
            alter(&kind, 0, Some(Service::Sms), &mut body);
            body
        };
        let task = |state: &str| json!({"state": state, "source_server": source});
        assert_eq!(shown(task("RUNNING")), task("MIGRATE_SUCCESS5"));
        let list = |state: &str| json!({"count": 1, "tasks": [task(state)]});
        assert_eq!(shown(list("RUNNING")), list("MIGRATE_SUCCESS5"));
    }

    #[test]
    fn wrong_type_differs_from_the_right_one() {
        let kind = FaultKind::WrongType { member: "id".into() };
        let mut body = json!({"id": 1, "inner": {"id": "x"}});
        alter(&kind, 0, Some(Service::Oms), &mut body);
        assert_eq!(body, json!({"id": "a text", "inner": {"id": 4711}}));
    }
}
