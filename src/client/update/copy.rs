//! Copy mode and everything about copied text: which pane is in it, what it wants done, and where
//! copied text goes.

use std::rc::Rc;

use crate::base::geom::{Point, Size};
use crate::base::id::PaneId;
use crate::base::key::{Key, KeyCode, Mods};
use crate::client::calls;
use crate::client::copy_mode::panes::PaneMatch;
use crate::client::copy_mode::{CopyEffect, CopyInput, CopyMode};
use crate::client::model::{ClientEffect, Model};
use crate::wire::frame::{PaneItem, ToServer};
use crate::wire::scroll::ScrollReply;

/// The way in which copy mode is entered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum CopyEntry {
    /// By its key.
    Key,
    /// By scrolling: it ends at the bottom.
    Scrolling,
    /// By the mouse, to select.
    Mouse,
}

/// Enters copy mode in a pane that is in view; where it is in it already, nothing happens.
pub(super) fn enter(
    model: &mut Model,
    pane: PaneId,
    entry: CopyEntry,
    out: &mut Vec<ClientEffect>,
) {
    if model.copy_modes.panes.contains_key(&pane) {
        return;
    }
    let Some(size) = model.scene.pane(pane).map(|pane| pane.rect.size()) else { return };
    let mut effects = Vec::new();
    let options = Rc::clone(&model.config.copy.options);
    let mut mode = CopyMode::enter(pane, size, options, &mut effects);
    mode.is_scrolling = entry == CopyEntry::Scrolling;
    mode.by_mouse = entry == CopyEntry::Mouse;
    model.copy_modes.insert(mode);
    grant(model, pane, effects, out);
}

/// Has something done in a pane that is in copy mode.
pub(super) fn deed(model: &mut Model, pane: PaneId, deed: CopyInput, out: &mut Vec<ClientEffect>) {
    let mut effects = Vec::new();
    if let Some(mode) = model.copy_modes.panes.get_mut(&pane) {
        mode.take(deed, &mut effects);
    }
    grant(model, pane, effects, out);
}

/// The pane in focus, if it is in copy mode.
pub(super) fn focused(model: &Model) -> Option<PaneId> {
    model.scene.chrome.focus.filter(|pane| model.copy_modes.panes.contains_key(pane))
}

/// True if a key is for copy mode: the pane in focus is in it, or Shift-PageUp scrolls where no
/// program on the alternate screen could want it.
pub(super) fn takes(model: &Model, key: Key) -> bool {
    let scrolls = key.code == KeyCode::PageUp && key.mods == Mods::SHIFT;
    focused(model).is_some() || scrolls && model.scene.focused().is_some_and(|pane| !pane.alternate)
}

/// A key that [`takes`] said is for copy mode; `escaped` if it came after ESC.
pub(super) fn key(model: &mut Model, escaped: bool, key: Key, out: &mut Vec<ClientEffect>) {
    let Some(pane) = model.scene.chrome.focus else { return };
    enter(model, pane, CopyEntry::Scrolling, out);
    // A terminal without better keys may send for Alt Escape and then the key.
    let has_alt = model.config.copy.options.keys.get(key).is_some();
    if escaped && key.code != KeyCode::Esc && !has_alt {
        deed(model, pane, CopyInput::Key(Key::plain(KeyCode::Esc)), out);
        let plain = Key { mods: key.mods.without(Mods::ALT), ..key };
        deed(model, pane, CopyInput::Key(plain), out);
    } else {
        deed(model, pane, CopyInput::Key(key), out);
    }
}

/// The server's answer about rows.
pub(super) fn told(model: &mut Model, told: ScrollReply, out: &mut Vec<ClientEffect>) {
    let pane = told.pane;
    let mut effects = Vec::new();
    if let Some(mode) = model.copy_modes.panes.get_mut(&pane) {
        mode.told(told, &mut effects);
    }
    grant(model, pane, effects, out);
}

/// Panes may have another size or place.
pub(super) fn arranged(model: &mut Model, out: &mut Vec<ClientEffect>) {
    let panes: Vec<(PaneId, Size, u16)> = model
        .scene
        .chrome
        .panes
        .iter()
        .map(|pane| (pane.id, pane.rect.size(), pane.size.cols))
        .collect();
    for (pane, size, cols) in panes {
        let mut effects = Vec::new();
        if let Some(mode) = model.copy_modes.panes.get_mut(&pane) {
            mode.resize(size, cols, &mut effects);
            grant(model, pane, effects, out);
        }
    }
}

/// Another server answers: whatever was asked is asked again.
pub(super) fn reconnected(model: &mut Model, out: &mut Vec<ClientEffect>) {
    let panes: Vec<PaneId> = model.copy_modes.panes.keys().copied().collect();
    for pane in panes {
        let mut effects = Vec::new();
        if let Some(mode) = model.copy_modes.panes.get_mut(&pane) {
            mode.find_place_again(&mut effects);
        }
        grant(model, pane, effects, out);
    }
}

/// Does what copy mode wants, and has the pane painted.
fn grant(model: &mut Model, pane: PaneId, effects: Vec<CopyEffect>, out: &mut Vec<ClientEffect>) {
    damage(model, pane);
    for effect in effects {
        match effect {
            CopyEffect::Ask(ask) => out.push(ClientEffect::Send(ToServer::ScrollRequest(ask))),
            CopyEffect::Copied(text, to) => model.copied(&text, to, out),
            CopyEffect::Say(text) => model.notify(text, false),
            CopyEffect::Leave => {
                let cancel = model
                    .copy_modes
                    .panes
                    .remove(&pane)
                    .and_then(|mut mode| mode.search.cancel(pane));
                if let Some(CopyEffect::Ask(ask)) = cancel {
                    out.push(ClientEffect::Send(ToServer::ScrollRequest(ask)));
                }
            }
        }
    }
}

fn damage(model: &mut Model, pane: PaneId) {
    model.damage.chrome = true;
    model.damage.cursor = true;
    let area = model.layout().area;
    if let Some(item) = model.scene.pane(pane) {
        let top = area.y.saturating_add(item.rect.y);
        model.damage.rows.extend(top..top.saturating_add(item.rect.rows));
    }
}

/// A paste is typed into the line that copy mode has open. False if there is none.
pub(super) fn paste(model: &mut Model, text: &str, out: &mut Vec<ClientEffect>) -> bool {
    let Some(pane) = focused(model) else { return false };
    let mut effects = Vec::new();
    let is_taken = model
        .copy_modes
        .panes
        .get_mut(&pane)
        .is_some_and(|mode| mode.paste(text.lines().next().unwrap_or_default(), &mut effects));
    grant(model, pane, effects, out);
    is_taken
}

/// Pastes the newest buffer into a pane.
pub(super) fn paste_into(model: &mut Model, pane: PaneId, out: &mut Vec<ClientEffect>) {
    model.send(&calls::paste_buffer(None, Some(pane)), out);
}

/// Goes to a match of a search over every pane, once that pane is in view.
pub(super) fn visit(model: &mut Model, found: PaneMatch, out: &mut Vec<ClientEffect>) {
    model.send(&calls::focus(found.pane), out);
    model.copy_modes.visit = Some(found);
    arrive(model, out);
}

/// If the pane that is to be visited is in view by now, goes there.
pub(super) fn arrive(model: &mut Model, out: &mut Vec<ClientEffect>) {
    let Some(found) = model.copy_modes.visit.take() else { return };
    if model.scene.pane(found.pane).is_none() {
        model.copy_modes.visit = Some(found);
        return;
    }
    enter(model, found.pane, CopyEntry::Key, out);
    deed(model, found.pane, CopyInput::Visit(found.line, found.cell, found.pattern), out);
}

/// A cell of what a pane shows, of a cell of the area; outside, the nearest.
pub(super) fn shown_at(pane: &PaneItem, at: Point) -> Point {
    let part = |at: u16, from: u16, len: u16| at.saturating_sub(from).min(len.saturating_sub(1));
    Point::new(part(at.x, pane.rect.x, pane.rect.cols), part(at.y, pane.rect.y, pane.rect.rows))
}
