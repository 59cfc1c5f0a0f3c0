//! The text of a configuration file as settings, or everything that is wrong with it at once; and
//! that of a layout file as data. It opens no file.

use serde::de::DeserializeOwned;
use serde::{Deserialize as _, Serialize};
use toml::de::DeTable;

use crate::config::check;
use crate::config::diag::{Diagnostic, File};
use crate::settings::Settings;
use crate::settings::shape::tree;

/// The longest file that is read, in bytes.
pub const FILE_BYTES_MAX: usize = 1 << 20;

const PROBLEMS_MAX: usize = 100;

/// The default configuration as a file, every option with its text. Equal to `Settings::default()`.
pub const DEFAULT: &str = include_str!("../../config/default.toml");

/// The settings that the text of a file gives; `path` is its name in problems.
///
/// # Errors
/// Every problem, in the order of the file. If it is no TOML, only what makes it none.
pub fn load(path: &str, text: &str) -> Result<Settings, Vec<Diagnostic>> {
    let file = File { path, text };
    if text.len() > FILE_BYTES_MAX {
        return Err(vec![file.problem(
            0..0,
            format!("the file has {} bytes; at most {FILE_BYTES_MAX} are read", text.len()),
        )]);
    }
    let (table, errors) = DeTable::parse_recoverable(text);
    if !errors.is_empty() {
        let problems = errors
            .into_iter()
            .map(|error| file.problem(error.span().unwrap_or(0..0), error.message()));
        return Err(ordered(problems.collect()));
    }
    let problems = check::problems(file, table.get_ref(), &tree());
    if !problems.is_empty() {
        return Err(ordered(problems));
    }
    Settings::deserialize(toml::de::Deserializer::from(table))
        .map_err(|error| vec![file.problem(error.span().unwrap_or(0..0), error.message())])
}

/// The line, from 1, in which the text of a file sets the option at this path, such as
/// `["keys", "hint_ms"]`; none if it does not.
#[must_use]
pub fn line_of(text: &str, path: &[&str]) -> Option<usize> {
    let (table, _) = DeTable::parse_recoverable(text);
    let mut members = table.get_ref();
    for (depth, wanted) in path.iter().enumerate() {
        let (key, value) = members.iter().find(|(key, _)| key.get_ref() == wanted)?;
        if depth + 1 == path.len() {
            return Some(text.get(..key.span().start)?.matches('\n').count() + 1);
        }
        members = value.get_ref().as_table()?;
    }
    None
}

fn ordered(mut problems: Vec<Diagnostic>) -> Vec<Diagnostic> {
    problems.sort_by_key(|problem| (problem.line, problem.col));
    problems.dedup();
    problems.truncate(PROBLEMS_MAX);
    problems
}

/// The data of a layout file.
///
/// # Errors
/// What is wrong, with the line.
pub fn read_layout<T: DeserializeOwned>(text: &str) -> Result<T, String> {
    toml::from_str(text).map_err(|error| error.to_string().trim_end().to_owned())
}

/// Data as a layout file.
///
/// # Errors
/// If it has something that TOML has not.
pub fn write_layout<T: Serialize>(layout: &T) -> Result<String, String> {
    toml::to_string_pretty(layout).map_err(|error| error.to_string())
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::{read_layout, write_layout};

    #[test]
    fn a_layout_is_read_as_it_was_written() {
        let layout =
            BTreeMap::from([("command".to_owned(), vec!["vi".to_owned(), "a \"b".to_owned()])]);
        assert_eq!(read_layout(&write_layout(&layout).expect("it can be written")), Ok(layout));
        assert!(
            read_layout::<BTreeMap<String, String>>("split = ")
                .is_err_and(|error| error.contains("line 1"))
        );
    }
}
