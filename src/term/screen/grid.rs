//! The cells of one screen: rows behind a map, so that scrolling moves numbers and not cells. It
//! knows no margins and no modes.

use std::ops::Range;

use crate::base::geom::Size;
use crate::term::cell::{Cell, CellClass, RowAttrs};

/// The cell that comes in where cells go out, and the tick.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Fill {
    pub(crate) blank: Cell,
    pub(crate) tick: u64,
}

/// The rows of a screen.
#[derive(Debug, Clone)]
pub(crate) struct Grid {
    cols: usize,
    cells: Vec<Cell>,
    map: Vec<u16>,
    lines: Vec<RowAttrs>,
    ticks: Vec<u64>,
    /// Rows moved by the last scrolls, and when: folded into `ticks` when another region scrolls.
    scrolled: (u16, u16, u64),
    /// The rows that a lower screen has no place for, from the one below its last on: a taller one
    /// gets them back. They go when rows move or are erased down to the edge.
    pub(crate) below: Vec<(Vec<Cell>, RowAttrs)>,
    /// Cells cleared and moved since the start.
    pub(crate) work: u64,
}

impl Grid {
    pub(crate) fn new(size: Size, tick: u64) -> Self {
        Self {
            cols: usize::from(size.cols),
            cells: vec![Cell::BLANK; size.area()],
            map: (0..size.rows).collect(),
            lines: vec![RowAttrs::default(); usize::from(size.rows)],
            ticks: vec![tick; usize::from(size.rows)],
            scrolled: (0, 0, 0),
            below: Vec::new(),
            work: 0,
        }
    }

    pub(crate) fn size(&self) -> Size {
        Size {
            cols: u16::try_from(self.cols).unwrap_or(u16::MAX),
            rows: u16::try_from(self.map.len()).unwrap_or(u16::MAX),
        }
    }

    fn start(&self, y: u16) -> usize {
        usize::from(self.map[usize::from(y)]) * self.cols
    }

    /// The cells of row `y`.
    #[inline]
    pub(crate) fn row(&self, y: u16) -> &[Cell] {
        let start = self.start(y);
        &self.cells[start..start + self.cols]
    }

    /// The cells of row `y` that may have been written.
    pub(crate) fn used(&self, y: u16) -> &[Cell] {
        &self.row(y)[..usize::from(self.line(y).used).min(self.cols)]
    }

    #[inline]
    pub(crate) fn line(&self, y: u16) -> RowAttrs {
        self.lines[usize::from(self.map[usize::from(y)])]
    }

    #[inline]
    pub(crate) fn line_mut(&mut self, y: u16) -> &mut RowAttrs {
        &mut self.lines[usize::from(self.map[usize::from(y)])]
    }

    /// Row `y` to be written up to column `end`: cells and line, with damage noted.
    #[inline]
    pub(crate) fn write(&mut self, y: u16, end: usize, tick: u64) -> (&mut [Cell], &mut RowAttrs) {
        self.ticks[usize::from(y)] = tick;
        let slot = usize::from(self.map[usize::from(y)]);
        let line = &mut self.lines[slot];
        line.used = line.used.max(u16::try_from(end.min(self.cols)).unwrap_or(u16::MAX));
        (&mut self.cells[slot * self.cols..][..self.cols], line)
    }

    /// Row `y` no longer goes on in the next one.
    pub(crate) fn unwrap(&mut self, y: u16, tick: u64) {
        let line = self.line_mut(y);
        if line.has(RowAttrs::WRAPPED) {
            line.flags &= !RowAttrs::WRAPPED;
            self.touch(y, tick);
        }
    }

    /// Row `y` goes on in the next one.
    pub(crate) fn wrap(&mut self, y: u16, tick: u64) {
        self.line_mut(y).flags |= RowAttrs::WRAPPED;
        self.touch(y, tick);
    }

    /// Takes a flag from all rows.
    pub(crate) fn clear_flag(&mut self, flag: u8) {
        self.lines.iter_mut().for_each(|line| line.flags &= !flag);
    }

    pub(crate) fn touch(&mut self, y: u16, tick: u64) {
        self.ticks[usize::from(y)] = tick;
    }

    pub(crate) fn touch_all(&mut self, tick: u64) {
        self.ticks.fill(tick);
    }

    pub(crate) fn tick(&self, y: u16) -> u64 {
        let (top, bottom, tick) = self.scrolled;
        let own = self.ticks[usize::from(y)];
        if top <= y && y <= bottom { own.max(tick) } else { own }
    }

    /// All live cells, in no order.
    pub(crate) fn cells(&self) -> impl Iterator<Item = &Cell> {
        self.cells.iter().chain(self.below.iter().flat_map(|(cells, _)| cells))
    }

    /// Gives cells of styles that do not exist the default one: a damaged snapshot may have any.
    pub(crate) fn bound_styles(&mut self, count: usize) {
        for cell in self.cells.iter_mut().filter(|cell| cell.style() as usize >= count) {
            *cell = cell.with_style(0);
        }
    }

    pub(crate) fn memory_used(&self) -> usize {
        self.cells.capacity() * 8
            + self.lines.capacity() * 4
            + self.map.capacity() * 2
            + self.ticks.capacity() * 8
    }

    /// Makes all of row `y` blank, and the row a line of its own.
    pub(crate) fn clear_row(&mut self, y: u16, blank: Cell, tick: u64) {
        let used = if blank == Cell::BLANK { usize::from(self.line(y).used) } else { self.cols };
        self.work += used as u64 + 1;
        let (cells, line) = self.write(y, 0, tick);
        cells[..used].fill(blank);
        *line = RowAttrs::default();
        if blank != Cell::BLANK {
            line.used = u16::try_from(cells.len()).unwrap_or(u16::MAX);
            line.flags = RowAttrs::STYLED;
        }
    }

    /// Makes the cells of `range` in row `y` blank; halves of wide characters at its ends go with
    /// it.
    pub(crate) fn clear_cells(&mut self, y: u16, range: Range<usize>, blank: Cell, tick: u64) {
        self.split_wide(y, range.start);
        self.split_wide(y, range.end);
        let old_used = usize::from(self.line(y).used);
        let end = range.end.min(self.cols);
        let start = range.start.min(end);
        self.work += (end - start) as u64 + 1;
        if blank != Cell::BLANK {
            let (cells, line) = self.write(y, end, tick);
            cells[start..end].fill(blank);
            line.flags |= RowAttrs::STYLED;
            return;
        }
        let (cells, line) = self.write(y, 0, tick);
        cells[start..end.min(old_used).max(start)].fill(blank);
        if end >= old_used && start < old_used {
            line.used = u16::try_from(start).unwrap_or(u16::MAX);
        }
    }

    /// If a wide character crosses the border left of column `x`, both its halves become blank.
    pub(crate) fn split_wide(&mut self, y: u16, x: usize) {
        if !self.line(y).has(RowAttrs::WIDE) || x == 0 || x >= self.cols {
            return;
        }
        let start = self.start(y);
        let cells = &mut self.cells[start..start + self.cols];
        if cells[x].class() == CellClass::Tail {
            cells[x] = cells[x].emptied();
            cells[x - 1] = cells[x - 1].emptied();
        }
    }

    /// Moves rows of the region up by `n`; the `n` rows at the bottom become blank.
    #[inline]
    pub(crate) fn scroll_up(&mut self, region: (u16, u16), n: u16, blank: Cell, tick: u64) {
        let (top, bottom) = region;
        let n = n.min(bottom - top + 1);
        let rows = &mut self.map[usize::from(top)..=usize::from(bottom)];
        if let (1, [first, ..]) = (n, &*rows) {
            let first = *first;
            rows.copy_within(1.., 0);
            rows[usize::from(bottom - top)] = first;
        } else {
            rows.rotate_left(usize::from(n));
        }
        self.note_scroll(top, bottom, tick);
        for y in bottom + 1 - n..=bottom {
            self.clear_row(y, blank, tick);
        }
    }

    /// Moves rows of the region down by `n`; the `n` rows at the top become blank.
    pub(crate) fn scroll_down(&mut self, region: (u16, u16), n: u16, blank: Cell, tick: u64) {
        let (top, bottom) = region;
        let n = n.min(bottom - top + 1);
        self.map[usize::from(top)..=usize::from(bottom)].rotate_right(usize::from(n));
        self.note_scroll(top, bottom, tick);
        for y in top..top + n {
            self.clear_row(y, blank, tick);
        }
    }

    fn note_scroll(&mut self, top: u16, bottom: u16, tick: u64) {
        let (old_top, old_bottom, old_tick) = self.scrolled;
        if (old_top, old_bottom) != (top, bottom) && old_tick != 0 {
            for y in old_top..=old_bottom.min(u16::try_from(self.ticks.len() - 1).unwrap_or(0)) {
                self.ticks[usize::from(y)] = self.ticks[usize::from(y)].max(old_tick);
            }
        }
        self.scrolled = (top, bottom, tick);
        if usize::from(bottom) + 1 == self.map.len() {
            self.below.clear();
        }
    }

    /// Moves the cells of `range` in row `y` by `n` to the left; blanks come in from the right.
    pub(crate) fn shift_left(&mut self, y: u16, range: Range<usize>, n: usize, fill: Fill) {
        let Fill { blank, tick } = fill;
        let n = n.min(range.len());
        self.work += range.len() as u64;
        self.split_wide(y, range.start);
        self.split_wide(y, range.start + n);
        self.split_wide(y, range.end);
        let (cells, line) = self.write(y, if blank == Cell::BLANK { 0 } else { range.end }, tick);
        if blank != Cell::BLANK {
            line.flags |= RowAttrs::STYLED;
        }
        cells.copy_within(range.start + n..range.end, range.start);
        cells[range.end - n..range.end].fill(blank);
    }

    /// Moves the cells of `range` in row `y` by `n` to the right; blanks come in from the left.
    pub(crate) fn shift_right(&mut self, y: u16, range: Range<usize>, n: usize, fill: Fill) {
        let Fill { blank, tick } = fill;
        let n = n.min(range.len());
        self.work += range.len() as u64;
        self.split_wide(y, range.start);
        self.split_wide(y, range.end - n);
        self.split_wide(y, range.end);
        let old_used = usize::from(self.line(y).used);
        let (cells, line) = self.write(y, range.end.min((old_used + n).max(range.start + n)), tick);
        if blank != Cell::BLANK {
            line.flags |= RowAttrs::STYLED;
        }
        cells.copy_within(range.start..range.end - n, range.start + n);
        cells[range.start..range.start + n].fill(blank);
    }

    /// Puts whole rows in place of all there are; each is cut or padded to the width.
    pub(crate) fn replace(&mut self, size: Size, rows: Vec<(Vec<Cell>, RowAttrs)>, tick: u64) {
        *self = Self { work: self.work + size.area() as u64, ..Self::new(size, tick) };
        for (y, (row, line)) in (0..size.rows).zip(rows) {
            let end = row.len().min(self.cols);
            let (cells, own) = self.write(y, end, tick);
            cells[..end].copy_from_slice(&row[..end]);
            if end > 0 && cells[end - 1].class() == CellClass::Wide {
                cells[end - 1] = cells[end - 1].emptied();
            }
            *own = RowAttrs { used: own.used, ..line };
        }
    }
}
