//! The rows of a pane that were fetched, by address, and what stands in their cells. It asks nobody
//! for more: it says what is missing.

use std::collections::BTreeMap;
use std::ops::Range;
use std::rc::Rc;

use crate::base::row::{Run, RunKind};
use crate::client::scene;
use crate::wire::scroll::{RowMark, Rows, ScrollPoint, ScrolledRow};

/// Rows that are kept; beyond it those farthest from what is shown are dropped.
const ROWS_KEPT_MAX: usize = 20_000;

/// A row that is needed and was not fetched.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Missing(pub u64);

/// The rows of a pane. They stay as they were when they were fetched.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct ScrollbackCache {
    /// Addresses hold as long as this does.
    pub epoch: u64,
    /// The width rows are wrapped to.
    pub cols: u16,
    /// The oldest row.
    pub first: u64,
    /// The row at the top of the screen.
    pub screen: u64,
    /// The one after the last row of the screen.
    pub end: u64,
    /// The program's cursor.
    pub cursor: ScrollPoint,
    /// Targets of link numbers.
    pub links: BTreeMap<u32, Rc<str>>,
    rows: BTreeMap<u64, CachedRow>,
}

/// A row.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct CachedRow {
    /// The runs.
    pub runs: Vec<Run>,
    /// True if the line goes on in the next row.
    pub wrapped: bool,
    /// The number of its line.
    pub line: u64,
    /// Cells of that line before this row.
    pub cell: u32,
    /// The mark of what starts in it.
    pub mark: Option<RowMark>,
    text: String,
    glyphs: Vec<RowGlyph>,
}

/// A character or a cluster in one or two cells.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RowGlyph {
    /// The first column.
    pub col: u16,
    /// Columns it takes.
    pub cols: u16,
    /// The byte at which its text begins in that of the row.
    at: usize,
}

impl ScrollbackCache {
    /// Takes rows that were fetched. Rows that are there stay as they are, unless the addresses
    /// mean something else now.
    pub fn take(&mut self, given: Rows) {
        if self.epoch != given.epoch || self.cols != given.cols {
            self.rows.clear();
        }
        (self.epoch, self.cols, self.first, self.screen, self.end) =
            (given.epoch, given.cols, given.first, given.screen, given.end);
        self.cursor = given.cursor;
        self.links.extend(given.links.into_iter().map(|(number, target)| (number, target.into())));
        for (address, row) in (given.from..).zip(given.rows) {
            self.rows.entry(address).or_insert_with(|| CachedRow::new(row, &given.styles));
        }
    }

    /// Forgets rows, so that they are fetched as they are now.
    pub fn forget(&mut self) {
        self.rows.clear();
    }

    /// Drops rows far from `near`.
    pub fn trim(&mut self, near: u64) {
        while ROWS_KEPT_MAX < self.rows.len() {
            let (Some(first), Some(last)) =
                (self.rows.keys().next().copied(), self.rows.keys().next_back().copied())
            else {
                return;
            };
            let farthest = if near.abs_diff(first) < near.abs_diff(last) { last } else { first };
            self.rows.remove(&farthest);
        }
    }

    /// True if nothing was fetched yet.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// A row.
    ///
    /// # Errors
    /// That it was not fetched.
    pub fn row(&self, address: u64) -> Result<&CachedRow, Missing> {
        self.rows.get(&address).ok_or(Missing(address))
    }

    /// A row, if it is there.
    #[must_use]
    pub fn get(&self, address: u64) -> Option<&CachedRow> {
        self.rows.get(&address)
    }

    /// The part of `wanted` that is to be fetched; none if all is there.
    #[must_use]
    pub fn lacks(&self, wanted: Range<u64>) -> Option<Range<u64>> {
        let is_missing = |address: &u64| !self.rows.contains_key(address);
        let first = wanted.clone().find(is_missing)?;
        let last = wanted.rev().find(is_missing)?;
        Some(first..last + 1)
    }

    /// The first row of the line that a row belongs to.
    ///
    /// # Errors
    /// The row that was not fetched.
    pub fn line_start(&self, mut row: u64) -> Result<u64, Missing> {
        while self.first < row && self.row(row - 1)?.wrapped {
            row -= 1;
        }
        Ok(row)
    }

    /// The last row of the line that a row belongs to.
    ///
    /// # Errors
    /// The row that was not fetched.
    pub fn line_end(&self, mut row: u64) -> Result<u64, Missing> {
        while row + 1 < self.end && self.row(row)?.wrapped {
            row += 1;
        }
        Ok(row)
    }
}

impl CachedRow {
    fn new(given: ScrolledRow, styles: &[crate::base::style::Style]) -> Self {
        let runs: Vec<Run> = given.spans.into_iter().map(|span| scene::run(span, styles)).collect();
        let mut text = String::new();
        let mut glyphs = Vec::new();
        let mut col = 0;
        for run in &runs {
            let mut push = |cols: u16, part: &str| {
                glyphs.push(RowGlyph { col, cols, at: text.len() });
                text.push_str(part);
                col += cols;
            };
            match run.kind {
                RunKind::Cluster(cols) => push(u16::from(cols.clamp(1, 2)), &run.text),
                RunKind::Narrow | RunKind::Under => {
                    run.text.chars().for_each(|c| push(1, c.encode_utf8(&mut [0; 4])));
                }
                RunKind::Wide => run.text.chars().for_each(|c| push(2, c.encode_utf8(&mut [0; 4]))),
            }
        }
        Self {
            runs,
            wrapped: given.wrapped,
            line: given.line,
            cell: given.cell,
            mark: given.mark,
            text,
            glyphs,
        }
    }

    /// The text, trailing blanks included.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The glyphs in its cells, from the left.
    #[must_use]
    pub fn glyphs(&self) -> &[RowGlyph] {
        &self.glyphs
    }

    /// The text of a glyph.
    #[must_use]
    pub fn part(&self, idx: usize) -> &str {
        let Some(glyph) = self.glyphs.get(idx) else { return "" };
        let end = self.glyphs.get(idx + 1).map_or(self.text.len(), |next| next.at);
        &self.text[glyph.at..end]
    }

    /// The glyph that covers a column; none right of all.
    #[must_use]
    pub fn glyph_at(&self, col: u16) -> Option<usize> {
        let idx = self.glyphs.partition_point(|glyph| glyph.col <= col).checked_sub(1)?;
        let glyph = self.glyphs[idx];
        (col < glyph.col + glyph.cols).then_some(idx)
    }

    /// The text of the glyph that covers a column; a blank right of all.
    #[must_use]
    pub fn at(&self, col: u16) -> &str {
        self.glyph_at(col).map_or(" ", |idx| self.part(idx))
    }

    /// The first column of the glyph that covers a column.
    #[must_use]
    pub fn head(&self, col: u16) -> u16 {
        self.glyph_at(col).map_or(col, |idx| self.glyphs[idx].col)
    }

    /// Columns up to the last one that is not blank.
    #[must_use]
    pub fn len(&self) -> u16 {
        let last = (0..self.glyphs.len()).rev().find(|idx| self.part(*idx) != " ");
        last.map_or(0, |idx| self.glyphs[idx].col + self.glyphs[idx].cols)
    }

    /// True if nothing but blanks stands in it.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The first column of the last glyph that is not blank; 0 in an empty row.
    #[must_use]
    pub fn last(&self) -> u16 {
        self.len().checked_sub(1).map_or(0, |col| self.head(col))
    }

    /// The column of a byte of its text.
    #[must_use]
    pub fn col_of(&self, byte: usize) -> u16 {
        self.glyphs
            .partition_point(|glyph| glyph.at <= byte)
            .checked_sub(1)
            .map_or(0, |idx| self.glyphs[idx].col)
    }

    /// The text in some columns; a wide character counts if one of its cells is among them.
    #[must_use]
    pub fn slice(&self, cols: Range<u16>) -> &str {
        let from = self.glyphs.partition_point(|glyph| glyph.col + glyph.cols <= cols.start);
        let to = self.glyphs.partition_point(|glyph| glyph.col < cols.end);
        let byte = |idx: usize| self.glyphs.get(idx).map_or(self.text.len(), |glyph| glyph.at);
        if from < to { &self.text[byte(from)..byte(to)] } else { "" }
    }
}
