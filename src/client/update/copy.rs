//! Copy mode and everything about copied text: which pane is in it, what it wants done, and where
//! copied text goes.

use std::rc::Rc;

use serde_json::Value;

use super::send;
use crate::base::geom::{Point, Size};
use crate::base::id::PaneId;
use crate::base::key::{Key, KeyCode, KeyInput, Mods};
use crate::client::calls::{self, Wanted};
use crate::client::copy::{CopyMode, Deed, Where, Wish};
use crate::client::copying::Awaited;
use crate::client::model::{Command, Message, Model, Overlay};
use crate::client::terminal;
use crate::client::update::open;
use crate::wire::frame::{PaneItem, ToServer};
use crate::wire::scroll::ScrollReply;

/// How copy mode is entered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Entry {
    /// By its key.
    Key,
    /// By scrolling: it ends at the bottom.
    Scrolling,
    /// By the mouse, to select.
    Mouse,
}

/// Enters copy mode in a pane that is in view; where it is in it already, nothing happens.
pub(super) fn enter(model: &mut Model, pane: PaneId, entry: Entry, out: &mut Vec<Message>) {
    if model.copying.panes.contains_key(&pane) {
        return;
    }
    let Some(size) = model.scene.pane(pane).map(|pane| pane.rect.size()) else { return };
    let mut wishes = Vec::new();
    let options = Rc::clone(&model.setup.copy.options);
    let mut mode = CopyMode::enter(pane, size, options, &mut wishes);
    mode.is_scrolling = entry == Entry::Scrolling;
    mode.by_mouse = entry == Entry::Mouse;
    model.copying.insert(mode);
    grant(model, pane, wishes, out);
}

/// Has something done in a pane that is in copy mode.
pub(super) fn deed(model: &mut Model, pane: PaneId, deed: Deed, out: &mut Vec<Message>) {
    let mut wishes = Vec::new();
    if let Some(mode) = model.copying.panes.get_mut(&pane) {
        mode.take(deed, &mut wishes);
    }
    grant(model, pane, wishes, out);
}

/// The pane in focus, if it is in copy mode.
pub(super) fn focused(model: &Model) -> Option<PaneId> {
    model.scene.chrome.focus.filter(|pane| model.copying.panes.contains_key(pane))
}

/// Whether a key is for copy mode: the pane in focus is in it, or Shift-PageUp scrolls where no
/// program on the alternate screen could want it.
pub(super) fn takes(model: &Model, key: Key) -> bool {
    let scrolls = key.code == KeyCode::PageUp && key.mods == Mods::SHIFT;
    focused(model).is_some() || scrolls && model.scene.focused().is_some_and(|pane| !pane.alternate)
}

/// A key that [`takes`] said is for copy mode.
pub(super) fn key(model: &mut Model, input: KeyInput, out: &mut Vec<Message>) {
    let Some(pane) = model.scene.chrome.focus else { return };
    enter(model, pane, Entry::Scrolling, out);
    // What a terminal without better keys sends for Alt may be Escape and then the key.
    let has_alt = model.setup.copy.options.keys.get(input.key).is_some();
    if input.escaped && input.key.code != KeyCode::Esc && !has_alt {
        deed(model, pane, Deed::Key(Key::plain(KeyCode::Esc)), out);
        deed(
            model,
            pane,
            Deed::Key(Key { mods: input.key.mods.without(Mods::ALT), ..input.key }),
            out,
        );
    } else {
        deed(model, pane, Deed::Key(input.key), out);
    }
}

/// What the server says about rows.
pub(super) fn told(model: &mut Model, told: ScrollReply, out: &mut Vec<Message>) {
    let pane = told.pane;
    let mut wishes = Vec::new();
    if let Some(mode) = model.copying.panes.get_mut(&pane) {
        mode.told(told, &mut wishes);
    }
    grant(model, pane, wishes, out);
}

/// Panes may have another size or place.
pub(super) fn arranged(model: &mut Model, out: &mut Vec<Message>) {
    let panes: Vec<(PaneId, Size, u16)> = model
        .scene
        .chrome
        .panes
        .iter()
        .map(|pane| (pane.id, pane.rect.size(), pane.size.cols))
        .collect();
    for (pane, size, cols) in panes {
        let mut wishes = Vec::new();
        if let Some(mode) = model.copying.panes.get_mut(&pane) {
            mode.resize(size, cols, &mut wishes);
            grant(model, pane, wishes, out);
        }
    }
}

/// Another server answers: whatever was asked is asked again.
pub(super) fn reconnected(model: &mut Model, out: &mut Vec<Message>) {
    model.copying.awaited.clear();
    let panes: Vec<PaneId> = model.copying.panes.keys().copied().collect();
    for pane in panes {
        let mut wishes = Vec::new();
        if let Some(mode) = model.copying.panes.get_mut(&pane) {
            mode.find_place_again(&mut wishes);
        }
        grant(model, pane, wishes, out);
    }
}

/// Does what copy mode wants, and has the pane painted.
fn grant(model: &mut Model, pane: PaneId, wishes: Vec<Wish>, out: &mut Vec<Message>) {
    damage(model, pane);
    for wish in wishes {
        match wish {
            Wish::Ask(ask) => out.push(Message::Send(ToServer::ScrollRequest(ask))),
            Wish::Copied(text, to) => copied(model, &text, to, out),
            Wish::Say(text) => model.notify(text, false),
            Wish::Leave => {
                let cancel =
                    model.copying.panes.remove(&pane).and_then(|mut mode| mode.find.cancel(pane));
                if let Some(Wish::Ask(ask)) = cancel {
                    out.push(Message::Send(ToServer::ScrollRequest(ask)));
                }
            }
        }
    }
}

fn damage(model: &mut Model, pane: PaneId) {
    model.damage.chrome = true;
    model.damage.cursor = true;
    let area = model.places().area;
    if let Some(item) = model.scene.pane(pane) {
        let top = area.y.saturating_add(item.rect.y);
        model.damage.rows.extend(top..top.saturating_add(item.rect.rows));
    }
}

/// Copied text goes into a buffer of the server, to the outer terminal's clipboard, and to a
/// command.
pub(super) fn copied(model: &mut Model, text: &str, to: Where, out: &mut Vec<Message>) {
    if text.is_empty() {
        return;
    }
    let lines = text.lines().count();
    let what = if 1 < lines {
        format!("{lines} lines")
    } else {
        format!("{} characters", text.chars().count())
    };
    model.notify(format!("copied {what}"), false);
    let setup = Rc::clone(&model.setup);
    if setup.copy.clipboard && model.caps.modern && to == Where::New {
        out.push(Message::Write(terminal::clipboard(text)));
    }
    if !setup.copy.command.is_empty() {
        out.push(Message::Run(Command {
            line: setup.copy.command.clone(),
            argument: None,
            input: text.to_owned(),
        }));
    }
    if !model.scene.chrome.read_only {
        send::send(model, &calls::set_buffer(text, to == Where::Append), out);
    }
}

/// A paste is typed into the line that copy mode has open. False if there is none.
pub(super) fn paste(model: &mut Model, text: &str, out: &mut Vec<Message>) -> bool {
    let Some(pane) = focused(model) else { return false };
    let mut wishes = Vec::new();
    let is_taken = model
        .copying
        .panes
        .get_mut(&pane)
        .is_some_and(|mode| mode.paste(text.lines().next().unwrap_or_default(), &mut wishes));
    grant(model, pane, wishes, out);
    is_taken
}

/// Pastes the newest buffer into a pane.
pub(super) fn paste_into(model: &mut Model, pane: PaneId, out: &mut Vec<Message>) {
    send::send(model, &calls::paste_buffer(None, Some(pane)), out);
}

/// Makes a call whose answer is used here.
pub(super) fn ask(model: &mut Model, wanted: &Wanted, what: Awaited, out: &mut Vec<Message>) {
    model.copying.await_answer(model.next_call, what);
    send::send(model, wanted, out);
}

/// Takes the answer of a call that was made for one of these.
pub(super) fn answered(model: &mut Model, what: Awaited, reply: &Value, out: &mut Vec<Message>) {
    match what {
        Awaited::Buffers => {
            model.overlay = open::buffers(reply);
            if model.overlay.is_none() {
                model.notify("no buffers: what is copied is put into one", false);
            }
        }
        Awaited::Commands => {
            model.overlay = open::commands(reply);
            if model.overlay.is_none() {
                model.notify("no commands yet; does the shell tell of them (OSC 133)?", false);
            }
        }
        Awaited::Output => match reply.get("text").and_then(Value::as_str).map(str::to_owned) {
            Some(text) => copied(model, &text, Where::New, out),
            None => model.notify("that command printed nothing", false),
        },
        Awaited::Found(pattern) => {
            model.overlay = open::found(reply, &pattern);
            if model.overlay.is_none() {
                model.notify(format!("no pane shows {pattern:?}"), false);
            }
        }
    }
    model.damage.chrome = true;
}

/// Goes to a match of a search over every pane, once that pane is in view.
pub(super) fn visit(
    model: &mut Model,
    pane: PaneId,
    place: (u64, u32),
    pattern: &str,
    out: &mut Vec<Message>,
) {
    send::send(model, &calls::focus(pane), out);
    model.copying.visit = Some((pane, place, pattern.to_owned()));
    arrive(model, out);
}

/// If the pane that is to be visited is in view by now, goes there.
pub(super) fn arrive(model: &mut Model, out: &mut Vec<Message>) {
    let Some((pane, place, pattern)) = model.copying.visit.take() else { return };
    if model.scene.pane(pane).is_none() {
        model.copying.visit = Some((pane, place, pattern));
        return;
    }
    enter(model, pane, Entry::Key, out);
    deed(model, pane, Deed::Visit(place.0, place.1, pattern), out);
}

/// Asks for a pattern that is searched in every pane.
pub(super) fn ask_pattern(model: &mut Model) {
    model.overlay = Some(Overlay::Search(crate::client::line::Line::default()));
    model.damage.chrome = true;
}

/// A cell of what a pane shows, of a cell of the area; outside, the nearest.
pub(super) fn shown_at(pane: &PaneItem, at: Point) -> Point {
    let part = |at: u16, from: u16, len: u16| at.saturating_sub(from).min(len.saturating_sub(1));
    Point::new(part(at.x, pane.rect.x, pane.rect.cols), part(at.y, pane.rect.y, pane.rect.rows))
}
