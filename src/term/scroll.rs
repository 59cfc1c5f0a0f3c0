//! Scrollback and screen as one run of rows with addresses that output does not move. Reading only.

use crate::base::row::Row;
use crate::term::event::MarkKind;
use crate::term::history::cursor::RowPiece;
use crate::term::rows::{Builder, TextView};
use crate::term::terminal::Terminal;

/// The range of rows there are. Addresses count from the first row there ever was at this width;
/// they hold as long as `epoch` does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Reach {
    /// Counts the changes of the width: with another one, rows have other addresses.
    pub epoch: u64,
    /// The oldest row.
    pub first: u64,
    /// The row at the top of the screen.
    pub screen: u64,
    /// The one after the last row of the screen.
    pub end: u64,
}

/// A row of scrollback or screen.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ScrollRow {
    /// The runs of the row.
    pub row: Row,
    /// The number of its line among all there ever were; it holds for every width.
    pub line: u64,
    /// Cells of that line before this row.
    pub cell: u32,
    /// The mark of shell integration: a prompt or an output starts here.
    pub mark: Option<MarkKind>,
}

impl Terminal {
    /// The range of rows there are.
    #[must_use]
    pub fn reach(&self) -> Reach {
        self.emulator().text_view().reach()
    }

    /// Up to `count` rows from address `from` on; those that are not there any more are left out.
    #[must_use]
    pub fn rows_at(&self, from: u64, count: usize) -> Vec<ScrollRow> {
        self.emulator().text_view().rows_at(from, count)
    }

    /// The address of the row in which a cell of a line lies; the nearest there is.
    #[must_use]
    pub fn address(&self, line: u64, cell: u32) -> u64 {
        self.emulator().text_view().address(line, cell)
    }

    /// The nearest row before an address where something of that kind starts.
    #[must_use]
    pub fn mark_before(&self, before: u64, kind: MarkKind) -> Option<u64> {
        self.emulator().text_view().mark_before(before, kind)
    }

    /// The nearest row after an address where something of that kind starts.
    #[must_use]
    pub fn mark_after(&self, after: u64, kind: MarkKind) -> Option<u64> {
        self.emulator().text_view().mark_after(after, kind)
    }

    /// The rows of the newest output that is not empty, from after its command line to before the
    /// next prompt; none without marks of shell integration.
    #[must_use]
    pub fn last_output(&self) -> Option<std::ops::Range<u64>> {
        self.output_before(self.reach().end)
    }

    /// The same for the newest output that starts before a row.
    #[must_use]
    pub fn output_before(&self, mut before: u64) -> Option<std::ops::Range<u64>> {
        loop {
            let start = self.mark_before(before, MarkKind::Output)?;
            let end = self
                .mark_after(start, MarkKind::Prompt)
                .unwrap_or_else(|| self.emulator().text_view().written_end());
            if start < end {
                return Some(start..end);
            }
            before = start;
        }
    }

    /// Text of rows by their addresses, a line each. Rows of one line are joined, trailing blanks
    /// left out.
    #[must_use]
    pub fn text_at(&self, rows: std::ops::Range<u64>) -> String {
        let screen = i64::try_from(self.reach().screen).unwrap_or(i64::MAX);
        let relative = |address: u64| i64::try_from(address).unwrap_or(i64::MAX) - screen;
        self.text(relative(rows.start)..relative(rows.end))
    }
}

impl TextView<'_> {
    fn reach(&self) -> Reach {
        let screen = self.screen.history.end_row();
        Reach {
            epoch: self.screen.history.epoch(),
            first: screen - self.screen.history.rows() as u64,
            screen,
            end: screen + u64::from(self.screen.size.rows),
        }
    }

    fn rows_at(&self, from: u64, count: usize) -> Vec<ScrollRow> {
        let reach = self.reach();
        let from = from.max(reach.first);
        let mut rows = Vec::new();
        if from < reach.screen {
            let here = usize::try_from(reach.screen - from).unwrap_or(usize::MAX).min(count);
            let mut builder = Builder::new(self.palette);
            self.screen.history.walk(from, here, |piece| match piece {
                RowPiece::Glyph(glyph, cell_style) => builder.push(glyph, cell_style),
                RowPiece::End(end) => {
                    let row = std::mem::replace(&mut builder, Builder::new(self.palette))
                        .finish(end.wrapped);
                    rows.push(ScrollRow {
                        row,
                        line: end.line,
                        cell: end.cell,
                        mark: MarkKind::from_number(end.mark),
                    });
                }
            });
        }
        let first = usize::try_from(from.saturating_sub(reach.screen)).unwrap_or(usize::MAX);
        let left = count.saturating_sub(rows.len());
        rows.extend(self.screen_rows().skip(first).take(left));
        rows
    }

    /// The rows of the screen, each with the line it belongs to.
    fn screen_rows(&self) -> impl Iterator<Item = ScrollRow> {
        let open = if self.screen.alternate {
            (self.screen.history.end_line_number().0 + 1, 0)
        } else {
            self.screen.history.end_line_number()
        };
        let mut at = open;
        (0..self.screen.size.rows).map(move |y| {
            let row = self.screen_row(y);
            let (line, cell) = at;
            at = if row.wrapped { (line, cell + self.cells_used(y)) } else { (line + 1, 0) };
            ScrollRow {
                row,
                line,
                cell,
                mark: MarkKind::from_number(self.screen.grid.line(y).mark),
            }
        })
    }

    fn cells_used(&self, y: u16) -> u32 {
        u32::try_from(self.screen.grid.used(y).len()).unwrap_or(0)
    }

    fn address(&self, line: u64, cell: u32) -> u64 {
        let reach = self.reach();
        let found = self.screen.history.address(line, cell);
        if found < reach.screen {
            return found.max(reach.first);
        }
        let at = self.screen_rows().take_while(|row| (row.line, row.cell) <= (line, cell)).count();
        reach.screen + at.saturating_sub(1) as u64
    }

    fn mark_before(&self, before: u64, kind: MarkKind) -> Option<u64> {
        let screen = self.screen.history.end_row();
        let on_screen = (0..self.screen.size.rows).rev().find(|y| {
            screen + u64::from(*y) < before && self.screen.grid.line(*y).mark == kind.number()
        });
        if let Some(y) = on_screen {
            return Some(screen + u64::from(y));
        }
        let mut before = before.min(screen);
        loop {
            let marks = self.screen.history.marks_before(before);
            let found = marks.iter().rev().find(|(_, mark)| *mark == kind.number());
            if let Some((address, _)) = found {
                return Some(*address);
            }
            before = marks.first()?.0;
        }
    }

    fn mark_after(&self, mut after: u64, kind: MarkKind) -> Option<u64> {
        let screen = self.screen.history.end_row();
        while after < screen {
            let marks = self.screen.history.marks_after(after);
            let found = marks.iter().find(|(_, mark)| *mark == kind.number());
            if let Some((address, _)) = found {
                return Some(*address);
            }
            let Some((last, _)) = marks.last() else { break };
            after = *last;
        }
        let on_screen = (0..self.screen.size.rows).find(|y| {
            after < screen + u64::from(*y) && self.screen.grid.line(*y).mark == kind.number()
        });
        on_screen.map(|y| screen + u64::from(y))
    }

    /// The address after the last row of the screen with anything on it.
    fn written_end(&self) -> u64 {
        let last = (0..self.screen.size.rows).rev().find(|y| !self.screen_row(*y).runs.is_empty());
        self.screen.history.end_row() + last.map_or(0, |y| u64::from(y) + 1)
    }
}

#[cfg(test)]
mod tests {
    use crate::base::geom::Size;
    use crate::base::memory::HeapMemory;
    use crate::term::{MarkKind, Options, Terminal};

    fn terminal(cols: u16, rows: u16, lines_max: usize) -> Terminal {
        let options = Options { scrollback_lines_max: lines_max, ..Options::default() };
        Terminal::new(Size::new(cols, rows), options, Box::new(HeapMemory::default()))
    }

    fn feed(terminal: &mut Terminal, text: &str) {
        terminal.feed(text.as_bytes(), &mut Vec::new());
    }

    fn texts(terminal: &Terminal, from: u64, count: usize) -> Vec<String> {
        terminal.rows_at(from, count).iter().map(|row| row.row.text()).collect()
    }

    #[test]
    fn a_row_keeps_its_address_while_output_arrives_and_old_rows_go() {
        let mut terminal = terminal(10, 3, 5000);
        (0..100).for_each(|n| feed(&mut terminal, &format!("line {n}\r\n")));
        assert_eq!(texts(&terminal, 40, 3), ["line 40", "line 41", "line 42"]);
        assert_eq!(
            texts(&terminal, 97, 9),
            ["line 97", "line 98", "line 99", ""],
            "history and screen are one run"
        );
        (100..5000).for_each(|n| feed(&mut terminal, &format!("line {n}\r\n")));
        assert_eq!(texts(&terminal, 40, 2), ["line 40", "line 41"]);
        (5000..12_000).for_each(|n| feed(&mut terminal, &format!("line {n}\r\n")));
        let reach = terminal.reach();
        assert!(6000 < reach.first && reach.screen == 11_998 && reach.end == 12_001, "{reach:?}");
        assert_eq!(
            texts(&terminal, 40, 1),
            [format!("line {}", reach.first)],
            "what is gone is left out"
        );
        terminal.clear_history();
        assert_eq!(terminal.reach().first, terminal.reach().screen);
        assert_eq!(texts(&terminal, 0, 2), ["line 11998", "line 11999"]);
    }

    #[test]
    fn lines_keep_their_numbers_whatever_the_width() {
        let mut terminal = terminal(10, 3, 5000);
        (0..50).for_each(|n| feed(&mut terminal, &format!("{n:0>25}\r\n")));
        let narrow = terminal.reach();
        let row = terminal.rows_at(31, 1).remove(0);
        assert_eq!(
            (row.line, row.cell, row.row.wrapped, row.row.text().as_str()),
            (10, 10, true, "0000000000")
        );
        assert_eq!(terminal.address(10, 14), 31);
        terminal.resize(Size::new(30, 3), &mut Vec::new());
        assert_ne!(terminal.reach().epoch, narrow.epoch);
        let address = terminal.address(10, 10);
        assert_eq!(texts(&terminal, address, 1), [format!("{:0>25}", 10)]);
        let last = terminal.rows_at(terminal.reach().screen, 3);
        assert_eq!(last.iter().map(|row| row.line).collect::<Vec<_>>(), [48, 49, 50]);
        for row in &last {
            assert_eq!(
                terminal.rows_at(terminal.address(row.line, row.cell), 1),
                std::slice::from_ref(row)
            );
        }
    }

    #[test]
    fn a_line_that_leaves_the_screen_in_parts_has_one_number() {
        let mut terminal = terminal(4, 2, 100);
        feed(&mut terminal, "a\r\nbbbbccccddddee");
        let rows = terminal.rows_at(0, 9);
        let places: Vec<_> = rows.iter().map(|row| (row.line, row.cell, row.row.text())).collect();
        let expected = [(0, 0, "a"), (1, 0, "bbbb"), (1, 4, "cccc"), (1, 8, "dddd"), (1, 12, "ee")];
        assert_eq!(places, expected.map(|(line, cell, text)| (line, cell, text.to_owned())));
        assert_eq!(terminal.text_at(1..5), "bbbbccccddddee\n");
    }

    #[test]
    fn prompts_and_outputs_are_found_both_ways() {
        let mut terminal = terminal(20, 4, 10_000);
        for n in 0..2000 {
            feed(
                &mut terminal,
                &format!(
                    "\x1b]133;A\x07$ \x1b]133;B\x07run {n}\r\n\x1b]133;C\x07out \
                     {n}\r\nmore\r\n\x1b]133;D;0\x07"
                ),
            );
        }
        feed(&mut terminal, "\x1b]133;A\x07$ \x1b]133;B\x07");
        assert_eq!(terminal.mark_before(3000, MarkKind::Prompt), Some(2997));
        assert_eq!(terminal.mark_after(3000, MarkKind::Prompt), Some(3003));
        assert_eq!(terminal.mark_before(0, MarkKind::Prompt), None);
        assert_eq!(terminal.mark_after(5997, MarkKind::Prompt), Some(6000));
        assert_eq!(terminal.mark_after(6000, MarkKind::Prompt), None);
        let output = terminal.last_output().expect("there was a command");
        assert_eq!(terminal.text_at(output), "out 1999\nmore\n");
    }

    #[test]
    fn without_marks_there_is_no_last_output() {
        let mut terminal = terminal(20, 4, 100);
        feed(&mut terminal, "a\r\nb\r\n");
        assert_eq!(terminal.last_output(), None);
    }
}
