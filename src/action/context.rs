//! Steps that several actions share: the view that they move, the parts of a new pane, the end of
//! programs.

use std::collections::BTreeSet;

use schemars::JsonSchema;
use serde::Serialize;

use crate::action::args::{Closing, Start, variables};
use crate::action::completion::{self, Sent, Stopped};
use crate::action::table::value;
use crate::action::{Answer, Cx};
use crate::base::error::{Code, Refusal};
use crate::base::id::{ClientId, PaneId, SessionId, TabId};
use crate::base::time::{Span, Tick};
use crate::state::call::Pending;
use crate::state::command::quoted;
use crate::state::effect::{ClientMessage, Effect, Question, StartDir};
use crate::state::pane::{NewPane, PaneEnd, no_program};
use crate::state::{State, env, target};

/// The session, tab and pane that were made.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct Made {
    /// The session it is in.
    pub session: SessionId,
    /// The name of that session.
    pub name: String,
    /// The tab it is in.
    pub tab: TabId,
    /// The pane.
    pub pane: PaneId,
}

/// The panes that a close is about.
pub(super) struct ClosedPanes<'a> {
    /// The thing that is closed, such as `pane 2 (vim)`.
    pub(super) what: &'a str,
    /// The panes it is made of.
    pub(super) panes: Vec<PaneId>,
    /// The session, where that is closed.
    pub(super) session: Option<SessionId>,
}

impl Cx<'_> {
    /// The view that a call about a session moves: the caller's, else the one used last of those
    /// that show it.
    ///
    /// # Errors
    /// `not_found` if no client shows it.
    pub(super) fn view_of(&self, session: SessionId) -> Result<ClientId, Refusal> {
        self.state.acting_view(self.caller, session).ok_or_else(|| {
            let name = self
                .state
                .sessions
                .get(&session)
                .map_or_else(|| session.to_string(), |session| session.name.clone());
            Refusal::new(Code::NotFound, format!("no client shows session {name:?}"))
                .hint(format!("abide attach {}", quoted(&name)))
        })
    }

    /// The caller's own session.
    ///
    /// # Errors
    /// `not_found` if there is none.
    pub(super) fn own_session(&self) -> Result<SessionId, Refusal> {
        target::session(self.state, self.caller, "")
    }

    /// Shows a session in a view.
    ///
    /// # Errors
    /// `nested` if the client runs inside it.
    pub(super) fn show(&mut self, client: ClientId, session: SessionId) -> Result<(), Refusal> {
        let own = self.caller.client == Some(client);
        let inside =
            self.caller.pane.and_then(|pane| self.state.panes.get(&pane)).map(|pane| pane.session);
        if own && inside == Some(session) {
            let name = &self.state.session(session).name;
            let refusal = Refusal::new(
                Code::Nested,
                format!(
                    "this terminal is a pane of session {name:?}, which cannot be shown inside \
                     itself"
                ),
            );
            return Err(refusal.hint("prefix s goes to another session"));
        }
        self.state.show_session(client, session);
        Ok(())
    }

    /// The client that shows the pane of the caller, the one used last of several: first of those
    /// that show its tab, then of its session.
    pub(super) fn client_around(&self) -> Option<ClientId> {
        let pane = self.state.panes.get(&self.caller.pane?)?;
        let views = self.state.views.values().filter(|view| !view.read_only);
        views
            .filter(|view| view.at.session == Some(pane.session))
            .max_by_key(|view| (pane.tab.is_some() && view.tab() == pane.tab, view.used))
            .map(|view| view.client)
    }

    /// The answer of a call that made a pane: when its program runs.
    pub(super) fn made(&self, pane: PaneId) -> Answer<Made> {
        let entry = self.state.pane(pane);
        let tab = entry.tab.expect("a new pane is in a tab");
        let reply = Made {
            session: entry.session,
            name: self.state.session(entry.session).name.clone(),
            tab,
            pane,
        };
        Answer::later(Pending::Start { pane, reply: value(&reply) })
    }

    /// The parts of a new pane, which takes its directory from another where it is given none.
    ///
    /// # Errors
    /// `limit_reached` if there are as many panes as there may be, `invalid_params` for a directory
    /// that cannot be.
    pub(super) fn new_pane(&self, start: &Start, from: Option<PaneId>) -> Result<NewPane, Refusal> {
        let limit = self.settings.limits.panes;
        if limit <= self.state.panes.len() {
            return Err(Refusal::new(
                Code::LimitReached,
                format!("there are {limit} panes already"),
            )
            .hint("limits.panes in config.toml"));
        }
        let mut cwd: Vec<StartDir> =
            self.directory(start.cwd.as_deref())?.map(StartDir::Directory).into_iter().collect();
        if let Some(from) = from {
            let screen = &self.state.pane(from).screen;
            let mut places = vec![StartDir::Pane(from)];
            // A shell at its prompt has told its directory by the path that was typed, links and
            // all; while a command runs, that may be the directory before it.
            let at = if screen.is_at_prompt() { 0 } else { places.len() };
            places.splice(at..at, screen.cwd().map(|path| StartDir::Directory(path.into())));
            cwd.extend(places);
        }
        let env = variables(&start.set)?;
        if let Some(word) = start.command.iter().find(|word| word.contains('\0')) {
            return Err(Refusal::new(
                Code::InvalidParams,
                format!("command: {word:?} has a NUL in it"),
            ));
        }
        Ok(NewPane { name: None, argv: start.command.clone(), env, cwd })
    }

    /// An absolute path; a relative one is taken from where the caller's client was started.
    ///
    /// # Errors
    /// `invalid_params` if it is relative and nobody knows to what, too long or has a NUL.
    pub(super) fn directory(&self, path: Option<&str>) -> Result<Option<String>, Refusal> {
        const PATH_MAX: usize = 4096;
        let Some(path) = path.filter(|path| !path.is_empty()) else { return Ok(None) };
        let refuse = |why: &str| Refusal::new(Code::InvalidParams, format!("cwd: {path:?} {why}"));
        if PATH_MAX < path.len() || path.contains('\0') {
            return Err(refuse("is no path"));
        }
        if path.starts_with('/') {
            return Ok(Some(path.into()));
        }
        let base = self
            .caller
            .client
            .map(|client| self.state.view(client).cwd.clone())
            .filter(|cwd| cwd.starts_with('/'));
        let base = base.ok_or_else(|| refuse("is not absolute").hint("begin it with /"))?;
        Ok(Some(format!("{}/{path}", base.trim_end_matches('/'))))
    }

    /// The environment a session made by this call gets: the one given, else the caller's, else
    /// that of a login.
    pub(super) fn session_env(
        &self,
        given: Option<Vec<(String, String)>>,
    ) -> Vec<(String, String)> {
        let view = self.caller.client.map(|client| self.state.view(client));
        let own = || view.map(|view| view.env.clone()).filter(|env| !env.is_empty());
        let shown = || {
            view.and_then(|view| view.at.session)
                .map(|session| self.state.session(session).env.clone())
        };
        env::cleaned(
            given.or_else(own).or_else(shown).unwrap_or_else(|| self.host.login_env.clone()),
        )
    }

    /// Time that programs have to end by themselves.
    pub(super) fn grace(&self, grace_ms: Option<u64>) -> Span {
        grace_ms.map_or_else(|| self.settings.pane.grace(), Span::millis)
    }

    /// The way in which programs of panes are ended that are closed, while their session stays.
    pub(super) fn pane_end(&self, grace_ms: Option<u64>) -> PaneEnd {
        PaneEnd { grace: self.grace(grace_ms), spares: self.settings.pane.spare_detached }
    }

    /// Closes something: hides it for a while, or ends its programs. `bury` hides it until then.
    pub(super) fn close(
        &mut self,
        closing: &Closing,
        closed: ClosedPanes<'_>,
        bury: impl FnOnce(&mut State, Tick),
    ) -> Answer<Stopped> {
        let ClosedPanes { what, panes, session } = closed;
        let undo_ms = closing.undo_ms.unwrap_or(self.settings.pane.undo_ms);
        if closing.now || closing.grace_ms.is_some() || undo_ms == 0 {
            let end = self.pane_end(closing.grace_ms);
            self.state.commands.killed.extend(session);
            return self.stop(panes, PaneEnd { spares: end.spares && session.is_none(), ..end });
        }
        let sessions: BTreeSet<SessionId> =
            panes.iter().map(|pane| self.state.pane(*pane).session).collect();
        let viewers: Vec<ClientId> =
            sessions.into_iter().flat_map(|session| self.state.clients_of(session)).collect();
        bury(self.state, self.now.tick + Span::millis(undo_ms));
        self.fx.extend(viewers.into_iter().map(|client| {
            let message = ClientMessage::Closed { what: what.to_owned(), undo_ms };
            Effect::Tell { client, message }
        }));
        Answer::Now(Stopped { panes, undo_ms: Some(undo_ms), ..Stopped::default() })
    }

    /// Ends the programs of these panes, and gives the answer of the call: when they are gone for
    /// certain.
    pub(super) fn stop(&mut self, panes: Vec<PaneId>, end: PaneEnd) -> Answer<Stopped> {
        for pane in panes.iter().rev() {
            self.state.close_pane(*pane, end, self.fx);
        }
        let left: Vec<PaneId> =
            panes.iter().copied().filter(|pane| self.state.panes.contains_key(pane)).collect();
        if left.is_empty() {
            return Answer::Now(Stopped { panes, ..Stopped::default() });
        }
        Answer::later(Pending::Stop { panes: left, all: panes, left: Vec::new() })
    }

    /// Types into a pane. A long line is typed only if the line discipline takes it, which the edge
    /// finds out first.
    ///
    /// # Errors
    /// `not_running` if its program has ended.
    pub(super) fn type_into(
        &mut self,
        pane: PaneId,
        bytes: Vec<u8>,
    ) -> Result<Answer<Sent>, Refusal> {
        if !self.state.pane(pane).life.is_live() {
            return Err(no_program(self.state, pane));
        }
        if completion::LINE_MAX < completion::longest_line(&bytes) {
            self.fx.push(Effect::Ask { call: self.call, question: Question::LineMode(pane) });
            return Ok(Answer::later(Pending::Send { pane, bytes }));
        }
        let count = bytes.len();
        if count > 0 {
            self.fx.push(Effect::Write { pane, bytes });
        }
        Ok(Answer::Now(Sent { bytes: count }))
    }

    /// Sends a client away.
    pub(super) fn detach(&mut self, client: ClientId) {
        let session = self.state.view(client).at.session;
        let name =
            session.map(|session| self.state.session(session).name.clone()).unwrap_or_default();
        self.state.show_nothing(client);
        self.fx.push(Effect::Tell { client, message: ClientMessage::Detached(name) });
    }
}
