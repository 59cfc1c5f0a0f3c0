//! A selection: the cells of a row that belong to it, its text, and copying that, row by row. Lines
//! that were wrapped come out as one. Rows that were seen are taken as they were seen; the others
//! are fetched.

use std::ops::Range;

use crate::client::copy_mode::scrollback_cache::CachedRow;
use crate::client::copy_mode::{CopyEffect, CopyMode, Where};
use crate::wire::scroll::{ROWS_MAX, ScrollPoint, ScrollQuery};

/// The way a selection runs over rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SelectionKind {
    /// From a cell to a cell.
    Char,
    /// Whole lines.
    Line,
    /// The same columns of every row.
    Block,
}

/// The unit by which a selection grows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unit {
    /// Cells.
    Cell,
    /// Words or, as a triple click begins it, lines: the first and the last cell of the one it
    /// began with.
    Word(ScrollPoint, ScrollPoint),
}

/// A selection: from where it began to the cursor.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Selection {
    /// The cell at which it began.
    pub anchor: ScrollPoint,
    /// The way it runs over rows.
    pub shape: SelectionKind,
    /// The unit by which it grows.
    pub unit: Unit,
}

/// The cells that are selected: the first and the last, and how it runs from one to the other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SelectedCells {
    /// The first cell. In a block, its row and the left column.
    pub start: ScrollPoint,
    /// The cell after the last. In a block, the last row and the column after the right one.
    pub end: ScrollPoint,
    /// The way it runs over rows.
    pub shape: SelectionKind,
}

impl Selection {
    /// The same of rows that have other addresses.
    #[must_use]
    pub fn moved(self, row: impl Fn(u64) -> u64) -> Self {
        let cell = |cell: ScrollPoint| ScrollPoint { row: row(cell.row), ..cell };
        let unit = match self.unit {
            Unit::Word(first, last) => Unit::Word(cell(first), cell(last)),
            Unit::Cell => Unit::Cell,
        };
        Self { anchor: cell(self.anchor), unit, ..self }
    }

    /// The cells that are selected with the cursor there. `beyond`: the cell under the cursor is
    /// not part of it.
    #[must_use]
    pub fn span(&self, cursor: ScrollPoint, beyond: bool) -> SelectedCells {
        let (mut start, mut end) =
            if self.anchor <= cursor { (self.anchor, cursor) } else { (cursor, self.anchor) };
        if let Unit::Word(first, last) = self.unit {
            (start, end) = (start.min(first), end.max(last));
        }
        if self.shape == SelectionKind::Block {
            (start.col, end.col) =
                (self.anchor.col.min(cursor.col), self.anchor.col.max(cursor.col));
        }
        // A block of one column is no block.
        let is_open = beyond
            && self.unit == Unit::Cell
            && !(self.shape == SelectionKind::Block && start.col == end.col);
        end.col = end.col.saturating_add(u16::from(!is_open));
        SelectedCells { start, end, shape: self.shape }
    }
}

impl SelectedCells {
    /// The selected columns of a row; none if the row has none.
    #[must_use]
    pub fn cols(&self, row: u64, text: &CachedRow) -> Option<Range<u16>> {
        if row < self.start.row || self.end.row < row {
            return None;
        }
        let len = text.glyphs().last().map_or(0, |glyph| glyph.col + glyph.cols).max(1);
        let cols = match self.shape {
            SelectionKind::Line => 0..len,
            SelectionKind::Block => self.start.col..self.end.col,
            SelectionKind::Char => {
                let from = if row == self.start.row { self.start.col } else { 0 };
                let to = if row == self.end.row { self.end.col } else { len };
                from..to
            }
        };
        // A wide character that is cut counts whole.
        let from = text.head(cols.start);
        let to =
            cols.end.checked_sub(1).and_then(|last| text.glyph_at(last)).map_or(cols.end, |idx| {
                let glyph = text.glyphs()[idx];
                glyph.col + glyph.cols
            });
        (from < to).then_some(from..to)
    }

    /// Appends the text of a row, with the line end that follows it.
    pub fn push(&self, row: u64, text: &CachedRow, out: &mut String) {
        let start = out.len();
        if let Some(cols) = self.cols(row, text) {
            out.push_str(text.slice(cols));
        }
        let is_last = row == self.end.row;
        let goes_on = text.wrapped && self.shape != SelectionKind::Block;
        if !goes_on {
            // A line's end counts from where its first row begins.
            let kept = out[start..].trim_end_matches(' ').len();
            let whole = self.shape != SelectionKind::Char || !is_last || text.len() <= self.end.col;
            if whole {
                out.truncate(start + kept);
            }
        }
        if self.shape == SelectionKind::Line && is_last || !is_last && !goes_on {
            out.push('\n');
        }
    }
}

/// The most that is copied, in bytes: what a buffer holds.
pub(super) const COPY_BYTES_MAX: usize = 4 << 20;

/// A selection that is being copied.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Yank {
    span: SelectedCells,
    to: Where,
    next: u64,
    text: String,
}

impl CopyMode {
    /// Copies what is selected, and leaves.
    pub(super) fn yank(&mut self, mut span: SelectedCells, to: Where) {
        if span.shape == SelectionKind::Line {
            // Whole lines, as far as their rows are known.
            span.start.row = self.rows.line_start(span.start.row).unwrap_or(span.start.row);
            span.end.row = self.rows.line_end(span.end.row).unwrap_or(span.end.row);
        }
        self.yank =
            Some(Yank { span, to, next: span.start.row.max(self.rows.first), text: String::new() });
    }

    /// Goes on with a copy as far as rows are there.
    pub(super) fn yank_on(&mut self, effects: &mut Vec<CopyEffect>) {
        let Some(mut yank) = self.yank.take() else { return };
        while yank.next <= yank.span.end.row && yank.next < self.rows.end {
            let Some(row) = self.rows.get(yank.next) else {
                let left = yank.span.end.row + 1 - yank.next;
                let count = u16::try_from(left).unwrap_or(ROWS_MAX).min(ROWS_MAX);
                self.ask(ScrollQuery::Rows { from: yank.next, count }, true, effects);
                yank.next = yank.next.max(self.rows.first);
                self.yank = Some(yank);
                return;
            };
            yank.span.push(yank.next, row, &mut yank.text);
            yank.next += 1;
            if COPY_BYTES_MAX < yank.text.len() {
                self.queue.clear();
                let text = format!(
                    "more than {} MiB are selected: nothing was copied; abide capture \
                     --scrollback writes it all",
                    COPY_BYTES_MAX >> 20
                );
                return effects.push(CopyEffect::Say(text));
            }
        }
        if !yank.text.is_empty() {
            effects.push(CopyEffect::Copied(yank.text, yank.to));
        }
        effects.push(CopyEffect::Leave);
    }
}

#[cfg(test)]
mod tests {
    use super::{Selection, SelectionKind, Unit};
    use crate::client::copy_mode::tests::doc;
    use crate::wire::scroll::ScrollPoint;

    fn check(rows: &[&str], shape: SelectionKind, [from, to]: [(u64, u16); 2], expected: &str) {
        let doc = doc(rows);
        let cell = |(row, col)| ScrollPoint { row, col };
        for (anchor, cursor) in [(from, to), (to, from)] {
            let span = Selection { anchor: cell(anchor), shape, unit: Unit::Cell }
                .span(cell(cursor), false);
            let mut text = String::new();
            for row in span.start.row..=span.end.row {
                span.push(row, doc.row(row).expect("there"), &mut text);
            }
            assert_eq!(text, expected, "{anchor:?} to {cursor:?}");
        }
    }

    #[test]
    fn lines_end_where_their_text_ends_and_wrapped_rows_are_one() {
        check(
            &["one two  ", "three   ", "four"],
            SelectionKind::Char,
            [(0, 4), (2, 1)],
            "two\nthree\nfo",
        );
        check(&["one two", "three"], SelectionKind::Char, [(0, 1), (0, 5)], "ne tw");
        check(
            &["one \\", "two \\", "three", "x"],
            SelectionKind::Char,
            [(0, 0), (3, 0)],
            "one two three\nx",
        );
        check(&["a", "", "b"], SelectionKind::Char, [(0, 0), (2, 0)], "a\n\nb");
        check(&["one two"], SelectionKind::Char, [(0, 3), (0, 3)], " ");
    }

    #[test]
    fn whole_lines_keep_their_end() {
        check(&["one  ", "two"], SelectionKind::Line, [(0, 2), (1, 0)], "one\ntwo\n");
    }

    #[test]
    fn a_block_takes_the_same_columns_of_every_row() {
        check(&["abcdef", "ab", "abcdef"], SelectionKind::Block, [(0, 2), (2, 3)], "cd\n\ncd");
        check(&["ab漢字", "abcdef"], SelectionKind::Block, [(0, 3), (1, 4)], "漢字\nde");
    }

    #[test]
    fn wide_characters_and_clusters_are_whole() {
        check(&["a漢字b"], SelectionKind::Char, [(0, 2), (0, 3)], "漢字");
        check(&["x{e\u{301}}y"], SelectionKind::Char, [(0, 1), (0, 1)], "e\u{301}");
    }
}
