//! What appears for a while: notices, what can follow a prefix, what is awaited.

use std::collections::BTreeMap;

use ratatui::buffer::Buffer;

use super::look;
use crate::base::style::Attrs;
use crate::base::text::width;
use crate::client::model::Model;

/// The narrowest column of the list of what can follow, in cells.
const HINT_COLS: usize = 36;
/// Keys of one action that are listed, and the columns they may take.
const HINT_KEYS_MAX: usize = 4;
const HINT_KEYS_COLS: usize = 16;

/// The row below the last that notes may use.
fn floor(model: &Model) -> u16 {
    let places = model.places();
    places.status.filter(|row| *row != 0).unwrap_or(model.size.rows)
}

/// Notices, flush right above the status line, the newest lowest.
pub(super) fn draw_notices(model: &Model, buf: &mut Buffer) {
    let theme = &model.setup.theme;
    let rows = (0..floor(model)).rev();
    for ((_, notice), y) in model.notices.iter().rev().zip(rows) {
        let fg = if notice.warning { theme.warning } else { theme.overlay_fg };
        let style = look::style(fg, theme.overlay_bg);
        let text = format!(" {} ", notice.text);
        let cols = width(&text).min(usize::from(model.size.cols));
        let x = model.size.cols - u16::try_from(cols).unwrap_or(model.size.cols);
        look::fill(buf, y, x, model.size.cols, style);
        look::put(buf, (x, y), cols, &text, style);
    }
}

/// What can follow the keys of an unfinished chord, in columns above the status line; one entry for each action.
pub(super) fn draw_hint(model: &Model, buf: &mut Buffer) {
    if !model.shows_hint() {
        return;
    }
    let entries = following(model);
    let columns = (usize::from(model.size.cols) / HINT_COLS).max(1);
    let floor = floor(model);
    let rows = entries.len().div_ceil(columns).min(usize::from(floor.saturating_sub(1)));
    let top = floor - u16::try_from(rows).unwrap_or(floor);
    let theme = &model.setup.theme;
    let style = look::style(theme.overlay_fg, theme.overlay_bg);
    let keys_style = look::with(look::style(theme.accent, theme.overlay_bg), Attrs::BOLD);
    let column_cols = usize::from(model.size.cols) / columns;
    for (row, y) in (0..rows).zip(top..) {
        look::fill(buf, y, 0, model.size.cols, style);
        for column in 0..columns {
            let Some((keys, words)) = entries.get(column * rows + row) else { continue };
            let x = u16::try_from(column * column_cols).unwrap_or(u16::MAX).saturating_add(1);
            let end = look::put(buf, (x, y), HINT_KEYS_COLS, keys, keys_style);
            let words_x = end.max(x + 5) + 1;
            let room = (column_cols + usize::from(x)).saturating_sub(usize::from(words_x) + 2);
            look::put(buf, (words_x, y), room, words, style);
        }
    }
}

/// Keys and action of everything that can follow, the keys of one action together.
fn following(model: &Model) -> Vec<(String, String)> {
    let pending = model.chord.keys.len();
    let mut groups: BTreeMap<&str, (Vec<String>, String)> = BTreeMap::new();
    for listed in model.setup.keymap.following(&model.chord.keys) {
        let keys = listed.keys.split(' ').skip(pending).collect::<Vec<_>>().join(" ");
        let (all, words) = groups.entry(listed.name).or_insert_with(|| (Vec::new(), listed.words.clone()));
        // What the bindings of one action have in common tells what it does.
        let common = words.split(' ').zip(listed.words.split(' ')).take_while(|(a, b)| a == b).count();
        *words = words.split(' ').take(common).collect::<Vec<_>>().join(" ");
        all.push(keys);
    }
    let shown = groups.into_values().map(|(mut keys, words)| {
        keys.sort_by_key(|keys| (keys.len(), keys.clone()));
        let more = if HINT_KEYS_MAX < keys.len() { "…" } else { "" };
        keys.truncate(HINT_KEYS_MAX);
        (keys.join(" ") + more, words)
    });
    shown.collect()
}

/// What is awaited, in the middle, while there is nothing to show.
pub(super) fn draw_awaited(model: &Model, buf: &mut Buffer) {
    let Some(text) = model.awaited() else { return };
    let cols = width(text).min(usize::from(model.size.cols));
    let x = (model.size.cols - u16::try_from(cols).unwrap_or(model.size.cols)) / 2;
    look::put(buf, (x, model.size.rows / 2), cols, text, look::with(ratatui::style::Style::new(), Attrs::DIM));
}
