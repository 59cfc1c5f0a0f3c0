//! Labels over what is worth copying on the screen: addresses, paths, hashes, numbers. Typing a
//! label copies, a capital opens.

use std::collections::BTreeSet;
use std::sync::OnceLock;

use ratatui::buffer::Buffer;
use regex::Regex;
use serde_json::{Map, Value};

use super::{Next, Overlay};
use crate::base::id::PaneId;
use crate::base::key::{Key, KeyCode, MouseInput, MouseKind};
use crate::base::row::{Run, RunKind};
use crate::base::style::Attrs;
use crate::base::text::width;
use crate::client::copy_mode::Where;
use crate::client::model::{ClientEffect, Model, ShellCommand};
use crate::client::view::{cell_style, pane_rect};
use crate::wire::scroll::ScrollPoint;

/// Letters of labels, the nearest to the fingers first.
const LETTERS: &str = "asdfghjklqwertyuiopzxcvbnm";
/// The most labels.
const HINTS_MAX: usize = 26 * 26;

/// The patterns of texts worth a label, the first that matches wins: addresses, mail, paths, hashes
/// and ids, IP addresses, colours, numbers.
const PATTERNS: &[&str] = &[
    concat!(
        // A host of IPv6 stands in brackets.
        r"(?:https?|ftp|file|ssh|git)://(?:[\w.~%!$&*+=:-]*@)?(?:\[[0-9a-fA-F:.]+(?:%[\w.-]+)?\])?",
        r#"(?:[^\s<>"'`{}|\\^\[\]]*[^\s<>"'`{}|\\^\[\].,;:!?]|)"#,
    ),
    r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+",
    r"\b[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}\b",
    r"[\w.@%+=~-]*(?:/[\w.@%+=-]*[\w@%+=-])+/?(?::\d+(?::\d+)?)?",
    concat!(
        r"\b[\w-]+\.(?:rs|py|js|ts|go|c|h|cc|cpp|hpp|java|rb|sh|",
        r"md|toml|json|ya?ml|txt|log|html|css)",
        r"(?::\d+(?::\d+)?)?\b",
    ),
    r"\b\d{1,3}(?:\.\d{1,3}){3}(?::\d+)?\b",
    r"\b(?:[0-9a-fA-F]{1,4}:){3,7}[0-9a-fA-F]{1,4}\b",
    r"\b(?:[0-9a-fA-F]{1,4}:){1,6}(?::[0-9a-fA-F]{1,4}){1,6}(?:%[\w.-]+\b|\b)",
    r"#[0-9a-fA-F]{6}\b",
    r"\b[0-9a-f]{7,64}\b",
    r"\b0x[0-9a-fA-F]+\b",
    r"\b\d{4,}\b",
];

/// Something with a label.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hint {
    /// The label.
    pub label: String,
    /// The text that is copied.
    pub text: String,
    /// The row and column of the pane at which it begins.
    pub at: ScrollPoint,
}

/// The labels over a pane.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HintLabels {
    /// The pane.
    pub pane: PaneId,
    /// All of them.
    pub all: Vec<Hint>,
    /// The letters that were typed of a label.
    pub typed: String,
    /// True if a letter of it was a capital.
    pub opens: bool,
}

/// The effect of a key on the labels.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Hinted {
    /// More letters are awaited.
    Pending,
    /// This is meant; it is opened if a letter was a capital.
    Chosen(String, bool),
    /// No label begins so.
    Left,
}

impl HintLabels {
    /// Labels over rows; none if there is nothing worth one. Wrapped rows are read as one line.
    #[must_use]
    pub fn new(pane: PaneId, rows: &[(Vec<Run>, bool)]) -> Option<Self> {
        let mut found: Vec<(ScrollPoint, String)> = Vec::new();
        let mut first = 0;
        while first < rows.len() {
            let len = rows[first..].iter().take_while(|(_, wrapped)| *wrapped).count() + 1;
            let end = (first + len).min(rows.len());
            find(first, &rows[first..end], &mut found);
            first = end;
        }
        found.truncate(HINTS_MAX);
        // A text that stands there more than once has one label each, the same text the same one.
        let distinct: BTreeSet<&String> = found.iter().map(|(_, text)| text).collect();
        let mut labels = labels(distinct.len()).into_iter();
        let mut known: Vec<(String, String)> = Vec::new();
        // The newest line is what is most often meant: it gets the shortest labels.
        let mut all: Vec<Hint> = Vec::new();
        for (at, text) in found.into_iter().rev() {
            let label = match known.iter().find(|(same, _)| *same == text) {
                Some((_, label)) => label.clone(),
                None => labels.next()?,
            };
            known.push((text.clone(), label.clone()));
            all.push(Hint { label, text, at });
        }
        (!all.is_empty()).then_some(Self { pane, all, typed: String::new(), opens: false })
    }

    /// Takes a letter of a label.
    pub fn type_letter(&mut self, c: char) -> Hinted {
        self.opens |= c.is_uppercase();
        self.typed.extend(c.to_lowercase());
        if let Some(hint) = self.all.iter().find(|hint| hint.label == self.typed) {
            return Hinted::Chosen(hint.text.clone(), self.opens);
        }
        if self.all.iter().any(|hint| hint.label.starts_with(&self.typed)) {
            Hinted::Pending
        } else {
            Hinted::Left
        }
    }

    /// The labels that what was typed can still become, without that.
    pub fn left(&self) -> impl Iterator<Item = (&Hint, &str)> {
        self.all.iter().filter_map(|hint| Some((hint, hint.label.strip_prefix(&self.typed)?)))
    }
}

pub(super) fn open(model: &mut Model, _: &Map<String, Value>, _: &mut Vec<ClientEffect>) {
    match labelled(model) {
        Some(labels) => model.open(labels),
        None => {
            model.notify("nothing here looks like an address, a path, a hash or a number", false);
        }
    }
}

/// Labels over the rows that the pane in focus shows; none if nothing there is worth one.
fn labelled(model: &Model) -> Option<HintLabels> {
    let pane = model.scene.focused()?;
    let rows: Vec<(Vec<Run>, bool)> = if let Some(mode) = model.copy_modes.open(pane.id) {
        let shown = (0..pane.rect.rows).map(|y| mode.rows.get(mode.top + u64::from(y)));
        shown
            .map(|row| row.map_or_else(Default::default, |row| (row.runs.clone(), row.wrapped)))
            .collect()
    } else {
        let screen = model.scene.panes.get(&pane.id)?;
        let shown =
            screen.rows.iter().skip(usize::from(pane.origin.y)).take(usize::from(pane.rect.rows));
        // A frame does not tell which rows are wrapped: those that are full are.
        let is_full =
            |row: &[Run]| row.iter().map(Run::cols).sum::<usize>() == usize::from(pane.size.cols);
        let goes_on =
            |row: &[Run]| is_full(row) && row.last().is_some_and(|run| !run.text.ends_with(' '));
        shown.map(|row| (row.clone(), goes_on(row))).collect()
    };
    HintLabels::new(pane.id, &rows)
}

impl Overlay for HintLabels {
    /// A letter of a label: copies the text that has it, or opens that.
    fn key(&mut self, key: Key, model: &mut Model, out: &mut Vec<ClientEffect>) -> Next {
        let KeyCode::Char(c) = key.code else { return Next::Close };
        match self.type_letter(c) {
            Hinted::Pending => return Next::Stay,
            Hinted::Left => {}
            Hinted::Chosen(text, false) => model.copied(&text, Where::New, out),
            Hinted::Chosen(text, true) => {
                model.notify(format!("opens {text}"), false);
                out.push(ClientEffect::Run(ShellCommand {
                    line: model.config.copy.open.clone(),
                    argument: Some(text),
                    input: String::new(),
                }));
            }
        }
        Next::Close
    }

    fn mouse(&mut self, mouse: MouseInput, model: &mut Model, _: &mut Vec<ClientEffect>) -> Next {
        if !matches!(mouse.kind, MouseKind::Press(_)) {
            return Next::Stay;
        }
        model.damage.chrome = true;
        Next::Close
    }

    /// Draws what is left to type of each label.
    fn draw(&self, model: &Model, buf: &mut Buffer) {
        let Some(pane) = model.scene.pane(self.pane) else { return };
        let place = pane_rect(model, pane);
        let theme = &model.config.theme;
        let style =
            cell_style::with(cell_style::style(theme.select_fg, theme.select_bg), Attrs::BOLD);
        for (hint, label) in self.left() {
            let Ok(y) = u16::try_from(hint.at.row) else { continue };
            let x = place.x.saturating_add(hint.at.col);
            if y < place.rows && x < place.right() {
                let cols = u16::try_from(width(label)).unwrap_or(u16::MAX);
                let end = x.saturating_add(cols).min(place.right());
                cell_style::fill(buf, place.y + y, x, end, style);
                cell_style::put(buf, (x, place.y + y), usize::from(end - x), label, style);
            }
        }
    }
}

fn patterns() -> &'static [Regex] {
    static COMPILED: OnceLock<Vec<Regex>> = OnceLock::new();
    COMPILED
        .get_or_init(|| PATTERNS.iter().filter_map(|pattern| Regex::new(pattern).ok()).collect())
}

/// A text without what closes a bracket that was opened before it: `(see https://x.org/a)`.
fn balanced(text: &str) -> &str {
    let mut text = text;
    while let Some(rest) = text.strip_suffix(')') {
        if text.matches('(').count() >= text.matches(')').count() {
            break;
        }
        text = rest.trim_end_matches(['.', ',', ';', ':', '!', '?']);
    }
    text
}

/// The texts worth a label in a line.
fn find(first: usize, rows: &[(Vec<Run>, bool)], found: &mut Vec<(ScrollPoint, String)>) {
    let mut text = String::new();
    let mut cells = Vec::new();
    for (row, (runs, _)) in (first as u64..).zip(rows) {
        let mut col = 0_u16;
        for run in runs {
            for c in run.text.chars() {
                cells.push((text.len(), ScrollPoint { row, col }));
                text.push(c);
                col += match run.kind {
                    RunKind::Narrow | RunKind::Under => 1,
                    RunKind::Wide => 2,
                    RunKind::Cluster(_) => 0,
                };
            }
            if let RunKind::Cluster(cols) = run.kind {
                col += u16::from(cols);
            }
        }
    }
    let mut taken: Vec<std::ops::Range<usize>> = Vec::new();
    for pattern in patterns() {
        for hit in pattern.find_iter(&text) {
            let end = hit.start() + balanced(hit.as_str()).len();
            let hit = hit.start()..end;
            if hit.len() < 3
                || text[hit.clone()].ends_with("://")
                || taken.iter().any(|range| hit.start < range.end && range.start < hit.end)
            {
                continue;
            }
            taken.push(hit);
        }
    }
    taken.sort_by_key(|range| range.start);
    for range in taken {
        let at = cells[cells.partition_point(|(byte, _)| *byte <= range.start).saturating_sub(1)].1;
        found.push((at, text[range].to_owned()));
    }
}

/// So many labels, none the beginning of another.
fn labels(count: usize) -> Vec<String> {
    let letters: Vec<char> = LETTERS.chars().collect();
    if count <= letters.len() {
        return letters.iter().take(count).map(char::to_string).collect();
    }
    // Some letters begin labels of two, the others are labels.
    let begin = (count - letters.len()).div_ceil(letters.len() - 1).min(letters.len());
    let (single, double) = letters.split_at(letters.len() - begin);
    let pairs = double
        .iter()
        .flat_map(|first| letters.iter().map(move |second| format!("{first}{second}")));
    single.iter().map(char::to_string).chain(pairs).take(count).collect()
}

#[cfg(test)]
mod tests {
    use super::{HintLabels, Hinted, labels};
    use crate::base::id::PaneId;
    use crate::base::row::{Run, RunKind};
    use crate::base::style::Style;

    fn hints(rows: &[&str]) -> Option<HintLabels> {
        let row = |text: &&str| {
            let (text, wrapped) =
                text.strip_suffix('\\').map_or((*text, false), |text| (text, true));
            (
                vec![Run {
                    style: Style::default(),
                    link: 0,
                    kind: RunKind::Narrow,
                    text: text.into(),
                }],
                wrapped,
            )
        };
        HintLabels::new(PaneId(1), &rows.iter().map(row).collect::<Vec<_>>())
    }

    fn check(text: &str, expected: &[&str]) {
        let found = hints(&[text]).map_or_else(Vec::new, |hints| {
            hints.all.into_iter().rev().map(|hint| hint.text).collect()
        });
        assert_eq!(found, expected, "{text}");
    }

    #[test]
    fn what_is_worth_copying_is_found() {
        check("see https://example.org/a?b=c(d). Then", &["https://example.org/a?b=c(d)"]);
        let rust = "https://en.wikipedia.org/wiki/Rust_(programming_language)";
        for text in ["{}", "({})", "[it]({}).", "<{}>, and", "(see {}.)", "\"{}\"", "{}!"] {
            check(&text.replace("{}", rust), &[rust]);
            check(&text.replace("{}", "http://[::1]:8080/a"), &["http://[::1]:8080/a"]);
            check(&text.replace("{}", "https://x.org/a(b)c/"), &["https://x.org/a(b)c/"]);
        }
        check(
            "ssh://me@[fe80::1%eth0]/x http://[2001:db8::1]",
            &["ssh://me@[fe80::1%eth0]/x", "http://[2001:db8::1]"],
        );
        check("https:// and no more", &[]);
        check("ping fe80::1%eth0 and 2001:db8::7, std::fmt", &["fe80::1%eth0", "2001:db8::7"]);
        check("  --> src/main.rs:12:5", &["src/main.rs:12:5"]);
        check("commit 9d41b04d and /etc/passwd, ~/x/y", &["9d41b04d", "/etc/passwd", "~/x/y"]);
        check(
            "10.0.0.1:80 fe80:1:2:3:4 #ff8800 pid 12345",
            &["10.0.0.1:80", "fe80:1:2:3:4", "#ff8800", "12345"],
        );
        check(
            "mail me@example.org 550e8400-e29b-41d4-a716-446655440000",
            &["me@example.org", "550e8400-e29b-41d4-a716-446655440000"],
        );
        check("nothing of 12 note, or so", &[]);
    }

    #[test]
    fn a_wrapped_address_is_one_and_typing_its_label_takes_it() {
        let mut hints = hints(&["x https://example.org/lo\\", "ng/path", "cafe1234"]).expect("two");
        assert_eq!(
            hints
                .all
                .iter()
                .map(|hint| (hint.label.as_str(), hint.text.as_str(), hint.at.row))
                .collect::<Vec<_>>(),
            [("a", "cafe1234", 2), ("s", "https://example.org/long/path", 0)]
        );
        assert_eq!(
            hints.clone().type_letter('s'),
            Hinted::Chosen("https://example.org/long/path".into(), false)
        );
        assert_eq!(
            hints.clone().type_letter('S'),
            Hinted::Chosen("https://example.org/long/path".into(), true)
        );
        assert_eq!(hints.type_letter('x'), Hinted::Left);
    }

    #[test]
    fn no_label_begins_another() {
        for count in [1, 26, 27, 60, 500] {
            let labels = labels(count);
            assert_eq!(labels.len(), count);
            for (at, label) in labels.iter().enumerate() {
                assert!(
                    labels
                        .iter()
                        .enumerate()
                        .all(|(other, longer)| at == other || !longer.starts_with(label)),
                    "{label} of {count}"
                );
            }
        }
    }
}
