//! The panel of what can follow the keys that are pressed: grouped by what it acts on, one entry
//! for each action, with the real keys.

use std::collections::BTreeMap;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect as Area;
use ratatui::style::Style;

use super::{cell_style, notes};
use crate::base::style::Attrs;
use crate::base::text::{fitting, width};
use crate::client::model::Model;

/// The narrowest column, in cells.
const COLS_MIN: usize = 34;
/// The narrowest where there is no room otherwise.
const COLS_LEAST: usize = 26;
/// Keys of one action that are listed, and the columns they may take.
const KEYS_MAX: usize = 4;
const KEYS_COLS: usize = 14;

/// A line of the panel.
enum HintLine {
    /// The noun that the ones below act on.
    Head(String),
    /// Keys, and what they do.
    Keys(String, String),
}

pub(super) fn draw(model: &Model, buf: &mut Buffer) {
    if !model.shows_hint() {
        return;
    }
    let floor = notes::floor(model);
    let room = usize::from(floor.saturating_sub(1));
    let groups = groups(model);
    let count = groups.values().map(Vec::len).sum::<usize>();
    // Rather narrower columns than an entry too few.
    let columns = |cols_min: usize| (usize::from(model.size.cols) / cols_min).max(1);
    let columns = if count.div_ceil(columns(COLS_MIN)) <= room {
        columns(COLS_MIN)
    } else {
        columns(COLS_LEAST)
    };
    // Heads are what there is no room for first.
    let with_heads: Vec<HintLine> = entries(&groups, true);
    let entries = if with_heads.len().div_ceil(columns) <= room {
        with_heads
    } else {
        entries(&groups, false)
    };
    let rows = entries.len().div_ceil(columns).min(room);
    let top = floor - u16::try_from(rows).unwrap_or(floor);
    let column_cols = usize::from(model.size.cols) / columns;
    let style = base(model);
    for (row, y) in (0..rows).zip(top..) {
        cell_style::fill(buf, y, 0, model.size.cols, style);
        for column in 0..columns {
            if let Some(entry) = entries.get(column * rows + row) {
                let x = u16::try_from(column * column_cols).unwrap_or(u16::MAX).saturating_add(1);
                let width = u16::try_from(column_cols).unwrap_or(u16::MAX).saturating_sub(2);
                draw_entry(model, entry, Area { x, y, width, height: 1 }, buf);
            }
        }
    }
}

fn base(model: &Model) -> Style {
    cell_style::style(model.config.theme.overlay_fg, model.config.theme.overlay_bg)
}

fn draw_entry(model: &Model, entry: &HintLine, area: Area, buf: &mut Buffer) {
    let (at, cols) = ((area.x, area.y), usize::from(area.width));
    let theme = &model.config.theme;
    match entry {
        HintLine::Head(name) => {
            cell_style::put(buf, at, cols, name, cell_style::with(base(model), Attrs::DIM));
        }
        HintLine::Keys(keys, words) => {
            let keys_style =
                cell_style::with(cell_style::style(theme.accent, theme.overlay_bg), Attrs::BOLD);
            let end = cell_style::put(buf, at, KEYS_COLS.min(cols), keys, keys_style);
            let words_x = end.max(at.0 + 5) + 1;
            let room = (cols + usize::from(at.0)).saturating_sub(usize::from(words_x));
            cell_style::put(buf, (words_x, at.1), room, words, base(model));
        }
    }
}

fn entries(groups: &BTreeMap<String, Vec<(String, String)>>, with_heads: bool) -> Vec<HintLine> {
    let mut all = Vec::new();
    for (head, members) in groups {
        if with_heads {
            all.push(HintLine::Head(head.clone()));
        }
        all.extend(members.iter().map(|(keys, words)| HintLine::Keys(keys.clone(), words.clone())));
    }
    all
}

/// The nouns of the actions, each with keys and words; the keys of one action together.
fn groups(model: &Model) -> BTreeMap<String, Vec<(String, String)>> {
    let pending = model.chord.keys.len();
    let mut found: BTreeMap<&str, (Vec<String>, String)> = BTreeMap::new();
    for listed in model.config.keymap.following(&model.chord.keys) {
        let keys = listed.keys.split(' ').skip(pending).collect::<Vec<_>>().join(" ");
        let (all, words) =
            found.entry(listed.name).or_insert_with(|| (Vec::new(), listed.words.clone()));
        // The words that the bindings of one action have in common tell its effect.
        let common =
            words.split(' ').zip(listed.words.split(' ')).take_while(|(a, b)| a == b).count();
        *words = words.split(' ').take(common).collect::<Vec<_>>().join(" ");
        all.push(keys);
    }
    let mut groups: BTreeMap<String, Vec<(String, String)>> = BTreeMap::new();
    for (name, (mut keys, words)) in found {
        keys.sort_by_key(|keys| (keys.len(), keys.clone()));
        let more = if KEYS_MAX < keys.len() { "…" } else { "" };
        keys.truncate(KEYS_MAX);
        let keys = keys.join(" ");
        let keys = if width(&keys) < KEYS_COLS {
            keys + more
        } else {
            fitting(&keys, KEYS_COLS - 1).trim_end().to_owned() + "…"
        };
        let noun = name.split('.').next().unwrap_or(name);
        groups.entry(noun.to_owned()).or_default().push((keys, words));
    }
    groups
}
