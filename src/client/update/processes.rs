//! The process view: it asks for the table while it is open, and for nothing else, and has done
//! what its keys say.

use serde_json::Value;

use super::send;
use crate::base::error::{Code, Refusal};
use crate::base::key::Key;
use crate::client::calls::{self, ClientCall};
use crate::client::model::{ClientEffect, Model, Overlay, PendingQuery, ServerLink};
use crate::client::processes::{EVERY, ProcessAction, ProcessEffect, ProcessIdent, ProcessView};
use crate::wire::process::ProcessRow;

/// Opens the view.
pub(super) fn open(model: &mut Model, out: &mut Vec<ClientEffect>) {
    model.overlay = Some(Overlay::Processes(Box::new(ProcessView::new(
        model.scene.chrome.focus,
        model.now.tick,
    ))));
    refresh(model, out);
}

/// Asks for the table if it is due, nothing is under way and somebody is there to answer.
pub(super) fn refresh(model: &mut Model, out: &mut Vec<ClientEffect>) {
    let now = model.now.tick;
    let is_up = matches!(model.link, ServerLink::Up(_));
    let id = model.next_call;
    let Some(Overlay::Processes(view)) = model.overlay.as_mut().filter(|_| is_up) else { return };
    if now < view.again {
        return;
    }
    view.again = now + EVERY;
    // Countdowns go on.
    model.damage.chrome = true;
    if view.asked.is_none() {
        view.asked = Some(id);
        ask(model, &calls::processes(), PendingQuery::Processes, out);
    }
}

/// There is a server again: what was asked of the one before is not answered any more.
pub(super) fn reconnected(model: &mut Model, out: &mut Vec<ClientEffect>) {
    let Some(Overlay::Processes(view)) = &mut model.overlay else { return };
    if let Some(id) = view.asked.take() {
        model.looking.asked.remove(&id);
    }
    view.again = model.now.tick;
    refresh(model, out);
}

/// Takes a key, while the view is not in the model.
pub(super) fn key(
    model: &mut Model,
    mut view: Box<ProcessView>,
    key: Key,
    out: &mut Vec<ClientEffect>,
) {
    match view.key(key) {
        ProcessEffect::Close => return,
        ProcessEffect::Focus(pane) => return send::send(model, &calls::focus(pane), out),
        ProcessEffect::Nothing => {}
        ProcessEffect::Do(deed, idents) => {
            order(model, &mut view, deed, &idents, out);
            // What came of it is seen soon.
            view.again = view.again.min(model.now.tick + EVERY);
        }
    }
    model.overlay = Some(Overlay::Processes(view));
}

fn order(
    model: &mut Model,
    view: &mut ProcessView,
    deed: ProcessAction,
    idents: &[ProcessIdent],
    out: &mut Vec<ClientEffect>,
) {
    let grace = model.config.grace;
    if let ProcessAction::Stop { .. } = deed {
        view.note_stop(idents, model.now.tick + grace);
    }
    for ident in idents {
        let wanted = match deed {
            ProcessAction::Stop { tree } => calls::stop(*ident, tree, grace),
            ProcessAction::Signal(signal) => calls::signal(*ident, signal),
        };
        ask(model, &wanted, PendingQuery::Act(*ident), out);
    }
}

/// Sends a call whose answer is looked at.
fn ask(model: &mut Model, wanted: &ClientCall, asked: PendingQuery, out: &mut Vec<ClientEffect>) {
    model.looking.asked.insert(model.next_call, asked);
    send::send(model, wanted, out);
}

/// The table came; one that nobody waits for any more is dropped.
pub(super) fn filled(model: &mut Model, id: Option<u64>, table: Vec<ProcessRow>) {
    if let Some(Overlay::Processes(view)) =
        model.overlay.as_mut().filter(|overlay| asked_for(overlay, id))
    {
        view.asked = None;
        view.fill(table);
        model.damage.chrome = true;
    }
}

/// The table was refused: it is asked for again when it is due.
pub(super) fn not_filled(model: &mut Model, id: Option<u64>) {
    if let Some(Overlay::Processes(view)) =
        model.overlay.as_mut().filter(|overlay| asked_for(overlay, id))
    {
        view.asked = None;
    }
}

fn asked_for(overlay: &Overlay, id: Option<u64>) -> bool {
    matches!(overlay, Overlay::Processes(view) if view.asked.is_some() && view.asked == id)
}

/// A process was stopped or signalled, or was not. One that has ended meanwhile is what was wanted.
pub(super) fn done(
    model: &mut Model,
    ident: ProcessIdent,
    outcome: &Result<Value, Refusal>,
) -> bool {
    if let Some(Overlay::Processes(view)) = &mut model.overlay {
        view.stopping.remove(&ident);
        model.damage.chrome = true;
    }
    let Ok(report) = outcome else {
        return outcome.as_ref().is_err_and(|refusal| refusal.code == Code::NotRunning);
    };
    if report["killed"].as_u64().is_some_and(|killed| 0 < killed) {
        model.notify(format!("process {} did not end by itself and was killed", ident.pid), false);
    }
    if report["left"].as_array().is_some_and(|left| !left.is_empty()) {
        model.notify(format!("process {} could not be ended", ident.pid), true);
    }
    true
}
