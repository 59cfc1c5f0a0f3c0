//! Messages of the server.

use super::{call, copy, overlay};
use crate::base::error::Refusal;
use crate::base::geom::{Point, Rect, Size};
use crate::base::id::{CallId, PaneId};
use crate::base::time::Span;
use crate::client::caps::ImageProtocol;
use crate::client::exit_reason::ExitReason;
use crate::client::image_cache::ImageCache;
use crate::client::model::{CLOSED, ClientEffect, Model, ServerLink, UNDO_TIME};
use crate::client::scene::Scene;
use crate::client::{calls, terminal};
use crate::wire::frame::{BARS_USUAL, Bye, Chrome, Frame, HostCommand, Status, ToClient, ToServer};
use crate::wire::hello::Welcome;
use crate::wire::rpc::{self, Response};

pub(super) fn take(model: &mut Model, message: ToClient, out: &mut Vec<ClientEffect>) {
    match message {
        ToClient::Welcome(welcome) => welcomed(model, &welcome, out),
        ToClient::Frame(frame) => {
            let is_arranged = frame.chrome.is_some();
            apply(model, *frame);
            if is_arranged {
                copy::arranged(model, out);
                copy::arrive(model, out);
            }
        }
        ToClient::Answer(json) => answered(model, &json, out),
        ToClient::Call { call, json } => called(model, call, &json, out),
        ToClient::Outer(outer) => out.extend(outside(model, &outer).map(ClientEffect::Write)),
        ToClient::Notice(notice) => model.notify(notice.text, notice.warning),
        ToClient::InputAck(number) => out.push(ClientEffect::Taken(number)),
        ToClient::Bye(bye) => out.push(farewell(bye)),
        ToClient::ScrollReply(told) => copy::told(model, told, out),
        ToClient::Status(beside) => {
            model.bar.status = *beside;
            model.damage.chrome = true;
        }
        ToClient::Wants(wants) => {
            model.images.wants = wants;
            model.damage.cursor = true;
        }
        ToClient::PictureChunk(piece) => model.damage.layout |= model.images.add(piece),
        ToClient::Placed(placed) => model.images.place(placed),
        ToClient::Closed { what, undo_ms } => closed(model, &what, undo_ms),
    }
}

/// Something was closed: how it comes back is said for as long as that is worth knowing.
fn closed(model: &mut Model, what: &str, undo_ms: u64) {
    let how = model.config.keymap.keys_of(calls::UNDO).unwrap_or_else(|| "abide undo".into());
    model.notify_for(format!("{CLOSED}{what}; undo: {how}"), UNDO_TIME.min(Span::millis(undo_ms)));
}

/// Tells the server of which pane this is the client, for it must not be shown there: what a
/// terminal answers may come before there is a server, and a server that takes over was not told.
pub(super) fn say_inside(model: &Model, out: &mut Vec<ClientEffect>) {
    if !model.outer.identity.is_empty() {
        out.push(ClientEffect::Send(ToServer::Inside(model.outer.identity.clone())));
    }
}

/// The server knows nothing of what this client shows: the next frame is whole.
fn welcomed(model: &mut Model, welcome: &Welcome, out: &mut Vec<ClientEffect>) {
    let again = model.scene.number.is_some();
    model.link = ServerLink::Up(model.now.tick);
    model.scene.number = None;
    model.bar.status = Status::default();
    model.images = ImageCache::default();
    model.damage.chrome = true;
    // Before what was kept for the server: a session that is made has the right size from the
    // start.
    if model.config.bars.rows() != BARS_USUAL {
        out.push(ClientEffect::Send(ToServer::Bars(model.config.bars.rows())));
    }
    say_inside(model, out);
    out.push(ClientEffect::Welcomed(welcome.input_taken));
    if again && let Some(session) = model.scene.chrome.session.clone().filter(|_| !welcome.resumed)
    {
        model.send(&calls::show(session.id), out);
    }
    copy::reconnected(model, out);
    overlay::reconnected(model, out);
    if model.caps.pictures() != ImageProtocol::Box {
        out.push(ClientEffect::Send(ToServer::Pictures(true)));
    }
    if again {
        out.push(ClientEffect::Send(ToServer::Colours(model.colours.clone())));
        out.extend(model.outer.has_focus.map(|focus| ClientEffect::Send(ToServer::Focus(focus))));
    }
    if welcome.input_in_doubt {
        model.notify("the last keystrokes before the restart may be missing", true);
    }
}

fn apply(model: &mut Model, frame: Frame) {
    if model.scene.number.is_none() {
        model.scene = Scene::default();
        model.damage.layout = true;
    }
    let before = frame.chrome.as_ref().map(|_| layout(&model.scene.chrome));
    let changes = model.scene.apply(frame);
    model.damage.layout |= model.images.turn(|pane| model.scene.pane(pane).is_some());
    model.damage.cursor = true;
    if changes.chrome {
        model.hover = None;
        model.damage.chrome = true;
        model.damage.layout |= before.as_ref() != Some(&layout(&model.scene.chrome));
    }
    let area = model.layout().area;
    for (pane, row) in changes.rows {
        let Some(pane) =
            model.scene.pane(pane).filter(|pane| model.copy_modes.open(pane.id).is_none())
        else {
            continue;
        };
        model.damage.rows.extend(row_outside(area, pane.rect, pane.origin, row));
    }
}

/// The rectangles of the panes.
fn layout(chrome: &Chrome) -> (Size, Vec<(PaneId, Rect, Size, Point)>) {
    (
        chrome.area,
        chrome.panes.iter().map(|pane| (pane.id, pane.rect, pane.size, pane.origin)).collect(),
    )
}

/// The row of the outer terminal that shows a row of a pane's screen.
fn row_outside(area: Rect, rect: Rect, origin: Point, row: u16) -> Option<u16> {
    let inside = row.checked_sub(origin.y).filter(|y| *y < rect.rows)?;
    Some(area.y.saturating_add(rect.y).saturating_add(inside))
}

/// Only refusals are shown; that of the call this client came with is why it leaves.
fn answered(model: &mut Model, json: &str, out: &mut Vec<ClientEffect>) {
    let Some(id) = rpc::answered(json) else { return };
    let is_entry = model.calls.entry.is_some_and(|entry| id == entry);
    if is_entry {
        model.calls.entry = None;
    }
    let Some(refusal) = model.answered(id.as_u64(), json, out) else { return };
    if is_entry {
        out.push(ClientEffect::Leave(ExitReason::Refused(refusal)));
    } else {
        model.notify(shown(&refusal), true);
    }
}

fn shown(refusal: &Refusal) -> String {
    if refusal.hint.is_empty() {
        refusal.message.clone()
    } else {
        format!("{} ({})", refusal.message, refusal.hint)
    }
}

/// A call for this client: from a script, or from another client.
fn called(model: &mut Model, call: CallId, json: &str, out: &mut Vec<ClientEffect>) {
    let answer = match rpc::read(json) {
        Err(response) => *response,
        Ok(request) => {
            let id = request.id.clone().unwrap_or_default();
            match calls::client_action(&request.method, &request.params) {
                Some(own) => {
                    call::carry_out(model, own, out);
                    Response::new(id, Ok(serde_json::json!({})))
                }
                None => Response::new(id, Err(calls::unknown(&request.method))),
            }
        }
    };
    let json = serde_json::to_string(&answer).expect("plain data into memory");
    out.push(ClientEffect::Send(ToServer::Answer { call, json }));
}

fn outside(model: &Model, outer: &HostCommand) -> Option<Vec<u8>> {
    let options = &model.config.outer;
    match outer {
        HostCommand::Bell => options.bell.then(|| b"\x07".to_vec()),
        HostCommand::Clipboard(text) => {
            (options.clipboard && model.caps.modern).then(|| terminal::clipboard(text))
        }
        HostCommand::Notify { title, body } => {
            (options.notify && model.caps.modern).then(|| terminal::notify(title, body))
        }
    }
}

fn farewell(bye: Bye) -> ClientEffect {
    ExitReason::of(bye).map_or(ClientEffect::Reconnect, ClientEffect::Leave)
}
