//! A problem of a configuration file, and how it is shown: place, option, value, message, the line
//! and a caret.

use std::fmt;
use std::ops::Range;

use crate::base::text::{fitting, sanitize, width};

/// A problem of a configuration file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Diagnostic {
    /// The file, as it was named.
    pub path: String,
    /// Line, from 1.
    pub line: usize,
    /// Column in characters, from 1.
    pub col: usize,
    /// The option, as `[section].key`; empty for what is no TOML.
    pub option: String,
    /// The value as it is written there, harmless and shortened; empty where there is none.
    pub value: String,
    /// The problem and its remedy; lower case, no full stop.
    pub message: String,
    /// The line as it is shown, harmless and shortened.
    source: String,
    /// The columns of that line that the caret marks.
    marked: Range<usize>,
}

const VALUE_COLS_MAX: usize = 40;
const LINE_COLS_MAX: usize = 160;

/// A file that is being checked.
#[derive(Debug, Clone, Copy)]
pub struct File<'a> {
    /// The name of the file.
    pub path: &'a str,
    /// The text of the file.
    pub text: &'a str,
}

impl File<'_> {
    /// A problem with the bytes `at` of the text.
    #[must_use]
    pub fn problem(&self, at: Range<usize>, message: impl Into<String>) -> Diagnostic {
        let start = floor(self.text, at.start);
        let end = floor(self.text, at.end).max(start);
        let line_start = self.text[..start].rfind('\n').map_or(0, |found| found + 1);
        let line = &self.text[line_start..];
        let line = line[..line.find('\n').unwrap_or(line.len())].trim_end_matches('\r');
        let before = &self.text[line_start..start];
        let marked = &self.text[start..end.min(line_start + line.len()).max(start)];
        let first = width(&shown(before));
        Diagnostic {
            path: self.path.into(),
            line: self.text[..start].matches('\n').count() + 1,
            col: before.chars().count() + 1,
            option: String::new(),
            value: String::new(),
            message: message.into(),
            source: fitting(&shown(line), LINE_COLS_MAX).into(),
            marked: first..first + width(&shown(marked)).max(1),
        }
    }
}

impl Diagnostic {
    /// A file that cannot be read at all.
    #[must_use]
    pub fn unreadable(path: &str, reason: &str) -> Self {
        File { path, text: "" }.problem(0..0, format!("cannot be read: {reason}"))
    }

    /// The same, of this option.
    #[must_use]
    pub fn option(self, option: impl Into<String>) -> Self {
        Self { option: option.into(), ..self }
    }

    /// The same, with this value as it is written in the file.
    #[must_use]
    pub fn value(self, written: &str) -> Self {
        let line = shown(written.lines().next().unwrap_or_default());
        let start = fitting(&line, VALUE_COLS_MAX);
        let cut = start.len() < line.len() || written.lines().nth(1).is_some();
        Self { value: if cut { format!("{start}…") } else { line }, ..self }
    }

    /// The first line of what is shown: `path:line:col: [section].key: value: message`.
    #[must_use]
    pub fn headline(&self) -> String {
        let mut text = format!("{}:{}:{}: ", self.path, self.line, self.col);
        for part in [&self.option, &self.value] {
            if !part.is_empty() {
                text.push_str(part);
                text.push_str(": ");
            }
        }
        text + &self.message
    }
}

impl fmt::Display for Diagnostic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let number = self.line.to_string();
        let gutter = " ".repeat(number.len());
        f.write_str(&self.headline())?;
        if self.source.is_empty() {
            return Ok(());
        }
        writeln!(f)?;
        writeln!(f, " {number} | {}", self.source)?;
        let first = self.marked.start.min(LINE_COLS_MAX);
        let len = self.marked.len().min(LINE_COLS_MAX - first).max(1);
        write!(f, " {gutter} | {}{}", " ".repeat(first), "^".repeat(len))
    }
}

/// All of them, one after the other, as they are shown.
#[must_use]
pub fn listing(problems: &[Diagnostic]) -> String {
    problems.iter().fold(String::new(), |text, problem| text + &problem.to_string() + "\n")
}

/// A tab as one column, and nothing a terminal would obey.
fn shown(text: &str) -> String {
    sanitize(&text.replace('\t', " "), usize::MAX)
}

fn floor(text: &str, at: usize) -> usize {
    let mut at = at.min(text.len());
    while !text.is_char_boundary(at) {
        at -= 1;
    }
    at
}

#[cfg(test)]
mod tests {
    use super::File;

    #[test]
    fn the_caret_stands_under_wide_and_tabbed_text() {
        let file = File { path: "c.toml", text: "a = 1\n\t漢 = \"x\"\r\n" };
        let at = file.text.find('"').expect("there");
        let problem = file.problem(at..at + 3, "no").option("漢").value("\"x\"");
        assert_eq!(
            problem.to_string(),
            "c.toml:2:6: 漢: \"x\": no\n 2 |  漢 = \"x\"\n   |       ^^^"
        );
    }

    #[test]
    fn places_outside_the_text_and_inside_a_character_are_shown_all_the_same() {
        let file = File { path: "c.toml", text: "é" };
        for at in [0..9, 1..1, 5..7] {
            assert!(file.problem(at, "no").to_string().ends_with('^'));
        }
    }

    #[test]
    fn what_a_terminal_would_obey_is_not_shown() {
        let file = File { path: "c.toml", text: "k = \"\u{1b}[2J\"" };
        let shown = file.problem(4..10, "no").value("\"\u{1b}[2J\"").to_string();
        assert!(!shown.contains('\u{1b}'), "{shown:?}");
    }
}
