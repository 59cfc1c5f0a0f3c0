//! Variables that follow the client: a session takes them from who attached last, and those that
//! are paths keep one name for good, so that programs that run already follow too.

use std::collections::{BTreeMap, BTreeSet};

use crate::base::id::{ClientId, SessionId};
use crate::core::Core;
use crate::state::effect::{Effect, Effects};
use crate::state::env;

/// What follows already.
#[derive(Debug, Default)]
pub(super) struct Followed {
    /// Sessions whose paths lead where they did when they were made.
    sessions: BTreeSet<SessionId>,
    /// The session that each client showed when its variables were taken.
    clients: BTreeMap<ClientId, SessionId>,
}

impl Core {
    /// The folder of the paths of a session that stay the same; empty where the server has none.
    pub(super) fn followed_folder(&self, session: SessionId) -> String {
        let run = self.host.socket.rsplit_once('/').map_or("", |(run, _)| run);
        if run.is_empty() { String::new() } else { format!("{run}/env/{session}") }
    }

    /// Takes note of new sessions and of clients that show another one.
    pub(super) fn sync_env(&mut self, fx: &mut Effects) {
        if self.host.socket.is_empty() {
            return;
        }
        let gone: Vec<SessionId> = self
            .followed
            .sessions
            .iter()
            .copied()
            .filter(|id| !self.state.sessions.contains_key(id))
            .collect();
        for session in gone {
            self.followed.sessions.remove(&session);
            fx.push(Effect::Follow {
                folder: self.followed_folder(session),
                links: Vec::new(),
                env: Vec::new(),
            });
        }
        let new: Vec<SessionId> = self
            .state
            .sessions
            .keys()
            .copied()
            .filter(|id| self.followed.sessions.insert(*id))
            .collect();
        for session in new {
            let env = self.state.session(session).env.clone();
            self.take_over(session, &env, fx);
        }
        self.followed.clients.retain(|client, _| self.state.views.contains_key(client));
        let shown: Vec<(ClientId, SessionId)> = self
            .state
            .views
            .values()
            .filter(|view| !view.read_only)
            .filter_map(|view| Some((view.client, view.at.session?)))
            .collect();
        for (client, session) in shown {
            let is_news = self.followed.clients.insert(client, session) != Some(session);
            if is_news {
                let env = self.state.view(client).env.clone();
                self.take_environment(session, &env, fx);
            }
        }
    }

    /// A session takes those values from a client's environment that were not kept, and the
    /// variables that follow.
    pub(super) fn take_environment(
        &mut self,
        session: SessionId,
        from: &[(String, String)],
        fx: &mut Effects,
    ) {
        self.fill_environment(session, from);
        self.take_over(session, from, fx);
    }

    /// A session takes those values from an environment that were not kept.
    pub(super) fn fill_environment(&mut self, session: SessionId, from: &[(String, String)]) {
        let own = self.state.session_mut(session);
        let mut is_news = false;
        for (name, value) in from {
            let before = own.missing_env.len();
            own.missing_env.retain(|wanted| wanted != name);
            if own.missing_env.len() < before && !value.contains('\0') {
                env::set(&mut own.env, name, value.clone());
                is_news = true;
            }
        }
        self.state.version += u64::from(is_news);
    }

    /// A session takes the variables that follow from this environment; what it lacks stays as it
    /// was.
    fn take_over(&mut self, session: SessionId, from: &[(String, String)], fx: &mut Effects) {
        let folder = self.followed_folder(session);
        let (mut links, mut changed) = (Vec::new(), Vec::new());
        for name in &self.settings.environment.follow {
            let Some(value) = from.iter().find(|(known, _)| known == name).map(|(_, value)| value)
            else {
                continue;
            };
            let is_file_name =
                !name.is_empty() && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_');
            if !is_file_name || value.contains('\0') || value.starts_with(&format!("{folder}/")) {
                continue;
            }
            if value.starts_with('/') {
                links.push((name.clone(), value.clone()));
                changed.push((name.clone(), format!("{folder}/{name}")));
            } else {
                changed.push((name.clone(), value.clone()));
            }
        }
        if changed.is_empty() {
            return;
        }
        let own = &mut self.state.session_mut(session).env;
        let before = own.clone();
        for (name, value) in &changed {
            env::set(own, name, value.clone());
        }
        if *own != before {
            self.state.version += 1;
        }
        fx.push(Effect::Follow { folder, links, env: changed });
    }
}
