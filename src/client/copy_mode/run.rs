//! The commands of copy mode: their effects on cursor, view and selection.

use std::ops::Range;

use crate::base::geom::Point;
use crate::base::key::{Key, KeyCode, Mods};
use crate::client::copy_mode::keys::{Copied, CopyCommand, Step, ViewRow};
use crate::client::copy_mode::motion::{Motion, Till, Toward};
use crate::client::copy_mode::scrollback_cache::Missing;
use crate::client::copy_mode::select::{Selection, SelectionKind, Unit};
use crate::client::copy_mode::{
    COUNT_MAX, CopyEffect, CopyInput, CopyMode, CopyMouse, Prompt, Typed, Where,
};
use crate::client::text_input::TextInput;
use crate::wire::scroll::{RowMark, ScrollMatch, ScrollPoint, ScrollQuery};

impl CopyMode {
    /// Does something, or says which row is missing for it; then nothing has changed.
    pub(super) fn attempt(
        &mut self,
        deed: &CopyInput,
        effects: &mut Vec<CopyEffect>,
    ) -> Result<(), Missing> {
        match deed {
            CopyInput::Command(command) => self.command(*command, effects)?,
            CopyInput::Key(key) => return self.key(*key, effects),
            CopyInput::Mouse(deed) => self.mouse(*deed, effects)?,
            CopyInput::Wheel(way, rows) => self.wheel(*way, *rows, effects),
            CopyInput::Go(cell) => self.go_to(*cell)?,
            CopyInput::Visit(line, cell, pattern) => {
                self.queue.push_front(CopyInput::Search(pattern.clone()));
                let reach = self.size.rows.saturating_mul(2);
                self.ask(ScrollQuery::Around { line: *line, cell: *cell, reach }, true, effects);
            }
            CopyInput::Search(pattern) => {
                let from = self
                    .cursor
                    .row
                    .checked_sub(1)
                    .map_or(ScrollPoint::default(), |row| ScrollPoint { row, col: u16::MAX });
                self.search(pattern, Toward::On, from, effects);
            }
        }
        Ok(())
    }

    /// A key: of the prompt, of a count, the character that is awaited, or a command.
    fn key(&mut self, key: Key, effects: &mut Vec<CopyEffect>) -> Result<(), Missing> {
        if self.prompt.is_some() {
            self.prompt_key(key, effects);
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
        self.command(command, effects)
    }

    fn command(
        &mut self,
        command: CopyCommand,
        effects: &mut Vec<CopyEffect>,
    ) -> Result<(), Missing> {
        match command {
            CopyCommand::Move(motion) => self.motion(motion)?,
            CopyCommand::Rows(way) => self.rows(way, u64::from(self.count()))?,
            CopyCommand::Place(place) => self.place(place)?,
            CopyCommand::End(way) => self.end(way, effects)?,
            CopyCommand::Scroll(way, step) => self.scroll(way, step, effects),
            CopyCommand::Centre => {
                self.top = self.cursor.row.saturating_sub(u64::from(self.size.rows) / 2);
            }
            CopyCommand::Select(shape) => self.select(shape),
            CopyCommand::Begin => self.begin(SelectionKind::Char),
            CopyCommand::ToggleBlock => self.select(SelectionKind::Block),
            CopyCommand::Clear if self.selection.is_none() && self.search.is_shown() => {
                self.search.forget();
            }
            CopyCommand::Clear => self.selection = None,
            CopyCommand::Other => self.other(effects),
            CopyCommand::Yank(what) => self.copy(what, effects)?,
            CopyCommand::SetMark => self.mark = Some(self.cursor),
            CopyCommand::ToMark => {
                if let Some(mark) = self.mark {
                    let here = self.cursor;
                    self.go_to(mark)?;
                    self.mark = Some(here);
                }
            }
            CopyCommand::Prompt(way) => {
                self.ask(
                    ScrollQuery::Mark {
                        mark: RowMark::Prompt,
                        from: self.cursor.row,
                        forward: way == Toward::On,
                    },
                    true,
                    effects,
                );
            }
            CopyCommand::Await(way, till) => {
                self.typed.awaits = Some((way, till));
                return Ok(());
            }
            CopyCommand::Again(reversed) => {
                if let Some((c, way, till)) = self.jump {
                    self.motion(Motion::Char(
                        c,
                        if reversed { way.reversed() } else { way },
                        till,
                    ))?;
                }
            }
            CopyCommand::Search(way) => {
                self.prompt = Some(Prompt::Search(TextInput::default(), way, self.cursor));
            }
            CopyCommand::Next(reversed) => self.next_hit(reversed, effects),
            CopyCommand::WordSearch(way) => {
                let (first, last) = self.text().word_at(self.cursor)?;
                let word = self.rows.row(first.row)?.slice(first.col..last.col + 1).to_owned();
                self.search(&regex::escape(word.trim()), way, self.cursor, effects);
            }
            CopyCommand::Line => self.prompt = Some(Prompt::Row(TextInput::default())),
            CopyCommand::Refresh => {
                self.rows.forget();
                self.selection = None;
                self.ask(ScrollQuery::Screen { above: self.size.rows }, true, effects);
            }
            CopyCommand::Leave => effects.push(CopyEffect::Leave),
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
        self.rows.row(cell.row)?;
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

    fn rows(&mut self, way: Toward, count: u64) -> Result<(), Missing> {
        let row = match way {
            Toward::Back => self.cursor.row.saturating_sub(count).max(self.rows.first),
            Toward::On => (self.cursor.row + count).min(self.rows.end.saturating_sub(1)),
        };
        self.put_on(row)?;
        self.show_cursor();
        Ok(())
    }

    /// Puts the cursor onto a row, in the column that moving by rows keeps.
    fn put_on(&mut self, row: u64) -> Result<(), Missing> {
        let text = self.rows.row(row)?;
        let last = if self.beyond() || self.is_block() {
            self.rows.cols.saturating_sub(1)
        } else {
            text.last()
        };
        self.cursor = ScrollPoint { row, col: text.head(self.col.min(last)) };
        Ok(())
    }

    fn is_block(&self) -> bool {
        self.selection.is_some_and(|selection| selection.shape == SelectionKind::Block)
    }

    fn place(&mut self, place: ViewRow) -> Result<(), Missing> {
        let last = (self.top + u64::from(self.size.rows)).min(self.rows.end) - 1;
        let row = match place {
            ViewRow::Top => self.top,
            ViewRow::Middle => u64::midpoint(self.top, last),
            ViewRow::Bottom => last,
        };
        self.rows.row(row)?;
        self.cursor = ScrollPoint { row, col: 0 };
        self.col = 0;
        Ok(())
    }

    fn end(&mut self, way: Toward, effects: &mut Vec<CopyEffect>) -> Result<(), Missing> {
        match way {
            Toward::Back => self.go_to(ScrollPoint { row: self.rows.first, col: 0 }),
            Toward::On if self.is_scrolling && self.selection.is_none() => {
                effects.push(CopyEffect::Leave);
                Ok(())
            }
            Toward::On => {
                let row = self.rows.end.saturating_sub(1);
                let col = self.rows.row(row)?.last();
                self.go_to(ScrollPoint { row, col })
            }
        }
    }

    fn scroll(&mut self, way: Toward, step: Step, effects: &mut Vec<CopyEffect>) {
        let shown = u64::from(self.size.rows);
        let rows = match step {
            Step::Row => 1,
            Step::Half => (shown / 2).max(1),
            Step::Page => shown.saturating_sub(2).max(1),
        };
        let rows = rows * u64::from(self.count());
        if step == Step::Row {
            return self.wheel(way, rows, effects);
        }
        let before = self.top;
        self.scroll_rows(way, rows, effects);
        // The cursor keeps its place in what is shown; at an end it goes to the end.
        let moved = before.abs_diff(self.top);
        let wanted = if moved == 0 { rows } else { moved };
        let row = match way {
            Toward::Back => self.cursor.row.saturating_sub(wanted).max(self.rows.first),
            Toward::On => (self.cursor.row + wanted).min(self.rows.end.saturating_sub(1)),
        };
        self.cursor.row = row;
        self.cursor.col = self.col;
        self.clamp_cursor();
    }

    /// Scrolls; the cursor stays on its text as long as that is shown.
    fn wheel(&mut self, way: Toward, rows: u64, effects: &mut Vec<CopyEffect>) {
        self.scroll_rows(way, rows, effects);
        let last = self.top + u64::from(self.size.rows).saturating_sub(1);
        let row = self.cursor.row.clamp(self.top, last.max(self.top));
        if row != self.cursor.row {
            self.cursor = ScrollPoint { row, col: self.col };
            self.clamp_cursor();
        }
    }

    fn scroll_rows(&mut self, way: Toward, rows: u64, effects: &mut Vec<CopyEffect>) {
        match way {
            Toward::Back => self.top = self.top.saturating_sub(rows).max(self.rows.first),
            Toward::On => {
                self.top = (self.top + rows).min(self.bottom());
                if self.top == self.bottom() && self.is_scrolling && self.selection.is_none() {
                    effects.push(CopyEffect::Leave);
                }
            }
        }
    }

    /// Begins a selection of a shape, changes that of one, or ends it.
    fn select(&mut self, shape: SelectionKind) {
        match &mut self.selection {
            None => self.begin(shape),
            // As in tmux, where `v` after Space makes a block.
            Some(selection)
                if shape == SelectionKind::Char && selection.shape == SelectionKind::Char =>
            {
                selection.shape = SelectionKind::Block;
            }
            Some(selection)
                if shape == SelectionKind::Block && selection.shape == SelectionKind::Block =>
            {
                selection.shape = SelectionKind::Char;
            }
            Some(selection) => selection.shape = shape,
        }
    }

    fn begin(&mut self, shape: SelectionKind) {
        self.selection = Some(Selection { anchor: self.cursor, shape, unit: Unit::Cell });
    }

    fn other(&mut self, effects: &mut Vec<CopyEffect>) {
        match &mut self.selection {
            Some(selection) => {
                std::mem::swap(&mut selection.anchor, &mut self.cursor);
                self.col = self.cursor.col;
                self.show_cursor();
            }
            None => self.ask(ScrollQuery::Output { at: self.cursor.row }, true, effects),
        }
    }

    /// Selects whole rows.
    pub(super) fn select_rows(&mut self, rows: Range<u64>) {
        self.selection = Some(Selection {
            anchor: ScrollPoint { row: rows.start, col: 0 },
            shape: SelectionKind::Line,
            unit: Unit::Cell,
        });
        self.cursor = ScrollPoint { row: rows.end.saturating_sub(1), col: 0 };
        self.show_cursor();
    }

    fn copy(&mut self, what: Copied, effects: &mut Vec<CopyEffect>) -> Result<(), Missing> {
        let to = if what == Copied::Append { Where::Append } else { Where::New };
        let span = match what {
            Copied::Selection | Copied::Append => self.selected(),
            Copied::LineEnd => {
                let row = self.rows.line_end(self.cursor.row)?;
                let end = ScrollPoint { row, col: self.rows.row(row)?.last() };
                Some(
                    Selection { anchor: self.cursor, shape: SelectionKind::Char, unit: Unit::Cell }
                        .span(end.max(self.cursor), false),
                )
            }
            Copied::Line => {
                let (start, end) =
                    (self.rows.line_start(self.cursor.row)?, self.rows.line_end(self.cursor.row)?);
                let anchor = ScrollPoint { row: start, col: 0 };
                Some(
                    Selection { anchor, shape: SelectionKind::Line, unit: Unit::Cell }
                        .span(ScrollPoint { row: end, col: 0 }, false),
                )
            }
        };
        match span {
            Some(span) => self.yank(span, to),
            None => effects.push(CopyEffect::Leave),
        }
        Ok(())
    }

    fn mouse(&mut self, deed: CopyMouse, effects: &mut Vec<CopyEffect>) -> Result<(), Missing> {
        match deed {
            CopyMouse::Press(at) => {
                self.selection = None;
                self.go_to(self.cell_at(at))?;
            }
            CopyMouse::Drag { from, to, block } => {
                if self.selection.is_none() {
                    let shape = if block { SelectionKind::Block } else { SelectionKind::Char };
                    self.selection =
                        Some(Selection { anchor: self.cell_at(from), shape, unit: Unit::Cell });
                }
                self.scroll_at_edge(to);
                let cell = self.cell_at(to);
                let cell = ScrollPoint { col: self.rows.row(cell.row)?.head(cell.col), ..cell };
                let cell = self.grown(cell)?;
                self.cursor = cell;
                self.col = cell.col;
            }
            CopyMouse::Word(at) => {
                let (first, last) = self.text().word_at(self.cell_at(at))?;
                self.selection = Some(Selection {
                    anchor: first,
                    shape: SelectionKind::Char,
                    unit: Unit::Word(first, last),
                });
                self.cursor = last;
            }
            CopyMouse::Line(at) => {
                let row = self.cell_at(at).row;
                let (start, end) = (self.rows.line_start(row)?, self.rows.line_end(row)?);
                let cell = |row: u64| ScrollPoint { row, col: 0 };
                self.selection = Some(Selection {
                    anchor: cell(start),
                    shape: SelectionKind::Line,
                    unit: Unit::Word(cell(start), cell(end)),
                });
                self.cursor = cell(end);
            }
            CopyMouse::Release => match self.selected() {
                Some(span) => self.yank(span, Where::New),
                None if self.by_mouse => effects.push(CopyEffect::Leave),
                None => {}
            },
        }
        Ok(())
    }

    /// The cell to which the mouse drags the selection: the far end of the word or the line there,
    /// if it began with one.
    fn grown(&self, cell: ScrollPoint) -> Result<ScrollPoint, Missing> {
        let Some(Selection { unit: Unit::Word(first, last), shape, .. }) = self.selection else {
            return Ok(cell);
        };
        let (start, end) = if shape == SelectionKind::Line {
            let end = |row: u64| ScrollPoint { row, col: 0 };
            (end(self.rows.line_start(cell.row)?), end(self.rows.line_end(cell.row)?))
        } else {
            self.text().word_at(cell)?
        };
        Ok(if start < first { start } else { end.max(last) })
    }

    /// The cell of the rows that is shown there.
    fn cell_at(&self, at: Point) -> ScrollPoint {
        let row = (self.top + u64::from(at.y.min(self.size.rows.saturating_sub(1))))
            .min(self.rows.end.saturating_sub(1));
        ScrollPoint {
            row,
            col: at.x.saturating_add(self.left).min(self.rows.cols.saturating_sub(1)),
        }
    }

    /// A drag to the first or the last row scrolls.
    fn scroll_at_edge(&mut self, at: Point) {
        if at.y == 0 {
            self.top = self.top.saturating_sub(1).max(self.rows.first);
        } else if self.size.rows <= at.y + 1 {
            self.top = (self.top + 1).min(self.bottom());
        }
    }

    fn prompt_key(&mut self, key: Key, effects: &mut Vec<CopyEffect>) {
        let Some(prompt) = self.prompt.take() else { return };
        let is_given_up = matches!(
            (key.code, key.mods),
            (KeyCode::Esc, _) | (KeyCode::Char('c' | 'g'), Mods::CTRL)
        );
        let is_entered = matches!(key.code, KeyCode::Enter | KeyCode::Keypad('\r'));
        match prompt {
            Prompt::Search(_, _, origin) if is_given_up => {
                self.search.forget();
                effects.extend(self.search.cancel(self.pane));
                self.cursor = origin;
                self.show_cursor();
            }
            Prompt::Row(_) if is_given_up => {}
            Prompt::Search(line, way, origin) if is_entered => {
                self.search.settle();
                // Without a pattern it is the one of before.
                if line.text().is_empty() {
                    self.search_again(way, origin, effects);
                }
            }
            Prompt::Row(line) if is_entered => {
                if let Ok(back) = line.text().trim().parse::<u64>() {
                    let row = self.bottom().saturating_sub(back).max(self.rows.first);
                    self.queue.push_front(CopyInput::Go(ScrollPoint { row, col: 0 }));
                }
            }
            Prompt::Search(line, _, _)
                if matches!((key.code, key.mods), (KeyCode::Char('s' | 'r'), Mods::CTRL)) =>
            {
                let way = if key.code == KeyCode::Char('s') { Toward::On } else { Toward::Back };
                let pattern = line.text().to_owned();
                if pattern.is_empty() {
                    self.search_again(way, self.cursor, effects);
                } else {
                    self.search(&pattern, way, self.cursor, effects);
                }
                self.prompt = Some(Prompt::Search(line, way, self.cursor));
            }
            Prompt::Search(mut line, way, origin) => {
                let before = line.text().to_owned();
                line.key(key);
                if line.text() != before {
                    self.search_as_typed(line.text(), way, origin, effects);
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
    pub fn paste(&mut self, text: &str, effects: &mut Vec<CopyEffect>) -> bool {
        match &mut self.prompt {
            None => return false,
            Some(Prompt::Row(line)) => line.insert(text),
            Some(Prompt::Search(line, way, origin)) => {
                line.insert(text);
                let (pattern, way, origin) = (line.text().to_owned(), *way, *origin);
                self.search_as_typed(&pattern, way, origin, effects);
            }
        }
        true
    }

    fn search_as_typed(
        &mut self,
        pattern: &str,
        way: Toward,
        origin: ScrollPoint,
        effects: &mut Vec<CopyEffect>,
    ) {
        if pattern.is_empty() {
            self.search.forget();
            effects.extend(self.search.cancel(self.pane));
            self.cursor = origin;
            return self.show_cursor();
        }
        self.search(pattern, way, origin, effects);
    }

    fn search(
        &mut self,
        pattern: &str,
        way: Toward,
        from: ScrollPoint,
        effects: &mut Vec<CopyEffect>,
    ) {
        let number = self.take_number();
        effects.extend(self.search.begin(pattern, way, from, (number, self.pane)));
    }

    fn search_again(&mut self, way: Toward, from: ScrollPoint, effects: &mut Vec<CopyEffect>) {
        if let Some(pattern) = self.search.last_pattern() {
            self.search(&pattern, way, from, effects);
        }
    }

    fn next_hit(&mut self, reversed: bool, effects: &mut Vec<CopyEffect>) {
        let way = self.search.way();
        let way = if reversed { way.reversed() } else { way };
        let number = self.take_number();
        effects.extend(self.search.again(way, self.cursor, number, self.pane));
    }

    /// The cursor is on a cell of the text.
    pub(super) fn clamp_cursor(&mut self) {
        self.cursor.row = self
            .cursor
            .row
            .clamp(self.rows.first, self.rows.end.saturating_sub(1).max(self.rows.first));
        if let Some(row) = self.rows.get(self.cursor.row) {
            self.cursor.col = row.head(self.cursor.col);
        }
        self.cursor.col = self.cursor.col.min(self.rows.cols.saturating_sub(1));
    }

    /// Scrolls so that the cursor is in view.
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
        self.top = self.top.clamp(self.rows.first, self.bottom().max(self.rows.first));
    }
}

impl CopyMode {
    /// The keys that are typed so far of a command, for the indicator.
    #[must_use]
    pub fn typed(&self) -> String {
        let count = self.typed.count.map(|count| count.to_string()).unwrap_or_default();
        let awaits = self.typed.awaits.map_or("", |(way, till)| match (way, till) {
            (Toward::On, Till::At) => "f",
            (Toward::Back, Till::At) => "F",
            (Toward::On, Till::Before) => "t",
            (Toward::Back, Till::Before) => "T",
        });
        format!("{count}{awaits}")
    }
}
