//! Boxes that overlays draw over the panes, and a line that is typed in one.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect as Area;
use ratatui::style::Style;
use ratatui::widgets::{Block, BorderType, Clear, Widget};

use super::{cell_style, whole};
use crate::base::style::Attrs;
use crate::base::text::width;
use crate::client::model::Model;
use crate::client::text_input::TextInput;

/// The widest list, in columns.
pub(in crate::client) const COLS_MAX: u16 = 96;
/// The mark before the typed line.
const MARK: &str = "› ";

pub(in crate::client) fn column(x: usize) -> u16 {
    u16::try_from(x).unwrap_or(u16::MAX)
}

pub(in crate::client) fn base(model: &Model) -> Style {
    cell_style::style(model.config.theme.overlay_fg, model.config.theme.overlay_bg)
}

/// The style of a line of a list, of the one that is selected in other colours.
pub(in crate::client) fn line_style(model: &Model, is_selected: bool) -> Style {
    if !is_selected {
        return base(model);
    }
    let theme = &model.config.theme;
    cell_style::picked(model.caps.depth, (theme.select_fg, theme.select_bg), theme.overlay_bg)
}

/// A box in the middle, a third down.
pub(in crate::client) fn placed(model: &Model, cols: u16, rows: u16) -> Area {
    let whole = whole(model);
    let (width, height) = (cols.min(whole.width), rows.min(whole.height));
    Area { x: (whole.width - width) / 2, y: (whole.height - height) / 3, width, height }
}

/// The inside of a framed box; a box too small for a frame has none.
pub(in crate::client) fn inside(outer: Area) -> Area {
    if outer.width < 3 || outer.height < 3 {
        return outer;
    }
    Area { x: outer.x + 1, y: outer.y + 1, width: outer.width - 2, height: outer.height - 2 }
}

/// Draws a framed box and gives its inside.
pub(in crate::client) fn draw_box(
    model: &Model,
    title: &str,
    outer: Area,
    buf: &mut Buffer,
) -> Area {
    Clear.render(outer, buf);
    let inner = inside(outer);
    if inner == outer {
        buf.set_style(outer, base(model));
        return inner;
    }
    let block = Block::bordered()
        .border_type(BorderType::Rounded)
        .title(format!(" {title} "))
        .style(base(model));
    block.render(outer, buf);
    inner
}

pub(in crate::client) fn draw_line(model: &Model, line: &TextInput, inner: Area, buf: &mut Buffer) {
    if inner.height == 0 {
        return;
    }
    let x = cell_style::put(
        buf,
        (inner.x, inner.y),
        usize::from(inner.width),
        MARK,
        cell_style::with(base(model), Attrs::BOLD),
    );
    let cols = line_cols(inner);
    cell_style::put(buf, (x, inner.y), cols, window(line, cols).0, base(model));
}

/// The cursor of a line that is typed in a box: a column and a row of the outer terminal.
pub(in crate::client) fn line_cursor(line: &TextInput, inner: Area) -> Option<(u16, u16)> {
    let (_, at) = window(line, line_cols(inner));
    let x = inner.x.saturating_add(column(width(MARK) + at));
    (inner.height != 0 && x < inner.right()).then_some((x, inner.y))
}

fn line_cols(inner: Area) -> usize {
    usize::from(inner.width).saturating_sub(width(MARK) + 1)
}

/// The part of a line that is shown in `cols` columns, and the cursor's column in it.
fn window(line: &TextInput, cols: usize) -> (&str, usize) {
    let mut text = line.text();
    let mut at = line.cursor_cols();
    while cols < at {
        let first = text.chars().next().map_or(0, char::len_utf8);
        text = &text[first..];
        let cut = width(line.text()) - width(text);
        at = line.cursor_cols().saturating_sub(cut);
        if first == 0 {
            break;
        }
    }
    (text, at)
}
