//! Our styles as ratatui's, and text that stays within its columns.

use ratatui::buffer::Buffer;
use ratatui::layout::Position;
use ratatui::style::{Color, Modifier, Style};

use crate::base::style::{Attrs, Colour};
use crate::base::text::{cells, fitting, width};
use crate::client::caps::Depth;
use crate::settings::ThemeColour;

/// ratatui's style of a text and a background colour.
pub(in crate::client) fn style(fg: ThemeColour, bg: ThemeColour) -> Style {
    Style::new().fg(colour(fg.0)).bg(colour(bg.0))
}

/// The style of what is picked out of texts on the background `around`. Backgrounds that a terminal
/// cannot show are inverted when they are painted; where that makes both alike, what is picked out
/// is the one that is not inverted.
pub(in crate::client) fn picked(
    depth: Depth,
    colours: (ThemeColour, ThemeColour),
    around: ThemeColour,
) -> Style {
    let (fg, bg) = colours;
    let shown = |colour: ThemeColour| depth.nearest(colour.0);
    let is_told_apart = shown(bg) != shown(around) || (shown(bg).is_some() && bg == around);
    if is_told_apart {
        return style(fg, bg);
    }
    let plain = style(ThemeColour(Colour::Default), ThemeColour(Colour::Default));
    let is_inverted = around.0 != Colour::Default;
    with(plain, if is_inverted { Attrs::BOLD } else { Attrs::BOLD.with(Attrs::INVERSE) })
}

/// The same with these attributes on.
pub(in crate::client) fn with(style: Style, attrs: Attrs) -> Style {
    let all = [
        (Attrs::BOLD, Modifier::BOLD),
        (Attrs::DIM, Modifier::DIM),
        (Attrs::INVERSE, Modifier::REVERSED),
    ];
    all.into_iter()
        .filter(|(attr, _)| attrs.has(*attr))
        .fold(style, |style, (_, modifier)| style.add_modifier(modifier))
}

pub(in crate::client) fn colour(colour: Colour) -> Color {
    match colour {
        Colour::Default => Color::Reset,
        Colour::Indexed(index) => Color::Indexed(index),
        Colour::Rgb(r, g, b) => Color::Rgb(r, g, b),
    }
}

/// Writes `text` into at most `cols` columns from `at`, a column and a row, with an ellipsis where
/// it does not fit; gives the column after it. Outside the buffer nothing happens.
pub(in crate::client) fn put(
    buf: &mut Buffer,
    at: (u16, u16),
    cols: usize,
    text: &str,
    style: Style,
) -> u16 {
    let ((x, y), area) = (at, buf.area);
    if area.right() <= x || area.bottom() <= y {
        return x;
    }
    let cols = cols.min(usize::from(area.right() - x));
    let fits = width(text) <= cols;
    let shown = if fits { text } else { fitting(text, cols.saturating_sub(1)) };
    let end = put_cells(buf, Position { x, y }, shown, style);
    if fits || cols == 0 {
        return end;
    }
    put_cells(buf, Position { x: end, y }, "…", style)
}

/// Writes a text that fits; gives the column after it. The cells are those of a program's text:
/// ratatui would put a cluster into one cell where terminals give it several.
fn put_cells(buf: &mut Buffer, at: Position, text: &str, style: Style) -> u16 {
    let Position { mut x, y } = at;
    for (symbol, cols) in cells(text) {
        for (symbol, _) in [symbol, ""].into_iter().zip(0..cols) {
            let Some(cell) = buf.cell_mut((x, y)) else { return x };
            cell.set_symbol(symbol).set_style(style);
            x += 1;
        }
    }
    x
}

/// Gives a row's columns `from..to` this style and nothing else.
pub(in crate::client) fn fill(buf: &mut Buffer, y: u16, from: u16, to: u16, style: Style) {
    let area = buf.area;
    if area.bottom() <= y {
        return;
    }
    for x in from..to.min(area.right()) {
        let cell = &mut buf[(x, y)];
        cell.reset();
        cell.set_style(style);
    }
}
