//! The keys of copy mode: the tables of tmux's `copy-mode-vi` and `copy-mode`. Keys that tmux
//! leaves free are ours.

use std::collections::BTreeMap;

use crate::base::key::{Key, KeyCode, Mods};
use crate::client::copy_mode::motion::{Big, Motion, Till, Toward, Word};
use crate::client::copy_mode::select::SelectionKind;

/// A command of copy mode.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CopyCommand {
    /// Moves over the text.
    Move(Motion),
    /// Moves by rows, in the same column.
    Rows(Toward),
    /// To the top, the middle or the bottom of what is shown.
    Place(ViewRow),
    /// To the oldest or the newest row.
    End(Toward),
    /// Scrolls.
    Scroll(Toward, Step),
    /// The row of the cursor comes to the middle.
    Centre,
    /// Begins a selection, or changes how it runs.
    Select(SelectionKind),
    /// Begins a selection anew.
    Begin,
    /// A block instead of a run of cells, or back.
    ToggleBlock,
    /// Forgets the selection.
    Clear,
    /// To the other end of the selection; without one, selects what a command printed.
    Other,
    /// Copies.
    Yank(Copied),
    /// Remembers where the cursor is.
    SetMark,
    /// To the remembered place, and remembers this one.
    ToMark,
    /// To the next prompt.
    Prompt(Toward),
    /// To a character that is typed next.
    Await(Toward, Till),
    /// The same again.
    Again(bool),
    /// Asks for a pattern.
    Search(Toward),
    /// To the next match, in the direction of the search or against it.
    Next(bool),
    /// Searches the word at the cursor.
    WordSearch(Toward),
    /// Asks for a line to go to.
    Line,
    /// Fetches everything anew.
    Refresh,
    /// Leaves.
    Leave,
}

/// A place in what is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ViewRow {
    /// The first row.
    Top,
    /// The middle.
    Middle,
    /// The last row.
    Bottom,
}

/// A distance to scroll.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// A row.
    Row,
    /// Half of what is shown.
    Half,
    /// The shown rows, but for two.
    Page,
}

/// The text that is copied, and its target.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Copied {
    /// The selection, into a new buffer.
    Selection,
    /// The selection, after what the newest buffer holds.
    Append,
    /// From the cursor to the end of the line.
    LineEnd,
    /// The line.
    Line,
}

use CopyCommand::{
    Again, Await, Begin, Centre, Clear, End, Leave, Line, Move, Next, Other, Place as At, Prompt,
    Refresh, Rows, Scroll, Search, Select, SetMark, ToMark, ToggleBlock, WordSearch, Yank,
};

/// A set of keys.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum KeyTable {
    /// The keys of vi.
    Vi,
    /// The keys of emacs.
    #[default]
    Emacs,
}

const BOTH: &[(&str, CopyCommand)] = &[
    ("Left", Move(Motion::Left)),
    ("Right", Move(Motion::Right)),
    ("Up", Rows(Toward::Back)),
    ("Down", Rows(Toward::On)),
    ("PageUp", Scroll(Toward::Back, Step::Page)),
    ("PageDown", Scroll(Toward::On, Step::Page)),
    ("S-PageUp", Scroll(Toward::Back, Step::Page)),
    ("S-PageDown", Scroll(Toward::On, Step::Page)),
    ("C-Up", Scroll(Toward::Back, Step::Row)),
    ("C-Down", Scroll(Toward::On, Step::Row)),
    ("C-M-Up", Prompt(Toward::Back)),
    ("C-M-Down", Prompt(Toward::On)),
    ("[", Prompt(Toward::Back)),
    ("]", Prompt(Toward::On)),
    ("Home", Move(Motion::LineStart)),
    ("End", Move(Motion::LineEnd)),
    ("C-c", Leave),
    ("q", Leave),
    ("f", Await(Toward::On, Till::At)),
    ("F", Await(Toward::Back, Till::At)),
    ("t", Await(Toward::On, Till::Before)),
    ("T", Await(Toward::Back, Till::Before)),
    (";", Again(false)),
    (",", Again(true)),
    ("n", Next(false)),
    ("N", Next(true)),
    ("X", SetMark),
    ("M-x", ToMark),
    ("r", Refresh),
    ("o", Other),
    ("y", Yank(Copied::Selection)),
    ("/", Search(Toward::On)),
    ("?", Search(Toward::Back)),
];

const VI: &[(&str, CopyCommand)] = &[
    ("h", Move(Motion::Left)),
    ("C-h", Move(Motion::Left)),
    ("Backspace", Move(Motion::Left)),
    ("l", Move(Motion::Right)),
    ("k", Rows(Toward::Back)),
    ("j", Rows(Toward::On)),
    ("w", Move(Motion::Word(Word::Next, Big::No))),
    ("b", Move(Motion::Word(Word::Back, Big::No))),
    ("e", Move(Motion::Word(Word::End, Big::No))),
    ("W", Move(Motion::Word(Word::Next, Big::Yes))),
    ("B", Move(Motion::Word(Word::Back, Big::Yes))),
    ("E", Move(Motion::Word(Word::End, Big::Yes))),
    ("0", Move(Motion::LineStart)),
    ("^", Move(Motion::Indent)),
    ("$", Move(Motion::LineEnd)),
    ("g", End(Toward::Back)),
    ("G", End(Toward::On)),
    ("H", At(ViewRow::Top)),
    ("M", At(ViewRow::Middle)),
    ("L", At(ViewRow::Bottom)),
    ("C-u", Scroll(Toward::Back, Step::Half)),
    ("C-d", Scroll(Toward::On, Step::Half)),
    ("C-b", Scroll(Toward::Back, Step::Page)),
    ("C-f", Scroll(Toward::On, Step::Page)),
    ("C-y", Scroll(Toward::Back, Step::Row)),
    ("C-e", Scroll(Toward::On, Step::Row)),
    ("K", Scroll(Toward::Back, Step::Row)),
    ("J", Scroll(Toward::On, Step::Row)),
    ("z", Centre),
    ("{", Move(Motion::Paragraph(Toward::Back))),
    ("}", Move(Motion::Paragraph(Toward::On))),
    ("%", Move(Motion::Bracket)),
    ("v", Select(SelectionKind::Char)),
    ("V", Select(SelectionKind::Line)),
    ("C-v", Select(SelectionKind::Block)),
    ("Space", Begin),
    ("Esc", Clear),
    ("Enter", Yank(Copied::Selection)),
    ("C-j", Yank(Copied::Selection)),
    ("A", Yank(Copied::Append)),
    ("D", Yank(Copied::LineEnd)),
    ("Y", Yank(Copied::Line)),
    ("*", WordSearch(Toward::On)),
    ("#", WordSearch(Toward::Back)),
    (":", Line),
];

const EMACS: &[(&str, CopyCommand)] = &[
    ("C-b", Move(Motion::Left)),
    ("C-f", Move(Motion::Right)),
    ("C-p", Rows(Toward::Back)),
    ("C-n", Rows(Toward::On)),
    ("M-b", Move(Motion::Word(Word::Back, Big::Emacs))),
    ("M-f", Move(Motion::Word(Word::End, Big::Emacs))),
    ("C-a", Move(Motion::LineStart)),
    ("C-e", Move(Motion::LineEnd)),
    ("M-m", Move(Motion::Indent)),
    ("M-<", End(Toward::Back)),
    ("M->", End(Toward::On)),
    ("M-R", At(ViewRow::Top)),
    ("M-r", At(ViewRow::Middle)),
    ("C-v", Scroll(Toward::On, Step::Page)),
    ("Space", Scroll(Toward::On, Step::Page)),
    ("M-v", Scroll(Toward::Back, Step::Page)),
    ("M-Up", Scroll(Toward::Back, Step::Half)),
    ("M-Down", Scroll(Toward::On, Step::Half)),
    ("C-l", Centre),
    ("M-{", Move(Motion::Paragraph(Toward::Back))),
    ("M-}", Move(Motion::Paragraph(Toward::On))),
    ("C-M-b", Move(Motion::Bracket)),
    ("C-M-f", Move(Motion::Bracket)),
    ("C-Space", Begin),
    ("C-g", Clear),
    ("R", ToggleBlock),
    ("M-w", Yank(Copied::Selection)),
    ("C-w", Yank(Copied::Selection)),
    ("Enter", Yank(Copied::Selection)),
    ("C-k", Yank(Copied::LineEnd)),
    ("C-s", Search(Toward::On)),
    ("C-r", Search(Toward::Back)),
    ("g", Line),
    ("Esc", Leave),
];

/// The keys of a table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CopyKeys {
    /// The table they are from.
    pub table: KeyTable,
    keys: BTreeMap<Key, CopyCommand>,
}

impl CopyKeys {
    /// The keys of a table.
    #[must_use]
    pub fn new(table: KeyTable) -> Self {
        let own = match table {
            KeyTable::Vi => VI,
            KeyTable::Emacs => EMACS,
        };
        let all = BOTH.iter().chain(own);
        Self {
            table,
            keys: all.filter_map(|(name, command)| Some((name.parse().ok()?, *command))).collect(),
        }
    }

    /// The command of a key.
    #[must_use]
    pub fn get(&self, key: Key) -> Option<CopyCommand> {
        self.keys.get(&key.normal()).copied()
    }

    /// The digit of a count that a key adds: a digit with vi's keys, one with Alt with those of
    /// emacs. A count does not begin with 0.
    #[must_use]
    pub fn digit(&self, key: Key, has_count: bool) -> Option<u32> {
        let (KeyCode::Char(c) | KeyCode::Keypad(c)) = key.code else { return None };
        let mods = if self.table == KeyTable::Vi { Mods::NONE } else { Mods::ALT };
        let digit = c.to_digit(10).filter(|_| key.mods == mods)?;
        (has_count || digit != 0).then_some(digit)
    }
}

#[cfg(test)]
mod tests {
    use super::{BOTH, CopyKeys, EMACS, KeyTable, VI};
    use crate::base::key::Key;

    #[test]
    fn every_key_is_one_and_means_one_thing() {
        for (table, own) in [(KeyTable::Vi, VI), (KeyTable::Emacs, EMACS)] {
            let keys = CopyKeys::new(table);
            assert_eq!(keys.keys.len(), BOTH.len() + own.len());
            for (name, command) in BOTH.iter().chain(own) {
                let key: Key = name.parse().expect(name);
                assert_eq!(keys.get(key), Some(*command), "{name}");
            }
        }
    }

    #[test]
    fn counts_are_typed_as_each_table_has_it() {
        let digit =
            |table, name: &str, has| CopyKeys::new(table).digit(name.parse().expect("a key"), has);
        assert_eq!(
            (
                digit(KeyTable::Vi, "3", false),
                digit(KeyTable::Vi, "0", false),
                digit(KeyTable::Vi, "0", true)
            ),
            (Some(3), None, Some(0))
        );
        assert_eq!(
            (digit(KeyTable::Emacs, "M-3", false), digit(KeyTable::Emacs, "3", false)),
            (Some(3), None)
        );
    }
}
