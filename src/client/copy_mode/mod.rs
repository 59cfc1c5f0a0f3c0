//! Copy mode of one pane: what is shown, cursor, selection, search. Pure: it takes keys and
//! answers, and says what it wants done.
//!
//! Rows that are missing are asked for; the server searches. `update` feeds it, `view` draws it,
//! overlays read its rows. Tests: `tests`, `tests/it/e2e_copy.rs`, `tests/it/e2e_search.rs`.

pub mod keys;
pub mod motion;
pub mod panes;
mod run;
pub mod scrollback_cache;
pub mod search;
pub mod select;
pub mod show;
#[cfg(test)]
pub(crate) mod tests;

use std::collections::VecDeque;
use std::ops::Range;
use std::rc::Rc;

use crate::base::geom::{Point, Size};
use crate::base::id::PaneId;
use crate::base::key::Key;
use crate::client::copy_mode::keys::{CopyCommand, CopyKeys, KeyTable};
use crate::client::copy_mode::motion::{Text, Till, Toward};
use crate::client::copy_mode::scrollback_cache::{Missing, ScrollbackCache};
use crate::client::copy_mode::search::CopySearch;
use crate::client::copy_mode::select::{SelectedCells, Selection, Yank};
use crate::client::text_input::TextInput;
use crate::wire::scroll::{
    Answer, ROWS_MAX, ScrollMatch, ScrollPoint, ScrollQuery, ScrollReply, ScrollRequest,
};

/// Keys that wait for rows; more are dropped.
const QUEUE_MAX: usize = 64;
/// Rows that are fetched for one motion, in chunks; beyond it the motion is given up.
const CHUNKS_MAX: u32 = 32;
/// The largest count.
const COUNT_MAX: u32 = 9999;

/// An effect of copy mode.
#[derive(Debug, Clone, PartialEq)]
pub enum CopyEffect {
    /// This is to be asked.
    Ask(ScrollRequest),
    /// This text was copied.
    Copied(String, Where),
    /// This is to be told.
    Say(String),
    /// Copy mode ends.
    Leave,
}

/// The target of copied text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Where {
    /// Into a new buffer.
    New,
    /// After what the newest one holds.
    Append,
}

/// Something that is done once the rows for it are there.
#[derive(Debug, Clone, PartialEq)]
pub enum CopyInput {
    /// A command of a key.
    Command(CopyCommand),
    /// A key that none of the tables has.
    Key(Key),
    /// The mouse selects.
    Mouse(CopyMouse),
    /// Scrolls so many rows.
    Wheel(Toward, u64),
    /// Goes to a row, such as a match of another search.
    Go(ScrollPoint),
    /// Goes to a cell of a line, and shows the matches of a pattern.
    Visit(u64, u32, String),
    /// Searches a pattern from the row of the cursor on.
    Search(String),
}

/// An event of the mouse, at a cell of the shown rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CopyMouse {
    /// The cursor goes there.
    Press(Point),
    /// A selection from the cell where the button was pressed; a block with Alt.
    Drag {
        /// The cell at which it was pressed.
        from: Point,
        /// The cell at which it is.
        to: Point,
        /// True if a block is selected.
        block: bool,
    },
    /// A second click selects the word.
    Word(Point),
    /// A third click selects the line.
    Line(Point),
    /// The button was let go: what is selected is copied.
    Release,
}

/// A line that is typed in copy mode.
#[derive(Debug, Clone, PartialEq)]
pub enum Prompt {
    /// A pattern; from where the search began.
    Search(TextInput, Toward, ScrollPoint),
    /// A number of a row, counted from the bottom of the scrollback.
    Row(TextInput),
}

/// The questions to the server.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
struct Asking {
    /// The number of the last question.
    number: u32,
    /// The one that was not answered yet, and whether a deed or a copy waits for it.
    open: Option<(u32, bool)>,
    /// Chunks that were fetched for the deed that waits.
    chunks: u32,
    /// The view that is shown again once its place is found again.
    away: Option<Away>,
}

/// The view of rows that may have other addresses by now, for as long as they are as wide.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Away {
    cols: u16,
    top: u64,
    row: u64,
    selection: Option<Selection>,
}

/// The options of copy mode.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CopyOptions {
    /// The keys.
    pub keys: CopyKeys,
    /// Characters that separate words.
    pub separators: String,
}

/// Copy mode of one pane.
#[derive(Debug, Clone, PartialEq)]
pub struct CopyMode {
    /// The pane.
    pub pane: PaneId,
    /// The rows.
    pub rows: ScrollbackCache,
    /// The first row that is shown.
    pub top: u64,
    /// The cells that are shown.
    pub size: Size,
    /// The first column that is shown.
    pub left: u16,
    /// The cursor.
    pub cursor: ScrollPoint,
    /// The selection.
    pub selection: Option<Selection>,
    /// The line that is typed.
    pub prompt: Option<Prompt>,
    /// The search.
    pub search: CopySearch,
    /// True if it was entered by scrolling: it ends at the bottom.
    pub is_scrolling: bool,
    /// A pane that the mouse brought here leaves when it copied.
    pub by_mouse: bool,
    /// The column that moving by rows keeps.
    col: u16,
    mark: Option<ScrollPoint>,
    /// The character that was gone to last.
    jump: Option<(char, Toward, Till)>,
    /// The keys that are typed before a command.
    typed: Typed,
    queue: VecDeque<CopyInput>,
    asking: Asking,
    yank: Option<Yank>,
    /// The matches that are shown.
    hits: Vec<ScrollMatch>,
    options: Rc<CopyOptions>,
}

/// The keys that are typed before a command.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
struct Typed {
    count: Option<u32>,
    awaits: Option<(Toward, Till)>,
}

impl CopyMode {
    /// Enters copy mode; asks for what the pane shows.
    #[must_use]
    pub fn enter(
        pane: PaneId,
        size: Size,
        options: Rc<CopyOptions>,
        effects: &mut Vec<CopyEffect>,
    ) -> Self {
        let mut mode = Self {
            pane,
            rows: ScrollbackCache::default(),
            top: 0,
            size,
            left: 0,
            cursor: ScrollPoint::default(),
            selection: None,
            prompt: None,
            search: CopySearch::default(),
            is_scrolling: false,
            by_mouse: false,
            col: 0,
            mark: None,
            jump: None,
            typed: Typed::default(),
            queue: VecDeque::new(),
            asking: Asking::default(),
            yank: None,
            hits: Vec::new(),
            options,
        };
        let above = mode.size.rows.saturating_mul(3).min(ROWS_MAX / 2);
        mode.ask(ScrollQuery::Screen { above }, true, effects);
        mode
    }

    /// True if there is something to show; until then the pane shows its screen.
    #[must_use]
    pub fn is_open(&self) -> bool {
        !self.rows.is_empty()
    }

    /// The rows that are scrolled back, and the most that can be.
    #[must_use]
    pub fn position(&self) -> (u64, u64) {
        (self.bottom().saturating_sub(self.top), self.bottom().saturating_sub(self.rows.first))
    }

    /// The selection.
    #[must_use]
    pub fn selected(&self) -> Option<SelectedCells> {
        self.selection.map(|selection| selection.span(self.cursor, self.beyond()))
    }

    /// The cell of what is shown that has the cursor.
    #[must_use]
    pub fn cursor_at(&self) -> Option<Point> {
        let y = u16::try_from(self.cursor.row.checked_sub(self.top)?)
            .ok()
            .filter(|y| *y < self.size.rows)?;
        let x = self.cursor.col.checked_sub(self.left).filter(|x| *x < self.size.cols)?;
        Some(Point::new(x, y))
    }

    /// The pane is shown in so many cells now, and its rows are so many columns wide.
    pub fn resize(&mut self, size: Size, cols: u16, effects: &mut Vec<CopyEffect>) {
        if self.size != size {
            self.size = size;
            self.show_cursor();
        }
        if self.is_open() && self.rows.cols != cols {
            self.find_place_again(effects);
        }
        self.go_on(effects);
    }

    /// The server is another one, or rows have other addresses: the line of the cursor is looked
    /// for.
    pub fn find_place_again(&mut self, effects: &mut Vec<CopyEffect>) {
        let what = match self.rows.get(self.cursor.row) {
            Some(row) => ScrollQuery::Around {
                line: row.line,
                cell: row.cell + u32::from(self.cursor.col),
                reach: self.size.rows.saturating_mul(2),
            },
            None => ScrollQuery::Screen { above: self.size.rows },
        };
        if self.is_open() {
            self.asking.away = Some(Away {
                cols: self.rows.cols,
                top: self.top,
                row: self.cursor.row,
                selection: self.selection.take(),
            });
        }
        self.mark = None;
        self.yank = None;
        self.search.forget();
        self.rows.forget();
        self.ask(what, true, effects);
    }

    /// Takes what is to be done; it waits while rows are fetched for what came before.
    pub fn take(&mut self, deed: CopyInput, effects: &mut Vec<CopyEffect>) {
        if QUEUE_MAX <= self.queue.len() {
            return;
        }
        if self.waits() && self.is_leave(&deed) {
            // A wait must not hold a person in copy mode, so it is given up.
            return effects.push(CopyEffect::Leave);
        }
        self.queue.push_back(deed);
        self.go_on(effects);
    }

    fn is_leave(&self, deed: &CopyInput) -> bool {
        match deed {
            CopyInput::Command(command) => *command == CopyCommand::Leave,
            CopyInput::Key(key) if self.prompt.is_none() => {
                self.options.keys.get(*key) == Some(CopyCommand::Leave)
            }
            _ => false,
        }
    }

    /// Takes an answer; one to a question that was given up changes nothing.
    pub fn told(&mut self, told: ScrollReply, effects: &mut Vec<CopyEffect>) {
        let number = told.number;
        match told.answer {
            Answer::Hits(hits) if self.search.is_asked(number) => {
                if let Some(hit) = self.search.take(hits) {
                    self.go_to_hit(hit);
                }
            }
            Answer::Wrong(_) if self.search.is_asked(number) => self.search.fail(),
            answer if self.asking.open.is_some_and(|(open, _)| open == number) => {
                self.answered(answer, effects);
            }
            Answer::Rows(rows) if self.is_open() && rows.epoch == self.rows.epoch => {
                self.rows.take(*rows);
            }
            Answer::Gone => effects.push(CopyEffect::Leave),
            _ => return,
        }
        self.go_on(effects);
    }

    fn answered(&mut self, answer: Answer, effects: &mut Vec<CopyEffect>) {
        self.asking.open = None;
        match answer {
            Answer::Rows(rows) if self.is_open() && rows.epoch != self.rows.epoch => {
                self.find_place_again(effects);
            }
            Answer::Rows(rows) => {
                let (was_open, target) = (self.is_open(), rows.target);
                self.rows.take(*rows);
                match target {
                    Some(row) => {
                        match self.asking.away.take().filter(|away| away.cols == self.rows.cols) {
                            Some(away) => self.come_back(row, away),
                            None => self.come_to(row),
                        }
                    }
                    None if !was_open => self.open(),
                    None => {}
                }
            }
            Answer::Row(Some(row)) => {
                self.queue.push_front(CopyInput::Go(ScrollPoint { row, col: 0 }));
            }
            Answer::Row(None) => effects.push(CopyEffect::Say(
                "no prompt is marked there; does the shell tell of its prompts (OSC 133)?".into(),
            )),
            Answer::Range(Some((start, end))) => self.select_rows(start..end),
            Answer::Range(None) => {
                effects
                    .push(CopyEffect::Say("no command's output is marked here (OSC 133)".into()));
            }
            Answer::Gone => effects.push(CopyEffect::Leave),
            Answer::Hits(_) | Answer::Wrong(_) => {}
        }
    }

    /// The first rows are there: the bottom is shown, with the program's cursor.
    fn open(&mut self) {
        self.top = self.bottom();
        self.cursor = self.rows.cursor;
        self.col = self.cursor.col;
        self.clamp_cursor();
        self.show_cursor();
    }

    /// The row of the cursor is this one now: the rest is as far from it as it was.
    fn come_back(&mut self, row: u64, away: Away) {
        let moved = |other: u64| (other + row).saturating_sub(away.row);
        self.cursor.row = row;
        self.top = moved(away.top).clamp(self.rows.first, self.bottom());
        self.selection = away.selection.map(|selection| selection.moved(moved));
        self.clamp_cursor();
        self.show_cursor();
    }

    /// Shows a row in the middle, with the cursor on it.
    fn come_to(&mut self, row: u64) {
        self.cursor =
            ScrollPoint { row, col: self.cursor.col.min(self.rows.cols.saturating_sub(1)) };
        self.top = row.saturating_sub(u64::from(self.size.rows) / 2);
        self.clamp_cursor();
        self.show_cursor();
    }

    /// Does what waits, until rows are missing for it.
    fn go_on(&mut self, effects: &mut Vec<CopyEffect>) {
        while self.is_open() && !self.waits() {
            if self.yank.is_some() {
                self.yank_on(effects);
                continue;
            }
            let Some(deed) = self.queue.pop_front() else { break };
            match self.attempt(&deed, effects) {
                Ok(()) => self.asking.chunks = 0,
                Err(missing) => self.await_row(missing, deed, effects),
            }
        }
        self.rows.trim(self.top);
        self.fetch(effects);
        self.hits = self.search.hits(&self.rows, self.top..self.top + u64::from(self.size.rows));
    }

    fn waits(&self) -> bool {
        self.asking.open.is_some_and(|(_, is_awaited)| is_awaited) || self.search.is_awaited()
    }

    /// A deed needs a row: it is done again when that is there, unless it needed too many.
    fn await_row(&mut self, Missing(row): Missing, deed: CopyInput, effects: &mut Vec<CopyEffect>) {
        let is_there = (self.rows.first..self.rows.end).contains(&row);
        if !is_there || CHUNKS_MAX <= self.asking.chunks {
            self.asking.chunks = 0;
            return effects.push(CopyEffect::Say("nothing was found near enough".into()));
        }
        self.queue.push_front(deed);
        self.asking.chunks += 1;
        let from =
            if row < self.cursor.row { row.saturating_sub(u64::from(ROWS_MAX) - 1) } else { row };
        self.ask(ScrollQuery::Rows { from, count: ROWS_MAX }, true, effects);
    }

    /// Asks; what was asked before is given up.
    fn ask(&mut self, what: ScrollQuery, is_awaited: bool, effects: &mut Vec<CopyEffect>) {
        let number = self.take_number();
        self.asking.open = Some((number, is_awaited));
        effects.push(CopyEffect::Ask(ScrollRequest { number, pane: self.pane, what }));
    }

    fn take_number(&mut self) -> u32 {
        self.asking.number = self.asking.number.wrapping_add(1);
        self.asking.number
    }

    /// Fetches rows that are shown, or soon may be, while nothing else is asked.
    fn fetch(&mut self, effects: &mut Vec<CopyEffect>) {
        if !self.is_open() || self.asking.open.is_some() {
            return;
        }
        let rows = u64::from(self.size.rows);
        let within =
            |range: Range<u64>| range.start.max(self.rows.first)..range.end.min(self.rows.end);
        let near = within(self.top.saturating_sub(rows)..self.top + 2 * rows);
        let wide = within(self.top.saturating_sub(4 * rows)..self.top + 5 * rows);
        let Some(lacks) = self.rows.lacks(near).and_then(|_| self.rows.lacks(wide)) else { return };
        let count = u16::try_from(lacks.end - lacks.start).unwrap_or(ROWS_MAX).min(ROWS_MAX);
        self.ask(ScrollQuery::Rows { from: lacks.start, count }, false, effects);
    }

    /// The first row of the screen as far as it is shown here: what is scrolled back is counted
    /// from there.
    fn bottom(&self) -> u64 {
        self.rows.end.saturating_sub(u64::from(self.size.rows)).max(self.rows.first)
    }

    /// True if the cursor may stand after a row's last character, as with emacs.
    fn beyond(&self) -> bool {
        self.options.keys.table == KeyTable::Emacs
    }

    fn text(&self) -> Text<'_> {
        Text { rows: &self.rows, separators: &self.options.separators, beyond: self.beyond() }
    }
}
