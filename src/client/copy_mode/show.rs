//! The rows of copy mode as they are painted: with selection and matches laid over them. Data in,
//! runs out.

use std::ops::Range;

use crate::base::row::{Run, RunKind};
use crate::base::style::{Attrs, Colour, Style};
use crate::client::copy_mode::CopyMode;
use crate::client::copy_mode::scrollback_cache::CachedRow;
use crate::settings::Palette;

/// A style that is laid over some columns of a row.
type Patch = (Range<u16>, Colour, Colour);

impl CopyMode {
    /// A row as it is shown, counted from the first that is; none if it was not fetched.
    #[must_use]
    pub fn row_shown(&self, y: u16, theme: &Palette) -> Option<Vec<Run>> {
        let address = self.top + u64::from(y);
        let row = self.rows.get(address)?;
        let mut patches: Vec<Patch> = Vec::new();
        for hit in
            self.hits.iter().filter(|hit| hit.start.row <= address && address <= hit.last.row)
        {
            let from = if hit.start.row == address { hit.start.col } else { 0 };
            let to = if hit.last.row == address { end_of(row, hit.last.col) } else { row.len() };
            let is_current =
                self.search.current().is_some_and(|current| current.start == hit.start);
            let (fg, bg) = if is_current {
                (theme.overlay_bg, theme.accent)
            } else {
                (theme.tab_fg, theme.tab_bg)
            };
            patches.push((from..to, fg.0, bg.0));
        }
        if let Some(cols) = self.selected().and_then(|span| span.cols(address, row)) {
            patches.push((cols, theme.select_fg.0, theme.select_bg.0));
        }
        Some(patched(row, &patches))
    }
}

fn end_of(row: &CachedRow, col: u16) -> u16 {
    row.glyph_at(col).map_or(col + 1, |idx| row.glyphs()[idx].col + row.glyphs()[idx].cols)
}

/// The runs of a row with patches over them; the later ones win.
fn patched(row: &CachedRow, patches: &[Patch]) -> Vec<Run> {
    if patches.is_empty() {
        return row.runs.clone();
    }
    let look = |col: u16, style: Style| match patches
        .iter()
        .rev()
        .find(|(cols, ..)| cols.contains(&col))
    {
        Some((_, fg, bg)) => Style {
            fg: *fg,
            bg: *bg,
            attrs: style.attrs.without(Attrs::INVERSE).without(Attrs::DIM),
            ..style
        },
        None => style,
    };
    let mut runs: Vec<Run> = Vec::new();
    let mut push = |run: Run| match runs.last_mut() {
        Some(last)
            if last.style == run.style
                && last.link == run.link
                && last.kind == run.kind
                && !matches!(run.kind, RunKind::Cluster(_)) =>
        {
            last.text.push_str(&run.text);
        }
        _ => runs.push(run),
    };
    let mut glyphs = row.glyphs().iter();
    for run in &row.runs {
        if let RunKind::Cluster(_) = run.kind {
            let col = glyphs.next().map_or(0, |glyph| glyph.col);
            push(Run { style: look(col, run.style), ..run.clone() });
            continue;
        }
        for c in run.text.chars() {
            let col = glyphs.next().map_or(0, |glyph| glyph.col);
            push(Run { style: look(col, run.style), text: c.to_string(), ..*run });
        }
    }
    // A selection behind the text is shown as blanks.
    let end = patches.iter().map(|(cols, ..)| cols.end).max().unwrap_or(0);
    let text_end = row.glyphs().last().map_or(0, |glyph| glyph.col + glyph.cols);
    for col in text_end..end {
        push(Run {
            style: look(col, Style::default()),
            link: 0,
            kind: RunKind::Narrow,
            text: " ".into(),
        });
    }
    runs
}
