//! What each command of copy mode does to cursor, view and selection.

use std::ops::Range;

use crate::base::geom::Point;
use crate::base::key::{Key, KeyCode, Mods};
use crate::client::copy::doc::Missing;
use crate::client::copy::keys::{Command, Copied, Place, Step};
use crate::client::copy::motion::{Motion, Till, Way};
use crate::client::copy::select::{Selection, Shape, Unit};
use crate::client::copy::{COUNT_MAX, CopyMode, Deed, MouseDeed, Prompt, Typed, Where, Wish};
use crate::client::line::Line;
use crate::wire::scroll::{RowMark, ScrollMatch, ScrollPoint, ScrollQuery};

impl CopyMode {
    /// Does something, or says which row is missing for it; then nothing has changed.
    pub(super) fn attempt(&mut self, deed: &Deed, wishes: &mut Vec<Wish>) -> Result<(), Missing> {
        match deed {
            Deed::Command(command) => self.command(*command, wishes)?,
            Deed::Key(key) => return self.key(*key, wishes),
            Deed::Mouse(deed) => self.mouse(*deed, wishes)?,
            Deed::Wheel(way, rows) => self.wheel(*way, *rows, wishes),
            Deed::Go(cell) => self.go_to(*cell)?,
            Deed::Visit(line, cell, pattern) => {
                self.queue.push_front(Deed::Search(pattern.clone()));
                let reach = self.size.rows.saturating_mul(2);
                self.ask(ScrollQuery::Around { line: *line, cell: *cell, reach }, true, wishes);
            }
            Deed::Search(pattern) => {
                let from = self
                    .cursor
                    .row
                    .checked_sub(1)
                    .map_or(ScrollPoint::default(), |row| ScrollPoint { row, col: u16::MAX });
                self.search(pattern, Way::On, from, wishes);
            }
        }
        Ok(())
    }

    /// A key: of the prompt, of a count, the character that is awaited, or a command.
    fn key(&mut self, key: Key, wishes: &mut Vec<Wish>) -> Result<(), Missing> {
        if self.prompt.is_some() {
            self.prompt_key(key, wishes);
            return Ok(());
        }
        if let Some((way, till)) = self.typed.awaits {
            if let KeyCode::Char(c) = key.code {
                self.motion(Motion::Char(c, way, till))?;
                self.jump = Some((c, way, till));
            }
            self.typed = Typed::default();
            return Ok(());
        }
        let options = std::rc::Rc::clone(&self.options);
        if let Some(digit) = options.keys.digit(key, self.typed.count.is_some()) {
            self.typed.count = Some((self.typed.count.unwrap_or(0) * 10 + digit).min(COUNT_MAX));
            return Ok(());
        }
        let Some(command) = options.keys.get(key) else {
            self.typed = Typed::default();
            return Ok(());
        };
        self.command(command, wishes)
    }

    fn command(&mut self, command: Command, wishes: &mut Vec<Wish>) -> Result<(), Missing> {
        match command {
            Command::Move(motion) => self.motion(motion)?,
            Command::Rows(way) => self.rows(way, u64::from(self.count()))?,
            Command::Place(place) => self.place(place)?,
            Command::End(way) => self.end(way, wishes)?,
            Command::Scroll(way, step) => self.scroll(way, step, wishes),
            Command::Centre => {
                self.top = self.cursor.row.saturating_sub(u64::from(self.size.rows) / 2)
            }
            Command::Select(shape) => self.select(shape),
            Command::Begin => self.begin(Shape::Char),
            Command::ToggleBlock => self.select(Shape::Block),
            Command::Clear if self.selection.is_none() && self.find.is_shown() => {
                self.find.forget()
            }
            Command::Clear => self.selection = None,
            Command::Other => self.other(wishes),
            Command::Yank(what) => self.copy(what, wishes)?,
            Command::SetMark => self.mark = Some(self.cursor),
            Command::ToMark => {
                if let Some(mark) = self.mark {
                    let here = self.cursor;
                    self.go_to(mark)?;
                    self.mark = Some(here);
                }
            }
            Command::Prompt(way) => {
                self.ask(
                    ScrollQuery::Mark {
                        mark: RowMark::Prompt,
                        from: self.cursor.row,
                        forward: way == Way::On,
                    },
                    true,
                    wishes,
                );
            }
            Command::Await(way, till) => {
                self.typed.awaits = Some((way, till));
                return Ok(());
            }
            Command::Again(reversed) => {
                if let Some((c, way, till)) = self.jump {
                    self.motion(Motion::Char(
                        c,
                        if reversed { way.reversed() } else { way },
                        till,
                    ))?;
                }
            }
            Command::Search(way) => {
                self.prompt = Some(Prompt::Search(Line::default(), way, self.cursor))
            }
            Command::Next(reversed) => self.next_hit(reversed, wishes),
            Command::WordSearch(way) => {
                let (first, last) = self.text().word_at(self.cursor)?;
                let word = self.doc.row(first.row)?.slice(first.col..last.col + 1).to_owned();
                self.search(&regex::escape(word.trim()), way, self.cursor, wishes);
            }
            Command::Line => self.prompt = Some(Prompt::Row(Line::default())),
            Command::Refresh => {
                self.doc.forget();
                self.selection = None;
                self.ask(ScrollQuery::Screen { above: self.size.rows }, true, wishes);
            }
            Command::Leave => wishes.push(Wish::Leave),
        }
        self.typed = Typed::default();
        self.clamp_top();
        Ok(())
    }

    fn count(&self) -> u32 {
        self.typed.count.unwrap_or(1).max(1)
    }

    fn motion(&mut self, motion: Motion) -> Result<(), Missing> {
        let mut at = self.cursor;
        for _ in 0..self.count() {
            let next = self.text().go(at, motion)?;
            if next == at {
                break;
            }
            at = next;
        }
        self.go_to(at)
    }

    /// Puts the cursor onto a cell and shows it.
    fn go_to(&mut self, cell: ScrollPoint) -> Result<(), Missing> {
        self.doc.row(cell.row)?;
        self.cursor = cell;
        self.col = cell.col;
        self.show_cursor();
        Ok(())
    }

    pub(super) fn go_to_hit(&mut self, hit: ScrollMatch) {
        self.cursor = hit.start;
        self.col = hit.start.col;
        let (row, rows) = (self.cursor.row, u64::from(self.size.rows));
        if row < self.top || self.top + rows <= row {
            self.top = row.saturating_sub(rows / 2);
        }
        self.show_cursor();
    }

    fn rows(&mut self, way: Way, count: u64) -> Result<(), Missing> {
        let row = match way {
            Way::Back => self.cursor.row.saturating_sub(count).max(self.doc.first),
            Way::On => (self.cursor.row + count).min(self.doc.end.saturating_sub(1)),
        };
        self.put_on(row)?;
        self.show_cursor();
        Ok(())
    }

    /// Puts the cursor onto a row, in the column that moving by rows keeps.
    fn put_on(&mut self, row: u64) -> Result<(), Missing> {
        let text = self.doc.row(row)?;
        let last = if self.beyond() || self.is_block() {
            self.doc.cols.saturating_sub(1)
        } else {
            text.last()
        };
        self.cursor = ScrollPoint { row, col: text.head(self.col.min(last)) };
        Ok(())
    }

    fn is_block(&self) -> bool {
        self.selection.is_some_and(|selection| selection.shape == Shape::Block)
    }

    fn place(&mut self, place: Place) -> Result<(), Missing> {
        let last = (self.top + u64::from(self.size.rows)).min(self.doc.end) - 1;
        let row = match place {
            Place::Top => self.top,
            Place::Middle => u64::midpoint(self.top, last),
            Place::Bottom => last,
        };
        self.doc.row(row)?;
        self.cursor = ScrollPoint { row, col: 0 };
        self.col = 0;
        Ok(())
    }

    fn end(&mut self, way: Way, wishes: &mut Vec<Wish>) -> Result<(), Missing> {
        match way {
            Way::Back => self.go_to(ScrollPoint { row: self.doc.first, col: 0 }),
            Way::On if self.is_scrolling && self.selection.is_none() => {
                wishes.push(Wish::Leave);
                Ok(())
            }
            Way::On => {
                let row = self.doc.end.saturating_sub(1);
                let col = self.doc.row(row)?.last();
                self.go_to(ScrollPoint { row, col })
            }
        }
    }

    fn scroll(&mut self, way: Way, step: Step, wishes: &mut Vec<Wish>) {
        let shown = u64::from(self.size.rows);
        let rows = match step {
            Step::Row => 1,
            Step::Half => (shown / 2).max(1),
            Step::Page => shown.saturating_sub(2).max(1),
        };
        let rows = rows * u64::from(self.count());
        if step == Step::Row {
            return self.wheel(way, rows, wishes);
        }
        let before = self.top;
        self.scroll_rows(way, rows, wishes);
        // The cursor keeps its place in what is shown; at an end it goes to the end.
        let moved = before.abs_diff(self.top);
        let wanted = if moved == 0 { rows } else { moved };
        let row = match way {
            Way::Back => self.cursor.row.saturating_sub(wanted).max(self.doc.first),
            Way::On => (self.cursor.row + wanted).min(self.doc.end.saturating_sub(1)),
        };
        self.cursor.row = row;
        self.cursor.col = self.col;
        self.clamp_cursor();
    }

    /// Scrolls; the cursor stays on its text as long as that is shown.
    fn wheel(&mut self, way: Way, rows: u64, wishes: &mut Vec<Wish>) {
        self.scroll_rows(way, rows, wishes);
        let last = self.top + u64::from(self.size.rows).saturating_sub(1);
        let row = self.cursor.row.clamp(self.top, last.max(self.top));
        if row != self.cursor.row {
            self.cursor = ScrollPoint { row, col: self.col };
            self.clamp_cursor();
        }
    }

    fn scroll_rows(&mut self, way: Way, rows: u64, wishes: &mut Vec<Wish>) {
        match way {
            Way::Back => self.top = self.top.saturating_sub(rows).max(self.doc.first),
            Way::On => {
                self.top = (self.top + rows).min(self.bottom());
                if self.top == self.bottom() && self.is_scrolling && self.selection.is_none() {
                    wishes.push(Wish::Leave);
                }
            }
        }
    }

    /// Begins a selection of a shape, changes that of one, or ends it.
    fn select(&mut self, shape: Shape) {
        match &mut self.selection {
            None => self.begin(shape),
            // As in tmux, where `v` after Space makes a block.
            Some(selection) if shape == Shape::Char && selection.shape == Shape::Char => {
                selection.shape = Shape::Block
            }
            Some(selection) if shape == Shape::Block && selection.shape == Shape::Block => {
                selection.shape = Shape::Char
            }
            Some(selection) => selection.shape = shape,
        }
    }

    fn begin(&mut self, shape: Shape) {
        self.selection = Some(Selection { anchor: self.cursor, shape, unit: Unit::Cell });
    }

    fn other(&mut self, wishes: &mut Vec<Wish>) {
        match &mut self.selection {
            Some(selection) => {
                std::mem::swap(&mut selection.anchor, &mut self.cursor);
                self.col = self.cursor.col;
                self.show_cursor();
            }
            None => self.ask(ScrollQuery::Output { at: self.cursor.row }, true, wishes),
        }
    }

    /// Selects whole rows.
    pub(super) fn select_rows(&mut self, rows: Range<u64>) {
        self.selection = Some(Selection {
            anchor: ScrollPoint { row: rows.start, col: 0 },
            shape: Shape::Line,
            unit: Unit::Cell,
        });
        self.cursor = ScrollPoint { row: rows.end.saturating_sub(1), col: 0 };
        self.show_cursor();
    }

    fn copy(&mut self, what: Copied, wishes: &mut Vec<Wish>) -> Result<(), Missing> {
        let to = if what == Copied::Append { Where::Append } else { Where::New };
        let span = match what {
            Copied::Selection | Copied::Append => self.selected(),
            Copied::LineEnd => {
                let row = self.doc.line_end(self.cursor.row)?;
                let end = ScrollPoint { row, col: self.doc.row(row)?.last() };
                Some(
                    Selection { anchor: self.cursor, shape: Shape::Char, unit: Unit::Cell }
                        .span(end.max(self.cursor), false),
                )
            }
            Copied::Line => {
                let (start, end) =
                    (self.doc.line_start(self.cursor.row)?, self.doc.line_end(self.cursor.row)?);
                let anchor = ScrollPoint { row: start, col: 0 };
                Some(
                    Selection { anchor, shape: Shape::Line, unit: Unit::Cell }
                        .span(ScrollPoint { row: end, col: 0 }, false),
                )
            }
        };
        match span {
            Some(span) => self.yank(span, to),
            None => wishes.push(Wish::Leave),
        }
        Ok(())
    }

    fn mouse(&mut self, deed: MouseDeed, wishes: &mut Vec<Wish>) -> Result<(), Missing> {
        match deed {
            MouseDeed::Press(at) => {
                self.selection = None;
                self.go_to(self.cell_at(at))?;
            }
            MouseDeed::Drag { from, to, block } => {
                if self.selection.is_none() {
                    let shape = if block { Shape::Block } else { Shape::Char };
                    self.selection =
                        Some(Selection { anchor: self.cell_at(from), shape, unit: Unit::Cell });
                }
                self.scroll_at_edge(to);
                let cell = self.cell_at(to);
                let cell = ScrollPoint { col: self.doc.row(cell.row)?.head(cell.col), ..cell };
                self.cursor = cell;
                self.col = cell.col;
            }
            MouseDeed::Word(at) => {
                let (first, last) = self.text().word_at(self.cell_at(at))?;
                self.selection = Some(Selection {
                    anchor: first,
                    shape: Shape::Char,
                    unit: Unit::Word(first, last),
                });
                self.cursor = last;
            }
            MouseDeed::Line(at) => {
                let row = self.cell_at(at).row;
                let (start, end) = (self.doc.line_start(row)?, self.doc.line_end(row)?);
                self.selection = Some(Selection {
                    anchor: ScrollPoint { row: start, col: 0 },
                    shape: Shape::Line,
                    unit: Unit::Cell,
                });
                self.cursor = ScrollPoint { row: end, col: 0 };
            }
            MouseDeed::Release => match self.selected() {
                Some(span) => self.yank(span, Where::New),
                None if self.by_mouse => wishes.push(Wish::Leave),
                None => {}
            },
        }
        Ok(())
    }

    /// The cell of the rows that is shown there.
    fn cell_at(&self, at: Point) -> ScrollPoint {
        let row = (self.top + u64::from(at.y.min(self.size.rows.saturating_sub(1))))
            .min(self.doc.end.saturating_sub(1));
        ScrollPoint {
            row,
            col: at.x.saturating_add(self.left).min(self.doc.cols.saturating_sub(1)),
        }
    }

    /// A drag to the first or the last row scrolls.
    fn scroll_at_edge(&mut self, at: Point) {
        if at.y == 0 {
            self.top = self.top.saturating_sub(1).max(self.doc.first);
        } else if self.size.rows <= at.y + 1 {
            self.top = (self.top + 1).min(self.bottom());
        }
    }

    fn prompt_key(&mut self, key: Key, wishes: &mut Vec<Wish>) {
        let Some(prompt) = self.prompt.take() else { return };
        let is_given_up = matches!(
            (key.code, key.mods),
            (KeyCode::Esc, _) | (KeyCode::Char('c' | 'g'), Mods::CTRL)
        );
        let is_entered = matches!(key.code, KeyCode::Enter | KeyCode::Keypad('\r'));
        match prompt {
            Prompt::Search(_, _, origin) if is_given_up => {
                self.find.forget();
                wishes.extend(self.find.cancel(self.pane));
                self.cursor = origin;
                self.show_cursor();
            }
            Prompt::Row(_) if is_given_up => {}
            Prompt::Search(line, way, origin) if is_entered => {
                self.find.settle();
                // Without a pattern it is the one of before.
                if line.text().is_empty() {
                    self.search_again(way, origin, wishes);
                }
            }
            Prompt::Row(line) if is_entered => {
                if let Ok(back) = line.text().trim().parse::<u64>() {
                    let row = self.bottom().saturating_sub(back).max(self.doc.first);
                    self.queue.push_front(Deed::Go(ScrollPoint { row, col: 0 }));
                }
            }
            Prompt::Search(line, _, _)
                if matches!((key.code, key.mods), (KeyCode::Char('s' | 'r'), Mods::CTRL)) =>
            {
                let way = if key.code == KeyCode::Char('s') { Way::On } else { Way::Back };
                let pattern = line.text().to_owned();
                if pattern.is_empty() {
                    self.search_again(way, self.cursor, wishes);
                } else {
                    self.search(&pattern, way, self.cursor, wishes);
                }
                self.prompt = Some(Prompt::Search(line, way, self.cursor));
            }
            Prompt::Search(mut line, way, origin) => {
                let before = line.text().to_owned();
                line.key(key);
                if line.text() != before {
                    self.search_as_typed(line.text(), way, origin, wishes);
                }
                self.prompt = Some(Prompt::Search(line, way, origin));
            }
            Prompt::Row(mut line) => {
                line.key(key);
                self.prompt = Some(Prompt::Row(line));
            }
        }
    }

    /// Text that was pasted, into the line that is typed. False if there is none.
    pub fn paste(&mut self, text: &str, wishes: &mut Vec<Wish>) -> bool {
        match &mut self.prompt {
            None => return false,
            Some(Prompt::Row(line)) => line.insert(text),
            Some(Prompt::Search(line, way, origin)) => {
                line.insert(text);
                let (pattern, way, origin) = (line.text().to_owned(), *way, *origin);
                self.search_as_typed(&pattern, way, origin, wishes);
            }
        }
        true
    }

    fn search_as_typed(
        &mut self,
        pattern: &str,
        way: Way,
        origin: ScrollPoint,
        wishes: &mut Vec<Wish>,
    ) {
        if pattern.is_empty() {
            self.find.forget();
            wishes.extend(self.find.cancel(self.pane));
            self.cursor = origin;
            return self.show_cursor();
        }
        self.search(pattern, way, origin, wishes);
    }

    fn search(&mut self, pattern: &str, way: Way, from: ScrollPoint, wishes: &mut Vec<Wish>) {
        let number = self.take_number();
        wishes.extend(self.find.begin(pattern, way, from, (number, self.pane)));
    }

    fn search_again(&mut self, way: Way, from: ScrollPoint, wishes: &mut Vec<Wish>) {
        if let Some(pattern) = self.find.last_pattern() {
            self.search(&pattern, way, from, wishes);
        }
    }

    fn next_hit(&mut self, reversed: bool, wishes: &mut Vec<Wish>) {
        let way = self.find.way();
        let way = if reversed { way.reversed() } else { way };
        let number = self.take_number();
        wishes.extend(self.find.again(way, self.cursor, (number, self.pane)));
    }

    /// The cursor is on a cell of the text.
    pub(super) fn clamp_cursor(&mut self) {
        self.cursor.row = self
            .cursor
            .row
            .clamp(self.doc.first, self.doc.end.saturating_sub(1).max(self.doc.first));
        if let Some(row) = self.doc.get(self.cursor.row) {
            self.cursor.col = row.head(self.cursor.col);
        }
        self.cursor.col = self.cursor.col.min(self.doc.cols.saturating_sub(1));
    }

    /// What is shown has the cursor in it.
    pub(super) fn show_cursor(&mut self) {
        let rows = u64::from(self.size.rows).max(1);
        if self.cursor.row < self.top {
            self.top = self.cursor.row;
        } else if self.top + rows <= self.cursor.row {
            self.top = self.cursor.row + 1 - rows;
        }
        self.clamp_top();
        let cols = self.size.cols.max(1);
        if self.cursor.col < self.left {
            self.left = self.cursor.col;
        } else if self.left + cols <= self.cursor.col {
            self.left = self.cursor.col + 1 - cols;
        }
    }

    fn clamp_top(&mut self) {
        self.top = self.top.clamp(self.doc.first, self.bottom().max(self.doc.first));
    }
}

impl CopyMode {
    /// What is typed so far of a command, for the indicator.
    #[must_use]
    pub fn typed(&self) -> String {
        let count = self.typed.count.map(|count| count.to_string()).unwrap_or_default();
        let awaits = self.typed.awaits.map_or("", |(way, till)| match (way, till) {
            (Way::On, Till::At) => "f",
            (Way::Back, Till::At) => "F",
            (Way::On, Till::Before) => "t",
            (Way::Back, Till::Before) => "T",
        });
        format!("{count}{awaits}")
    }
}
