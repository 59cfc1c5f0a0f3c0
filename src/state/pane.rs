//! A pane: one program on one PTY, and the screen it draws on.

use std::fmt;

use crate::base::code::{Code, Refusal};
use crate::base::exit::ExitStatus;
use crate::base::geom::Size;
use crate::base::id::{PaneId, SessionId, TabId};
use crate::base::memory::HeapMemory;
use crate::base::text::harmless;
use crate::base::time::{Span, Tick};
use crate::layout::tree::{Direction, Insert, Share, Tree};
use crate::state::effect::{Effect, Effects, Place};
use crate::state::tab::{LABEL_MAX, Tab, check_label};
use crate::state::{State, take};
use crate::term::{Options, Terminal};

/// A pane.
pub struct Pane {
    /// Its id.
    pub id: PaneId,
    /// The session it was made in.
    pub session: SessionId,
    /// The tab it is in; none while its program is being ended.
    pub tab: Option<TabId>,
    /// The name it was given; without one it is called by its title.
    pub name: Option<String>,
    /// Its program and arguments; empty for the shell.
    pub argv: Vec<String>,
    /// Variables it was given besides those of its session.
    pub env: Vec<(String, String)>,
    /// Where its program was started; empty where unknown.
    pub cwd: String,
    /// When it was made, in milliseconds since 1970.
    pub created_wall: u64,
    /// The size of its terminal.
    pub size: Size,
    /// Where its program is in its life.
    pub life: Life,
    /// What its program drew. Without scrollback until the program has started.
    pub screen: Terminal,
    /// What a view marks it with.
    pub marks: Marks,
}

impl fmt::Debug for Pane {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} of {:?}, {:?}, {}, {:?}", self.id, self.tab, self.argv, self.size, self.life)
    }
}

impl Pane {
    /// Lines of text: the screen's and those of so many rows just above it.
    #[must_use]
    pub fn lines(&self, rows_above: usize) -> Vec<String> {
        let above = i64::try_from(rows_above.min(self.screen.history_rows())).unwrap_or(i64::MAX);
        self.screen.text(-above..i64::from(self.size.rows)).lines().map(str::to_owned).collect()
    }
}

/// What a pane is made of.
#[derive(Debug, Clone, Default)]
pub struct NewPane {
    /// The name it is given; none to be called by its title.
    pub name: Option<String>,
    /// Its program and arguments; empty for the shell.
    pub argv: Vec<String>,
    /// Variables besides those of its session.
    pub env: Vec<(String, String)>,
    /// Where it may start: the first that exists. Its session's directory and home are added.
    pub cwd: Vec<Place>,
}

/// Where a pane goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Beside {
    /// The pane it takes room from.
    pub pane: PaneId,
    /// On which side of it.
    pub side: Direction,
    /// How much room.
    pub share: Share,
}

/// Where the program of a pane is in its life.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Life {
    /// It was asked for and did not report yet.
    Starting,
    /// It runs.
    Running {
        /// Its first process.
        pid: u32,
    },
    /// It is being ended.
    Ending,
    /// It has ended, and the pane stays.
    Ended {
        /// How.
        status: ExitStatus,
    },
}

impl Life {
    /// Whether a program is there that output comes from and input goes to.
    #[must_use]
    pub const fn is_live(self) -> bool {
        matches!(self, Self::Starting | Self::Running { .. })
    }

    /// Whether its program has not ended yet, as far as is known.
    #[must_use]
    pub const fn has_program(self) -> bool {
        !matches!(self, Self::Ended { .. })
    }
}

/// What happened in a pane that a view marks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Marks {
    /// A bell rang since a view showed it.
    pub bell: bool,
    /// It printed since a view showed it.
    pub activity: bool,
    /// When it printed last; 0 for never.
    pub output: Tick,
    /// Its shell shows a prompt and waits for a command, as its marks say (OSC 133 B); false where it sends none.
    pub prompt: bool,
}

impl State {
    /// Makes a pane that is in no layout yet; its program is started at the end of the step.
    pub(super) fn make_pane(&mut self, (session, tab): (SessionId, TabId), size: Size, new: NewPane, wall: u64) -> PaneId {
        let id = PaneId(take(&mut self.next_ids.pane));
        let cwd = new.cwd.iter().find_map(|place| match place {
            Place::Directory(path) => Some(path.clone()),
            _ => None,
        });
        let options = Options { scrollback_lines_max: 0, ..Options::default() };
        let pane = Pane {
            id,
            session,
            tab: Some(tab),
            name: new.name,
            argv: new.argv,
            env: new.env,
            cwd: cwd.unwrap_or_default(),
            created_wall: wall,
            size,
            life: Life::Starting,
            screen: Terminal::new(size, options, Box::new(HeapMemory::default())),
            marks: Marks::default(),
        };
        self.panes.insert(id, pane);
        self.todo.start.push((id, new.cwd));
        id
    }

    /// Makes a pane beside another.
    ///
    /// # Errors
    /// `too_small` if the other one has no room, `not_running` if it is being ended.
    pub fn split_pane(&mut self, beside: Beside, new: NewPane, wall: u64) -> Result<PaneId, Refusal> {
        let id = PaneId(self.next_ids.pane);
        let tab = self.insert_pane(id, beside)?;
        let made = self.make_pane((self.tab(tab).session, tab), self.pane(beside.pane).size, new, wall);
        assert_eq!(made, id, "ids are given out in order");
        self.changed(self.tab(tab).session);
        Ok(id)
    }

    /// Puts a pane, new or from elsewhere, into the layout beside another.
    fn insert_pane(&mut self, id: PaneId, beside: Beside) -> Result<TabId, Refusal> {
        let Some(tab) = self.pane(beside.pane).tab else {
            return Err(Refusal::new(Code::NotRunning, format!("pane {} is being ended", beside.pane)).hint("abide pane ls"));
        };
        let index = self.pane_index(beside.pane);
        let entry = self.tab_mut(tab);
        let insert = Insert { new: id, beside: beside.pane, side: beside.side, share: beside.share };
        if let Err(error) = entry.layout.insert(insert, entry.area) {
            let refusal = Refusal::new(Code::TooSmall, format!("pane {index} is {error}"));
            return Err(refusal.hint("abide pane resize, or abide tab new"));
        }
        entry.preset = None;
        self.todo.arrange.insert(tab);
        for at in self.everywhere() {
            at.unzoom(tab);
        }
        Ok(tab)
    }

    /// Gives a pane a name, or takes it away.
    ///
    /// # Errors
    /// `invalid_params` for an empty or too long one, or one that does not show.
    pub fn rename_pane(&mut self, id: PaneId, name: Option<String>) -> Result<(), Refusal> {
        name.as_deref().map_or(Ok(()), check_label)?;
        self.pane_mut(id).name = name;
        let session = self.pane(id).session;
        self.changed(session);
        Ok(())
    }

    /// Takes a pane out of its layout and ends everything its program started.
    pub fn close_pane(&mut self, id: PaneId, grace: Span, fx: &mut Effects) {
        match self.pane(id).life {
            Life::Ending => (),
            Life::Ended { .. } => {
                self.take_out(id);
                self.forget_pane(id, fx);
            }
            Life::Starting | Life::Running { .. } => {
                self.take_out(id);
                let pane = self.pane_mut(id);
                (pane.life, pane.tab) = (Life::Ending, None);
                fx.push(Effect::Stop { pane: id, grace });
            }
        }
    }

    /// Notes that a pane's program has ended. The pane goes unless it `stays`.
    pub fn pane_ended(&mut self, id: PaneId, status: ExitStatus, stays: bool, fx: &mut Effects) {
        let pane = self.pane_mut(id);
        let (session, was_closed) = (pane.session, pane.life == Life::Ending);
        if stays && !was_closed {
            pane.life = Life::Ended { status };
            return self.changed(session);
        }
        if let (false, Some(session)) = (was_closed, self.sessions.get_mut(&session)) {
            session.last_status = Some(status);
        }
        self.take_out(id);
        self.forget_pane(id, fx);
    }

    fn forget_pane(&mut self, id: PaneId, fx: &mut Effects) {
        self.panes.remove(&id);
        self.todo.start.retain(|(pane, _)| *pane != id);
        self.version += 1;
        fx.push(Effect::Forget { pane: id });
    }

    /// Takes a pane out of its tab, which goes with its last pane.
    fn take_out(&mut self, id: PaneId) {
        let Some(tab_id) = self.pane_mut(id).tab.take() else { return };
        let tab = self.tab_mut(tab_id);
        let panes = tab.layout.panes();
        if !tab.layout.remove(id, tab.area) {
            return self.remove_tab(tab_id);
        }
        let at = panes.iter().position(|pane| *pane == id).unwrap_or(0);
        let heir = panes[if at > 0 { at - 1 } else { 1 }];
        if tab.focus == id {
            tab.focus = heir;
        }
        tab.preset = None;
        let session = tab.session;
        for at in self.everywhere() {
            at.forget_pane(tab_id, id, heir);
        }
        self.todo.arrange.insert(tab_id);
        self.changed(session);
    }

    /// Moves a pane into a tab of its own, at a place in the tab bar from 0.
    ///
    /// # Errors
    /// `too_small` if it is the only one in its tab, `not_running` if it is being ended.
    pub fn break_pane(&mut self, id: PaneId, at: usize) -> Result<TabId, Refusal> {
        let Some(former) = self.pane(id).tab else {
            return Err(Refusal::new(Code::NotRunning, format!("pane {id} is being ended")).hint("abide pane ls"));
        };
        if self.tab(former).layout == Tree::new(id) {
            return Err(Refusal::new(Code::AlreadyExists, format!("pane {id} has a tab of its own")).hint("abide tab move moves it"));
        }
        let (session, area) = (self.tab(former).session, self.tab(former).area);
        self.take_out(id);
        let tab = TabId(take(&mut self.next_ids.tab));
        self.tabs.insert(tab, Tab::new(tab, session, id, area));
        let tabs = &mut self.session_mut(session).tabs;
        tabs.insert(at.min(tabs.len()), tab);
        self.pane_mut(id).tab = Some(tab);
        self.todo.arrange.insert(tab);
        self.changed(session);
        Ok(tab)
    }

    /// Moves a pane beside another, in whatever tab that is.
    ///
    /// # Errors
    /// `invalid_params` for itself, `too_small` if there is no room, `not_running` if one of them is being ended; nothing has changed.
    pub fn join_pane(&mut self, id: PaneId, beside: Beside) -> Result<(), Refusal> {
        if id == beside.pane {
            return Err(Refusal::new(Code::InvalidParams, format!("pane {id} cannot be moved beside itself")));
        }
        let (Some(former), Some(goal)) = (self.pane(id).tab, self.pane(beside.pane).tab) else {
            return Err(Refusal::new(Code::NotRunning, format!("pane {id} or {} is being ended", beside.pane)).hint("abide pane ls"));
        };
        let before = self.tab(former).layout.clone();
        if former == goal {
            let tab = self.tab_mut(former);
            tab.layout.remove(id, tab.area);
            if let Err(refusal) = self.insert_pane(id, beside) {
                self.tab_mut(former).layout = before;
                return Err(refusal);
            }
        } else {
            self.insert_pane(id, beside)?;
            self.take_out(id);
        }
        let session = self.tab(goal).session;
        let pane = self.pane_mut(id);
        (pane.tab, pane.session) = (Some(goal), session);
        self.changed(session);
        Ok(())
    }

    /// Moves a border of a pane by up to so many cells.
    ///
    /// # Errors
    /// `not_running` if it is being ended, `too_small` if there is no border or no room on that side.
    pub fn resize_pane(&mut self, id: PaneId, direction: Direction, cells: u16) -> Result<(), Refusal> {
        let Some(tab) = self.pane(id).tab else {
            return Err(Refusal::new(Code::NotRunning, format!("pane {id} is being ended")).hint("abide pane ls"));
        };
        let mut layout = self.tab(tab).layout.clone();
        if layout.resize(id, direction, cells, self.tab(tab).area) == 0 {
            return Err(Refusal::new(Code::TooSmall, format!("pane {id} has no border that can move that way")));
        }
        self.change_layout(tab, |tree| *tree = layout);
        Ok(())
    }

    /// Exchanges the places of two panes, of one tab or of two.
    ///
    /// # Errors
    /// `not_running` if one of them is being ended.
    pub fn swap_panes(&mut self, a: PaneId, b: PaneId) -> Result<(), Refusal> {
        let (Some(tab_a), Some(tab_b)) = (self.pane(a).tab, self.pane(b).tab) else {
            return Err(Refusal::new(Code::NotRunning, format!("pane {a} or {b} is being ended")).hint("abide pane ls"));
        };
        if tab_a == tab_b {
            self.tab_mut(tab_a).layout.swap(a, b);
        } else {
            self.exchange((a, tab_a), (b, tab_b));
        }
        self.todo.arrange.extend([tab_a, tab_b]);
        self.changed(self.tab(tab_a).session);
        Ok(())
    }

    fn exchange(&mut self, (a, tab_a): (PaneId, TabId), (b, tab_b): (PaneId, TabId)) {
        for (tab, old, new) in [(tab_a, a, b), (tab_b, b, a)] {
            let entry = self.tab_mut(tab);
            entry.layout.replace(old, new);
            if entry.focus == old {
                entry.focus = new;
            }
            let session = entry.session;
            let pane = self.pane_mut(new);
            (pane.tab, pane.session) = (Some(tab), session);
            for at in self.everywhere() {
                at.replace_pane(tab, old, new);
            }
        }
        self.changed(self.tab(tab_b).session);
    }

    /// A pane that is there, to be changed.
    ///
    /// # Panics
    /// If it is not there.
    pub fn pane_mut(&mut self, id: PaneId) -> &mut Pane {
        self.panes.get_mut(&id).expect("ids of panes are looked up before they are used")
    }

    /// A pane that is there.
    #[must_use]
    pub fn pane(&self, id: PaneId) -> &Pane {
        self.panes.get(&id).expect("ids of panes are looked up before they are used")
    }

    /// The number of a pane in its tab as people see and type it; 0 if it is in none.
    #[must_use]
    pub fn pane_index(&self, id: PaneId) -> usize {
        let panes = self.pane(id).tab.map_or_else(Vec::new, |tab| self.tab(tab).layout.panes());
        panes.iter().position(|pane| *pane == id).map_or(0, |at| at + 1)
    }

    /// What the border of a pane calls it: its name, else the title its program set, else its program.
    #[must_use]
    pub fn pane_label(&self, id: PaneId) -> String {
        let pane = self.pane(id);
        let title = || Some(harmless(pane.screen.title(), LABEL_MAX)).filter(|title| !title.is_empty());
        pane.name.clone().or_else(title).unwrap_or_else(|| self.program_label(id))
    }

    /// The name of a pane's program, without its directory.
    #[must_use]
    pub fn program_label(&self, id: PaneId) -> String {
        let pane = self.pane(id);
        let shell = || self.sessions.get(&pane.session)?.env.iter().find(|(name, _)| name == "SHELL").map(|(_, value)| value.as_str());
        let program = pane.argv.first().map(String::as_str).or_else(shell).unwrap_or("shell");
        program.rsplit('/').next().unwrap_or(program).to_owned()
    }
}
