//! The process view: it asks the server for the table of processes while it is open, and stops or
//! signals processes. `table` is its state, `draw` its looks.
//!
//! Used as any overlay: `overlay` lists it, `update` hands it events. Tests: beside the code,
//! `tests/it/e2e_procview.rs`.

mod draw;
mod table;

use ratatui::buffer::Buffer;
use serde_json::{Map, Value};
use table::{EVERY, Mode, ProcessAction, ProcessEffect, ProcessView};
pub use table::{LINE_MAX, ProcessIdent};

use super::picker::ListHit;
use super::{Next, Overlay};
use crate::base::error::{Code, Refusal};
use crate::base::key::{Key, MouseButton, MouseInput, MouseKind};
use crate::base::time::Tick;
use crate::client::calls;
use crate::client::model::{ClientEffect, Model, ServerLink, reply_of};
use crate::wire::rpc::{ProcessRow, Response};

pub(super) fn open(model: &mut Model, _: &Map<String, Value>, out: &mut Vec<ClientEffect>) {
    let mut view = ProcessView::new(model.scene.chrome.focus, model.now.tick);
    view.refresh(model, out);
    model.open(view);
}

impl ProcessView {
    /// Asks for the table if it is due, no request is under way and there is a server.
    fn refresh(&mut self, model: &mut Model, out: &mut Vec<ClientEffect>) {
        let now = model.now.tick;
        if !matches!(model.link, ServerLink::Up(_)) || now < self.again {
            return;
        }
        self.again = now + EVERY;
        // Countdowns go on.
        model.damage.chrome = true;
        if self.asked.is_some() {
            return;
        }
        let id = Some(model.calls.next);
        self.asked = id;
        model.ask(&calls::processes(), out, move |model, json, _| {
            let mut view = model.opened::<Self>().filter(|view| view.asked == id);
            if let Some(view) = &mut view {
                view.asked = None;
            }
            let outcome = serde_json::from_str::<Response<Vec<ProcessRow>>>(json).ok()?.outcome();
            match (outcome, view) {
                (Ok(table), Some(view)) => {
                    view.fill(table);
                    model.damage.chrome = true;
                    None
                }
                (Ok(_), None) => None,
                (Err(refusal), _) => Some(refusal),
            }
        });
    }

    /// Stops or signals processes.
    fn act_on(
        &mut self,
        idents: &[ProcessIdent],
        action: ProcessAction,
        model: &mut Model,
        out: &mut Vec<ClientEffect>,
    ) {
        let grace = model.config.grace;
        if let ProcessAction::Stop { .. } = action {
            self.note_stop(idents, model.now.tick + grace);
        }
        for ident in idents.iter().copied() {
            let call = match action {
                ProcessAction::Stop { tree } => calls::stop(ident, tree, grace),
                ProcessAction::Signal(signal) => calls::signal(ident, signal),
            };
            model.ask(&call, out, move |model, json, _| done(model, ident, reply_of(json)?));
        }
        // The outcome is seen soon.
        self.again = self.again.min(model.now.tick + EVERY);
    }
}

/// A process was stopped or signalled, or was not. One that has ended meanwhile is as it was to be.
fn done(
    model: &mut Model,
    ident: ProcessIdent,
    outcome: Result<Value, Refusal>,
) -> Option<Refusal> {
    if let Some(view) = model.opened::<ProcessView>() {
        view.stopping.remove(&ident);
        model.damage.chrome = true;
    }
    let report = match outcome {
        Ok(report) => report,
        Err(refusal) => return Some(refusal).filter(|refusal| refusal.code != Code::NotRunning),
    };
    if report["killed"].as_u64().is_some_and(|killed| 0 < killed) {
        model.notify(format!("process {} did not end by itself and was killed", ident.pid), false);
    }
    if report["left"].as_array().is_some_and(|left| !left.is_empty()) {
        model.notify(format!("process {} could not be ended", ident.pid), true);
    }
    None
}

impl Overlay for ProcessView {
    fn key(&mut self, key: Key, model: &mut Model, out: &mut Vec<ClientEffect>) -> Next {
        match self.press(key) {
            ProcessEffect::Close => return Next::Close,
            ProcessEffect::Focus(pane) => {
                model.send(&calls::focus(pane), out);
                return Next::Close;
            }
            ProcessEffect::Nothing => {}
            ProcessEffect::Do(action, idents) => self.act_on(&idents, action, model, out),
        }
        Next::Stay
    }

    /// The wheel moves the selection, a click selects, a click beside the view closes it.
    fn mouse(&mut self, mouse: MouseInput, model: &mut Model, _: &mut Vec<ClientEffect>) -> Next {
        let at = self.selected_idx();
        match (mouse.kind, draw::hit(model, self, mouse.at)) {
            (MouseKind::Press(MouseButton::WheelUp), _) => self.select(at.saturating_sub(1)),
            (MouseKind::Press(MouseButton::WheelDown), _) => self.select(at + 1),
            (MouseKind::Press(MouseButton::Left), ListHit::Item(idx)) => self.select(idx),
            (MouseKind::Press(MouseButton::Left), ListHit::Outside) => {
                model.damage.chrome = true;
                return Next::Close;
            }
            _ => return Next::Stay,
        }
        model.damage.chrome = true;
        Next::Stay
    }

    fn paste(&mut self, line: &str) -> bool {
        if self.mode == Mode::Filter {
            self.insert(line);
        }
        self.mode == Mode::Filter
    }

    fn draw(&self, model: &Model, buf: &mut Buffer) {
        draw::draw(model, self, buf);
    }

    fn cursor(&self, model: &Model) -> Option<(u16, u16)> {
        draw::cursor(model, self)
    }

    fn deadline(&self) -> Option<Tick> {
        Some(self.again)
    }

    fn wake(&mut self, model: &mut Model, out: &mut Vec<ClientEffect>) -> Next {
        self.refresh(model, out);
        Next::Stay
    }

    fn reconnected(&mut self, model: &mut Model, out: &mut Vec<ClientEffect>) {
        self.asked = None;
        self.again = model.now.tick;
        self.refresh(model, out);
    }
}
