//! Rows of a history by addresses that stay: counted from the first row there ever was at this
//! width. Reading only.

use crate::term::history::History;
use crate::term::history::read::{RecordPos, Wrap};
use crate::term::history::record::CellText;
use crate::term::style_table::CellStyle;

/// A part of a row.
pub(crate) enum RowPiece<'a> {
    /// The text of the next cell.
    Glyph(CellText<'a>, CellStyle),
    /// The row is whole.
    End(RowEnd),
}

/// The facts about a row besides its glyphs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct RowEnd {
    /// The number of its line.
    pub(crate) line: u64,
    /// Cells of the line before this row.
    pub(crate) cell: u32,
    /// The mark of shell integration.
    pub(crate) mark: u8,
    /// True if the line goes on in the next row.
    pub(crate) wrapped: bool,
}

impl History {
    /// Counts the changes of the width: addresses of rows hold for one width only.
    pub(crate) fn epoch(&self) -> u64 {
        self.rows.epoch
    }

    /// The address after the last row.
    pub(crate) fn end_row(&self) -> u64 {
        self.rows.dropped + self.rows.count as u64
    }

    /// The number of the line that what comes next belongs to, and how many of its cells are here.
    pub(crate) fn end_line_number(&self) -> (u64, u32) {
        if self.open_cells > 0 {
            (self.line.saturating_sub(1), self.open_cells)
        } else {
            (self.line, 0)
        }
    }

    /// Calls `each` with the pieces of up to `count` rows from address `from` on.
    pub(crate) fn walk(&self, from: u64, count: usize, mut each: impl FnMut(RowPiece<'_>)) {
        let Some((mut place, mut line, mut skip)) = self.line_at(from) else { return };
        let mut left = count;
        while left > 0
            && let Some((_, next)) = self.extent(place)
        {
            left -= self.walk_line(place, line, skip..skip + left, &mut each);
            (place, line, skip) = (next, line + 1, 0);
        }
    }

    /// Calls `each` with the pieces of some rows of a line; gives how many there were.
    fn walk_line(
        &self,
        place: RecordPos,
        line: u64,
        wanted: std::ops::Range<usize>,
        each: &mut impl FnMut(RowPiece<'_>),
    ) -> usize {
        let Some((extent, _)) = self.extent(place) else { return 0 };
        let mut wrap = Wrap::new(self.cols);
        let (mut cell, mut first, mut row) = (0, 0, 0);
        let mut done = 0;
        let mark = |row: usize| if row == 0 { extent.mark } else { 0 };
        self.glyphs(place, extent, |glyph, cell_style| {
            wrap.step(glyph.cols());
            if wrap.row != row {
                if wanted.contains(&row) {
                    each(RowPiece::End(RowEnd {
                        line,
                        cell: first,
                        mark: mark(row),
                        wrapped: true,
                    }));
                    done += 1;
                }
                (row, first) = (wrap.row, cell);
            }
            cell += u32::from(glyph.cols());
            if wanted.contains(&row) {
                each(RowPiece::Glyph(glyph, cell_style));
            }
        });
        if wanted.contains(&row) {
            each(RowPiece::End(RowEnd {
                line,
                cell: first,
                mark: mark(row),
                wrapped: extent.wrapped,
            }));
            done += 1;
        }
        done
    }

    /// The line in which the row at an address lies: where it starts, its number, and which of its
    /// rows that is.
    fn line_at(&self, address: u64) -> Option<(RecordPos, u64, usize)> {
        let mut row = usize::try_from(address.checked_sub(self.rows.dropped)?).ok()?;
        let mut line = self.line.saturating_sub(self.lines as u64);
        for (at, segment) in self.segments.iter().enumerate() {
            if (segment.rows as usize) <= row {
                row -= segment.rows as usize;
                line += u64::from(segment.lines);
                continue;
            }
            let mut place = (at, segment.first as usize);
            for _ in 0..segment.lines {
                let (extent, next) = self.extent(place)?;
                let rows = self.rows_of(place, extent);
                if row < rows {
                    return Some((place, line, row));
                }
                (row, line, place) = (row - rows, line + 1, next);
            }
        }
        None
    }

    /// The address of the row in which a cell of a line lies; the nearest if it is not there any
    /// more or not yet.
    pub(crate) fn address(&self, wanted: u64, cell: u32) -> u64 {
        let mut line = self.line.saturating_sub(self.lines as u64);
        let mut address = self.rows.dropped;
        for (at, segment) in self.segments.iter().enumerate() {
            if line + u64::from(segment.lines) <= wanted {
                line += u64::from(segment.lines);
                address += u64::from(segment.rows);
                continue;
            }
            let mut place = (at, segment.first as usize);
            while let Some((extent, next)) = self.extent(place)
                && line < wanted
            {
                address += self.rows_of(place, extent) as u64;
                (line, place) = (line + 1, next);
            }
            return address + self.row_of_cell(place, cell);
        }
        address
    }

    fn row_of_cell(&self, place: RecordPos, cell: u32) -> u64 {
        let Some((extent, _)) = self.extent(place) else { return 0 };
        let mut wrap = Wrap::new(self.cols);
        let (mut at, mut row) = (0, 0);
        self.glyphs(place, extent, |glyph, _| {
            wrap.step(glyph.cols());
            if at <= cell {
                row = wrap.row;
            }
            at += u32::from(glyph.cols());
        });
        row as u64
    }

    /// Addresses and marks of the marked lines that start before address `before`, in the last
    /// segment that has any; the oldest first.
    pub(crate) fn marks_before(&self, before: u64) -> Vec<(u64, u8)> {
        let mut end = self.end_row();
        for at in (0..self.segments.len()).rev() {
            end -= u64::from(self.segments[at].rows);
            if end < before {
                let marks = self.marks_in(at, end, |address| address < before);
                if !marks.is_empty() {
                    return marks;
                }
            }
        }
        Vec::new()
    }

    /// Addresses and marks of the marked lines that start after address `after`, in the first
    /// segment that has any; the oldest first.
    pub(crate) fn marks_after(&self, after: u64) -> Vec<(u64, u8)> {
        let mut start = self.rows.dropped;
        for (at, segment) in self.segments.iter().enumerate() {
            let first = start;
            start += u64::from(segment.rows);
            if after < start {
                let marks = self.marks_in(at, first, |address| after < address);
                if !marks.is_empty() {
                    return marks;
                }
            }
        }
        Vec::new()
    }

    fn marks_in(
        &self,
        at: usize,
        mut address: u64,
        wanted: impl Fn(u64) -> bool,
    ) -> Vec<(u64, u8)> {
        let segment = self.segments[at];
        let mut place = (at, segment.first as usize);
        let mut found = Vec::new();
        for _ in 0..segment.lines {
            let Some((extent, next)) = self.extent(place) else { break };
            if extent.mark != 0 && wanted(address) {
                found.push((address, extent.mark));
            }
            address += self.rows_of(place, extent) as u64;
            place = next;
        }
        found
    }
}
