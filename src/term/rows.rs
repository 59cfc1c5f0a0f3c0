//! Rows as others see them: runs of equally styled cells, and text. Reading only.

use std::ops::Range;

use crate::base::row::{Row, Run, RunKind};
use crate::base::style::Style;
use crate::term::cell::{Cell, Class};
use crate::term::emulator::Emulator;
use crate::term::event::MarkKind;
use crate::term::grid::Line;
use crate::term::history::record::Glyph;
use crate::term::history::walk::Piece;
use crate::term::look::Look;
use crate::term::palette::Palette;

/// Puts glyphs together to runs.
pub(super) struct Builder<'a> {
    palette: &'a Palette,
    runs: Vec<Run>,
    last: Option<(Look, Style)>,
}

impl<'a> Builder<'a> {
    pub(super) fn new(palette: &'a Palette) -> Self {
        Self { palette, runs: Vec::new(), last: None }
    }

    pub(super) fn push(&mut self, glyph: Glyph<'_>, look: Look) {
        let style = match self.last {
            Some((last, style)) if last == look => style,
            _ => self.palette.resolve(look.style()),
        };
        self.last = Some((look, style));
        let link = u32::from(look.link);
        let (kind, text, c) = match glyph {
            Glyph::Blank => (RunKind::Narrow, "", ' '),
            Glyph::Char(c, 2) => (RunKind::Wide, "", c),
            Glyph::Char(c, _) => (RunKind::Narrow, "", c),
            Glyph::Cluster(text, cols) => (RunKind::Cluster(cols), text, ' '),
        };
        if text.is_empty() {
            match self.runs.last_mut() {
                Some(run) if run.kind == kind && run.style == style && run.link == link => run.text.push(c),
                _ => self.runs.push(Run { style, link, kind, text: c.to_string() }),
            }
        } else {
            self.runs.push(Run { style, link, kind, text: text.to_owned() });
        }
    }

    /// The row; blanks of the default look at its end are left out, unless the text goes on after them.
    pub(super) fn finish(mut self, wrapped: bool) -> Row {
        while let Some(last) = self.runs.last_mut() {
            if wrapped || last.style != Style::default() || last.link != 0 || last.kind != RunKind::Narrow {
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

impl Emulator {
    /// What stands in a cell; `None` for the right half of a wide character, and for the place where one did not fit.
    pub(crate) fn glyph(&self, cell: Cell) -> Option<Glyph<'_>> {
        let cols = match cell.class() {
            Class::Tail | Class::Spacer => return None,
            Class::Wide => 2,
            Class::Narrow => 1,
        };
        Some(match cell.cluster() {
            Some(number) => Glyph::Cluster(self.tables.clusters.get(number), cols),
            None if cell.is_blank() => Glyph::Blank,
            None => Glyph::Char(cell.char().unwrap_or(' '), cols),
        })
    }

    /// Row `y` of the screen shown; an empty row if there is none.
    pub(crate) fn screen_row(&self, y: u16) -> Row {
        if y >= self.size.rows {
            return Row::default();
        }
        let mut builder = Builder::new(&self.palette);
        for cell in self.grid.used(y) {
            if let Some(glyph) = self.glyph(*cell) {
                builder.push(glyph, self.tables.looks.get(cell.style()));
            }
        }
        builder.finish(self.grid.line(y).has(Line::WRAPPED))
    }

    /// Row `back` of the history, 0 being just above the screen; an empty row if there is none.
    pub(crate) fn history_row(&self, back: usize) -> Row {
        let mut builder = Builder::new(&self.palette);
        let found = self.history.row(back, |glyph, look| builder.push(glyph, look));
        builder.finish(found.is_some_and(|(wrapped, _)| wrapped))
    }

    /// The mark on a row; negative ones are history.
    pub(crate) fn mark(&self, row: i64) -> Option<MarkKind> {
        if let Ok(y) = u16::try_from(row) {
            return if y < self.size.rows { MarkKind::from_number(self.grid.line(y).mark) } else { None };
        }
        let back = usize::try_from(-1 - row).ok()?;
        MarkKind::from_number(self.history.row(back, |_, _| {})?.1)
    }

    /// Text of rows; negative ones are history, −1 being just above the screen.
    pub(crate) fn text(&self, rows: Range<i64>) -> String {
        let start = rows.start.max(-i64::try_from(self.history.rows()).unwrap_or(0));
        let end = rows.end.min(i64::from(self.size.rows));
        let mut text = Text::default();
        if start < end.min(0) {
            let from = self.history.end_row() - start.unsigned_abs();
            let count = usize::try_from(end.min(0) - start).unwrap_or(0);
            self.history.walk(from, count, |piece| match piece {
                Piece::Glyph(Glyph::Blank, _) => text.text.push(' '),
                Piece::Glyph(Glyph::Char(c, _), _) => text.text.push(c),
                Piece::Glyph(Glyph::Cluster(cluster, _), _) => text.text.push_str(cluster),
                Piece::End(row) => text.end_row(row.wrapped),
            });
        }
        for y in (start.max(0)..end).filter_map(|y| u16::try_from(y).ok()) {
            let row = self.screen_row(y);
            row.runs.iter().for_each(|run| text.text.push_str(&run.text));
            text.end_row(row.wrapped);
        }
        text.text
    }
}

/// Lines that are put together from rows.
#[derive(Default)]
struct Text {
    text: String,
    /// Where the line that is put together starts.
    start: usize,
}

impl Text {
    /// A row is whole; a line that does not go on is trimmed and ended.
    fn end_row(&mut self, wrapped: bool) {
        if !wrapped {
            let len = self.text[self.start..].trim_end_matches(' ').len();
            self.text.truncate(self.start + len);
            self.text.push('\n');
            self.start = self.text.len();
        }
    }
}
