//! Text onto the screen: runs of ASCII in bulk, everything else by grapheme cluster, wrapping at the margin.

use crate::term::cell::{Cell, Class};
use crate::term::emulator::Emulator;
use crate::term::grapheme::{self, Join, Kind};
use crate::term::grid::{Fill, Line};
use crate::term::mode::Mode;
use crate::term::parser::scan;

impl Emulator {
    /// Prints a run of printable ASCII.
    pub(crate) fn print_ascii(&mut self, run: &[u8]) {
        if !self.cursor.charsets.is_plain() || self.is_on(Mode::INSERT) || self.printing.join.is_open() {
            for byte in run {
                let c = self.cursor.charsets.map(char::from(*byte));
                self.print_char(c);
            }
            return;
        }
        let template = self.template();
        let mut rest = run;
        while !rest.is_empty() {
            if self.cursor.pending && self.is_on(Mode::AUTOWRAP) {
                self.wrap();
            }
            let (x, limit) = (usize::from(self.cursor.x), self.limit());
            let n = rest.len().min(limit - x);
            self.write_ascii(x, &rest[..n], template);
            rest = &rest[n..];
            self.step(x + n, limit);
            if !rest.is_empty() && !self.is_on(Mode::AUTOWRAP) {
                // Without wrapping, all that is too much lands on the last column.
                self.write_ascii(limit - 1, &rest[rest.len() - 1..], template);
                break;
            }
        }
        self.printing.join = Join::OTHER;
        self.printing.last = run.last().map(|byte| char::from(*byte));
    }

    #[inline]
    fn write_ascii(&mut self, x: usize, run: &[u8], template: Cell) {
        let (y, end, tick) = (self.cursor.y, x + run.len(), self.tick());
        if self.grid.line(y).has(Line::WIDE) {
            self.grid.split_wide(y, x);
            self.grid.split_wide(y, end);
        }
        let (cells, line) = self.grid.write(y, end, tick);
        if template.style() != 0 {
            line.flags |= Line::STYLED;
        }
        if end == cells.len() {
            line.flags &= !Line::WRAPPED;
        }
        for (cell, byte) in cells[x..end].iter_mut().zip(run) {
            *cell = Cell(template.0 | u64::from(*byte));
        }
    }

    /// Moves the cursor behind what was written up to column `end`.
    #[inline]
    fn step(&mut self, end: usize, limit: usize) {
        self.cursor.pending = end >= limit && self.is_on(Mode::AUTOWRAP);
        self.cursor.x = u16::try_from(if end >= limit { limit - 1 } else { end }).unwrap_or(u16::MAX);
    }

    /// Prints text that is not all ASCII.
    pub(crate) fn print_text(&mut self, text: &str) {
        let mut rest = text;
        while let Some(c) = rest.chars().next() {
            if c.is_ascii() {
                let run = scan::ascii_run(rest.as_bytes()).max(1);
                self.print_ascii(&rest.as_bytes()[..run]);
                rest = &rest[run..];
                continue;
            }
            self.cursor.charsets.single = 0;
            let run = if self.is_on(Mode::INSERT) || self.printing.join.is_open() { 0 } else { self.print_simple(rest) };
            rest = &rest[run..];
            if run == 0 {
                self.print_char(c);
                rest = &rest[c.len_utf8()..];
            }
        }
    }

    /// Prints what stands at the start of `text` as cells of one width that fit into the row; gives the bytes used, 0 if the first needs more care.
    fn print_simple(&mut self, text: &str) -> usize {
        let ambiguous_wide = self.shared.options.ambiguous_wide;
        let first = text.chars().next().map(Kind::of).filter(|kind| kind.is_simple());
        let Some(cols) = first.map(|kind| usize::from(kind.cols(ambiguous_wide))) else { return 0 };
        let template = self.template();
        let plain = self.cursor.charsets.is_plain();
        if self.cursor.pending && self.is_on(Mode::AUTOWRAP) {
            self.wrap();
        }
        let (start, limit, y, tick) = (usize::from(self.cursor.x), self.limit(), self.cursor.y, self.tick());
        self.grid.split_wide(y, start);
        let mut last = None;
        let (mut x, mut used) = (start, 0);
        let (cells, line) = self.grid.write(y, 0, tick);
        let split = line.has(Line::WIDE);
        for c in text.chars() {
            let kind = Kind::of(c);
            let fits = kind.is_simple() && usize::from(kind.cols(ambiguous_wide)) == cols && x + cols <= limit;
            if !fits || (c.is_ascii() && !plain) {
                break;
            }
            // What is overwritten may be the left half of a wide character.
            if split && x + cols < cells.len() && cells[x + cols].class() == Class::Tail {
                cells[x + cols] = cells[x + cols].emptied();
            }
            let cell = template.with_char(c);
            if cols == 2 {
                cells[x] = cell.with_class(Class::Wide);
                cells[x + 1] = template.with_class(Class::Tail);
            } else {
                cells[x] = cell;
            }
            x += cols;
            used += c.len_utf8();
            last = Some(c);
        }
        let wide = if cols == 2 { Line::WIDE } else { 0 };
        let styled = if template.style() == 0 { 0 } else { Line::STYLED };
        line.flags |= if used > 0 { Line::TEXT | wide | styled } else { 0 };
        if x == cells.len() {
            line.flags &= !Line::WRAPPED;
        }
        line.used = line.used.max(u16::try_from(x).unwrap_or(u16::MAX));
        if let Some(last) = last {
            self.step(x, limit);
            self.printing.join = Join::OTHER;
            self.printing.last = Some(last);
        }
        used
    }

    /// Prints one scalar: into a cell of its own, or into the cluster before it.
    pub(crate) fn print_char(&mut self, c: char) {
        let kind = Kind::of(c);
        let cols = kind.cols(self.shared.options.ambiguous_wide);
        if kind.is_simple() && !self.printing.join.is_open() {
            self.printing.join = Join::OTHER;
            self.put(c, cols);
            return;
        }
        let class = kind.class();
        let joins = if self.is_on(Mode::GRAPHEMES) { self.printing.join.joins(class) } else { cols == 0 };
        if joins || (cols == 0 && class != grapheme::Class::Control) {
            if self.append(c, class) {
                self.printing.join = self.printing.join.after(class);
            }
            return;
        }
        if cols == 0 {
            return;
        }
        self.printing.join = self.printing.join.after(class);
        self.put(c, cols);
    }

    /// Prints a character of one or two columns at the cursor.
    fn put(&mut self, c: char, cols: u8) {
        let template = self.template();
        let cell = template.with_char(c);
        self.put_cell(cell, usize::from(cols));
        self.printing.last = Some(c);
    }

    fn put_cell(&mut self, cell: Cell, cols: usize) {
        if self.cursor.pending && self.is_on(Mode::AUTOWRAP) {
            self.wrap();
        }
        let mut limit = self.limit();
        if cols > limit - usize::from(self.cursor.x) {
            if !self.is_on(Mode::AUTOWRAP) || limit < 2 || usize::from(self.margins.left) + 2 > limit {
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
        if self.grid.line(y).has(Line::WIDE) {
            self.grid.split_wide(y, x);
            self.grid.split_wide(y, end);
        }
        let (cells, line) = self.grid.write(y, end, tick);
        if cell.style() != 0 {
            line.flags |= Line::STYLED;
        }
        line.flags |= Line::TEXT;
        if end == cells.len() {
            line.flags &= !Line::WRAPPED;
        }
        if cols == 2 {
            line.flags |= Line::WIDE;
            cells[x] = cell.with_class(Class::Wide);
            cells[x + 1] = cell.emptied().with_class(Class::Tail);
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
            line.flags |= Line::TEXT | Line::WIDE;
            cells[x] = Cell::BLANK.with_class(Class::Spacer);
        } else {
            cells[x] = Cell::BLANK;
        }
    }

    /// Goes to the start of the next row, which belongs to the same line.
    #[inline]
    fn wrap(&mut self) {
        if self.full_width() {
            self.grid.wrap(self.cursor.y, self.shared.tick);
        }
        let left = if self.cursor.x <= self.margins.right && self.cursor.x >= self.margins.left { self.margins.left } else { 0 };
        self.index();
        self.cursor.x = left;
    }

    /// Adds a scalar to the cluster before the cursor; false if there is none.
    fn append(&mut self, c: char, class: grapheme::Class) -> bool {
        // A sweep of looks now, not while the cell is out of the grid.
        self.template();
        let y = self.cursor.y;
        let mut x = usize::from(self.cursor.x);
        if !self.cursor.pending {
            if x == 0 {
                return false;
            }
            x -= 1;
        }
        if self.grid.row(y)[x].class() == Class::Tail && x > 0 {
            x -= 1;
        }
        let cell = self.grid.row(y)[x];
        let Some(cluster) = self.joined(cell.code(), c) else { return true };
        let is_wide = cell.class() == Class::Wide;
        let cell = cell.with_cluster(cluster.number);
        let tick = self.tick();
        let (cells, line) = self.grid.write(y, x + 1, tick);
        cells[x] = cell;
        line.flags |= Line::TEXT;
        let may_change =
            !matches!(class, grapheme::Class::Extend | grapheme::Class::ExtendOnly | grapheme::Class::Linker | grapheme::Class::Zwj);
        if self.is_on(Mode::GRAPHEMES) && (may_change || matches!(c, '\u{fe0e}' | '\u{fe0f}')) {
            match (is_wide, cluster.cols) {
                (false, 2) => self.widen(x, cell),
                (true, 1) => self.narrow(x),
                _ => {}
            }
        }
        true
    }

    /// The cluster at column `x` left of the cursor turned out to take two columns.
    fn widen(&mut self, x: usize, cell: Cell) {
        let limit = self.limit();
        if x + 2 <= limit {
            self.write_cell(x, cell, 2);
            self.step(x + 2, limit);
            return;
        }
        if !self.is_on(Mode::AUTOWRAP) || usize::from(self.margins.left) + 2 > limit {
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
        cells[x] = cells[x].with_class(Class::Narrow);
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
        let cols = Kind::of(c).cols(self.shared.options.ambiguous_wide);
        if c.is_ascii() {
            let run = vec![c as u8; n];
            self.print_ascii(&run);
            return;
        }
        for _ in 0..n {
            self.put(c, cols);
        }
    }
}
