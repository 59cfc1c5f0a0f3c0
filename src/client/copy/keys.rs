//! What keys mean in copy mode: the tables of tmux's `copy-mode-vi` and `copy-mode`. Keys that tmux
//! leaves free are ours.

use std::collections::BTreeMap;

use crate::base::key::{Key, KeyCode, Mods};
use crate::client::copy::motion::{Big, Motion, Till, Way, Word};
use crate::client::copy::select::Shape;

/// What a key does in copy mode.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Command {
    /// Moves over the text.
    Move(Motion),
    /// Moves by rows, in the same column.
    Rows(Way),
    /// To the top, the middle or the bottom of what is shown.
    Place(Place),
    /// To the oldest or the newest row.
    End(Way),
    /// Scrolls.
    Scroll(Way, Step),
    /// What the cursor is on comes to the middle.
    Centre,
    /// Begins a selection, or changes how it runs.
    Select(Shape),
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
    Prompt(Way),
    /// To a character that is typed next.
    Await(Way, Till),
    /// The same again.
    Again(bool),
    /// Asks for a pattern.
    Search(Way),
    /// To the next match, in the direction of the search or against it.
    Next(bool),
    /// Searches the word at the cursor.
    WordSearch(Way),
    /// Asks for a line to go to.
    Line,
    /// Fetches everything anew.
    Refresh,
    /// Leaves.
    Leave,
}

/// A place in what is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// The first row.
    Top,
    /// The middle.
    Middle,
    /// The last row.
    Bottom,
}

/// How far is scrolled.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// A row.
    Row,
    /// Half of what is shown.
    Half,
    /// What is shown, but for two rows.
    Page,
}

/// What is copied, and where it goes.
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

use Command::{
    Again, Await, Begin, Centre, Clear, End, Leave, Line, Move, Next, Other, Place as At, Prompt,
    Refresh, Rows, Scroll, Search, Select, SetMark, ToMark, ToggleBlock, WordSearch, Yank,
};

/// A set of keys.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Table {
    /// Those of vi.
    Vi,
    /// Those of emacs.
    #[default]
    Emacs,
}

const BOTH: &[(&str, Command)] = &[
    ("Left", Move(Motion::Left)),
    ("Right", Move(Motion::Right)),
    ("Up", Rows(Way::Back)),
    ("Down", Rows(Way::On)),
    ("PageUp", Scroll(Way::Back, Step::Page)),
    ("PageDown", Scroll(Way::On, Step::Page)),
    ("S-PageUp", Scroll(Way::Back, Step::Page)),
    ("S-PageDown", Scroll(Way::On, Step::Page)),
    ("C-Up", Scroll(Way::Back, Step::Row)),
    ("C-Down", Scroll(Way::On, Step::Row)),
    ("C-M-Up", Prompt(Way::Back)),
    ("C-M-Down", Prompt(Way::On)),
    ("[", Prompt(Way::Back)),
    ("]", Prompt(Way::On)),
    ("Home", Move(Motion::LineStart)),
    ("End", Move(Motion::LineEnd)),
    ("C-c", Leave),
    ("q", Leave),
    ("f", Await(Way::On, Till::At)),
    ("F", Await(Way::Back, Till::At)),
    ("t", Await(Way::On, Till::Before)),
    ("T", Await(Way::Back, Till::Before)),
    (";", Again(false)),
    (",", Again(true)),
    ("n", Next(false)),
    ("N", Next(true)),
    ("X", SetMark),
    ("M-x", ToMark),
    ("r", Refresh),
    ("o", Other),
    ("y", Yank(Copied::Selection)),
    ("/", Search(Way::On)),
    ("?", Search(Way::Back)),
];

const VI: &[(&str, Command)] = &[
    ("h", Move(Motion::Left)),
    ("C-h", Move(Motion::Left)),
    ("Backspace", Move(Motion::Left)),
    ("l", Move(Motion::Right)),
    ("k", Rows(Way::Back)),
    ("j", Rows(Way::On)),
    ("w", Move(Motion::Word(Word::Next, Big::No))),
    ("b", Move(Motion::Word(Word::Back, Big::No))),
    ("e", Move(Motion::Word(Word::End, Big::No))),
    ("W", Move(Motion::Word(Word::Next, Big::Yes))),
    ("B", Move(Motion::Word(Word::Back, Big::Yes))),
    ("E", Move(Motion::Word(Word::End, Big::Yes))),
    ("0", Move(Motion::LineStart)),
    ("^", Move(Motion::Indent)),
    ("$", Move(Motion::LineEnd)),
    ("g", End(Way::Back)),
    ("G", End(Way::On)),
    ("H", At(Place::Top)),
    ("M", At(Place::Middle)),
    ("L", At(Place::Bottom)),
    ("C-u", Scroll(Way::Back, Step::Half)),
    ("C-d", Scroll(Way::On, Step::Half)),
    ("C-b", Scroll(Way::Back, Step::Page)),
    ("C-f", Scroll(Way::On, Step::Page)),
    ("C-y", Scroll(Way::Back, Step::Row)),
    ("C-e", Scroll(Way::On, Step::Row)),
    ("K", Scroll(Way::Back, Step::Row)),
    ("J", Scroll(Way::On, Step::Row)),
    ("z", Centre),
    ("{", Move(Motion::Paragraph(Way::Back))),
    ("}", Move(Motion::Paragraph(Way::On))),
    ("%", Move(Motion::Bracket)),
    ("v", Select(Shape::Char)),
    ("V", Select(Shape::Line)),
    ("C-v", Select(Shape::Block)),
    ("Space", Begin),
    ("Esc", Clear),
    ("Enter", Yank(Copied::Selection)),
    ("C-j", Yank(Copied::Selection)),
    ("A", Yank(Copied::Append)),
    ("D", Yank(Copied::LineEnd)),
    ("Y", Yank(Copied::Line)),
    ("*", WordSearch(Way::On)),
    ("#", WordSearch(Way::Back)),
    (":", Line),
];

const EMACS: &[(&str, Command)] = &[
    ("C-b", Move(Motion::Left)),
    ("C-f", Move(Motion::Right)),
    ("C-p", Rows(Way::Back)),
    ("C-n", Rows(Way::On)),
    ("M-b", Move(Motion::Word(Word::Back, Big::Emacs))),
    ("M-f", Move(Motion::Word(Word::End, Big::Emacs))),
    ("C-a", Move(Motion::LineStart)),
    ("C-e", Move(Motion::LineEnd)),
    ("M-m", Move(Motion::Indent)),
    ("M-<", End(Way::Back)),
    ("M->", End(Way::On)),
    ("M-R", At(Place::Top)),
    ("M-r", At(Place::Middle)),
    ("C-v", Scroll(Way::On, Step::Page)),
    ("Space", Scroll(Way::On, Step::Page)),
    ("M-v", Scroll(Way::Back, Step::Page)),
    ("M-Up", Scroll(Way::Back, Step::Half)),
    ("M-Down", Scroll(Way::On, Step::Half)),
    ("C-l", Centre),
    ("M-{", Move(Motion::Paragraph(Way::Back))),
    ("M-}", Move(Motion::Paragraph(Way::On))),
    ("C-M-b", Move(Motion::Bracket)),
    ("C-M-f", Move(Motion::Bracket)),
    ("C-Space", Begin),
    ("C-g", Clear),
    ("R", ToggleBlock),
    ("M-w", Yank(Copied::Selection)),
    ("C-w", Yank(Copied::Selection)),
    ("Enter", Yank(Copied::Selection)),
    ("C-k", Yank(Copied::LineEnd)),
    ("C-s", Search(Way::On)),
    ("C-r", Search(Way::Back)),
    ("g", Line),
    ("Esc", Leave),
];

/// The keys of a table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CopyKeys {
    /// Which table they are from.
    pub table: Table,
    keys: BTreeMap<Key, Command>,
}

impl CopyKeys {
    /// Those of a table.
    #[must_use]
    pub fn new(table: Table) -> Self {
        let own = match table {
            Table::Vi => VI,
            Table::Emacs => EMACS,
        };
        let all = BOTH.iter().chain(own);
        Self {
            table,
            keys: all.filter_map(|(name, command)| Some((name.parse().ok()?, *command))).collect(),
        }
    }

    /// What a key does.
    #[must_use]
    pub fn get(&self, key: Key) -> Option<Command> {
        self.keys.get(&key.normal()).copied()
    }

    /// The digit of a count that a key adds: a digit with vi's keys, one with Alt with those of
    /// emacs. A count does not begin with 0.
    #[must_use]
    pub fn digit(&self, key: Key, has_count: bool) -> Option<u32> {
        let (KeyCode::Char(c) | KeyCode::Keypad(c)) = key.code else { return None };
        let mods = if self.table == Table::Vi { Mods::NONE } else { Mods::ALT };
        let digit = c.to_digit(10).filter(|_| key.mods == mods)?;
        (has_count || digit != 0).then_some(digit)
    }
}

#[cfg(test)]
mod tests {
    use super::{BOTH, CopyKeys, EMACS, Table, VI};
    use crate::base::key::Key;

    #[test]
    fn every_key_is_one_and_means_one_thing() {
        for (table, own) in [(Table::Vi, VI), (Table::Emacs, EMACS)] {
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
                digit(Table::Vi, "3", false),
                digit(Table::Vi, "0", false),
                digit(Table::Vi, "0", true)
            ),
            (Some(3), None, Some(0))
        );
        assert_eq!(
            (digit(Table::Emacs, "M-3", false), digit(Table::Emacs, "3", false)),
            (Some(3), None)
        );
    }
}
