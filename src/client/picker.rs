//! A list to pick from, narrowed by what is typed. It neither draws itself nor does what is picked.

use nucleo_matcher::pattern::{CaseMatching, Normalization, Pattern};
use nucleo_matcher::{Matcher, Utf32Str};

use crate::base::id::{PaneId, SessionId, TabId};
use crate::base::key::{Key, KeyCode, Mods};
use crate::client::text_input::TextInput;

/// A line of a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Item {
    /// What is matched and shown first.
    pub text: String,
    /// What is shown beside it.
    pub detail: String,
    /// The keys that do the same.
    pub keys: String,
    /// What happens when it is picked.
    pub choice: Choice,
}

/// What happens when a line is picked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Choice {
    /// This command runs; one that lacks arguments is put into the line instead.
    Command(String),
    /// The view shows that session.
    Session(SessionId),
    /// The view shows that tab.
    Tab(TabId),
    /// That buffer is pasted.
    Buffer(String),
    /// The view goes to a cell of a line of a pane, and shows the matches of a pattern.
    Place {
        /// The pane.
        pane: PaneId,
        /// The number of the line.
        line: u64,
        /// The cell of it.
        cell: u32,
        /// The pattern.
        pattern: String,
    },
    /// That command, by its id, runs again in the pane in focus.
    Past(String),
    /// The view focuses that pane.
    Pane(PaneId),
    /// The list closes.
    Close,
}

/// A list to pick from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Picker {
    /// Its title.
    pub title: &'static str,
    /// What is typed.
    pub line: TextInput,
    /// Whether what is selected is looked at below the list.
    pub has_preview: bool,
    /// Whether a typed line that is a command runs as it stands.
    pub takes_commands: bool,
    /// Why the last typed command was refused.
    pub refused: Option<String>,
    items: Vec<Item>,
    /// Indices of items that match, best first.
    found: Vec<usize>,
    selected: usize,
}

/// What a key did to a list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Picked {
    /// It is still open.
    Open,
    /// It was given up.
    Left,
    /// The line was entered.
    Entered,
}

impl Picker {
    /// A list of `items`, nothing typed, the first selected.
    #[must_use]
    pub fn new(title: &'static str, items: Vec<Item>) -> Self {
        let found = (0..items.len()).collect();
        Self {
            title,
            line: TextInput::default(),
            has_preview: false,
            takes_commands: false,
            refused: None,
            items,
            found,
            selected: 0,
        }
    }

    /// The same with `text` typed.
    #[must_use]
    pub fn typed(mut self, text: &str) -> Self {
        self.line = TextInput::new(text);
        self.narrow();
        self
    }

    /// The same with the item at `idx` selected.
    #[must_use]
    pub fn selecting(mut self, idx: usize) -> Self {
        self.selected = idx.min(self.found.len().saturating_sub(1));
        self
    }

    /// The same with what is selected looked at below it.
    #[must_use]
    pub fn with_preview(mut self) -> Self {
        self.has_preview = true;
        self
    }

    /// Puts other items into the list; what is typed stays, and what is selected as far as it is
    /// still there.
    pub fn refill(&mut self, items: Vec<Item>) {
        let choice = self.selected().map(|item| item.choice.clone());
        self.items = items;
        self.narrow();
        let again =
            self.found.iter().position(|idx| Some(&self.items[*idx].choice) == choice.as_ref());
        self.selected = again.unwrap_or(0);
    }

    /// What is selected as a target, if it is to be looked at.
    #[must_use]
    pub fn target(&self) -> Option<String> {
        match self.selected().filter(|_| self.has_preview)?.choice {
            Choice::Session(id) => Some(id.to_string()),
            Choice::Tab(id) => Some(id.to_string()),
            Choice::Pane(id) => Some(id.to_string()),
            Choice::Command(_)
            | Choice::Close
            | Choice::Buffer(_)
            | Choice::Past(_)
            | Choice::Place { .. } => None,
        }
    }

    /// The items that match, best first.
    #[must_use]
    pub fn found(&self) -> impl ExactSizeIterator<Item = &Item> {
        self.found.iter().map(|idx| &self.items[*idx])
    }

    /// Which of [`Picker::found`] is selected.
    #[must_use]
    pub fn selected_idx(&self) -> usize {
        self.selected
    }

    /// The selected item; none if nothing matches.
    #[must_use]
    pub fn selected(&self) -> Option<&Item> {
        self.found.get(self.selected).map(|idx| &self.items[*idx])
    }

    /// Takes a key.
    pub fn key(&mut self, key: Key) -> Picked {
        let last = self.found.len().saturating_sub(1);
        match (key.code, key.mods) {
            (KeyCode::Esc, _) | (KeyCode::Char('c' | 'g'), Mods::CTRL) => return Picked::Left,
            (KeyCode::Enter | KeyCode::Keypad('\r'), _) => return Picked::Entered,
            (KeyCode::Up, _) | (KeyCode::Char('p'), Mods::CTRL) => {
                self.selected = self.selected.checked_sub(1).unwrap_or(last)
            }
            (KeyCode::Down, _) | (KeyCode::Char('n'), Mods::CTRL) => {
                self.selected = if self.selected < last { self.selected + 1 } else { 0 }
            }
            (KeyCode::PageUp, _) => self.selected = self.selected.saturating_sub(10),
            (KeyCode::PageDown, _) => self.selected = (self.selected + 10).min(last),
            _ if self.line.key(key) => self.narrow(),
            _ => {}
        }
        Picked::Open
    }

    /// Types `text`.
    pub fn insert(&mut self, text: &str) {
        self.line.insert(text);
        self.narrow();
    }

    /// Puts `text` into the line, to be completed.
    pub fn fill(&mut self, text: &str, refused: String) {
        self.line = TextInput::new(text);
        self.narrow();
        self.refused = Some(refused);
    }

    fn narrow(&mut self) {
        self.refused = None;
        self.selected = 0;
        let wanted = Pattern::parse(self.line.text(), CaseMatching::Smart, Normalization::Smart);
        let mut matcher = Matcher::new(nucleo_matcher::Config::DEFAULT);
        let mut buffer = Vec::new();
        let mut score = |text: &str| wanted.score(Utf32Str::new(text, &mut buffer), &mut matcher);
        let mut scored: Vec<_> = self
            .items
            .iter()
            .enumerate()
            .filter_map(|(idx, item)| {
                // What is found in the help alone comes after what is found in the words.
                let by_text = score(&item.text).map(|score| score.saturating_mul(4));
                by_text.or_else(|| score(&item.detail)).map(|score| (std::cmp::Reverse(score), idx))
            })
            .collect();
        scored.sort_unstable();
        self.found = scored.into_iter().map(|(_, idx)| idx).collect();
    }
}

#[cfg(test)]
mod tests {
    use super::{Choice, Item, Picked, Picker};

    fn pick() -> Picker {
        let item = |text: &str, detail: &str| Item {
            text: text.into(),
            detail: detail.into(),
            keys: String::new(),
            choice: Choice::Close,
        };
        let items = vec![
            item("session rename", "Give a session another name"),
            item("pane split", "Divide a pane"),
            item("pane resize", "Move a border"),
            item("tab rename", "Give a tab another name"),
        ];
        Picker::new("commands", items)
    }

    fn check(typed: &str, expected: &[&str]) {
        let found = pick().typed(typed);
        assert_eq!(
            found.found().map(|item| item.text.as_str()).collect::<Vec<_>>(),
            expected,
            "{typed}"
        );
    }

    #[test]
    fn what_is_typed_narrows_the_list() {
        check("split", &["pane split"]);
        check("tab ren", &["tab rename"]);
        check("psp", &["pane split"]);
        check("border", &["pane resize"]);
        check("ren", &["session rename", "tab rename"]);
        check("zzz", &[]);
    }

    #[test]
    fn the_selection_wraps_and_never_leaves_the_list() {
        let mut pick = pick();
        let key = |pick: &mut Picker, name: &str| pick.key(name.parse().expect("a key"));
        key(&mut pick, "Up");
        assert_eq!(pick.selected().map(|item| item.text.as_str()), Some("tab rename"));
        key(&mut pick, "Down");
        assert_eq!(pick.selected_idx(), 0);
        for name in ["z", "z", "Up", "Down", "PageDown", "PageUp"] {
            assert_eq!(key(&mut pick, name), Picked::Open);
        }
        assert_eq!(pick.selected(), None);
        assert_eq!(key(&mut pick, "Enter"), Picked::Entered);
        assert_eq!(key(&mut pick, "Esc"), Picked::Left);
    }
}
