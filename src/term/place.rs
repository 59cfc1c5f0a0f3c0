//! Positions that stay on their character: a line's number and a cell of it, whatever the width. Nothing is kept for them; they are computed from both sides.

use crate::term::cell::{Cell, Class};
use crate::term::emulator::Emulator;
use crate::term::grid::Line;
use crate::term::history::LINE_CELLS_MAX;
use crate::term::history::page::Page;
use crate::term::history::record::Glyph;

/// A cell of a logical line. Lines are numbered from 0 in the order they were printed and keep their number when rows are rewrapped, leave the screen or are
/// dropped; what a program erases or moves on its screen, it erases or moves under the number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default, Hash)]
pub struct Position {
    /// The number of the line.
    pub line: u64,
    /// The cell, from 0, in columns from the start of the line; a wide character takes two.
    pub cell: u32,
}

/// What of a line a row of the screen shows.
#[derive(Debug, Clone, Copy)]
struct Piece {
    line: u64,
    /// The cell of the line that its first column shows.
    start: u32,
    /// Cells of it.
    cells: u32,
}

impl Emulator {
    /// The lines that the rows of the screen belong to. It cuts lines as the history will when they get there.
    fn pieces(&self) -> Vec<Piece> {
        let (mut open, mut gap) = if self.alternate { (0, false) } else { self.history.open_end() };
        let mut next = self.history.line_next();
        let mut pieces = Vec::with_capacity(usize::from(self.size.rows));
        for y in 0..self.size.rows {
            let cells = self.text_cells(y);
            let wrapped = self.grid.line(y).has(Line::WRAPPED);
            let broken = gap && cells.first().is_none_or(|cell| cell.class() != Class::Wide);
            if open == 0 || broken || cells.is_empty() {
                next += 1;
                open = 0;
            }
            let count = u32::try_from(cells.len()).unwrap_or(u32::MAX);
            pieces.push(Piece { line: next.saturating_sub(1), start: open, cells: count });
            let end = open + count;
            open = if wrapped && end < LINE_CELLS_MAX { end } else { 0 };
            gap = wrapped && cells.len() < usize::from(self.size.cols);
        }
        pieces
    }

    /// The cells of a row that are text of its line.
    fn text_cells(&self, y: u16) -> &[Cell] {
        if !self.grid.line(y).has(Line::WRAPPED) {
            let used = self.grid.used(y);
            let end = used.iter().rposition(|cell| !cell.is_plain_blank()).map_or(0, |last| last + 1);
            return &used[..end];
        }
        match self.grid.row(y).split_last() {
            Some((last, rest)) if last.class() == Class::Spacer => rest,
            _ => self.grid.row(y),
        }
    }

    /// The number of the first line that is on the screen.
    pub(crate) fn line_on_top(&self) -> u64 {
        let is_open = !self.alternate && 0 < self.history.open_end().0;
        self.history.line_next().saturating_sub(u64::from(is_open))
    }

    /// The position shown in a column of a row; negative rows are history, −1 being just above the screen.
    pub(crate) fn position(&self, row: i64, col: u16) -> Option<Position> {
        let Ok(y) = u16::try_from(row) else {
            let back = usize::try_from(-1 - row).ok()?;
            let (line, cell) = self.history.position(back, usize::from(col))?;
            return Some(Position { line, cell });
        };
        let pieces = self.pieces();
        let piece = pieces.get(usize::from(y))?;
        let goes_on = pieces.get(usize::from(y) + 1).is_some_and(|next| next.line == piece.line);
        let last = if goes_on { piece.cells.saturating_sub(1) } else { piece.cells };
        Some(Position { line: piece.line, cell: piece.start + u32::from(col).min(last) })
    }

    /// Row and column of a position; `None` if its line is not there any more.
    pub(crate) fn locate(&self, position: Position) -> Option<(i64, u16)> {
        let col = |col: usize| u16::try_from(col).unwrap_or(u16::MAX).min(self.size.cols - 1);
        let open = if self.alternate { 0 } else { self.history.open_end().0 };
        let on_screen = self.line_on_top() < position.line || (self.line_on_top() == position.line && open <= position.cell);
        if !on_screen {
            let (back, at) = self.history.locate(position.line, position.cell)?;
            return Some((-1 - i64::try_from(back).ok()?, col(at)));
        }
        let pieces = self.pieces();
        let own = |piece: &Piece| piece.line == position.line && piece.start <= position.cell;
        let y = pieces.iter().rposition(own)?;
        let cell = (position.cell - pieces[y].start).min(pieces[y].cells);
        Some((i64::try_from(y).ok()?, col(usize::try_from(cell).ok()?)))
    }

    /// Puts the lines of the screen onto an empty page, the first one whole.
    pub(crate) fn screen_page(&self, page: &mut Page) {
        let top = self.line_on_top();
        if top < self.history.line_next() {
            page.begin(top);
            self.history.line_glyphs(top, |glyph| page.push(glyph));
        }
        for (y, piece) in (0..self.size.rows).zip(self.pieces()) {
            if page.lines.last().is_none_or(|last| last.line != piece.line) {
                if !page.lines.is_empty() {
                    page.end();
                }
                page.begin(piece.line);
            }
            self.text_cells(y).iter().filter_map(|cell| self.glyph(*cell)).for_each(|glyph| page.push(glyph));
        }
        page.end();
    }

    /// Calls `each` with the glyphs of a line, wherever it is. False if it is not there.
    pub(crate) fn line_glyphs(&self, line: u64, mut each: impl FnMut(Glyph<'_>)) -> bool {
        let mut found = line < self.history.line_next() && self.history.line_glyphs(line, &mut each);
        if self.line_on_top() <= line {
            for (y, _) in (0..self.size.rows).zip(self.pieces()).filter(|(_, piece)| piece.line == line) {
                found = true;
                self.text_cells(y).iter().filter_map(|cell| self.glyph(*cell)).for_each(&mut each);
            }
        }
        found
    }
}
