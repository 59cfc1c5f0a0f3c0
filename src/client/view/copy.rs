//! The position and the prompt of copy mode. Drawn over the pane.

use ratatui::buffer::Buffer;

use super::{cell_style, pane_rect};
use crate::base::geom::Rect;
use crate::base::style::Attrs;
use crate::base::text::width;
use crate::client::copy_mode::motion::Toward;
use crate::client::copy_mode::{CopyMode, Prompt};
use crate::client::model::Model;
use crate::client::text_input::TextInput;

/// Draws the indicators of every pane in copy mode.
pub(super) fn draw(model: &Model, buf: &mut Buffer) {
    for pane in &model.scene.chrome.panes {
        if let Some(mode) = model.copy_modes.open(pane.id) {
            let place = pane_rect(model, pane);
            draw_position(model, mode, place, buf);
            draw_prompt(model, mode, place, buf);
        }
    }
}

/// `[3/57] [120/3400]` in the top right corner: the match and how many there are, how far is
/// scrolled back and how far can be.
fn draw_position(model: &Model, mode: &CopyMode, place: Rect, buf: &mut Buffer) {
    let (at, all) = mode.position();
    let typed = mode.typed();
    let typed = if typed.is_empty() { typed } else { format!("{typed} ") };
    let found = mode.search.count().map(|count| format!("[{count}] ")).unwrap_or_default();
    let text = format!("{typed}{found}[{at}/{all}]");
    let cols = u16::try_from(width(&text)).unwrap_or(u16::MAX).min(place.cols);
    let theme = &model.config.theme;
    let style = cell_style::style(theme.select_fg, theme.select_bg);
    let x = place.right().saturating_sub(cols);
    cell_style::fill(buf, place.y, x, place.right(), style);
    cell_style::put(buf, (x, place.y), usize::from(cols), &text, style);
}

/// The line that is typed, in the last row of the pane.
fn draw_prompt(model: &Model, mode: &CopyMode, place: Rect, buf: &mut Buffer) {
    let Some(prompt) = &mode.prompt else { return };
    let (mark, line) = parts(prompt);
    let theme = &model.config.theme;
    let fg = if mode.search.is_failed() { theme.warning } else { theme.overlay_fg };
    let style = cell_style::style(fg, theme.overlay_bg);
    let y = place.bottom().saturating_sub(1);
    cell_style::fill(buf, y, place.x, place.right(), style);
    let x = cell_style::put(
        buf,
        (place.x, y),
        usize::from(place.cols),
        mark,
        cell_style::with(style, Attrs::BOLD),
    );
    let room = usize::from(place.right().saturating_sub(x));
    cell_style::put(buf, (x, y), room, window(line, room), style);
}

fn parts(prompt: &Prompt) -> (&'static str, &TextInput) {
    match prompt {
        Prompt::Search(line, Toward::On, _) => ("/", line),
        Prompt::Search(line, Toward::Back, _) => ("?", line),
        Prompt::Row(line) => (":", line),
    }
}

/// The end of a line that is longer than its room.
fn window(line: &TextInput, cols: usize) -> &str {
    let mut text = line.text();
    while cols <= width(text) && !text.is_empty() {
        text = &text[text.chars().next().map_or(0, char::len_utf8)..];
    }
    text
}

/// True if the pane in focus shows copy mode, and with it that cursor.
pub(super) fn has_cursor(model: &Model) -> bool {
    model.scene.focused().is_some_and(|pane| model.copy_modes.open(pane.id).is_some())
}

/// The cursor of the pane in focus, if that is in copy mode: the column and row of the
/// outer terminal.
pub(super) fn cursor(model: &Model) -> Option<(u16, u16)> {
    let pane = model.scene.focused()?;
    let mode = model.copy_modes.open(pane.id)?;
    let place = pane_rect(model, pane);
    if let Some(prompt) = &mode.prompt {
        let (mark, line) = parts(prompt);
        let room = usize::from(place.cols).saturating_sub(1);
        let hidden = width(line.text()) - width(window(line, room));
        let x = width(mark) + line.cursor_cols().saturating_sub(hidden);
        let x = u16::try_from(x).unwrap_or(u16::MAX).min(place.cols.saturating_sub(1));
        return Some((place.x + x, place.bottom().saturating_sub(1)));
    }
    mode.cursor_at().map(|at| (place.x + at.x, place.y + at.y))
}
