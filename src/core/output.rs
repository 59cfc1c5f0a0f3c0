//! What goes through a pane: keys, pastes and the mouse in, output and the end of its program out.

use crate::base::code::Refusal;
use crate::base::exit::ExitStatus;
use crate::base::id::{ClientId, PaneId};
use crate::base::key::{KeyInput, MouseInput};
use crate::base::memory::Memory;
use crate::base::text::harmless;
use crate::base::time::Now;
use crate::core::Core;
use crate::settings::Remain;
use crate::state::effect::{Effect, Effects, Message};
use crate::state::pane::Life;
use crate::term::{MarkKind, TermEvent, Terminal};

/// The longest line that a client is told, in bytes.
const NOTICE_MAX: usize = 1024;
/// What a program that could not be started counts as.
const NOT_STARTED: ExitStatus = ExitStatus::Code(127);

impl Core {
    pub(super) fn keys(&mut self, now: Now, client: ClientId, keys: &[KeyInput], fx: &mut Effects) {
        let Some(pane) = self.typed(now, client) else { return };
        let mut bytes = Vec::new();
        for key in keys {
            self.state.pane(pane).screen.encode_key(key, &mut bytes);
        }
        write(pane, bytes, fx);
    }

    pub(super) fn paste(&mut self, now: Now, client: ClientId, text: &str, fx: &mut Effects) {
        let Some(pane) = self.typed(now, client) else { return };
        let mut bytes = Vec::new();
        self.state.pane(pane).screen.encode_paste(text, &mut bytes);
        write(pane, bytes, fx);
    }

    pub(super) fn mouse(&mut self, now: Now, client: ClientId, (pane, mouse): (PaneId, MouseInput), fx: &mut Effects) {
        if self.typed(now, client).is_none() {
            return;
        }
        let shown = self.state.current_tab(client).map(|tab| self.state.tab(tab).layout.panes());
        if !shown.is_some_and(|panes| panes.contains(&pane)) {
            return;
        }
        let mut bytes = Vec::new();
        self.state.pane(pane).screen.encode_mouse(&mouse, &mut bytes);
        write(pane, bytes, fx);
    }

    pub(super) fn focused(&mut self, client: ClientId, focused: bool, fx: &mut Effects) {
        let Some(view) = self.state.views.get_mut(&client).filter(|view| view.focused != focused) else { return };
        view.focused = focused;
        let Some(pane) = self.state.focus(client).filter(|_| !self.state.views[&client].read_only) else { return };
        let mut bytes = Vec::new();
        self.state.pane(pane).screen.encode_focus(focused, &mut bytes);
        write(pane, bytes, fx);
    }

    /// The pane that a client types into, if it may: it drives from now on.
    fn typed(&mut self, now: Now, client: ClientId) -> Option<PaneId> {
        if self.state.views.get(&client)?.read_only {
            return None;
        }
        self.state.use_view(client, now);
        self.state.focus(client).filter(|pane| self.state.pane(*pane).life.is_live())
    }

    pub(super) fn started(&mut self, id: PaneId, outcome: Result<u32, Refusal>, memory: Box<dyn Memory>, fx: &mut Effects) {
        let options = self.options();
        let Some(pane) = self.state.panes.get_mut(&id) else {
            // It was forgotten meanwhile.
            fx.push(Effect::Forget { pane: id });
            return;
        };
        match outcome {
            Ok(pid) => {
                pane.screen = Terminal::new(pane.size, options, memory);
                if pane.life == Life::Starting {
                    pane.life = Life::Running { pid };
                }
                fx.push(Effect::Resize { pane: id, size: pane.size });
                self.state.version += 1;
            }
            Err(refusal) => self.not_started(id, &refusal, fx),
        }
    }

    fn not_started(&mut self, id: PaneId, refusal: &Refusal, fx: &mut Effects) {
        let session = self.state.pane(id).session;
        let text = harmless(&format!("{refusal}; {}", refusal.hint), NOTICE_MAX);
        for client in self.state.clients_of(session) {
            fx.push(Effect::Tell { client, message: Message::Notice { text: text.clone(), warning: true } });
        }
        self.ended(id, NOT_STARTED, Vec::new(), fx);
    }

    pub(super) fn output(&mut self, now: Now, id: PaneId, bytes: &[u8], fx: &mut Effects) {
        let Some(pane) = self.state.panes.get_mut(&id) else { return };
        self.events.clear();
        pane.screen.feed(bytes, &mut self.events);
        pane.marks.output = now.tick;
        pane.marks.activity = true;
        self.tell_events(id, fx);
        self.look_for_texts(id, fx);
    }

    /// Acts on what the terminal of a pane had to say.
    pub(super) fn tell_events(&mut self, id: PaneId, fx: &mut Effects) {
        if self.events.is_empty() {
            return;
        }
        let mut events = std::mem::take(&mut self.events);
        for event in events.drain(..) {
            self.tell_event(id, event, fx);
        }
        self.events = events;
    }

    fn tell_event(&mut self, id: PaneId, event: TermEvent, fx: &mut Effects) {
        match event {
            TermEvent::Reply(bytes) => write(id, bytes, fx),
            TermEvent::Bell => {
                self.state.pane_mut(id).marks.bell = true;
                for client in self.viewers(id) {
                    fx.push(Effect::Tell { client, message: Message::Bell });
                }
            }
            TermEvent::Clipboard { text, .. } => {
                let focused = |client: &ClientId| self.state.focus(*client) == Some(id);
                for client in self.viewers(id).into_iter().filter(focused) {
                    fx.push(Effect::Tell { client, message: Message::Clipboard(text.clone()) });
                }
            }
            TermEvent::Notify(notice) => {
                for client in self.state.clients_of(self.state.pane(id).session) {
                    let message = Message::Notify { title: notice.title.clone(), body: notice.body.clone() };
                    fx.push(Effect::Tell { client, message });
                }
            }
            TermEvent::PromptMark(mark) => {
                self.state.pane_mut(id).marks.prompt = mark.kind == MarkKind::Input;
            }
            // Read from the screen where they are shown, or of no consequence here.
            TermEvent::Title(_)
            | TermEvent::Cwd(_)
            | TermEvent::Progress(_)
            | TermEvent::Pointer(_)
            | TermEvent::SizeWanted { .. }
            | TermEvent::Reset => {}
        }
    }

    /// The clients whose view shows a pane.
    fn viewers(&self, id: PaneId) -> Vec<ClientId> {
        let Some(tab) = self.state.pane(id).tab else { return Vec::new() };
        self.state.views.keys().copied().filter(|client| self.state.current_tab(*client) == Some(tab)).collect()
    }

    pub(super) fn ended(&mut self, id: PaneId, status: ExitStatus, left: Vec<u32>, fx: &mut Effects) {
        if !self.state.panes.contains_key(&id) {
            return;
        }
        let stays = match self.settings.pane.remain_on_exit {
            Remain::Off => false,
            Remain::On => true,
            Remain::Failed => status != ExitStatus::Code(0),
        };
        self.state.pane_ended(id, status, stays, fx);
        self.pane_is_over(id, status, &left, fx);
    }
}

fn write(pane: PaneId, bytes: Vec<u8>, fx: &mut Effects) {
    if !bytes.is_empty() {
        fx.push(Effect::Write { pane, bytes });
    }
}
