//! Positions that stay on their character: a line's number and a cell of it, whatever the width.
//! Nothing is kept for them; they are computed from both sides.

use std::ops::Range;

use crate::base::row::{Row, RunKind};
use crate::term::cell::{Cell, CellClass, RowAttrs};
use crate::term::history::LINE_CELLS_MAX;
use crate::term::history::lines::LineBuffer;
use crate::term::history::record::CellText;
use crate::term::rows::TextView;

/// The part of a line that a row of the screen shows.
#[derive(Debug, Clone, Copy)]
struct ScreenPiece {
    line: u64,
    /// The cell of the line that its first column shows.
    start: u32,
    /// Cells of it.
    cells: u32,
}

impl TextView<'_> {
    /// The lines that the rows of the screen belong to. It cuts lines as the history will when they
    /// get there.
    fn pieces(&self) -> Vec<ScreenPiece> {
        let (mut open, mut gap) =
            if self.screen.alternate { (0, false) } else { self.screen.history.open_end() };
        let mut next = self.screen.history.line_next();
        let mut pieces = Vec::with_capacity(usize::from(self.screen.size.rows));
        for y in 0..self.screen.size.rows {
            let cells = self.text_cells(y);
            let wrapped = self.screen.grid.line(y).has(RowAttrs::WRAPPED);
            let broken = gap && cells.first().is_none_or(|cell| cell.class() != CellClass::Wide);
            if open == 0 || broken || cells.is_empty() {
                next += 1;
                open = 0;
            }
            let count = u32::try_from(cells.len()).unwrap_or(u32::MAX);
            pieces.push(ScreenPiece { line: next.saturating_sub(1), start: open, cells: count });
            let end = open + count;
            open = if wrapped && end < LINE_CELLS_MAX { end } else { 0 };
            gap = wrapped && cells.len() < usize::from(self.screen.size.cols);
        }
        pieces
    }

    /// The cells of a row that are text of its line.
    fn text_cells(&self, y: u16) -> &[Cell] {
        if !self.screen.grid.line(y).has(RowAttrs::WRAPPED) {
            let used = self.screen.grid.used(y);
            let end =
                used.iter().rposition(|cell| !cell.is_plain_blank()).map_or(0, |last| last + 1);
            return &used[..end];
        }
        match self.screen.grid.row(y).split_last() {
            Some((last, rest)) if last.class() == CellClass::Spacer => rest,
            _ => self.screen.grid.row(y),
        }
    }

    /// The number of the first line that is on the screen.
    pub(crate) fn line_on_top(&self) -> u64 {
        let is_open = !self.screen.alternate && 0 < self.screen.history.open_end().0;
        self.screen.history.line_next().saturating_sub(u64::from(is_open))
    }

    /// The position shown in a column of a row; negative rows are history, −1 being just above the
    /// screen.
    pub(crate) fn anchor(&self, row: i64, col: u16) -> Option<Anchor> {
        let Ok(y) = u16::try_from(row) else {
            let back = usize::try_from(-1 - row).ok()?;
            let (line, cell) = self.screen.history.anchor(back, usize::from(col))?;
            return Some(Anchor { line, cell });
        };
        let pieces = self.pieces();
        let piece = pieces.get(usize::from(y))?;
        let goes_on = pieces.get(usize::from(y) + 1).is_some_and(|next| next.line == piece.line);
        let last = if goes_on { piece.cells.saturating_sub(1) } else { piece.cells };
        Some(Anchor { line: piece.line, cell: piece.start + u32::from(col).min(last) })
    }

    /// Row and column of a position; `None` if its line is not there any more.
    pub(crate) fn locate(&self, anchor: Anchor) -> Option<(i64, u16)> {
        let col =
            |col: usize| u16::try_from(col).unwrap_or(u16::MAX).min(self.screen.size.cols - 1);
        let open = if self.screen.alternate { 0 } else { self.screen.history.open_end().0 };
        let on_screen = self.line_on_top() < anchor.line
            || (self.line_on_top() == anchor.line && open <= anchor.cell);
        if !on_screen {
            let (back, at) = self.screen.history.locate(anchor.line, anchor.cell)?;
            return Some((-1 - i64::try_from(back).ok()?, col(at)));
        }
        let pieces = self.pieces();
        let own = |piece: &ScreenPiece| piece.line == anchor.line && piece.start <= anchor.cell;
        let y = pieces.iter().rposition(own)?;
        let cell = (anchor.cell - pieces[y].start).min(pieces[y].cells);
        Some((i64::try_from(y).ok()?, col(usize::try_from(cell).ok()?)))
    }

    /// The text from one position to another, lines ended by a line feed, without blanks at their
    /// ends; of more than `bytes_max` bytes the end, and whether anything is missing. Rows that the
    /// program has erased or moved since are as they are now.
    pub(crate) fn text_between(
        &self,
        from: Anchor,
        to: Anchor,
        bytes_max: usize,
    ) -> (String, bool) {
        let Some((last, end)) = self.locate(to).filter(|_| from <= to) else {
            return (String::new(), false);
        };
        let above = i64::try_from(self.screen.history.rows()).unwrap_or(i64::MAX);
        let start = self.locate(from);
        let (first, skip) = start.unwrap_or((-above, 0));
        let (mut text, mut row_number, mut line_start, mut is_cut) =
            (String::new(), first, 0, start.is_none());
        self.each_row(first..last.saturating_add(1), |row| {
            let from = if row_number == first { usize::from(skip) } else { 0 };
            let to = if row_number == last { usize::from(end) } else { usize::MAX };
            push_columns(&row, from..to, &mut text);
            if !row.wrapped && row_number != last {
                text.truncate(line_start + text[line_start..].trim_end_matches(' ').len());
                text.push('\n');
                if bytes_max.saturating_mul(2) < text.len() {
                    keep_end(&mut text, bytes_max);
                    is_cut = true;
                }
                line_start = text.len();
            }
            row_number += 1;
        });
        is_cut |= bytes_max < text.len();
        keep_end(&mut text, bytes_max);
        (text, is_cut)
    }

    /// Puts the lines of the screen onto an empty page, the first one whole.
    pub(crate) fn screen_page(&self, page: &mut LineBuffer) {
        let top = self.line_on_top();
        if top < self.screen.history.line_next() {
            page.begin(top);
            self.screen.history.line_glyphs(top, |glyph| page.push(glyph));
        }
        for (y, piece) in (0..self.screen.size.rows).zip(self.pieces()) {
            if page.lines.last().is_none_or(|last| last.line != piece.line) {
                if !page.lines.is_empty() {
                    page.end();
                }
                page.begin(piece.line);
            }
            self.text_cells(y)
                .iter()
                .filter_map(|cell| self.glyph(*cell))
                .for_each(|glyph| page.push(glyph));
        }
        page.end();
    }

    /// Calls `each` with the glyphs of a line, wherever it is. False if it is not there.
    pub(crate) fn line_glyphs(&self, line: u64, mut each: impl FnMut(CellText<'_>)) -> bool {
        let mut found = line < self.screen.history.line_next()
            && self.screen.history.line_glyphs(line, &mut each);
        if self.line_on_top() <= line {
            for (y, _) in (0..self.screen.size.rows)
                .zip(self.pieces())
                .filter(|(_, piece)| piece.line == line)
            {
                found = true;
                self.text_cells(y).iter().filter_map(|cell| self.glyph(*cell)).for_each(&mut each);
            }
        }
        found
    }
}

/// Appends the text of these columns of a row; a character that only partly lies in them counts by
/// its first column.
fn push_columns(row: &Row, columns: Range<usize>, text: &mut String) {
    let mut at = 0;
    for run in &row.runs {
        if let RunKind::Cluster(cols) = run.kind {
            if columns.contains(&at) {
                text.push_str(&run.text);
            }
            at += usize::from(cols);
            continue;
        }
        let cols = if run.kind == RunKind::Wide { 2 } else { 1 };
        for c in run.text.chars() {
            if columns.contains(&at) {
                text.push(c);
            }
            at += cols;
        }
    }
}

/// Leaves so many bytes of the end, or a few less.
fn keep_end(text: &mut String, bytes_max: usize) {
    let surplus = text.len().saturating_sub(bytes_max);
    let cut = (surplus..=text.len()).find(|at| text.is_char_boundary(*at)).unwrap_or(0);
    text.drain(..cut);
}

/// A cell of a logical line. Lines are numbered from 0 in the order they were printed and keep
/// their number when rows are rewrapped, leave the screen or are dropped; what a program erases or
/// moves on its screen, it erases or moves under the number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default, Hash)]
pub struct Anchor {
    /// The number of the line.
    pub line: u64,
    /// The cell, from 0, in columns from the start of the line; a wide character takes two.
    pub cell: u32,
}

#[cfg(test)]
mod tests {
    use crate::base::geom::Size;
    use crate::base::memory::HeapMemory;
    use crate::term::{Anchor, MarkKind, Options, TermEvent, Terminal};

    fn fed(bytes: &str, scrollback_lines_max: usize) -> (Terminal, Vec<(MarkKind, Anchor)>) {
        let options = Options { scrollback_lines_max, ..Options::default() };
        let mut screen =
            Terminal::new(Size { cols: 10, rows: 4 }, options, Box::new(HeapMemory::default()));
        let mut events = Vec::new();
        screen.feed(bytes.as_bytes(), &mut events);
        let mark = |event| match event {
            TermEvent::PromptMark(mark) => Some((mark.kind, mark.at?)),
            _ => None,
        };
        (screen, events.into_iter().filter_map(mark).collect())
    }

    fn check(output: &str, expected: &str) {
        let (mut screen, marks) = fed(
            &format!(
                "\x1b]133;A\x07$ \
                 \x1b]133;B\x07cmd\r\n\x1b]133;C\x07{output}\x1b]133;D;0\x07\x1b]133;A\x07$ "
            ),
            100,
        );
        let at = |kind| {
            marks.iter().find(|mark| mark.0 == kind).map(|mark| mark.1).expect("it was marked")
        };
        for cols in [10, 7, 33] {
            screen.resize(Size { cols, rows: 4 }, &mut Vec::new());
            let text = screen.text_between(at(MarkKind::Output), at(MarkKind::Done), 1000);
            assert_eq!(text, (expected.to_owned(), false), "{output:?} at {cols} columns");
        }
    }

    #[test]
    fn output_is_the_text_between_its_marks() {
        check("one\r\ntwo\r\n", "one\ntwo\n");
        check("no end", "no end");
        check("", "");
        check("\r\n\r\n", "\n\n");
        check(
            "a \u{6f22}\u{5b57} e\u{301} over the edge of it\r\n",
            "a \u{6f22}\u{5b57} e\u{301} over the edge of it\n",
        );
        check("1\r\n2\r\n3\r\n4\r\n5\r\n6", "1\n2\n3\n4\n5\n6");
    }

    #[test]
    fn what_is_missing_of_a_text_is_told() {
        let lines = (0..40).map(|n| n.to_string()).collect::<Vec<_>>().join("\r\n") + "\r\n";
        let (screen, marks) = fed(&format!("\x1b]133;C\x07{lines}\x1b]133;D\x07"), 8);
        let (text, is_cut) = screen.text_between(marks[0].1, marks[1].1, 1000);
        assert!(is_cut && text.ends_with("38\n39\n") && !text.starts_with("0\n"), "{text:?}");
        let (screen, marks) = fed(&format!("\x1b]133;C\x07{lines}\x1b]133;D\x07"), 100);
        assert_eq!(screen.text_between(marks[0].1, marks[1].1, 5), ("8\n39\n".into(), true));
        assert_eq!(screen.text_between(marks[1].1, marks[0].1, 5), (String::new(), false));
    }
}
