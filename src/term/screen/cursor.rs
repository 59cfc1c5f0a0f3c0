//! Moves of the cursor: absolute and relative moves, tabs, line feeds, margins (ECMA-48 8.3, DEC
//! STD 070, xterm's behaviour where they differ).

use crate::base::geom::Size;
use crate::term::cell::RowAttrs;
use crate::term::mode::Mode;
use crate::term::screen::{Margins, SavedCursor, Screen};

impl Screen {
    pub(crate) fn last_col(&self) -> u16 {
        self.size.cols - 1
    }

    pub(crate) fn last_row(&self) -> u16 {
        self.size.rows - 1
    }

    /// The last column of row `y`: one of double width has half the columns.
    #[inline]
    pub(crate) fn last_col_of(&self, y: u16) -> u16 {
        if self.printing.doubled && self.grid.line(y).has(RowAttrs::DOUBLE) {
            (self.size.cols / 2).max(1) - 1
        } else {
            self.last_col()
        }
    }

    /// The number of columns in which each one of the cursor's row is drawn.
    pub(crate) fn drawn_columns(&self) -> u16 {
        if self.grid.line(self.cursor.y).has(RowAttrs::DOUBLE) { 2 } else { 1 }
    }

    /// The column after the last one that text in the cursor's row may reach.
    #[inline]
    pub(crate) fn limit(&self) -> usize {
        // A row of double width may have come to where the cursor is already further right.
        if self.printing.doubled
            && self.cursor.x <= self.last_col_of(self.cursor.y)
            && self.grid.line(self.cursor.y).has(RowAttrs::DOUBLE)
        {
            return usize::from(self.last_col_of(self.cursor.y)) + 1;
        }
        if self.cursor.x <= self.margins.right {
            usize::from(self.margins.right) + 1
        } else {
            usize::from(self.size.cols)
        }
    }

    fn left_limit(&self) -> u16 {
        if self.cursor.x >= self.margins.left { self.margins.left } else { 0 }
    }

    pub(crate) fn in_columns(&self) -> bool {
        self.margins.left <= self.cursor.x && self.cursor.x <= self.margins.right
    }

    pub(crate) fn in_rows(&self) -> bool {
        self.margins.top <= self.cursor.y && self.cursor.y <= self.margins.bottom
    }

    /// True if the region has the full width.
    pub(crate) fn full_width(&self) -> bool {
        self.margins.left == 0 && self.margins.right == self.last_col()
    }

    /// Puts the cursor at a cell of the screen.
    pub(crate) fn place(&mut self, x: u16, y: u16) {
        self.cursor.y = y.min(self.last_row());
        self.cursor.x = x.min(self.last_col_of(self.cursor.y));
        self.cursor.pending = false;
    }

    /// CUP: row and column from 1, counted from the margins in origin mode.
    pub(crate) fn move_to(&mut self, row: u16, col: u16) {
        let (row, col) = (row.max(1) - 1, col.max(1) - 1);
        if self.is_on(Mode::ORIGIN) {
            let Margins { top, bottom, left, right } = self.margins;
            self.place(left.saturating_add(col).min(right), top.saturating_add(row).min(bottom));
        } else {
            self.place(col, row);
        }
    }

    /// CHA, HPA.
    pub(crate) fn move_to_col(&mut self, col: u16) {
        let row = self.cursor.y
            - if self.is_on(Mode::ORIGIN) { self.margins.top.min(self.cursor.y) } else { 0 };
        self.move_to(row + 1, col);
    }

    /// VPA.
    pub(crate) fn move_to_row(&mut self, row: u16) {
        let x = self.cursor.x;
        self.move_to(row, 1);
        self.place(x, self.cursor.y);
    }

    /// HPR.
    pub(crate) fn move_right_free(&mut self, n: u16) {
        self.place(self.cursor.x.saturating_add(n), self.cursor.y);
    }

    /// VPR.
    pub(crate) fn move_down_free(&mut self, n: u16) {
        self.place(self.cursor.x, self.cursor.y.saturating_add(n));
    }

    /// HPB.
    pub(crate) fn move_left_free(&mut self, n: u16) {
        self.place(self.cursor.x.saturating_sub(n), self.cursor.y);
    }

    /// VPB.
    pub(crate) fn move_up_free(&mut self, n: u16) {
        self.place(self.cursor.x, self.cursor.y.saturating_sub(n));
    }

    /// CUU: stops at the top margin if it starts at or below it.
    pub(crate) fn move_up(&mut self, n: u16) {
        let stop = if self.cursor.y >= self.margins.top { self.margins.top } else { 0 };
        self.place(self.cursor.x, self.cursor.y.saturating_sub(n).max(stop));
    }

    /// CUD.
    pub(crate) fn move_down(&mut self, n: u16) {
        let stop = if self.cursor.y <= self.margins.bottom {
            self.margins.bottom
        } else {
            self.last_row()
        };
        self.place(self.cursor.x, self.cursor.y.saturating_add(n).min(stop));
    }

    /// CUF.
    pub(crate) fn move_right(&mut self, n: u16) {
        let stop =
            if self.cursor.x <= self.margins.right { self.margins.right } else { self.last_col() };
        self.place(self.cursor.x.saturating_add(n).min(stop), self.cursor.y);
    }

    /// CUB and BS; goes on in the row above with reverse wrap (45, 1045).
    pub(crate) fn move_left(&mut self, n: u16) {
        let extended = self.is_on(Mode::REVERSE_WRAP_EXTENDED);
        let wraps = self.is_on(Mode::AUTOWRAP) && (self.is_on(Mode::REVERSE_WRAP) || extended);
        if !wraps {
            let stop = self.left_limit();
            self.place(self.cursor.x.saturating_sub(n).max(stop), self.cursor.y);
            return;
        }
        let mut steps = u32::from(n);
        if self.cursor.pending {
            self.cursor.pending = false;
            steps -= 1;
        }
        // More steps than cells change nothing but the place in the cycle; one round is enough to
        // stop.
        let mut rows = u32::from(self.size.rows) + 1;
        while steps > 0 && rows > 0 {
            rows -= 1;
            let stop = self.left_limit();
            let here = u32::from(self.cursor.x - stop).min(steps);
            self.place(self.cursor.x - u16::try_from(here).unwrap_or(0), self.cursor.y);
            steps -= here;
            if steps == 0 || !self.wrap_back(extended) {
                return;
            }
            steps -= 1;
        }
    }

    /// To the last column of the row above, if that is allowed.
    fn wrap_back(&mut self, extended: bool) -> bool {
        let Margins { top, bottom, right, .. } = self.margins;
        let y = self.cursor.y;
        if y == top || y == 0 {
            if !extended {
                return false;
            }
            self.place(right, bottom);
            return true;
        }
        if !extended && !self.grid.line(y - 1).has(RowAttrs::WRAPPED) {
            return false;
        }
        self.place(right, y - 1);
        true
    }

    /// CR: to the left margin, or to the first column left of it.
    pub(crate) fn carriage_return(&mut self) {
        self.cursor.x =
            if self.is_on(Mode::ORIGIN) { self.margins.left } else { self.left_limit() };
        self.cursor.pending = false;
    }

    /// IND, and what LF does to the row: down, or scroll at the bottom margin.
    #[inline]
    pub(crate) fn index(&mut self) {
        self.cursor.pending = false;
        if self.cursor.y == self.margins.bottom {
            if self.in_columns() {
                self.scroll_up(1);
            }
        } else if self.cursor.y < self.last_row() {
            self.cursor.y += 1;
        }
        self.keep_in_row();
    }

    /// RI.
    pub(crate) fn reverse_index(&mut self) {
        self.cursor.pending = false;
        if self.cursor.y == self.margins.top {
            if self.in_columns() {
                self.scroll_down(1);
            }
        } else {
            self.cursor.y = self.cursor.y.saturating_sub(1);
        }
        self.keep_in_row();
    }

    /// The row the cursor came to may be one of double width.
    #[inline]
    fn keep_in_row(&mut self) {
        if self.printing.doubled {
            self.cursor.x = self.cursor.x.min(self.last_col_of(self.cursor.y));
        }
    }

    /// LF, VT, FF.
    #[inline]
    pub(crate) fn line_feed(&mut self) {
        self.index();
        if self.is_on(Mode::NEWLINE) {
            self.carriage_return();
        }
    }

    /// HT, CHT. A pending wrap stays pending, as in xterm.
    pub(crate) fn tab(&mut self, n: u16) {
        let stop =
            if self.cursor.x <= self.margins.right { self.margins.right } else { self.last_col() };
        let stop = stop.min(self.last_col_of(self.cursor.y));
        for _ in 0..n.min(self.size.cols) {
            self.cursor.x = self.tabs.after(self.cursor.x, stop);
        }
    }

    /// CBT.
    pub(crate) fn tab_back(&mut self, n: u16) {
        let stop = if self.is_on(Mode::ORIGIN) { self.margins.left.min(self.cursor.x) } else { 0 };
        for _ in 0..n.min(self.size.cols) {
            self.cursor.x = self.tabs.before(self.cursor.x, stop);
        }
        self.cursor.pending = false;
    }

    /// DECSTBM: rows from 1; 0 is the edge.
    pub(crate) fn set_rows(&mut self, top: u16, bottom: u16) {
        let top = top.max(1) - 1;
        let bottom = if bottom == 0 { self.last_row() } else { (bottom - 1).min(self.last_row()) };
        if top < bottom {
            self.margins.top = top;
            self.margins.bottom = bottom;
            self.move_to(1, 1);
        }
    }

    /// DECSLRM: columns from 1; 0 is the edge.
    pub(crate) fn set_columns(&mut self, left: u16, right: u16) {
        let left = left.max(1) - 1;
        let right = if right == 0 { self.last_col() } else { (right - 1).min(self.last_col()) };
        if left < right {
            self.margins.left = left;
            self.margins.right = right;
            self.move_to(1, 1);
        }
    }

    /// DECSC.
    pub(crate) fn save_cursor(&mut self) {
        self.saved[usize::from(self.alternate)] =
            SavedCursor { cursor: self.cursor, origin: self.is_on(Mode::ORIGIN), is_set: true };
    }

    /// DECRC: to where the cursor was; home and the defaults if nothing was saved. Autowrap is left
    /// as it is, as in xterm and on DEC's terminals.
    pub(crate) fn restore_cursor(&mut self) {
        let saved = self.saved[usize::from(self.alternate)];
        self.cursor = saved.cursor;
        self.cursor.pen.stale = true;
        self.cursor.pen.zone = 0;
        self.place(saved.cursor.x, saved.cursor.y);
        self.cursor.pending =
            saved.cursor.pending && self.cursor.x == self.last_col_of(self.cursor.y);
        self.modes.set(Mode::ORIGIN, saved.origin);
        if saved.origin {
            // Margins set meanwhile bound it on the far side only (xterm): it was not saved as a
            // place counted from them.
            self.cursor.x = self.cursor.x.min(self.margins.right);
            self.cursor.y = self.cursor.y.min(self.margins.bottom);
        }
    }
}

const WORDS: usize = (Size::MAX.cols as usize).div_ceil(64);
/// A stop in every eighth column, the first one left out.
const EVERY_EIGHTH: u64 = 0x0101_0101_0101_0101;

/// The tab stops of a terminal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Tabs(pub(crate) Box<[u64; WORDS]>);

impl Default for Tabs {
    fn default() -> Self {
        let mut words = Box::new([EVERY_EIGHTH; WORDS]);
        words[0] &= !1;
        Self(words)
    }
}

impl Tabs {
    pub(crate) fn from_words(words: &[u64]) -> Self {
        let mut tabs = Self(Box::new([0; WORDS]));
        tabs.0.iter_mut().zip(words).for_each(|(own, word)| *own = *word);
        tabs
    }

    pub(crate) fn is_stop(&self, x: u16) -> bool {
        self.0.get(usize::from(x / 64)).is_some_and(|word| word >> (x % 64) & 1 == 1)
    }

    pub(crate) fn set(&mut self, x: u16, on: bool) {
        if let Some(word) = self.0.get_mut(usize::from(x / 64)) {
            *word = *word & !(1 << (x % 64)) | u64::from(on) << (x % 64);
        }
    }

    pub(crate) fn clear(&mut self) {
        self.0.fill(0);
    }

    /// The next stop right of `x`, at most `last`.
    pub(crate) fn after(&self, x: u16, last: u16) -> u16 {
        (x.saturating_add(1)..last).find(|x| self.is_stop(*x)).unwrap_or(last.max(x))
    }

    /// The next stop left of `x`, at least `first`.
    pub(crate) fn before(&self, x: u16, first: u16) -> u16 {
        (first..x).rev().find(|x| self.is_stop(*x)).unwrap_or(first.min(x))
    }
}
