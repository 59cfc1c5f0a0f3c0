//! Replies as text for people: lists as tables, records as lines, ids and texts as they are.
//! Scripts ask for JSON instead.

use serde_json::{Map, Value};

use crate::base::text::{sanitize, width};

const CELL_COLS_MAX: usize = 48;

/// A reply as text, at that moment in milliseconds since 1970. Text members of captures are given
/// as they are; everything else is made harmless.
#[must_use]
pub(super) fn text(reply: &Value, wall: u64) -> String {
    match reply {
        Value::Null => String::new(),
        Value::Array(items) if items.iter().all(Value::is_object) => table(items, wall),
        Value::Array(items) => items.iter().map(|item| cell(item) + "\n").collect(),
        Value::Object(members) => match members.get("text") {
            Some(Value::String(text)) => text.clone(),
            _ if members.get("hits").is_some_and(Value::is_array) => hits(&members["hits"]),
            _ => record(members, wall),
        },
        single => cell(single) + "\n",
    }
}

/// JSON as it is printed: indented for people, one document for scripts.
#[must_use]
pub(super) fn json(value: &Value) -> String {
    serde_json::to_string_pretty(value).expect("a value into memory")
}

/// Hits of a search as grep writes them: pane, number of the line, line. A line with several hits
/// is given once.
fn hits(hits: &Value) -> String {
    let member = |hit: &Value, name: &str| hit.get(name).map(cell).unwrap_or_default();
    let mut lines: Vec<String> = hits
        .as_array()
        .into_iter()
        .flatten()
        .map(|hit| ["pane", "line", "text"].map(|name| member(hit, name)).join(":") + "\n")
        .collect();
    lines.dedup();
    lines.concat()
}

/// A line for each member that says something.
fn record(members: &Map<String, Value>, wall: u64) -> String {
    let shown: Vec<_> = members
        .iter()
        .map(|(name, value)| (head(name), member(name, value, wall)))
        .filter(|(_, text)| !text.is_empty())
        .collect();
    let names = shown.iter().map(|(name, _)| width(name)).max().unwrap_or_default();
    shown
        .iter()
        .fold(String::new(), |lines, (name, text)| lines + &format!("{name:names$}  {text}\n"))
}

/// Columns under the names of the members; those that say nothing in any row are left out.
fn table(items: &[Value], wall: u64) -> String {
    let Some(first) = items.first().and_then(Value::as_object) else { return String::new() };
    let mut columns: Vec<(String, Vec<String>)> = Vec::new();
    for name in first.keys() {
        let shown = |item: &Value| {
            if item.get(name) == Some(&Value::Bool(false)) {
                return String::new();
            }
            short(&item.get(name).map(|value| member(name, value, wall)).unwrap_or_default())
        };
        let cells: Vec<_> = items.iter().map(shown).collect();
        if cells.iter().any(|text| !text.is_empty()) {
            columns.push((head(name).to_uppercase(), cells));
        }
    }
    rows(&columns)
}

/// Columns with their heads, padded to their widths; the last is not padded.
#[must_use]
pub(super) fn rows(columns: &[(String, Vec<String>)]) -> String {
    let count = columns.first().map_or(0, |(_, cells)| cells.len());
    let widths: Vec<_> = columns
        .iter()
        .map(|(head, cells)| {
            cells.iter().map(|text| width(text)).max().unwrap_or(0).max(width(head))
        })
        .collect();
    let line = |texts: Vec<&str>| {
        let padded = texts
            .iter()
            .zip(&widths)
            .map(|(text, cols)| format!("{text}{}", " ".repeat(cols - width(text))));
        padded.collect::<Vec<_>>().join("  ").trim_end().to_owned() + "\n"
    };
    let head = line(columns.iter().map(|(head, _)| head.as_str()).collect());
    (0..count)
        .map(|row| line(columns.iter().map(|(_, cells)| cells[row].as_str()).collect()))
        .fold(head, |text, line| text + &line)
}

/// The heading of a member whose unit is shown with it.
fn head(name: &str) -> &str {
    name.strip_suffix("_wall").or(name.strip_suffix("_ms")).unwrap_or(name)
}

/// A member in one line: moments as how long ago they were, lengths of time with their unit. What
/// only scripts compare is left out.
fn member(name: &str, value: &Value, wall: u64) -> String {
    let millis = value.as_u64().unwrap_or_default();
    match name {
        _ if value.is_null() => String::new(),
        "version" if value.is_number() => String::new(),
        _ if name.ends_with("_wall") => age(wall.saturating_sub(millis)) + " ago",
        _ if name.ends_with("_ms") => age(millis),
        _ => cell(value),
    }
}

/// A length of time in its largest unit.
fn age(millis: u64) -> String {
    match millis / 1000 {
        seconds @ 0..60 => format!("{seconds}s"),
        seconds @ 60..3_600 => format!("{}m", seconds / 60),
        seconds @ 3_600..86_400 => format!("{}h", seconds / 3_600),
        seconds => format!("{}d", seconds / 86_400),
    }
}

/// A value in one line.
fn cell(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::Bool(true) => "yes".into(),
        Value::Bool(false) => "no".into(),
        Value::Number(number) => number.to_string(),
        Value::String(text) => sanitize(text, usize::MAX),
        Value::Array(items) => items.iter().map(cell).collect::<Vec<_>>().join(" "),
        Value::Object(members) => match (members.get("cols"), members.get("rows"), members.len()) {
            (Some(cols), Some(rows), 2) => format!("{cols}x{rows}"),
            // A place as X11 writes a geometry.
            (Some(cols), Some(rows), 4) if members.contains_key("x") => {
                format!("{cols}x{rows}+{}+{}", cell(&value["x"]), cell(&value["y"]))
            }
            _ => members
                .iter()
                .map(|(name, value)| format!("{name} {}", cell(value)))
                .collect::<Vec<_>>()
                .join(" "),
        },
    }
}

fn short(text: &str) -> String {
    if width(text) <= CELL_COLS_MAX {
        return text.into();
    }
    format!("{}…", crate::base::text::fitting(text, CELL_COLS_MAX - 1))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::text;

    #[test]
    fn lists_are_tables_without_empty_columns() {
        let list = json!([
            {
                "id": "s1", "name": "漢", "size": { "cols": 80, "rows": 24 }, "pid": null,
                "panes": ["p1", "p2"],
            },
            {
                "id": "s12", "name": "b\u{1b}[2J", "size": { "cols": 9, "rows": 2 }, "pid": null,
                "panes": [],
            },
        ]);
        assert_eq!(
            text(&list, 0),
            "ID   NAME  SIZE   PANES\ns1   漢    80x24  p1 p2\ns12  b[2J  9x2\n"
        );
        assert_eq!(text(&json!([]), 0), "");
    }

    #[test]
    fn records_and_single_values_are_lines() {
        assert_eq!(
            text(&json!({ "id": "p4", "status": { "code": 7 }, "cwd": "" }), 0),
            "id      p4\nstatus  code 7\n"
        );
        assert_eq!(text(&json!("s3"), 0), "s3\n");
        assert_eq!(text(&json!(null), 0), "");
    }

    #[test]
    fn moments_and_lengths_of_time_have_units() {
        let list = json!([
            { "id": "s1", "created_wall": 1_000, "version": 7 },
            { "id": "s2", "created_wall": 7_200_000, "version": 8 },
        ]);
        assert_eq!(text(&list, 7_261_000), "ID  CREATED\ns1  2h ago\ns2  1m ago\n");
        assert_eq!(
            text(&json!({ "uptime_ms": 59_999, "version": "0.1.0" }), 0),
            "uptime   59s\nversion  0.1.0\n"
        );
    }

    #[test]
    fn hits_are_lines_as_of_grep() {
        fn hit(line: u64, start: u64) -> serde_json::Value {
            json!({ "pane": "p1", "line": line, "start": start, "text": "a b" })
        }
        assert_eq!(
            text(&json!({ "hits": [hit(7, 0), hit(7, 2), hit(3, 0)], "more": false }), 0),
            "p1:7:a b\np1:3:a b\n"
        );
        assert_eq!(text(&json!({ "hits": [], "more": false }), 0), "");
    }

    #[test]
    fn a_capture_is_given_as_it_is() {
        assert_eq!(
            text(&json!({ "text": "\u{1b}[31mred\u{1b}[m\n" }), 0),
            "\u{1b}[31mred\u{1b}[m\n"
        );
    }
}
