//! Rows as others see them: runs of equally styled cells, and text. Reading only.

use std::ops::Range;

use crate::base::row::{Row, Run, RunKind};
use crate::base::style::{Attrs, Colour, Style};
use crate::term::cell::{Cell, CellClass, RowAttrs};
use crate::term::color::Palette;
use crate::term::event::MarkKind;
use crate::term::history::read::RowPart;
use crate::term::history::record::CellText;
use crate::term::image::UNDER;
use crate::term::mode::Mode;
use crate::term::screen::Screen;
use crate::term::style_table::CellStyle;

/// The screen and its scrollback as text, for reading only.
#[derive(Clone, Copy)]
pub(crate) struct TextView<'a> {
    pub(crate) screen: &'a Screen,
    pub(crate) palette: &'a Palette,
}

/// Puts glyphs together to runs.
pub(super) struct Builder<'a> {
    palette: &'a Palette,
    runs: Vec<Run>,
    last: Option<(CellStyle, Style)>,
}

impl<'a> Builder<'a> {
    pub(super) fn new(palette: &'a Palette) -> Self {
        Self { palette, runs: Vec::new(), last: None }
    }

    pub(super) fn push(&mut self, glyph: CellText<'_>, cell_style: CellStyle) {
        let style = match self.last {
            Some((last, style)) if last == cell_style => style,
            _ => self.palette.resolve(cell_style.style()),
        };
        self.last = Some((cell_style, style));
        let link = u32::from(cell_style.link());
        let (kind, text, c) = match glyph {
            CellText::Blank => (RunKind::Narrow, "", ' '),
            CellText::Char(UNDER, _) => (RunKind::Under, "", ' '),
            CellText::Char(c, 2) => (RunKind::Wide, "", c),
            CellText::Char(c, _) => (RunKind::Narrow, "", c),
            CellText::Cluster(text, cols) => (RunKind::Cluster(cols), text, ' '),
        };
        if text.is_empty() {
            match self.runs.last_mut() {
                Some(run) if run.kind == kind && run.style == style && run.link == link => {
                    run.text.push(c);
                }
                _ => self.runs.push(Run { style, link, kind, text: c.to_string() }),
            }
        } else {
            self.runs.push(Run { style, link, kind, text: text.to_owned() });
        }
    }

    /// The row; blanks of the default look at its end are left out, unless the text goes on after
    /// them.
    pub(super) fn finish(mut self, wrapped: bool) -> Row {
        while let Some(last) = self.runs.last_mut() {
            if wrapped
                || last.style != Style::default()
                || last.link != 0
                || last.kind != RunKind::Narrow
            {
                break;
            }
            last.text.truncate(last.text.trim_end_matches(' ').len());
            if !last.text.is_empty() {
                break;
            }
            self.runs.pop();
        }
        Row { runs: self.runs, wrapped }
    }
}

/// A row as DECSCNM shows it (VT510 manual; xterm): the default colours change places. A cell that
/// has a colour of its own keeps it.
fn reversed(mut row: Row, cols: u16) -> Row {
    for run in &mut row.runs {
        if run.style.fg == Colour::Default && run.style.bg == Colour::Default {
            run.style.attrs.0 ^= Attrs::INVERSE.0;
        }
    }
    let free = usize::from(cols).saturating_sub(row.runs.iter().map(Run::cols).sum());
    let style = Style { attrs: Attrs::INVERSE, ..Style::default() };
    // The line goes on where a wide character did not fit: no blank of its text is there.
    if free > 0 && !row.wrapped {
        row.runs.push(Run { style, link: 0, kind: RunKind::Narrow, text: " ".repeat(free) });
    }
    row
}

impl TextView<'_> {
    /// The text of a cell; `None` for the right half of a wide character, and for the place
    /// where one did not fit.
    pub(crate) fn glyph(&self, cell: Cell) -> Option<CellText<'_>> {
        let cols = match cell.class() {
            CellClass::Tail | CellClass::Spacer => return None,
            CellClass::Wide => 2,
            CellClass::Narrow => 1,
        };
        Some(match cell.cluster() {
            Some(number) => CellText::Cluster(self.screen.tables.clusters.get(number), cols),
            None if cell.is_blank() => CellText::Blank,
            None => CellText::Char(cell.char().unwrap_or(' '), cols),
        })
    }

    /// Row `y` of the screen shown; an empty row if there is none. One of double width has a blank
    /// after each column.
    pub(crate) fn screen_row(&self, y: u16) -> Row {
        self.row_of(y, true)
    }

    /// A row as it is drawn, or as it reads: then one of double width is no wider than others.
    fn row_of(&self, y: u16, drawn: bool) -> Row {
        if y >= self.screen.size.rows {
            return Row::default();
        }
        let is_double = self.screen.grid.line(y).has(RowAttrs::DOUBLE);
        let doubled = drawn && is_double;
        // Past its half, a row of double width shows nothing.
        let end = usize::from(if is_double {
            self.screen.last_col_of(y) + 1
        } else {
            self.screen.size.cols
        });
        let mut builder = Builder::new(self.palette);
        for cell in self.screen.grid.used(y).iter().take(end) {
            if let Some(glyph) = self.glyph(*cell) {
                let cell_style = self.screen.tables.styles.get(cell.style());
                builder.push(glyph, cell_style);
                (0..if doubled { glyph.cols() } else { 0 })
                    .for_each(|_| builder.push(CellText::Blank, cell_style));
            }
        }
        let row = builder.finish(self.screen.grid.line(y).has(RowAttrs::WRAPPED));
        if self.screen.is_on(Mode::REVERSE_VIDEO) {
            reversed(row, self.screen.size.cols)
        } else {
            row
        }
    }

    /// Row `back` of the history, 0 being just above the screen; an empty row if there is none.
    pub(crate) fn history_row(&self, back: usize) -> Row {
        let mut builder = Builder::new(self.palette);
        let found =
            self.screen.history.row(back, |glyph, cell_style| builder.push(glyph, cell_style));
        builder.finish(found.is_some_and(|(wrapped, _)| wrapped))
    }

    /// The mark on a row; negative ones are history.
    pub(crate) fn mark(&self, row: i64) -> Option<MarkKind> {
        if let Ok(y) = u16::try_from(row) {
            return if y < self.screen.size.rows {
                MarkKind::from_number(self.screen.grid.line(y).mark)
            } else {
                None
            };
        }
        let back = usize::try_from(-1 - row).ok()?;
        MarkKind::from_number(self.screen.history.row(back, |_, _| {})?.1)
    }

    /// Calls `each` with rows from top to bottom; negative ones are history, −1 being just above
    /// the screen. What there is not is left out.
    pub(crate) fn each_row(&self, rows: Range<i64>, mut each: impl FnMut(Row)) {
        let above = i64::try_from(self.screen.history.rows()).unwrap_or(i64::MAX);
        let (start, end) = (rows.start.max(-above), rows.end.min(i64::from(self.screen.size.rows)));
        if start < end.min(0) {
            let number = |row: i64| usize::try_from(row).unwrap_or(0);
            let mut builder = Builder::new(self.palette);
            self.screen.history.rows_down(number(-1 - start), number(end.min(0) - start), |part| {
                match part {
                    RowPart::Glyph(glyph, cell_style) => builder.push(glyph, cell_style),
                    RowPart::End { wrapped } => each(
                        std::mem::replace(&mut builder, Builder::new(self.palette)).finish(wrapped),
                    ),
                }
            });
        }
        (start.max(0)..end)
            .filter_map(|y| u16::try_from(y).ok())
            .for_each(|y| each(self.row_of(y, false)));
    }

    /// Text of rows; negative ones are history, −1 being just above the screen.
    pub(crate) fn text(&self, rows: Range<i64>) -> String {
        let mut text = String::new();
        let mut start = 0;
        self.each_row(rows, |row| {
            row.runs.iter().for_each(|run| text.push_str(&run.text));
            if !row.wrapped {
                text.truncate(start + text[start..].trim_end_matches(' ').len());
                text.push('\n');
                start = text.len();
            }
        });
        text
    }
}

#[cfg(test)]
mod tests {
    use crate::base::geom::Size;
    use crate::base::memory::HeapMemory;
    use crate::term::{Options, Terminal};

    #[test]
    fn rows_in_one_go_are_the_rows_one_by_one() {
        let mut screen = Terminal::new(
            Size { cols: 30, rows: 4 },
            Options::default(),
            Box::new(HeapMemory::default()),
        );
        let mut events = Vec::new();
        for number in 0..40 {
            let line = format!(
                "\x1b[3{}m{number} {}{}\r\n",
                number % 8,
                "wide \u{6f22}\u{5b57} ".repeat(number % 7),
                "x".repeat(number % 65)
            );
            screen.feed(line.as_bytes(), &mut events);
        }
        for cols in [30, 7, 2, 80] {
            screen.resize(Size { cols, rows: 4 }, &mut events);
            let above = i64::try_from(screen.history_rows()).unwrap();
            let row = |row: i64| {
                u16::try_from(row).map_or_else(
                    |_| screen.history_row(usize::try_from(-1 - row).unwrap()),
                    |y| screen.row(y),
                )
            };
            for (from, to) in
                [(-above, 4), (-above - 9, 99), (-above + 17, -3), (-1, 1), (0, 4), (2, 2), (9, 3)]
            {
                let one_by_one: Vec<_> = (from.max(-above)..to.min(4)).map(row).collect();
                assert_eq!(screen.rows(from..to), one_by_one, "{cols} columns, {from}..{to}");
            }
        }
    }
}
