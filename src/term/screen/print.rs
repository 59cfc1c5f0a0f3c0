//! Text onto the screen: runs of ASCII in bulk, everything else by grapheme cluster, wrapping at
//! the margin.

use crate::base::grapheme::{BreakClass, CharClass, Join};
use crate::term::cell::{Cell, CellClass, RowAttrs};
use crate::term::mode::Mode;
use crate::term::parser::scan;
use crate::term::screen::Screen;
use crate::term::screen::grid::Fill;

impl Screen {
    /// Prints a run of printable ASCII, the first `len` of `bytes`.
    #[inline]
    pub(crate) fn print_ascii(&mut self, bytes: &[u8], len: usize) {
        let is_simple = self.cursor.charsets.is_plain() && !self.is_on(Mode::INSERT);
        if !is_simple || len == 0 {
            self.print_ascii_by_scalars(&bytes[..len]);
            return;
        }
        let end = usize::from(self.cursor.x) + len;
        if !self.cursor.pending && end < self.limit() {
            let template = self.template();
            self.write_ascii(usize::from(self.cursor.x), bytes, len, template);
            self.cursor.x = u16::try_from(end).unwrap_or(u16::MAX);
        } else {
            self.print_ascii_rows(&bytes[..len]);
        }
        self.printing.dropped = false;
        self.printing.last = Some(char::from(bytes[len - 1]));
    }

    fn print_ascii_by_scalars(&mut self, run: &[u8]) {
        for byte in run {
            let c = self.cursor.charsets.map(char::from(*byte));
            self.print_char(c);
        }
    }

    /// Prints a run that comes to the margin.
    fn print_ascii_rows(&mut self, run: &[u8]) {
        let template = self.template();
        let mut rest = run;
        while !rest.is_empty() {
            if self.cursor.pending && self.is_on(Mode::AUTOWRAP) {
                self.wrap();
            }
            let (x, limit) = (usize::from(self.cursor.x), self.limit());
            let n = rest.len().min(limit - x);
            self.write_ascii(x, rest, n, template);
            rest = &rest[n..];
            self.step(x + n, limit);
            if !rest.is_empty() && !self.is_on(Mode::AUTOWRAP) {
                // Without wrapping, all that is too much lands on the last column.
                self.write_ascii(limit - 1, &rest[rest.len() - 1..], 1, template);
                break;
            }
        }
    }

    #[inline]
    fn write_ascii(&mut self, x: usize, bytes: &[u8], len: usize, template: Cell) {
        const BLOCK: usize = 16;
        let (y, end, tick) = (self.cursor.y, x + len, self.tick());
        if self.grid.line(y).has(RowAttrs::WIDE) {
            self.grid.split_wide(y, x);
            self.grid.split_wide(y, end);
        }
        let (cells, line) = self.grid.write(y, end, tick);
        if template.style() != 0 {
            line.flags |= RowAttrs::STYLED;
        }
        if end == cells.len() {
            line.flags &= !RowAttrs::WRAPPED;
        }
        // Short runs are written as a block of fixed length, in which the cells after the run keep
        // what they hold: no branch depends on the length.
        if len <= BLOCK
            && let (Some(cells), Some(bytes)) =
                (cells[x..].first_chunk_mut::<BLOCK>(), bytes.first_chunk::<BLOCK>())
        {
            for (at, (cell, byte)) in cells.iter_mut().zip(bytes).enumerate() {
                *cell = Cell(if at < len { template.0 | u64::from(*byte) } else { cell.0 });
            }
            return;
        }
        for (cell, byte) in cells[x..end].iter_mut().zip(bytes) {
            *cell = Cell(template.0 | u64::from(*byte));
        }
    }

    /// Moves the cursor behind what was written up to column `end`.
    #[inline]
    fn step(&mut self, end: usize, limit: usize) {
        // Also without autowrap, where it only says which cell a combining mark belongs to.
        self.cursor.pending = end >= limit;
        self.cursor.x =
            u16::try_from(if end >= limit { limit - 1 } else { end }).unwrap_or(u16::MAX);
    }

    /// Prints text up to the first control or malformed byte; gives the bytes used.
    pub(crate) fn print_text(&mut self, bytes: &[u8]) -> usize {
        let mut used = 0;
        while let Some(&first) = bytes.get(used) {
            let rest = &bytes[used..];
            if first < 0x80 {
                let run = scan::ascii_run(rest);
                if run == 0 {
                    break;
                }
                self.print_ascii(rest, run);
                used += run;
                continue;
            }
            self.cursor.charsets.single = 0;
            let run = if self.is_on(Mode::INSERT) { 0 } else { self.print_simple(rest) };
            used += run;
            if run == 0 {
                let Some((c, len)) = scan::scalar(rest) else { break };
                self.print_char(c);
                used += len;
            }
        }
        used
    }

    /// Prints what stands at the start of `bytes` as cells of their own that fit into the row;
    /// gives the bytes used, 0 if the first needs more care.
    fn print_simple(&mut self, bytes: &[u8]) -> usize {
        let ambiguous_wide = self.options.ambiguous_wide;
        if self.cursor.pending {
            return 0;
        }
        let template = self.template();
        let plain = self.cursor.charsets.is_plain();
        let (start, limit, y, tick) =
            (usize::from(self.cursor.x), self.limit(), self.cursor.y, self.tick());
        self.grid.split_wide(y, start);
        // An emoji joins no single character, so only the first may join what is there.
        let is_open = self.text_before().is_some_and(|(_, cell)| cell.cluster().is_some());
        let mut last = None;
        let (mut x, mut used, mut is_wide) = (start, 0, false);
        let (cells, line) = self.grid.write(y, 0, tick);
        let split = line.has(RowAttrs::WIDE);
        while let Some((c, len)) =
            scan::scalar(&bytes[used..]).or_else(|| lone_ascii(&bytes[used..]).filter(|_| plain))
        {
            let kind = CharClass::of(c);
            let cols = usize::from(kind.cols(ambiguous_wide));
            let may_join = match kind.class() {
                BreakClass::Other => false,
                BreakClass::Pictographic | BreakClass::ModifierBase => used == 0 && is_open,
                _ => true,
            };
            if cols == 0 || x + cols >= limit || may_join {
                break;
            }
            // The cell overwritten last may be the left half of a wide character.
            if split && cells[x + cols].class() == CellClass::Tail {
                cells[x + cols] = cells[x + cols].emptied();
            }
            let cell = template.with_char(c);
            if cols == 2 {
                is_wide = true;
                cells[x] = cell.with_class(CellClass::Wide);
                cells[x + 1] = template.with_class(CellClass::Tail);
            } else {
                cells[x] = cell;
            }
            x += cols;
            used += len;
            last = Some(c);
        }
        if let Some(last) = last {
            let wide = if is_wide { RowAttrs::WIDE } else { 0 };
            let styled = if template.style() == 0 { 0 } else { RowAttrs::STYLED };
            line.flags |= RowAttrs::TEXT | wide | styled;
            line.used = line.used.max(u16::try_from(x).unwrap_or(u16::MAX));
            self.cursor.x = u16::try_from(x).unwrap_or(u16::MAX);
            self.printing.dropped = false;
            self.printing.last = Some(last);
        }
        used
    }

    /// Prints one scalar: into a cell of its own, or into the cluster before it.
    pub(crate) fn print_char(&mut self, c: char) {
        let kind = CharClass::of(c);
        let cols = kind.cols(self.options.ambiguous_wide);
        let class = kind.class();
        if kind.is_simple() {
            self.put(c, cols);
        } else if class == BreakClass::Control || (cols == 0 && self.printing.dropped) {
            // Characters invisible by themselves (ZWSP, marks of writing direction) are dropped.
        } else if cols == 0 || (self.is_on(Mode::GRAPHEMES) && self.is_joined(class)) {
            self.append(c);
        } else {
            self.put(c, cols);
        }
    }

    /// The cell before the cursor and its column; none at the left edge.
    #[inline]
    fn text_before(&self) -> Option<(usize, Cell)> {
        let row = self.grid.row(self.cursor.y);
        let x = usize::from(self.cursor.x);
        let x = if self.cursor.pending { x } else { x.checked_sub(1)? };
        let x = if row[x].class() == CellClass::Tail { x.checked_sub(1)? } else { x };
        Some((x, row[x]))
    }

    /// True if a scalar of this class goes into the cell before the cursor, however the cursor came
    /// there.
    fn is_joined(&self, class: BreakClass) -> bool {
        let Some((_, cell)) = self.text_before().filter(|_| !self.printing.dropped) else {
            return false;
        };
        let join = match cell.cluster() {
            Some(number) => self.tables.clusters.join(number),
            None => cell.char().map_or(Join::NONE, |c| Join::NONE.with(c)),
        };
        join.joins(class)
    }

    /// Prints a character of one or two columns at the cursor.
    fn put(&mut self, c: char, cols: u8) {
        let template = self.template();
        let cell = template.with_char(c);
        self.printing.dropped = false;
        self.put_cell(cell, usize::from(cols));
        self.printing.last = Some(c);
    }

    fn put_cell(&mut self, cell: Cell, cols: usize) {
        if self.cursor.pending && self.is_on(Mode::AUTOWRAP) {
            self.wrap();
        }
        let mut limit = self.limit();
        if cols > limit - usize::from(self.cursor.x) {
            if !self.has_room(usize::from(self.cursor.x)) {
                // A mark that would join the dropped character must not join the cell before.
                self.printing.dropped = true;
                return;
            }
            self.write_spacer();
            self.wrap();
            limit = self.limit();
        }
        let x = usize::from(self.cursor.x);
        if self.is_on(Mode::INSERT) && self.in_columns() {
            let (blank, tick) = (self.blank(), self.tick());
            self.grid.shift_right(self.cursor.y, x..limit, cols, Fill { blank, tick });
        }
        self.write_cell(x, cell, cols);
        self.step(x + cols, limit);
    }

    fn write_cell(&mut self, x: usize, cell: Cell, cols: usize) {
        let (y, end, tick) = (self.cursor.y, x + cols, self.tick());
        if self.grid.line(y).has(RowAttrs::WIDE) {
            self.grid.split_wide(y, x);
            self.grid.split_wide(y, end);
        }
        let (cells, line) = self.grid.write(y, end, tick);
        if cell.style() != 0 {
            line.flags |= RowAttrs::STYLED;
        }
        line.flags |= RowAttrs::TEXT;
        if end == cells.len() {
            line.flags &= !RowAttrs::WRAPPED;
        }
        if cols == 2 {
            line.flags |= RowAttrs::WIDE;
            cells[x] = cell.with_class(CellClass::Wide);
            cells[x + 1] = cell.emptied().with_class(CellClass::Tail);
        } else {
            cells[x] = cell;
        }
    }

    /// Leaves the last column blank because a wide character does not fit there.
    fn write_spacer(&mut self) {
        let (x, y, tick) = (usize::from(self.cursor.x), self.cursor.y, self.tick());
        self.grid.split_wide(y, x);
        let (cells, line) = self.grid.write(y, x + 1, tick);
        if x + 1 == cells.len() {
            line.flags |= RowAttrs::TEXT | RowAttrs::WIDE;
            cells[x] = Cell::BLANK.with_class(CellClass::Spacer);
        } else {
            cells[x] = Cell::BLANK;
        }
    }

    /// Goes to the left margin of the next row, which belongs to the same line.
    #[inline]
    pub(crate) fn wrap(&mut self) {
        if self.full_width() {
            self.grid.wrap(self.cursor.y, self.tick);
        }
        self.index();
        // Wherever the text came from: text right of the margins goes on between them (xterm).
        self.cursor.x = self.margins.left;
    }

    /// Adds a scalar to the cell before the cursor; it is dropped if there is none, or no room for
    /// what it would become.
    fn append(&mut self, c: char) {
        // A sweep of styles now, not while the cell is out of the grid.
        self.template();
        let y = self.cursor.y;
        let Some((x, cell)) = self.text_before() else { return };
        let Some(cluster) = self.joined(cell.code(), c) else { return };
        let is_wide = cell.class() == CellClass::Wide;
        let may_change = CharClass::of(c).cols(false) > 0 || matches!(c, '\u{fe0e}' | '\u{fe0f}');
        let changes = self.is_on(Mode::GRAPHEMES) && may_change;
        if changes && !is_wide && cluster.cols == 2 && !self.has_room(x) {
            return;
        }
        // The blank that a wide character left at the margin is a cell like others now.
        let class = if is_wide { CellClass::Wide } else { CellClass::Narrow };
        let cell = cell.with_cluster(cluster.number).with_class(class);
        let tick = self.tick();
        let (cells, line) = self.grid.write(y, x + 1, tick);
        cells[x] = cell;
        line.flags |= RowAttrs::TEXT;
        if changes {
            match (is_wide, cluster.cols) {
                (false, 2) => self.widen(x, cell),
                (true, 1) => self.narrow(x),
                _ => {}
            }
        }
    }

    /// True if a character at column `x` can take two columns, there or in the next line.
    fn has_room(&self, x: usize) -> bool {
        let limit = self.limit();
        x + 2 <= limit
            || (self.is_on(Mode::AUTOWRAP) && usize::from(self.margins.left) + 2 <= limit)
    }

    /// The cluster at column `x` left of the cursor turned out to take two columns.
    fn widen(&mut self, x: usize, cell: Cell) {
        let limit = self.limit();
        if x + 2 <= limit {
            self.write_cell(x, cell, 2);
            self.step(x + 2, limit);
            return;
        }
        self.cursor.x = u16::try_from(x).unwrap_or(0);
        self.write_spacer();
        self.wrap();
        let x = usize::from(self.cursor.x);
        self.write_cell(x, cell, 2);
        let limit = self.limit();
        self.step(x + 2, limit);
    }

    /// The cluster at column `x` turned out to take one column (VS15).
    fn narrow(&mut self, x: usize) {
        let (y, tick) = (self.cursor.y, self.tick());
        let (cells, _) = self.grid.write(y, x + 1, tick);
        cells[x] = cells[x].with_class(CellClass::Narrow);
        if let Some(tail) = cells.get_mut(x + 1) {
            *tail = tail.emptied();
        }
        self.cursor.x = u16::try_from(x + 1).unwrap_or(0);
        self.cursor.pending = false;
    }

    /// REP: the last character again, at most a screenful of times.
    pub(crate) fn repeat(&mut self, n: u16) {
        let Some(c) = self.printing.last else { return };
        let n = usize::from(n).min(self.size.area());
        let cols = CharClass::of(c).cols(self.options.ambiguous_wide);
        if c.is_ascii() {
            let run = vec![c as u8; n];
            self.print_ascii(&run, n);
            return;
        }
        for _ in 0..n {
            self.put(c, cols);
        }
    }
}

/// A printable ASCII character that stands alone between others: mostly a space between words.
/// Longer runs are printed in bulk.
#[inline]
fn lone_ascii(bytes: &[u8]) -> Option<(char, usize)> {
    match bytes {
        [c @ 0x20..=0x7e, next, ..] if !matches!(next, 0x20..=0x7e) => Some((char::from(*c), 1)),
        _ => None,
    }
}
