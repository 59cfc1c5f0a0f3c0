//! The borders between panes: every cell of the area that no pane has, drawn as joined lines.
//! Floating panes have a frame of their own.

use ratatui::buffer::{Buffer, CellDiffOption};
use ratatui::style::Style;

use super::cell_style;
use crate::base::geom::Rect;
use crate::base::text::width;
use crate::client::layout::is_floating;
use crate::client::model::Model;
use crate::wire::frame::PaneItem;

/// Lines by the neighbours they join: bit 0 up, 1 right, 2 down, 3 left.
const LINES: [&str; 16] =
    ["·", "│", "─", "└", "│", "│", "┌", "├", "─", "┘", "─", "┴", "┐", "┤", "┬", "┼"];
/// The filling where another client's terminal is smaller, and in an area without panes.
const FILLER: &str = "·";

pub(super) fn draw(model: &Model, area: Rect, buf: &mut Buffer) {
    let panes = &model.scene.chrome.panes;
    let (floating, tiled): (Vec<_>, Vec<_>) =
        (0..panes.len()).partition(|idx| is_floating(&model.scene.chrome, *idx));
    let tiled: Vec<&PaneItem> = tiled.into_iter().map(|idx| &panes[idx]).collect();
    // Before the first frame there is nothing to be beside of.
    let is_whole = match tiled.as_slice() {
        [] => true,
        [only] => only.rect == Rect::new(0, 0, area.size()),
        _ => false,
    };
    if !is_whole {
        lines(model, area, &tiled, buf);
    }
    for pane in tiled {
        bridge(area, pane, buf, border(model, false));
        title(model, area, pane, buf);
        open(model, area, pane, buf);
    }
    for idx in floating {
        frame(model, area, &panes[idx], buf);
        open(model, area, &panes[idx], buf);
    }
}

fn border(model: &Model, is_focused: bool) -> Style {
    let theme = &model.config.theme;
    Style::new().fg(cell_style::colour(if is_focused {
        theme.border_focus.0
    } else {
        theme.border.0
    }))
}

/// The cells of `rect` that are on the outer terminal, in its coordinates, as (x, y).
fn cells(area: Rect, rect: Rect, buf: &Buffer) -> impl Iterator<Item = (u16, u16)> + use<> {
    let (right, bottom) =
        (buf.area.right().min(area.right()), buf.area.bottom().min(area.bottom()));
    let to = |from: u16, at: u16, end: u16| from.saturating_add(at).min(end);
    let columns = to(area.x, rect.x, right)..to(area.x, rect.right(), right);
    (to(area.y, rect.y, bottom)..to(area.y, rect.bottom(), bottom))
        .flat_map(move |y| columns.clone().map(move |x| (x, y)))
}

/// Draws a line through every cell that no pane has.
fn lines(model: &Model, area: Rect, panes: &[&PaneItem], buf: &mut Buffer) {
    let (cols, rows) = (usize::from(area.cols), usize::from(area.rows));
    let mut is_border = vec![true; cols * rows];
    for pane in panes {
        for y in pane.rect.y..pane.rect.bottom().min(area.rows) {
            let row = usize::from(y) * cols;
            let (from, to) =
                (usize::from(pane.rect.x).min(cols), usize::from(pane.rect.right()).min(cols));
            is_border[row + from.min(to)..row + to].fill(false);
        }
    }
    let at = |x: usize, y: usize| x < cols && y < rows && is_border[y * cols + x];
    // Within a block of border cells there is no line but an empty place.
    let is_block =
        |x: usize, y: usize| at(x, y) && at(x + 1, y) && at(x, y + 1) && at(x + 1, y + 1);
    let focus = model.scene.focused().map(|pane| pane.rect);
    for (x, y) in cells(area, Rect::new(0, 0, area.size()), buf) {
        let (left, top) = (usize::from(x - area.x), usize::from(y - area.y));
        if !at(left, top) {
            continue;
        }
        let before = |n: usize| n.wrapping_sub(1);
        let blocks =
            [(left, top), (before(left), top), (left, before(top)), (before(left), before(top))];
        let joins =
            [at(left, before(top)), at(left + 1, top), at(left, top + 1), at(before(left), top)];
        let line = joins
            .iter()
            .enumerate()
            .map(|(bit, joined)| usize::from(*joined) << bit)
            .sum::<usize>();
        let is_empty = blocks.into_iter().any(|(x, y)| is_block(x, y));
        let is_focused =
            !is_empty && focus.is_some_and(|rect| touches(rect, x - area.x, y - area.y));
        buf[(x, y)]
            .set_symbol(if is_empty { FILLER } else { LINES[line] })
            .set_style(border(model, is_focused));
    }
}

/// True if a cell lies next to a rectangle, corners included.
fn touches(rect: Rect, x: u16, y: u16) -> bool {
    rect.x <= x.saturating_add(1)
        && x <= rect.right()
        && rect.y <= y.saturating_add(1)
        && y <= rect.bottom()
}

/// Titles of a stack lie one below the other, which is no empty place: each is a line of its own.
fn bridge(area: Rect, pane: &PaneItem, buf: &mut Buffer, style: Style) {
    let Some(row) = pane.rect.y.checked_sub(1) else { return };
    for (x, y) in cells(area, Rect { y: row, rows: 1, ..pane.rect }, buf) {
        if buf[(x, y)].symbol() == FILLER {
            buf[(x, y)].set_symbol("─").set_style(style);
        }
    }
}

/// Writes a pane's title into the border above it, if there is one.
fn title(model: &Model, area: Rect, pane: &PaneItem, buf: &mut Buffer) {
    let Some(row) = pane.rect.y.checked_sub(1).filter(|_| model.config.bars.pane_titles) else {
        return;
    };
    write_title(model, area, (pane.rect.x, row), pane, buf);
}

fn write_title(model: &Model, area: Rect, at: (u16, u16), pane: &PaneItem, buf: &mut Buffer) {
    let ended = pane.ended.map(|status| format!(" (ended, status {status})")).unwrap_or_default();
    let text = format!(" {} {}{ended} ", pane.index, pane.title);
    let (x, y) = (area.x.saturating_add(at.0).saturating_add(1), area.y.saturating_add(at.1));
    let room = usize::from(pane.rect.cols.min(area.right().saturating_sub(x))).saturating_sub(1);
    if width(&text).min(6) <= room && y < area.bottom() {
        let is_focused = model.scene.chrome.focus == Some(pane.id);
        cell_style::put(buf, (x, y), room, &text, border(model, is_focused));
    }
}

/// Marks the cells of a pane to be painted from its screen; what its screen does not reach is
/// filled.
fn open(model: &Model, area: Rect, pane: &PaneItem, buf: &mut Buffer) {
    let (left, top) = (area.x.saturating_add(pane.rect.x), area.y.saturating_add(pane.rect.y));
    let right = left.saturating_add(pane.size.cols.saturating_sub(pane.origin.x));
    let bottom = top.saturating_add(pane.size.rows.saturating_sub(pane.origin.y));
    for (x, y) in cells(area, pane.rect, buf) {
        let cell = &mut buf[(x, y)];
        cell.reset();
        if x < right && y < bottom {
            cell.set_diff_option(CellDiffOption::Skip);
        } else {
            cell.set_symbol(FILLER).set_style(border(model, false));
        }
    }
}

/// Draws a frame around a floating pane.
fn frame(model: &Model, area: Rect, pane: &PaneItem, buf: &mut Buffer) {
    let rect = pane.rect;
    let (left, top) = (rect.x.checked_sub(1), rect.y.checked_sub(1));
    let outer = Rect {
        x: left.unwrap_or(0),
        y: top.unwrap_or(0),
        cols: rect.cols.saturating_add(1 + u16::from(left.is_some())),
        rows: rect.rows.saturating_add(1 + u16::from(top.is_some())),
    };
    let style = border(model, model.scene.chrome.focus == Some(pane.id));
    for (x, y) in cells(area, outer, buf) {
        let (ax, ay) = (x - area.x, y - area.y);
        let (is_left, is_right) = (Some(ax) == left, ax == rect.right());
        let (is_top, is_bottom) = (Some(ay) == top, ay == rect.bottom());
        let symbol = match (is_left, is_right, is_top, is_bottom) {
            (true, _, true, _) => "╭",
            (_, true, true, _) => "╮",
            (true, _, _, true) => "╰",
            (_, true, _, true) => "╯",
            (_, _, true, _) | (_, _, _, true) => "─",
            (true, ..) | (_, true, ..) => "│",
            _ => continue,
        };
        let cell = &mut buf[(x, y)];
        cell.reset();
        cell.set_symbol(symbol).set_style(style);
    }
    if let Some(row) = top {
        write_title(model, area, (rect.x, row), pane, buf);
    }
}
