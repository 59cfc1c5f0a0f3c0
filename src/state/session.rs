//! A session: tabs, a working directory and an environment.

use crate::base::error::{Code, Refusal};
use crate::base::exit::ExitStatus;
use crate::base::geom::Size;
use crate::base::id::{ClientId, PaneId, SessionId, TabId};
use crate::state::name::check_name;
use crate::state::pane::NewPane;
use crate::state::tab::Tab;
use crate::state::{ClientWithoutSession, State, take};

/// A session.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Session {
    /// Its id.
    pub id: SessionId,
    /// Its name; no two sessions share one.
    pub name: String,
    /// Its tabs in the order of the tab bar; never empty between steps. People count from 1.
    pub tabs: Vec<TabId>,
    /// The tab a view gets that has not seen the session: the one used last.
    pub current: TabId,
    /// Where its programs start unless told otherwise; empty for home.
    pub cwd: String,
    /// The environment its programs get, ours not yet added.
    pub env: Vec<(String, String)>,
    /// Variables whose values were not kept: the first client that shows it gives them.
    pub missing_env: Vec<String>,
    /// When it was made, in milliseconds since 1970.
    pub created_wall: u64,
    /// Grows over all sessions with each use: the highest was used last.
    pub used: u64,
    /// The size of its terminal while no view shows it, bars not yet taken off.
    pub size: Size,
    /// The size its panes share whatever clients show it, bars not counted; none for the policy of
    /// the settings.
    pub fixed: Option<Size>,
    /// Grows by one with each successful change.
    pub version: u64,
    /// How the program that ended last in it ended.
    pub last_status: Option<ExitStatus>,
}

/// What a session is made of.
#[derive(Debug)]
pub struct NewSession {
    /// Its name, checked and free.
    pub name: String,
    /// Where its programs start; empty for home.
    pub cwd: String,
    /// The environment its programs get, ours not yet added.
    pub env: Vec<(String, String)>,
    /// The size of its terminal while no view shows it.
    pub size: Size,
    /// Its first pane.
    pub pane: NewPane,
}

impl State {
    /// A session that is there.
    #[must_use]
    pub fn session(&self, id: SessionId) -> &Session {
        self.sessions.get(&id).expect("ids of sessions are looked up before they are used")
    }

    /// A session that is there, to be changed.
    pub fn session_mut(&mut self, id: SessionId) -> &mut Session {
        self.sessions.get_mut(&id).expect("ids of sessions are looked up before they are used")
    }

    /// The session of that name.
    #[must_use]
    pub fn session_named(&self, name: &str) -> Option<&Session> {
        self.sessions.values().find(|session| session.name == name)
    }

    /// The clients that show a session.
    #[must_use]
    pub fn clients_of(&self, id: SessionId) -> Vec<ClientId> {
        self.views
            .values()
            .filter(|view| view.at.session == Some(id))
            .map(|view| view.client)
            .collect()
    }

    /// Makes a session with one tab and one pane. No view shows it yet.
    pub fn new_session(&mut self, new: NewSession, wall: u64) -> (SessionId, TabId, PaneId) {
        let id = SessionId(take(&mut self.next_ids.session));
        let tab = TabId(take(&mut self.next_ids.tab));
        let pane = self.make_pane((id, tab), new.size, new.pane, wall);
        let session = Session {
            id,
            name: new.name,
            tabs: vec![tab],
            current: tab,
            cwd: new.cwd,
            env: new.env,
            missing_env: Vec::new(),
            created_wall: wall,
            used: take(&mut self.next_ids.used),
            size: new.size,
            fixed: None,
            version: 0,
            last_status: None,
        };
        self.sessions.insert(id, session);
        self.tabs.insert(tab, Tab::new(tab, id, pane, new.size));
        self.changed(id);
        self.pending_work.resize.insert(tab);
        (id, tab, pane)
    }

    /// Notes that a session was used: the one used last is attached to first.
    pub(super) fn use_session(&mut self, id: SessionId) {
        let used = take(&mut self.next_ids.used);
        if let Some(session) = self.sessions.get_mut(&id) {
            session.used = used;
        }
        self.version += 1;
    }

    /// Takes a session without tabs away. Views that show it go to the one they showed before;
    /// those that have none are stranded.
    pub(super) fn remove_session(&mut self, id: SessionId) {
        let Some(session) = self.sessions.remove(&id) else { return };
        self.version += 1;
        self.commands.session_gone(id);
        let viewers = self.clients_of(id);
        for at in self.everywhere() {
            at.forget_session(id);
        }
        for client in viewers {
            if let Some(former) = self.views[&client].at.history.last().copied() {
                self.show_session(client, former);
                continue;
            }
            let (session, status) = (session.name.clone(), session.last_status);
            self.pending_work.clients_without_session.push(ClientWithoutSession {
                client,
                session,
                status,
                is_closed: false,
            });
        }
    }

    /// A name for a session that is given none: `first` for the first one, then the smallest number
    /// that is free.
    #[must_use]
    pub fn free_name(&self, first: &str) -> String {
        if self.sessions.is_empty() {
            return first.into();
        }
        let numbers = 1..=self.sessions.len() + 1;
        numbers
            .map(|number| number.to_string())
            .find(|name| self.session_named(name).is_none())
            .expect("fewer are taken than were tried")
    }

    /// Gives a session another name.
    ///
    /// # Errors
    /// `invalid_params` for what cannot be a name, `already_exists` if another session has it.
    pub fn rename_session(&mut self, id: SessionId, name: &str) -> Result<(), Refusal> {
        check_name(name)?;
        match self.session_named(name) {
            Some(other) if other.id == id => return Ok(()),
            Some(other) => return Err(taken(other)),
            None => (),
        }
        self.session_mut(id).name = name.into();
        self.changed(id);
        Ok(())
    }

    /// Gives a session a size of its own, or takes it away: then its views decide.
    pub fn fix_size(&mut self, id: SessionId, size: Option<Size>) {
        let session = self.session_mut(id);
        session.fixed = size;
        let tabs = session.tabs.clone();
        self.pending_work.resize.extend(tabs);
        self.changed(id);
    }

    /// Notes that something of a session changed that is kept over a restart.
    pub(super) fn changed(&mut self, id: SessionId) {
        self.version += 1;
        if let Some(session) = self.sessions.get_mut(&id) {
            session.version += 1;
        }
    }
}

/// The refusal of a name that another session has.
#[must_use]
pub fn taken(other: &Session) -> Refusal {
    Refusal::new(
        Code::AlreadyExists,
        format!("there is a session {:?} already, {}", other.name, other.id),
    )
    .hint(format!("abide attach {}", other.name))
}
