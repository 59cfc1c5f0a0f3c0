//! The policy for the person's terminal: which requests of programs reach it, from which pane, how
//! often, cleaned how, and how the person is told. The table in docs/guide/outer-terminals.md says
//! the same in words, with what never reaches it; the options of `[outer]` are the client's.

use std::collections::BTreeMap;

use crate::base::id::{ClientId, PaneId};
use crate::base::text::sanitize;
use crate::base::time::{Span, Tick};
use crate::core::pane_events::NOTICE_MAX;
use crate::state::State;
use crate::state::effect::{ClientMessage, Effect, Effects};
use crate::state::view::View;
use crate::term::Notice;

/// A pane rings so often at most.
const BELL_EVERY: Span = Span::millis(250);
/// A pane sends a notification, or sets the clipboard, so often at most.
const REQUEST_EVERY: Span = Span::seconds(1);
/// Panes that are remembered; those that are gone are forgotten beyond that.
const PANES_MAX: usize = 256;

/// A request for the person's terminal that has a rate.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum HostRequest {
    Bell,
    Notification,
    Clipboard,
}

/// The pane that asks, and when.
#[derive(Debug, Clone, Copy)]
pub(super) struct Requester {
    pub(super) pane: PaneId,
    pub(super) now: Tick,
}

/// The requests so far, as far as their rates ask for that.
#[derive(Debug, Default)]
pub(super) struct HostPolicy {
    last: BTreeMap<(PaneId, HostRequest), Tick>,
    /// The last text of each pane for the clipboard that came too early; it goes when it may.
    held: BTreeMap<PaneId, String>,
}

impl HostPolicy {
    /// A bell, from any pane of a session that is shown, for all its clients.
    pub(super) fn bell(&mut self, state: &State, pane: PaneId, now: Tick, fx: &mut Effects) {
        if self.passes(state, (pane, HostRequest::Bell), now, BELL_EVERY) {
            tell(state.clients_of(state.pane(pane).session), &ClientMessage::Bell, fx);
        }
    }

    /// A notification, from any pane of a session that is shown, for all its clients; what is
    /// harmful in it is left out.
    pub(super) fn notify(
        &mut self,
        state: &State,
        from: Requester,
        notice: &Notice,
        fx: &mut Effects,
    ) {
        let Requester { pane, now } = from;
        if self.passes(state, (pane, HostRequest::Notification), now, REQUEST_EVERY) {
            let title = sanitize(&notice.title, NOTICE_MAX);
            let body = sanitize(&notice.body, NOTICE_MAX);
            let clients = state.clients_of(state.pane(pane).session);
            tell(clients, &ClientMessage::Notify { title, body }, fx);
        }
    }

    /// A text for the clipboard, from the pane in focus of a client that does more than watch. Its
    /// controls are left out but tabs and line ends, and the person is told.
    pub(super) fn set_clipboard(
        &mut self,
        state: &State,
        from: Requester,
        text: String,
        fx: &mut Effects,
    ) {
        let Requester { pane, now } = from;
        let clients = in_focus(state, pane);
        if clients.is_empty() {
            self.held.remove(&pane);
            return;
        }
        if !self.passes(state, (pane, HostRequest::Clipboard), now, REQUEST_EVERY) {
            self.held.insert(pane, text);
            return;
        }
        self.held.remove(&pane);
        let text: String =
            text.chars().filter(|c| matches!(c, '\n' | '\t') || !c.is_control()).collect();
        let (label, count) = (state.pane_label(pane), text.chars().count());
        let told = format!("{label} set the clipboard: {count} characters");
        let told = ClientMessage::Notice { text: sanitize(&told, NOTICE_MAX), warning: false };
        tell(clients.clone(), &ClientMessage::Clipboard(text), fx);
        tell(clients, &told, fx);
    }

    /// The time when a text that waits may go.
    pub(super) fn next_deadline(&self) -> Option<Tick> {
        self.held.keys().map(|pane| self.due(*pane)).min()
    }

    /// Lets texts go that had to wait.
    pub(super) fn pass(&mut self, state: &State, now: Tick, fx: &mut Effects) {
        let due = self.held.keys().copied().filter(|pane| self.due(*pane) <= now);
        for pane in due.collect::<Vec<_>>() {
            let Some(text) = self.held.remove(&pane) else { continue };
            if state.panes.contains_key(&pane) {
                self.set_clipboard(state, Requester { pane, now }, text, fx);
            }
        }
    }

    fn due(&self, pane: PaneId) -> Tick {
        let last = self.last.get(&(pane, HostRequest::Clipboard)).copied();
        last.map_or(Tick::default(), |last| last + REQUEST_EVERY)
    }

    /// True if a request is not too early; it counts then.
    fn passes(
        &mut self,
        state: &State,
        request: (PaneId, HostRequest),
        now: Tick,
        every: Span,
    ) -> bool {
        if self.last.get(&request).is_some_and(|last| now < *last + every) {
            return false;
        }
        if PANES_MAX < self.last.len() {
            self.last.retain(|(pane, _), _| state.panes.contains_key(pane));
        }
        self.last.insert(request, now);
        true
    }
}

/// The clients that have a pane in focus and do more than watch.
fn in_focus(state: &State, pane: PaneId) -> Vec<ClientId> {
    let views = state.views.values().filter(|view| !view.read_only);
    views.filter(|view| View::focus(view) == Some(pane)).map(|view| view.client).collect()
}

fn tell(clients: Vec<ClientId>, message: &ClientMessage, fx: &mut Effects) {
    fx.extend(clients.into_iter().map(|client| Effect::Tell { client, message: message.clone() }));
}
