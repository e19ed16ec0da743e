//! Names and texts, as Python writes them.

use serde_json::Value;

/// Names that Python keeps for itself, or that every model has.
const TAKEN: &[&str] = &[
    "False",
    "None",
    "True",
    "and",
    "as",
    "assert",
    "async",
    "await",
    "break",
    "class",
    "continue",
    "def",
    "del",
    "elif",
    "else",
    "except",
    "finally",
    "for",
    "from",
    "global",
    "if",
    "import",
    "in",
    "is",
    "lambda",
    "nonlocal",
    "not",
    "or",
    "pass",
    "raise",
    "return",
    "try",
    "while",
    "with",
    "yield",
    "extra",
    "request_id",
    "to_dict",
    "from_dict",
];

/// The name of an attribute or argument.
pub(super) fn safe(name: &str) -> String {
    let name = name.replace(['-', '.'], "_");
    if TAKEN.contains(&name.as_str()) { format!("{name}_") } else { name }
}

/// The name of a member of an enumeration.
pub(super) fn upper(word: &str) -> String {
    let mut name = String::new();
    let mut before = ' ';
    for c in word.chars() {
        let starts = c.is_ascii_uppercase() && (before.is_ascii_lowercase() || before.is_ascii_digit());
        if c.is_ascii_alphanumeric() {
            if starts && !name.ends_with('_') {
                name.push('_');
            }
            name.push(c.to_ascii_uppercase());
        } else if !name.is_empty() && !name.ends_with('_') {
            name.push('_');
        }
        before = c;
    }
    let name = name.trim_end_matches('_');
    match name.chars().next() {
        None => "EMPTY".to_owned(),
        Some(first) if first.is_ascii_digit() => format!("N{name}"),
        Some(_) => name.to_owned(),
    }
}

/// The name of a function, from the id of an operation.
pub(super) fn snake(id: &str) -> String {
    upper(id).to_ascii_lowercase()
}

/// A text as a Python literal.
pub(super) fn literal(text: &str) -> String {
    let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
}

/// A docstring, indented for its place.
pub(super) fn class_doc(description: &Value, indent: usize) -> String {
    let text = description.as_str().unwrap_or_default().trim();
    let text = if text.is_empty() { "As the document describes it." } else { text };
    docstring(text, indent)
}

/// A docstring of one or more lines.
pub(super) fn docstring(text: &str, indent: usize) -> String {
    let pad = " ".repeat(indent);
    let text = text.replace('\\', "\\\\").replace("\"\"\"", "\\\"\\\"\\\"");
    let lines: Vec<&str> = text.lines().map(str::trim_end).collect();
    if let [one] = lines[..] {
        let end = if one.ends_with('"') { " " } else { "" };
        return format!("\"\"\"{one}{end}\"\"\"");
    }
    let mut all = String::from("\"\"\"");
    for (number, line) in lines.iter().enumerate() {
        if number > 0 {
            all.push('\n');
            if !line.is_empty() {
                all.push_str(&pad);
            }
        }
        all.push_str(line.trim_start());
    }
    format!("{all}\n{pad}\"\"\"")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_members_are_upper_case() {
        let table = [
            ("HuaweiCloud", "HUAWEI_CLOUD"),
            ("MIGRATE_SUCCESS", "MIGRATE_SUCCESS"),
            ("url-list", "URL_LIST"),
            ("5min", "N5MIN"),
            ("", "EMPTY"),
        ];
        for (word, name) in table {
            assert_eq!(upper(word), name, "{word}");
        }
    }

    #[test]
    fn operations_become_functions() {
        assert_eq!(snake("ShowTask"), "show_task");
        assert_eq!(snake("ListApiVersions"), "list_api_versions");
    }

    #[test]
    fn keywords_are_not_names() {
        assert_eq!((safe("from"), safe("bucket")), ("from_".to_owned(), "bucket".to_owned()));
    }
}
