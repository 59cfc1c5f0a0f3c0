//! Compares a parsed file with the shapes of the options. It finds unknown names, wrong types,
//! values out of bounds and wrong bindings; it makes no settings.

use std::ops::Range;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use crate::base::geom::Size;
use crate::base::key::Key;
use crate::base::text::nearest;
use crate::config::diag::{Diagnostic, File};
use crate::config::keymap::{self, Fault};
use crate::settings::ThemeChoice;
use crate::settings::shape::{OptionNode, OptionShape};

/// The problems of the options of a file.
#[must_use]
pub(crate) fn problems(file: File<'_>, table: &DeTable<'_>, root: &OptionNode) -> Vec<Diagnostic> {
    let OptionShape::Table(sections) = &root.shape else {
        unreachable!("what a file holds is a table")
    };
    let mut check = Check { file, sections, found: Vec::new() };
    check.table(&[], sections, table);
    check.found
}

struct Check<'a> {
    file: File<'a>,
    sections: &'a [(String, OptionNode)],
    found: Vec<Diagnostic>,
}

impl Check<'_> {
    fn table(&mut self, path: &[&str], members: &[(String, OptionNode)], table: &DeTable<'_>) {
        for (key, value) in table {
            let path = [path, &[key.get_ref().as_ref()]].concat();
            match members.iter().find(|(name, _)| *name == **key.get_ref()) {
                Some((_, node)) => self.member(&path, &node.shape, value),
                None => self.unknown(&path, members, key.span(), value),
            }
        }
    }

    fn member(&mut self, path: &[&str], shape: &OptionShape, value: &Spanned<DeValue<'_>>) {
        match (shape, value.get_ref()) {
            (OptionShape::Table(members), DeValue::Table(table)) => {
                self.table(path, members, table);
            }
            (OptionShape::Map, DeValue::Table(table)) => self.bindings(path, table),
            (OptionShape::List { of, max }, DeValue::Array(list)) => {
                if max.is_some_and(|max| list.len() as u64 > max) {
                    let max = max.unwrap_or_default();
                    self.refuse(
                        path,
                        value.span(),
                        format!("has {} members; at most {max} are allowed", list.len()),
                    );
                }
                for member in list {
                    self.member(path, of, member);
                }
            }
            (OptionShape::Either(shapes), DeValue::Array(_))
                if let Some(list) =
                    shapes.iter().find(|shape| matches!(shape, OptionShape::List { .. })) =>
            {
                self.member(path, list, value);
            }
            (shape, given) => {
                if let Some(message) = mismatch(shape, given) {
                    self.refuse(path, value.span(), message);
                }
            }
        }
    }

    /// The user's own keys: the one map there is.
    fn bindings(&mut self, path: &[&str], table: &DeTable<'_>) {
        let mut seen: Vec<&str> = Vec::new();
        for (key, value) in table {
            let chord = key.get_ref().as_ref();
            let path = [path, &[key.get_ref().as_ref()]].concat();
            let Some(words) = value.get_ref().as_str() else {
                self.refuse(
                    &path,
                    value.span(),
                    "has to be an action as a text, such as \"pane split --right\"; \"\" frees \
                     the key"
                        .into(),
                );
                continue;
            };
            if let Some(other) = seen.iter().find(|other| keymap::collide(other, chord)) {
                let message = format!("the same keys as {other:?} above, or the beginning of them");
                let problem = self.file.problem(key.span(), message).option(option(&path));
                self.found.push(problem);
            }
            seen.push(chord);
            for fault in keymap::faults(chord, words) {
                match fault {
                    Fault::Chord(message) => {
                        let written = self.written(value.span());
                        let problem = self
                            .file
                            .problem(key.span(), message)
                            .option(option(&path))
                            .value(&written);
                        self.found.push(problem);
                    }
                    Fault::Action(message) => self.refuse(&path, value.span(), message),
                }
            }
        }
    }

    fn unknown(
        &mut self,
        path: &[&str],
        members: &[(String, OptionNode)],
        at: Range<usize>,
        value: &Spanned<DeValue<'_>>,
    ) {
        let name = path.last().copied().unwrap_or_default();
        let names = || members.iter().map(|(name, _)| name.as_str());
        let at_top = path.len() == 1;
        let what = if at_top && value.get_ref().is_table() { "section" } else { "option" };
        let is_section = |name: &str| {
            members
                .iter()
                .any(|(member, node)| member == name && matches!(node.shape, OptionShape::Table(_)))
        };
        let near = nearest(name, names()).map(|near| {
            if at_top && is_section(near) { format!("[{near}]") } else { near.to_owned() }
        });
        let message = match (self.home_of(name), near) {
            (Some(section), _) => format!("no such {what} here; there is [{section}].{name}"),
            (None, Some(near)) => format!("no such {what}; the nearest is {near}"),
            (None, None) if at_top => format!("no such {what}; the sections are {}", join(names())),
            (None, None) => format!(
                "no such {what}; [{}] has {}",
                path[..path.len() - 1].join("."),
                join(names())
            ),
        };
        let written =
            if value.get_ref().is_table() { String::new() } else { self.written(value.span()) };
        let shown = if at_top && what == "option" { name.to_owned() } else { option(path) };
        let problem = self.file.problem(at, message).option(shown).value(&written);
        self.found.push(problem);
    }

    /// The section that has an option of this very name.
    fn home_of(&self, name: &str) -> Option<&str> {
        let has = |node: &OptionNode| match &node.shape {
            OptionShape::Table(members) => members.iter().any(|(member, _)| member == name),
            _ => false,
        };
        self.sections.iter().find(|(_, node)| has(node)).map(|(section, _)| section.as_str())
    }

    fn refuse(&mut self, path: &[&str], at: Range<usize>, message: String) {
        let written = self.written(at.clone());
        self.found.push(self.file.problem(at, message).option(option(path)).value(&written));
    }

    fn written(&self, at: Range<usize>) -> String {
        self.file.text.get(at).unwrap_or_default().to_owned()
    }
}

/// `[section].key` of a path; a name that is no bare key is quoted.
fn option(path: &[&str]) -> String {
    let (section, key) = match path {
        [] => return String::new(),
        [section] => return format!("[{section}]"),
        [sections @ .., key] => (sections.join("."), *key),
    };
    let bare =
        !key.is_empty() && key.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_' || b == b'-');
    if bare { format!("[{section}].{key}") } else { format!("[{section}].{key:?}") }
}

/// The values that would be right; none if this one is.
fn mismatch(shape: &OptionShape, value: &DeValue<'_>) -> Option<String> {
    let text = value.as_str();
    match shape {
        OptionShape::Switch if value.is_bool() => None,
        OptionShape::Switch if matches!(text, Some("true" | "false")) => {
            Some("has to be true or false, without quotes".into())
        }
        OptionShape::Switch => Some("has to be true or false".into()),
        OptionShape::Whole { min, max } => {
            if number(value).is_some_and(|number| (*min..=*max).contains(&number)) {
                return None;
            }
            let quoted = if text.is_some_and(|text| text.parse::<i64>().is_ok()) {
                ", without quotes"
            } else {
                ""
            };
            Some(format!("has to be a whole number from {min} to {max}{quoted}"))
        }
        OptionShape::Word(words)
            if text.is_some_and(|text| words.iter().any(|word| word == text)) =>
        {
            None
        }
        OptionShape::Word(words) => {
            let near = text.and_then(|text| nearest(text, words.iter().map(String::as_str)));
            let near = near.map_or_else(String::new, |near| format!("; the nearest is {near:?}"));
            Some(format!(
                "has to be one of {}{near}",
                join(words.iter().map(|word| format!("{word:?}")))
            ))
        }
        OptionShape::Form(form) => match text {
            Some(text) => malformed(form, text),
            None => Some(format!("has to be a {form} as a text, such as {}", example(form))),
        },
        OptionShape::Text { min, max } => match text {
            None => Some("has to be a text, in quotes".into()),
            Some(text) if text.chars().any(char::is_control) => {
                Some("has a control character".into())
            }
            Some(text) => {
                let len = text.chars().count() as u64;
                let fits = *min <= len && max.is_none_or(|max| len <= max);
                (!fits).then(|| {
                    format!(
                        "has {len} characters; {min} to {} are allowed",
                        max.unwrap_or(u64::MAX)
                    )
                })
            }
        },
        OptionShape::List { of, .. } => {
            Some(format!("has to be a list, such as [{}]", list_example(of)))
        }
        OptionShape::Either(shapes) => {
            let found: Option<Vec<String>> =
                shapes.iter().map(|shape| mismatch(shape, value)).collect();
            found.map(|messages| messages.join(", or "))
        }
        OptionShape::Table(_) | OptionShape::Map => {
            Some("has to be a section with options of its own".into())
        }
    }
}

fn number(value: &DeValue<'_>) -> Option<i64> {
    let number = value.as_integer()?;
    i64::from_str_radix(number.as_str(), number.radix()).ok()
}

/// Why a text is not of this form.
fn malformed(form: &str, text: &str) -> Option<String> {
    match form {
        "key" => text.parse::<Key>().err().map(|error| error.to_string()),
        "hook" => keymap::hook_fault(text),
        "colour" => text.parse::<ThemeChoice>().err().map(|error| error.to_string()),
        "size" => text.parse::<Size>().err().map(|error| error.to_string()),
        "program" => program_fault(text),
        _ if text.chars().any(char::is_control) => Some("has a control character".into()),
        _ if text.is_empty() || text.starts_with('/') => None,
        _ => Some("has to be an absolute path, such as \"/usr/bin/fish\"".into()),
    }
}

/// Why a text cannot be the name of a program's file.
fn program_fault(text: &str) -> Option<String> {
    if text.is_empty() || text.contains('/') || text.chars().any(char::is_control) {
        return Some("has to be the name of a program without its folder, such as \"vim\"".into());
    }
    text.contains(' ')
        .then(|| "has to be the name of a program without arguments, such as \"vim\"".into())
}

fn example(form: &str) -> &'static str {
    match form {
        "key" => "\"C-b\"",
        "colour" => "\"blue\" or \"#5f87ff\"",
        "hook" => "\"layout equalise\" or \"! notify-send done\"",
        "size" => "\"120x40\"",
        "program" => "\"vim\"",
        _ => "\"/usr/bin/fish\"",
    }
}

fn list_example(of: &OptionShape) -> String {
    match of {
        OptionShape::Word(words) => {
            words.iter().take(2).map(|word| format!("{word:?}")).collect::<Vec<_>>().join(", ")
        }
        OptionShape::Form(form) => example(form).into(),
        _ => "\"…\"".into(),
    }
}

fn join<T: ToString>(names: impl Iterator<Item = T>) -> String {
    names.map(|name| name.to_string()).collect::<Vec<_>>().join(", ")
}
