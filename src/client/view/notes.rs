//! Notes over the panes: notices, the event that is awaited, and the card of the first run, six
//! lines over the lower half until a key is pressed, and never again after that.

use ratatui::buffer::Buffer;

use super::cell_style;
use crate::base::style::Attrs;
use crate::base::text::width;
use crate::client::calls;
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

pub(super) fn draw_card(model: &Model, buf: &mut Buffer) {
    if !model.shows_card || model.scene.number.is_none() {
        return;
    }
    let lines = lines(model);
    let cols = lines.iter().map(|line| width(line)).max().unwrap_or(0) + 4;
    let rows = lines.len() + 2;
    let floor = floor(model);
    if usize::from(model.size.cols) < cols || usize::from(floor) < rows + 2 {
        return;
    }
    let narrow = |count: usize| u16::try_from(count).unwrap_or(u16::MAX);
    let x = model.size.cols - narrow(cols);
    let top = floor - narrow(rows);
    let theme = &model.config.theme;
    let style = cell_style::style(theme.overlay_fg, theme.overlay_bg);
    for y in top..floor {
        cell_style::fill(buf, y, x, model.size.cols, style);
    }
    for ((idx, line), y) in lines.iter().enumerate().zip(top + 1..) {
        let style = if idx == 0 {
            cell_style::with(cell_style::style(theme.accent, theme.overlay_bg), Attrs::BOLD)
        } else {
            style
        };
        cell_style::put(buf, (x + 2, y), cols, line, style);
    }
}

/// Six lines with the keys that are in force.
fn lines(model: &Model) -> [String; 6] {
    let map = &model.config.keymap;
    let prefix = map.prefixes().first().map(ToString::to_string).unwrap_or_default();
    let key = |name: &str| map.keys_of(name).unwrap_or_else(|| "no key".into());
    let [new, split, leave] = calls::FIRST_STEPS.map(key);
    let locked = if model.is_locked {
        format!(" ({} unlocks the keys first)", model.unlock_key())
    } else {
        String::new()
    };
    [
        "Welcome. What you run here goes on when you leave.".into(),
        format!("{prefix} begins every key; wait, and a panel shows what follows{locked}"),
        format!("{new}  a new tab      {split}  one more pane"),
        format!("{leave}  leave; `abide` alone brings you back"),
        format!("{}  all keys       {}  every command", key(calls::HELP), key(calls::PALETTE)),
        "Press any key; this is not shown again.".into(),
    ]
}
