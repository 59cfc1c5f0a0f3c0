//! Notices, and the event that is awaited.

use ratatui::buffer::Buffer;

use super::cell_style;
use crate::base::style::Attrs;
use crate::base::text::width;
use crate::client::model::Model;

/// The row below the last that notes may use.
pub(super) fn floor(model: &Model) -> u16 {
    let layout = model.layout();
    [layout.status, layout.tabs]
        .into_iter()
        .flatten()
        .filter(|row| layout.area.y < *row)
        .min()
        .unwrap_or(model.size.rows)
}

/// Notices, flush right above the status line, the newest lowest.
pub(super) fn draw_notices(model: &Model, buf: &mut Buffer) {
    let theme = &model.config.theme;
    let rows = (0..floor(model)).rev();
    for ((_, notice), y) in model.notices.shown.iter().rev().zip(rows) {
        let fg = if notice.warning { theme.warning } else { theme.overlay_fg };
        let style = cell_style::style(fg, theme.overlay_bg);
        let text = format!(" {} ", notice.text);
        let cols = width(&text).min(usize::from(model.size.cols));
        let x = model.size.cols - u16::try_from(cols).unwrap_or(model.size.cols);
        cell_style::fill(buf, y, x, model.size.cols, style);
        cell_style::put(buf, (x, y), cols, &text, style);
    }
}

/// The event that is awaited, in the middle, while there is nothing to show.
pub(super) fn draw_awaited(model: &Model, buf: &mut Buffer) {
    let Some(text) = model.awaited() else { return };
    let cols = width(text).min(usize::from(model.size.cols));
    let x = (model.size.cols - u16::try_from(cols).unwrap_or(model.size.cols)) / 2;
    cell_style::put(
        buf,
        (x, model.size.rows / 2),
        cols,
        text,
        cell_style::with(ratatui::style::Style::new(), Attrs::DIM),
    );
}
