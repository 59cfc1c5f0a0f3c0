//! Changes of cells without printing: erase, insert, delete, scroll (ECMA-48 8.3, DEC STD 070),
//! and the switch between the screens.

use std::ops::Range;

use crate::term::cell::{Cell, RowAttrs};
use crate::term::mode::Mode;
use crate::term::screen::grid::{Fill, Grid};
use crate::term::screen::{Margins, Screen};

/// The cells that an erase spares.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Spare {
    /// None.
    Nothing,
    /// Cells printed with DECSCA on (DECSED, DECSEL).
    Protected,
}

impl Screen {
    fn region(&self) -> (u16, u16) {
        (self.margins.top, self.margins.bottom)
    }

    /// Scrolls the region up; rows that leave the top of the main screen go into the history.
    #[inline]
    pub(crate) fn scroll_up(&mut self, n: u16) {
        let (top, bottom) = self.region();
        let blank = self.blank();
        let tick = self.tick();
        if !self.full_width() {
            self.shift_box(self.margins, i32::from(n), blank);
            return;
        }
        let n = n.min(bottom - top + 1);
        if top == 0 && !self.alternate {
            for y in 0..n {
                self.keep_row(y);
            }
        }
        self.grid.scroll_up((top, bottom), n, blank, tick);
        if !self.images.is_empty() {
            self.images.scroll((top, bottom), -i64::from(n), !self.alternate);
        }
    }

    /// Appends a row of the screen to the history.
    #[inline]
    pub(crate) fn keep_row(&mut self, y: u16) {
        self.history.push(
            self.grid.row(y),
            self.grid.line(y),
            &self.tables.styles,
            &self.tables.clusters,
        );
    }

    pub(crate) fn scroll_down(&mut self, n: u16) {
        let (top, bottom) = self.region();
        let blank = self.blank();
        let tick = self.tick();
        if !self.full_width() {
            self.shift_box(self.margins, -i32::from(n), blank);
            return;
        }
        let n = n.min(bottom - top + 1);
        if top == 0 && !self.alternate {
            // The row that comes in at the top does not continue the last row of the history.
            self.history.end_line();
        }
        self.grid.scroll_down((top, bottom), n, blank, tick);
        if !self.images.is_empty() {
            self.images.scroll((top, bottom), i64::from(n), false);
        }
    }

    /// Moves the cells of a box up (or down, if negative) by `n` rows.
    fn shift_box(&mut self, area: Margins, n: i32, blank: Cell) {
        let (left, right) = (usize::from(area.left), usize::from(area.right) + 1);
        let rows = i32::from(area.bottom - area.top) + 1;
        let tick = self.tick();
        for y in area.top..=area.bottom {
            self.grid.split_wide(y, left);
            self.grid.split_wide(y, right);
        }
        let order: Vec<i32> = if n > 0 { (0..rows).collect() } else { (0..rows).rev().collect() };
        for to in order {
            let from = to + n;
            let y = area.top + u16::try_from(to).unwrap_or(0);
            if (0..rows).contains(&from) {
                let source = area.top + u16::try_from(from).unwrap_or(0);
                let cells = self.grid.row(source)[left..right].to_vec();
                let flags = self.grid.line(source).flags
                    & (RowAttrs::STYLED | RowAttrs::TEXT | RowAttrs::WIDE);
                let (target, line) = self.grid.write(y, right, tick);
                target[left..right].copy_from_slice(&cells);
                line.flags = (line.flags | flags) & !RowAttrs::WRAPPED;
            } else {
                self.grid.clear_cells(y, left..right, blank, tick);
            }
        }
    }

    /// IL.
    pub(crate) fn insert_lines(&mut self, n: u16) {
        self.shift_lines(-i32::from(n));
    }

    /// DL.
    pub(crate) fn delete_lines(&mut self, n: u16) {
        self.shift_lines(i32::from(n));
    }

    fn shift_lines(&mut self, n: i32) {
        if !self.in_rows() || !self.in_columns() {
            return;
        }
        let area = Margins { top: self.cursor.y, ..self.margins };
        let blank = self.blank();
        let (region, tick) = ((area.top, area.bottom), self.tick());
        let count = u16::try_from(n.unsigned_abs()).unwrap_or(u16::MAX);
        if self.full_width() {
            if n > 0 {
                self.grid.scroll_up(region, count, blank, tick);
            } else {
                self.grid.scroll_down(region, count, blank, tick);
            }
            self.unwrap_above(area.top);
        } else {
            self.shift_box(area, n.clamp(-2000, 2000), blank);
        }
        self.cursor.x = self.margins.left;
        self.cursor.pending = false;
    }

    /// The row above `y` no longer goes on in `y`.
    fn unwrap_above(&mut self, y: u16) {
        if y > 0 {
            self.grid.unwrap(y - 1, self.tick);
        } else if !self.alternate {
            self.history.end_line();
        }
    }

    /// ICH.
    pub(crate) fn insert_blanks(&mut self, n: u16) {
        if !self.in_columns() {
            return;
        }
        let (blank, tick) = (self.blank(), self.tick());
        let range = usize::from(self.cursor.x)..usize::from(self.margins.right) + 1;
        self.grid.shift_right(self.cursor.y, range, usize::from(n), Fill { blank, tick });
        self.cursor.pending = false;
    }

    /// DCH.
    pub(crate) fn delete_chars(&mut self, n: u16) {
        if !self.in_columns() {
            return;
        }
        let (blank, tick) = (self.blank(), self.tick());
        let range = usize::from(self.cursor.x)..usize::from(self.margins.right) + 1;
        self.grid.shift_left(self.cursor.y, range, usize::from(n), Fill { blank, tick });
        self.grid.unwrap(self.cursor.y, tick);
        self.cursor.pending = false;
    }

    /// SL and DECDC (to the left), SR and DECIC (to the right, negative) from column `x` on, in all
    /// rows of the region.
    pub(crate) fn shift_columns(&mut self, x: u16, n: i32) {
        let (blank, tick) = (self.blank(), self.tick());
        let range = usize::from(x)..usize::from(self.margins.right) + 1;
        let count = n.unsigned_abs() as usize;
        for y in self.margins.top..=self.margins.bottom {
            if n > 0 {
                self.grid.shift_left(y, range.clone(), count, Fill { blank, tick });
            } else {
                self.grid.shift_right(y, range.clone(), count, Fill { blank, tick });
            }
            self.grid.unwrap(y, tick);
        }
        self.cursor.pending = false;
    }

    /// ECH.
    pub(crate) fn erase_chars(&mut self, n: u16) {
        let start = usize::from(self.cursor.x);
        let end = (start + usize::from(n)).min(usize::from(self.size.cols));
        self.erase(self.cursor.y, start..end, self.spared(Spare::Nothing));
        self.cursor.pending = false;
    }

    /// The cells an erase spares: after SPA, every one spares what is protected (xterm's reading of
    /// ECMA-48's ERM); after a reset, none does until DECSCA.
    fn spared(&self, spare: Spare) -> Spare {
        match spare {
            _ if self.is_on(Mode::GUARDED) => Spare::Protected,
            Spare::Protected if !self.is_on(Mode::PROTECTING) => Spare::Nothing,
            spare => spare,
        }
    }

    /// EL and DECSEL: 0 to the end, 1 from the start, 2 all.
    pub(crate) fn erase_line(&mut self, what: u16, spare: Spare) {
        let (x, cols) = (usize::from(self.cursor.x), usize::from(self.size.cols));
        let range = match what {
            0 => x..cols,
            1 => 0..x + 1,
            2 => 0..cols,
            _ => return,
        };
        self.erase(self.cursor.y, range, self.spared(spare));
        self.cursor.pending = false;
    }

    /// ED and DECSED: 0 below, 1 above, 2 all, 3 the history.
    pub(crate) fn erase_screen(&mut self, what: u16, spare: Spare) {
        let (y, last) = (self.cursor.y, self.last_row());
        match what {
            0 => {
                self.erase_line(0, spare);
                self.erase_rows(y + 1..last + 1, spare);
            }
            1 => {
                self.erase_rows(0..y, spare);
                self.erase_line(1, spare);
            }
            2 => self.erase_rows(0..last + 1, spare),
            3 if spare == Spare::Nothing => self.history.clear(),
            _ => return,
        }
        if matches!(what, 0 | 2) {
            self.grid.below.clear();
        }
        if what < 2 || spare == Spare::Nothing {
            self.cursor.pending = false;
        }
    }

    fn erase_rows(&mut self, rows: Range<u16>, spare: Spare) {
        let (blank, tick, spare) = (self.blank(), self.tick(), self.spared(spare));
        if rows.start == 0 && !rows.is_empty() && !self.alternate {
            self.history.end_line();
        }
        if !self.images.is_empty() {
            self.images.erase(rows.clone());
        }
        for y in rows {
            if spare == Spare::Nothing {
                self.grid.clear_row(y, blank, tick);
            } else {
                self.erase(y, 0..usize::from(self.size.cols), spare);
            }
        }
    }

    /// Makes cells of a row blank.
    pub(crate) fn erase(&mut self, y: u16, range: Range<usize>, spare: Spare) {
        let (blank, tick) = (self.blank(), self.tick());
        if range.end == usize::from(self.size.cols) {
            self.grid.unwrap(y, tick);
        }
        if spare == Spare::Nothing {
            if range.start == 0 && y > 0 {
                self.grid.unwrap(y - 1, self.tick);
            }
            self.grid.clear_cells(y, range, blank, tick);
            return;
        }
        for x in range {
            if !self.grid.row(y)[x].is_protected() {
                self.grid.clear_cells(y, x..x + 1, blank, tick);
            }
        }
    }

    /// DECALN: the screen full of E; margins, origin and attributes, but not colours, reset.
    pub(crate) fn fill_with_e(&mut self) {
        self.margins = Margins::full(self.size);
        self.modes.set(Mode::ORIGIN, false);
        self.cursor.pen.style.clear_attributes();
        self.cursor.pen.stale = true;
        let tick = self.tick();
        for y in 0..self.size.rows {
            self.grid.clear_row(y, Cell::BLANK, tick);
            let cols = usize::from(self.size.cols);
            self.grid.write(y, cols, tick).0.fill(Cell::BLANK.with_char('E'));
        }
        self.place(0, 0);
    }

    /// Shows the alternate screen, blank if it has no content to keep.
    pub(crate) fn show_alternate(&mut self) {
        if self.alternate {
            return;
        }
        let (size, tick) = (self.size, self.tick());
        let alternate = self
            .other
            .take()
            .filter(|grid| grid.size() == size)
            .unwrap_or_else(|| Grid::new(size, tick));
        self.other = Some(std::mem::replace(&mut self.grid, alternate));
        self.alternate = true;
        self.images.switch();
        self.grid.touch_all(tick);
    }

    /// Shows the main screen; the alternate one keeps its content (47) until it is cleared.
    pub(crate) fn show_main(&mut self) {
        if !self.alternate {
            return;
        }
        let tick = self.tick();
        if let Some(main) = self.other.take() {
            self.other = Some(std::mem::replace(&mut self.grid, main));
        }
        self.alternate = false;
        self.images.switch();
        self.grid.touch_all(tick);
    }

    /// Clears the screen shown, with the pen's background.
    pub(crate) fn clear_screen(&mut self) {
        self.erase_rows(0..self.size.rows, Spare::Nothing);
    }
}
