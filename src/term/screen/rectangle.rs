//! Rectangles of cells: erase, fill, copy (DECERA, DECSERA, DECFRA, DECCRA, DECRQCRA; VT420
//! manual).

use std::ops::Range;

use crate::base::style::{Attrs, Underline};
use crate::term::cell::{Cell, RowAttrs};
use crate::term::mode::Mode;
use crate::term::screen::Screen;
use crate::term::screen::edit::Spare;
use crate::term::style_table::CellStyle;

/// A rectangle on the screen; neither range is empty.
#[derive(Debug, Clone)]
pub(crate) struct Area {
    pub(crate) rows: Range<u16>,
    pub(crate) cols: Range<usize>,
}

/// SGR numbers that DECCARA and DECRARA know, with what they set (underlining is not among the
/// attributes' bits).
const CHANGED: [(u16, Attrs); 4] =
    [(1, Attrs::BOLD), (5, Attrs::BLINK), (7, Attrs::INVERSE), (8, Attrs::CONCEAL)];

/// The style as DECCARA changes it: 0 takes everything away, 22 to 28 one attribute.
fn changed(mut cell_style: CellStyle, numbers: &[u16]) -> CellStyle {
    for number in numbers {
        match number {
            0 => {
                for (_, attrs) in CHANGED {
                    cell_style.unset(attrs);
                }
                cell_style.set_underline(Underline::None);
            }
            4 => cell_style.set_underline(Underline::Single),
            24 => cell_style.set_underline(Underline::None),
            _ => {
                for (own, attrs) in CHANGED {
                    match number {
                        n if *n == own => cell_style.set(attrs),
                        22 if own == 1 => cell_style.unset(attrs),
                        n if *n == own + 20 => cell_style.unset(attrs),
                        _ => {}
                    }
                }
            }
        }
    }
    cell_style
}

/// The style as DECRARA changes it: 0 turns over everything.
fn reversed(mut cell_style: CellStyle, numbers: &[u16]) -> CellStyle {
    for number in numbers {
        for (own, attrs) in CHANGED {
            if *number == own || (*number == 0 && own != 8) {
                if cell_style.has(attrs) { cell_style.unset(attrs) } else { cell_style.set(attrs) }
            }
        }
        if matches!(number, 0 | 4) {
            let is_plain = cell_style.underline_kind() == Underline::None;
            cell_style.set_underline(if is_plain { Underline::Single } else { Underline::None });
        }
    }
    cell_style
}

impl Screen {
    /// The rectangle of top, left, bottom, right from 1 (0 and omitted: the edges), within the
    /// margins in origin mode.
    pub(crate) fn area(&self, numbers: &[u16]) -> Option<Area> {
        let at = |idx: usize| numbers.get(idx).copied().unwrap_or(0);
        let (mut y, mut x, mut last_row, mut last_col) = (0, 0, self.last_row(), self.last_col());
        if self.is_on(Mode::ORIGIN) {
            (y, x, last_row, last_col) =
                (self.margins.top, self.margins.left, self.margins.bottom, self.margins.right);
        }
        let top = y.saturating_add(at(0).max(1) - 1);
        let left = x.saturating_add(at(1).max(1) - 1);
        let bottom = if at(2) == 0 { last_row } else { y.saturating_add(at(2) - 1).min(last_row) };
        let right = if at(3) == 0 { last_col } else { x.saturating_add(at(3) - 1).min(last_col) };
        (top <= bottom && left <= right).then(|| Area {
            rows: top..bottom + 1,
            cols: usize::from(left)..usize::from(right) + 1,
        })
    }

    /// DECERA. What is protected is no obstacle.
    pub(crate) fn erase_box(&mut self, numbers: &[u16]) {
        let Some(area) = self.area(numbers) else { return };
        for y in area.rows {
            self.erase(y, area.cols.clone(), Spare::Nothing);
        }
    }

    /// DECSERA: takes characters away and leaves their styles (VT420 manual). What SPA guards is no
    /// obstacle.
    pub(crate) fn clear_box(&mut self, numbers: &[u16]) {
        let Some(area) = self.area(numbers) else { return };
        let (protecting, tick) = (self.is_on(Mode::PROTECTING), self.tick());
        for y in area.rows {
            for x in area.cols.start..area.cols.end.min(usize::from(self.grid.line(y).used)) {
                let cell = self.grid.row(y)[x];
                if protecting && cell.is_protected() {
                    continue;
                }
                self.grid.split_wide(y, x);
                self.grid.split_wide(y, x + 1);
                let (cells, line) = self.grid.write(y, x + 1, tick);
                cells[x] = Cell::blank(cell.style());
                if cell.style() != 0 {
                    line.flags |= RowAttrs::STYLED;
                }
            }
        }
    }

    /// DECCARA: sets and takes away attributes.
    pub(crate) fn change_box(&mut self, numbers: &[u16]) {
        self.change_styles(numbers, changed);
    }

    /// DECRARA: turns attributes over.
    pub(crate) fn reverse_box(&mut self, numbers: &[u16]) {
        self.change_styles(numbers, reversed);
    }

    /// Changes styles in a rectangle, or in the text between its corners (DECSACE).
    fn change_styles(&mut self, numbers: &[u16], change: fn(CellStyle, &[u16]) -> CellStyle) {
        let Some(area) = self.area(numbers) else { return };
        let numbers = numbers.get(4..).filter(|numbers| !numbers.is_empty()).unwrap_or(&[0]);
        let is_box = self.is_on(Mode::RECTANGLE);
        let (cols, tick) = (usize::from(self.size.cols), self.tick());
        // Numbers of styles are swept before any is taken, not while they are in hand.
        self.cursor.pen.stale = true;
        self.template();
        let (mut last, first_row, last_row) = (None, area.rows.start, area.rows.end - 1);
        for y in area.rows.clone() {
            let start = if is_box || y == first_row { area.cols.start } else { 0 };
            let end = if is_box || y == last_row { area.cols.end } else { cols };
            let (cells, line) = self.grid.write(y, end, tick);
            line.flags |= RowAttrs::STYLED;
            for cell in &mut cells[start..end] {
                let style = cell.style();
                let number = match last {
                    Some((from, to)) if from == style => to,
                    _ => self.tables.styles.number(change(self.tables.styles.get(style), numbers)),
                };
                last = Some((style, number));
                *cell = cell.with_style(number);
            }
        }
    }

    /// DECFRA: a printable character of one byte.
    pub(crate) fn fill_box(&mut self, numbers: &[u16]) {
        let code = numbers.first().and_then(|code| u8::try_from(*code).ok());
        let Some(code) = code.filter(|code| matches!(code, 0x20..=0x7e | 0xa0..=0xff)) else {
            return;
        };
        let Some(area) = self.area(&numbers[1..]) else { return };
        let cell = self.template().with_char(char::from(code));
        for y in area.rows {
            self.put_cells(y, area.cols.start, &vec![cell; area.cols.len()]);
        }
    }

    /// DECCRA: pages are ignored, there is one.
    pub(crate) fn copy_box(&mut self, numbers: &[u16]) {
        let Some(from) = self.area(numbers) else { return };
        let to = [numbers.get(5).copied().unwrap_or(0), numbers.get(6).copied().unwrap_or(0)];
        let Some(to) = self.area(&to) else { return };
        let cols = from.cols.len().min(to.cols.len());
        let rows: Vec<Vec<Cell>> = from
            .rows
            .map(|y| self.grid.row(y)[from.cols.start..from.cols.start + cols].to_vec())
            .collect();
        for (y, cells) in to.rows.zip(rows) {
            self.put_cells(y, to.cols.start, &cells);
        }
    }

    /// Writes cells over a row; halves of wide characters at the ends become blank.
    fn put_cells(&mut self, y: u16, x: usize, from: &[Cell]) {
        let (end, tick) = (x + from.len(), self.tick());
        self.grid.split_wide(y, x);
        self.grid.split_wide(y, end);
        let (cells, line) = self.grid.write(y, end, tick);
        cells[x..end].copy_from_slice(from);
        mend(&mut cells[x..end]);
        line.flags |= RowAttrs::STYLED | RowAttrs::TEXT | RowAttrs::WIDE;
    }
}

/// Blanks halves of wide characters at the ends of a copied piece.
fn mend(cells: &mut [Cell]) {
    use crate::term::cell::CellClass;
    if let Some(first) = cells.first_mut().filter(|cell| cell.class() == CellClass::Tail) {
        *first = first.emptied();
    }
    if let Some(last) =
        cells.last_mut().filter(|cell| matches!(cell.class(), CellClass::Wide | CellClass::Spacer))
    {
        *last = last.emptied();
    }
}
