//! Tables for people, cut out of JSON values.

use std::time::Duration;

use comfy_table::presets::NOTHING;
use comfy_table::{CellAlignment, Table};
use hwmigrate::progress::State;
use serde_json::Value;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use crate::duration::describe;

/// One column of a table, or one line of a single record.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Column {
    title: &'static str,
    pointer: &'static str,
    show: Show,
}

/// How a value is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Show {
    /// As it is
    Text,
    /// Number, to the right
    Number,
    /// Bytes with a unit
    Bytes,
    /// Bytes per second with a unit
    Rate,
    /// Share of one
    Share,
    /// Span in milliseconds
    Span,
    /// Moment in milliseconds since 1970
    Moment,
    /// Number of a task's state
    TaskState,
    /// Number of a group's state
    GroupState,
    /// Rate in Mbit/s
    Megabits,
    /// Limit in Mbit/s, of which 0 is none
    SpeedLimit,
    /// Phases of a job, each with its share
    Phases,
    /// Memory, in MB or in bytes: the service uses both
    Memory,
}

/// The column with this title for the value at this JSON pointer.
pub(crate) const fn column(title: &'static str, pointer: &'static str, show: Show) -> Column {
    Column { title, pointer, show }
}

/// A table with one row for each value.
pub(crate) fn horizontal(rows: &[Value], columns: &[Column]) -> String {
    let mut table = Table::new();
    table.load_preset(NOTHING);
    table.set_header(columns.iter().map(|column| column.title.to_uppercase()));
    for row in rows {
        table.add_row(columns.iter().map(|column| cell(row, column)));
    }
    for (place, column) in columns.iter().enumerate() {
        if let Some(shaped) = table.column_mut(place) {
            shaped.set_padding((0, 2));
            if matches!(
                column.show,
                Show::Number | Show::Bytes | Show::Rate | Show::Share | Show::Megabits | Show::SpeedLimit
            ) {
                shaped.set_cell_alignment(CellAlignment::Right);
            }
        }
    }
    lines(&table)
}

/// A table with one line for each column of the value; what is not there is left out.
///
/// Without columns every field of the value gets its line.
pub(crate) fn vertical(value: &Value, columns: &[Column]) -> String {
    let mut table = Table::new();
    table.load_preset(NOTHING);
    if columns.is_empty() {
        let mut fields = Vec::new();
        flatten(value, String::new(), &mut fields);
        for (name, text) in fields {
            table.add_row([name, text]);
        }
    } else {
        for column in columns {
            let text = cell(value, column);
            if !text.is_empty() {
                table.add_row([column.title.to_owned(), text]);
            }
        }
    }
    if let Some(first) = table.column_mut(0) {
        first.set_padding((0, 2));
    }
    if let Some(second) = table.column_mut(1) {
        second.set_padding((0, 0));
    }
    lines(&table)
}

fn lines(table: &Table) -> String {
    let mut text = String::new();
    for line in table.lines() {
        text.push_str(line.trim_end());
        text.push('\n');
    }
    text
}

fn cell(row: &Value, column: &Column) -> String {
    let Some(value) = row.pointer(column.pointer).filter(|value| !value.is_null()) else {
        return String::new();
    };
    let number = value.as_f64();
    let whole = value.as_i64();
    let shown = match (column.show, whole, number) {
        (Show::Phases, ..) => Some(phases(value)),
        (Show::Bytes, Some(count), _) => Some(bytes(count)),
        (Show::Rate, Some(count), _) => Some(format!("{}/s", bytes(count))),
        (Show::Share, _, Some(share)) => Some(format!("{:.1}%", share * 100.0)),
        (Show::Span, Some(millis), _) => {
            Some(describe(Duration::from_millis(u64::try_from(millis).unwrap_or_default())))
        }
        (Show::Moment, Some(0), _) => Some(String::new()),
        (Show::Moment, Some(millis), _) => moment(millis),
        (Show::TaskState, Some(code), _) => Some(state(State::of_task(code), code)),
        (Show::SpeedLimit, Some(0), _) => Some("none".to_owned()),
        (Show::Megabits | Show::SpeedLimit, _, Some(rate)) => Some(format!("{rate} Mbit/s")),
        // No server has so many megabytes, so it must be bytes.
        (Show::Memory, Some(count), _) if count >= 1 << 24 => Some(bytes(count)),
        (Show::Memory, Some(count), _) => Some(bytes(count.saturating_mul(1 << 20))),
        (Show::GroupState, Some(code), _) => Some(state(State::of_group(code), code)),
        _ => None,
    };
    shown.unwrap_or_else(|| plain(value))
}

fn phases(value: &Value) -> String {
    let phase = |phase: &Value| {
        let name = plain(phase.get("name")?);
        let share = phase["percent"].as_u64().map(|percent| format!(" {percent}%")).unwrap_or_default();
        Some(format!("{name}{share}"))
    };
    value.as_array().into_iter().flatten().filter_map(phase).collect::<Vec<_>>().join(", ")
}

fn state(state: State, code: i64) -> String {
    if state == State::Unknown { format!("unknown ({code})") } else { state.as_str().to_owned() }
}

fn moment(millis: i64) -> Option<String> {
    let time = OffsetDateTime::from_unix_timestamp(millis.div_euclid(1_000)).ok()?;
    time.format(&Rfc3339).ok()
}

/// A number of bytes for people.
pub(crate) fn bytes(count: i64) -> String {
    const UNITS: [&str; 6] = ["KiB", "MiB", "GiB", "TiB", "PiB", "EiB"];
    if count.unsigned_abs() < 1_024 {
        return format!("{count} B");
    }
    let mut scaled = count as f64 / 1_024.0;
    let mut unit = 0;
    while scaled.abs() >= 1_024.0 && unit + 1 < UNITS.len() {
        scaled /= 1_024.0;
        unit += 1;
    }
    format!("{scaled:.1} {}", UNITS[unit])
}

/// Text of a value in which nothing can steer the terminal.
fn plain(value: &Value) -> String {
    let text = match value {
        Value::String(text) => text.clone(),
        Value::Array(items) if items.iter().all(|item| !item.is_object() && !item.is_array()) => {
            items.iter().map(plain).collect::<Vec<_>>().join(", ")
        }
        other => other.to_string(),
    };
    crate::plain::plain(&text).into_owned()
}

fn flatten(value: &Value, name: String, into: &mut Vec<(String, String)>) {
    match value {
        Value::Null => {}
        Value::Object(fields) => {
            for (field, inner) in fields {
                let name = if name.is_empty() { field.clone() } else { format!("{name}.{field}") };
                flatten(inner, name, into);
            }
        }
        other => {
            let text = plain(other);
            if !text.is_empty() {
                into.push((name, text));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const COLUMNS: [Column; 4] = [
        column("id", "/id", Show::Text),
        column("state", "/status", Show::TaskState),
        column("size", "/size", Show::Bytes),
        column("done", "/progress", Show::Share),
    ];

    #[test]
    fn a_list_lines_up_and_ends_without_blanks() {
        let rows = [
            json!({"id": 7, "status": 2, "size": 1536, "progress": 0.5}),
            json!({"id": 12345, "status": 42, "size": null}),
        ];
        assert_eq!(
            horizontal(&rows, &COLUMNS),
            "ID     STATE            SIZE   DONE\n7      running       1.5 KiB  50.0%\n12345  unknown (42)\n"
        );
    }

    #[test]
    fn a_record_leaves_out_what_is_not_there() {
        let text = vertical(&json!({"id": 7, "status": 5, "size": null}), &COLUMNS);
        assert_eq!(text, "id     7\nstate  succeeded\n");
    }

    #[test]
    fn without_columns_every_field_is_shown() {
        let text = vertical(&json!({"a": {"b": 1, "c": null}, "d": ["x", "y"], "e": ""}), &[]);
        assert_eq!(text, "a.b  1\nd    x, y\n");
    }

    #[test]
    fn names_cannot_steer_the_terminal() {
        let rows = [json!({"id": "a\u{1b}[31m\nb"})];
        assert!(!horizontal(&rows, &COLUMNS[..1]).contains('\u{1b}'));
    }

    #[test]
    fn numbers_have_units() {
        assert_eq!(bytes(0), "0 B");
        assert_eq!(bytes(1_023), "1023 B");
        assert_eq!(bytes(64 * 1_024 * 1_024), "64.0 MiB");
        assert_eq!(bytes(i64::MAX), "8.0 EiB");
        let span = column("t", "/t", Show::Span);
        assert_eq!(cell(&json!({"t": 90_000}), &span), "1m30s");
        let phases =
            json!({"t": [{"name": "REPLICATE", "percent": 100}, {"name": "CUTOVER0", "percent": null}]});
        assert_eq!(cell(&phases, &column("t", "/t", Show::Phases)), "REPLICATE 100%, CUTOVER0");
        let limit = column("t", "/t", Show::SpeedLimit);
        assert_eq!(cell(&json!({"t": 0}), &limit), "none");
        assert_eq!(cell(&json!({"t": 12.5}), &column("t", "/t", Show::Megabits)), "12.5 Mbit/s");
        let memory = column("t", "/t", Show::Memory);
        assert_eq!(cell(&json!({"t": 4_096}), &memory), cell(&json!({"t": 4_294_967_296_i64}), &memory));
        let at = column("t", "/t", Show::Moment);
        assert_eq!(cell(&json!({"t": 0}), &at), "");
        assert_eq!(cell(&json!({"t": 1_000}), &at), "1970-01-01T00:00:01Z");
    }
}
