//! Hooks: what happened that the user wants something done about. What is to be done is an effect;
//! the edge does it.

use std::collections::BTreeMap;

use crate::base::id::{ClientId, PaneId, SessionId, TabId};
use crate::core::Core;
use crate::settings::Hooks;
use crate::state::NextIds;
use crate::state::effect::{Effect, Effects};

/// What hooks were told of.
#[derive(Debug, Default)]
pub(super) struct Hooked {
    /// The numbers after the last things that were known; none before the first step.
    known: Option<NextIds>,
    sessions: BTreeMap<SessionId, String>,
    /// What each client showed.
    clients: BTreeMap<ClientId, Option<SessionId>>,
    /// Whether a hook is carried out: what that does calls none.
    pub(super) is_muted: bool,
}

/// The name of a hook, and where what it does is written.
pub(super) type Which = (&'static str, fn(&Hooks) -> &String);

/// What a hook is about.
#[derive(Debug, Default)]
struct About {
    session: Option<String>,
    tab: Option<TabId>,
    pane: Option<PaneId>,
    client: Option<ClientId>,
    text: String,
}

impl Core {
    /// Something happened in a pane.
    pub(super) fn hook_pane(&self, which: Which, id: PaneId, text: String, fx: &mut Effects) {
        let Some(pane) = self.state.panes.get(&id) else { return };
        let session = self.state.sessions.get(&pane.session).map(|session| session.name.clone());
        self.hook(
            which,
            About { session, tab: pane.tab, pane: Some(id), text, ..About::default() },
            fx,
        );
    }

    fn hook(&self, (name, of): Which, about: About, fx: &mut Effects) {
        let text = of(&self.settings.hooks).trim();
        if text.is_empty() || self.hooked.is_muted {
            return;
        }
        let shown = |id: Option<String>| id.unwrap_or_default();
        let env = [
            ("ABIDE_HOOK", name.to_owned()),
            ("ABIDE", self.host.socket.clone()),
            ("ABIDE_SESSION", shown(about.session)),
            ("ABIDE_TAB", shown(about.tab.map(|id| id.to_string()))),
            ("ABIDE_PANE", shown(about.pane.map(|id| id.to_string()))),
            ("ABIDE_CLIENT", shown(about.client.map(|id| id.to_string()))),
            ("ABIDE_TEXT", about.text),
        ];
        let env = env.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
        fx.push(Effect::Hook { text: text.to_owned(), pane: about.pane, env });
    }

    /// Tells hooks what is there that was not, and what is not there any more.
    pub(super) fn find_changes(&mut self, fx: &mut Effects) {
        let next = self.state.next_ids;
        let known = self.hooked.known.replace(next);
        let sessions: BTreeMap<SessionId, String> =
            self.state.sessions.iter().map(|(id, session)| (*id, session.name.clone())).collect();
        let clients: BTreeMap<ClientId, Option<SessionId>> =
            self.state.views.values().map(|view| (view.client, view.at.session)).collect();
        let sessions_before = std::mem::replace(&mut self.hooked.sessions, sessions);
        let clients_before = std::mem::replace(&mut self.hooked.clients, clients);
        // What a new server finds is nothing new.
        let Some(known) = known else { return };
        let named =
            |id: &SessionId| self.hooked.sessions.get(id).or(sessions_before.get(id)).cloned();
        for (id, name) in self
            .state
            .sessions
            .range(SessionId(known.session)..)
            .map(|(id, session)| (id, &session.name))
        {
            let tab = self.state.session(*id).tabs.first().copied();
            self.hook(
                ("session_created", |hooks| &hooks.session_created),
                About { session: Some(name.clone()), tab, ..About::default() },
                fx,
            );
        }
        for (id, tab) in self.state.tabs.range(TabId(known.tab)..) {
            let about = About { session: named(&tab.session), tab: Some(*id), ..About::default() };
            self.hook(("tab_created", |hooks| &hooks.tab_created), about, fx);
        }
        for id in self.state.panes.range(PaneId(known.pane)..).map(|(id, _)| *id) {
            self.hook_pane(("pane_created", |hooks| &hooks.pane_created), id, String::new(), fx);
        }
        for (client, session) in self
            .hooked
            .clients
            .iter()
            .filter(|(client, session)| clients_before.get(client) != Some(session))
        {
            if let Some(session) = session {
                let about =
                    About { session: named(session), client: Some(*client), ..About::default() };
                self.hook(("client_attached", |hooks| &hooks.client_attached), about, fx);
            }
        }
        for (client, session) in
            clients_before.iter().filter(|(client, _)| !self.hooked.clients.contains_key(client))
        {
            let about = About {
                session: session.as_ref().and_then(named),
                client: Some(*client),
                ..About::default()
            };
            self.hook(("client_detached", |hooks| &hooks.client_detached), about, fx);
        }
        for (_, name) in
            sessions_before.iter().filter(|(id, _)| !self.state.sessions.contains_key(id))
        {
            let about = About { session: Some(name.clone()), ..About::default() };
            self.hook(("session_closed", |hooks| &hooks.session_closed), about, fx);
        }
    }
}
