//! Panes: one program on one PTY each, the screen it draws on, and the place in a tab: split,
//! swapped, moved, broken out, ended.

use std::fmt;

use crate::base::error::{Code, Refusal};
use crate::base::geom::{Rect, Size};
use crate::base::id::{PaneId, SessionId, TabId};
use crate::base::memory::{HeapMemory, RING_BYTES};
use crate::base::program_status::StatusBook;
use crate::base::signal::ExitStatus;
use crate::base::text::sanitize;
use crate::base::time::{Span, Tick};
use crate::layout::change::{Insert, Share};
use crate::layout::tree::Direction;
use crate::state::effect::{Effect, Effects, StartDir};
use crate::state::shell_history::ShellState;
use crate::state::tab::Tab;
use crate::state::target::{LABEL_MAX, check_label};
use crate::state::undo::{ClosedRecord, UndoChange};
use crate::state::{State, take};
use crate::term::{Options, Progress, Terminal};

/// A pane.
pub struct Pane {
    /// The pane's id.
    pub id: PaneId,
    /// The session it was made in.
    pub session: SessionId,
    /// The tab it is in; none while its program is being ended, and while it is closed and can be
    /// brought back.
    pub tab: Option<TabId>,
    /// The name it was given; without one it is called by its title.
    pub name: Option<String>,
    /// The program and its arguments; empty for the shell.
    pub argv: Vec<String>,
    /// Variables it was given besides those of its session.
    pub env: Vec<(String, String)>,
    /// The place where its program was started; empty where unknown.
    pub cwd: String,
    /// The time when it was made, in milliseconds since 1970.
    pub created_wall: u64,
    /// The size of its terminal.
    pub size: Size,
    /// The stage of life of its program.
    pub life: ProgramState,
    /// The screen that its program drew. Without scrollback until the program has started.
    pub screen: Terminal,
    /// True if what is typed into another synchronized pane of its tab is typed here too.
    pub is_synced: bool,
    /// True if its program is being ended to be started again.
    pub again: bool,
    /// The line for the shell that reads what it prints.
    pub pipe: Option<String>,
    /// The means to bring it back when its program is gone.
    pub restore: RestoreState,
    /// The marks that a view gives it.
    pub marks: Marks,
}

/// The means to bring a pane back when its program is gone: the commands that can be run in it
/// again.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct RestoreState {
    /// True if its program is started not for the first time: if that fails, the pane stays.
    pub retried: bool,
    /// True if a shell runs in place of its program, which a restart brings back.
    pub instead: bool,
    /// The program in the foreground of its shell, with its arguments; empty for nothing, or if
    /// that is not known.
    pub runs: Vec<String>,
    /// The program that ran there before the pane came back, until something else does.
    pub ran: Vec<String>,
}

/// Ids are never given twice, so two values of one id are the same pane.
impl PartialEq for Pane {
    fn eq(&self, other: &Self) -> bool {
        self.id == other.id
    }
}

impl fmt::Debug for Pane {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} of {:?}, {:?}, {}, {:?}", self.id, self.tab, self.argv, self.size, self.life)
    }
}

/// The memory a pane takes, in bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct MemoryUsage {
    /// Lines of scrollback.
    pub lines: usize,
    /// Scrollback as it was written.
    pub scrollback: usize,
    /// Scrollback that is compressed.
    pub packed: usize,
    /// The bytes that it would take otherwise.
    pub unpacked: usize,
    /// Screens and tables.
    pub screen: usize,
    /// Images.
    pub images: usize,
    /// The ring of the latest output, which keeper and server share; none without a program.
    pub ring: usize,
}

impl Pane {
    /// The memory its terminal takes.
    #[must_use]
    pub fn memory(&self) -> MemoryUsage {
        let screen = &self.screen;
        let kept = screen.history_bytes();
        let images = screen.image_bytes();
        MemoryUsage {
            lines: screen.history_lines(),
            scrollback: kept.raw,
            packed: kept.packed,
            unpacked: kept.unpacked,
            screen: screen.memory_used().saturating_sub(images + kept.raw + kept.packed),
            images,
            ring: if matches!(self.life, ProgramState::Running { .. } | ProgramState::Ending) {
                RING_BYTES
            } else {
                0
            },
        }
    }
}

impl Pane {
    /// The program and arguments as they are now; empty for a shell.
    #[must_use]
    pub fn program(&self) -> &[String] {
        if self.restore.instead { &[] } else { &self.argv }
    }

    /// The command that can be run in it again; empty for nothing.
    #[must_use]
    pub fn offered(&self) -> &[String] {
        match self.life {
            ProgramState::Held | ProgramState::Ended { .. } => &self.argv,
            _ if self.restore.instead => &self.argv,
            _ => &self.restore.ran,
        }
    }

    /// Lines of text: the screen's and those of so many rows just above it.
    #[must_use]
    pub fn lines(&self, rows_above: usize) -> Vec<String> {
        let above = i64::try_from(rows_above.min(self.screen.history_rows())).unwrap_or(i64::MAX);
        self.screen.text(-above..i64::from(self.size.rows)).lines().map(str::to_owned).collect()
    }
}

/// The session, tab and first size of a pane that is made.
#[derive(Debug, Clone, Copy)]
pub(super) struct NewPanePlace {
    pub(super) session: SessionId,
    pub(super) tab: TabId,
    pub(super) size: Size,
}

/// The parts of which a pane is made.
#[derive(Debug, Clone, Default)]
pub struct NewPane {
    /// The name it is given; none to be called by its title.
    pub name: Option<String>,
    /// The program and its arguments; empty for the shell.
    pub argv: Vec<String>,
    /// Variables besides those of its session.
    pub env: Vec<(String, String)>,
    /// The place where it may start: the first that exists. Its session's directory and home are
    /// added.
    pub cwd: Vec<StartDir>,
}

/// The place where a pane goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Beside {
    /// The pane it takes room from.
    pub pane: PaneId,
    /// On which side of it.
    pub side: Direction,
    /// The share of the room that it gets.
    pub share: Share,
}

/// The stage of life of the program of a pane.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ProgramState {
    /// The program was asked for and did not report yet.
    Starting,
    /// The program runs.
    Running {
        /// The program's first process.
        pid: u32,
    },
    /// The program is being ended.
    Ending,
    /// The program has ended, and the pane stays.
    Ended {
        /// The way it ended.
        status: ExitStatus,
    },
    /// The program was gone when the pane came back, and is not run before a person says so.
    Held,
}

impl ProgramState {
    /// True if a program is there that output comes from and input goes to.
    #[must_use]
    pub const fn is_live(self) -> bool {
        matches!(self, Self::Starting | Self::Running { .. })
    }

    /// True if its program has not ended yet, as far as is known.
    #[must_use]
    pub const fn has_program(self) -> bool {
        !matches!(self, Self::Ended { .. } | Self::Held)
    }
}

/// Events in a pane that a view marks.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Marks {
    /// A bell rang since a view showed it.
    pub bell: bool,
    /// The pane printed since a view showed it.
    pub activity: bool,
    /// The time when it printed last; 0 for never.
    pub output: Tick,
    /// The time when its program was started; none if this server found it running.
    pub started: Option<Tick>,
    /// A person marked it, to name it by its mark later.
    pub chosen: bool,
    /// The pane's shell shows a prompt and waits for a command, as its marks say (OSC 133 B); false
    /// where it sends none.
    pub prompt: bool,
    /// The state that its shell told of itself.
    pub shell: ShellState,
    /// The name of what runs in its foreground, where that is not what it was started with.
    pub program: Option<String>,
    /// The directory of what runs in its foreground, as the system says; empty where unknown.
    pub cwd: String,
    /// Events in it that somebody may want to know.
    pub news: News,
    /// The work of its program, as that reports it (OSC 7501).
    pub status: StatusBook,
}

/// Events in a pane since a view showed it, besides bells and output; and the work that goes on.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct News {
    /// The pane printed, and then nothing more for a while.
    pub silence: bool,
    /// The program or a long command of it ended, with this status.
    pub ended: Option<u8>,
    /// The notification that its program sent.
    pub notice: Option<String>,
    /// The time since which a command runs in its shell, as its marks say (OSC 133 C).
    pub command: Option<Tick>,
    /// The progress of its work (OSC 9;4). This is no news but goes on while it is seen.
    pub progress: Option<Progress>,
}

/// The way in which the program of a pane is ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PaneEnd {
    /// Time to end by itself.
    pub grace: Span,
    /// True if what a user detached on purpose lives on.
    pub spares: bool,
}

impl State {
    /// Makes a pane that is in no layout yet; its program is started at the end of the step.
    pub(super) fn make_pane(&mut self, at: NewPanePlace, new: NewPane, wall: u64) -> PaneId {
        let id = PaneId(take(&mut self.next_ids.pane));
        let cwd = new.cwd.iter().find_map(|place| match place {
            StartDir::Directory(path) => Some(path.clone()),
            _ => None,
        });
        let options = Options { scrollback_lines_max: 0, ..Options::default() };
        let pane = Pane {
            id,
            session: at.session,
            tab: Some(at.tab),
            name: new.name,
            argv: new.argv,
            env: new.env,
            cwd: cwd.unwrap_or_default(),
            created_wall: wall,
            size: at.size,
            life: ProgramState::Starting,
            screen: Terminal::new(at.size, options, Box::new(HeapMemory::default())),
            is_synced: false,
            again: false,
            pipe: None,
            restore: RestoreState::default(),
            marks: Marks::default(),
        };
        self.panes.insert(id, pane);
        self.pending_work.start.push((id, new.cwd));
        id
    }

    /// The program of a pane was found running when this server started.
    pub fn found_running(&mut self, id: PaneId, pid: u32) {
        let Some(pane) = self.panes.get_mut(&id) else { return };
        pane.marks.started = Some(Tick::default());
        if pane.life == ProgramState::Starting {
            pane.life = ProgramState::Running { pid };
            self.version += 1;
        }
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

    /// Lets these panes of a tab be typed into together, and no others of it.
    pub fn synchronize(&mut self, tab: TabId, panes: &[PaneId]) {
        for pane in self.tab(tab).panes() {
            self.pane_mut(pane).is_synced = panes.contains(&pane);
        }
        let session = self.tab(tab).session;
        self.changed(session);
    }

    /// The panes that get what is typed into one: itself, and the synchronized others of its tab if
    /// it is synchronized.
    #[must_use]
    pub fn typed_together(&self, pane: PaneId) -> Vec<PaneId> {
        let entry = self.pane(pane);
        match entry.tab.filter(|_| entry.is_synced) {
            Some(tab) => self
                .tab(tab)
                .panes()
                .into_iter()
                .filter(|other| self.pane(*other).is_synced)
                .collect(),
            None => vec![pane],
        }
    }

    /// Takes the marks of all panes away that persons gave them.
    pub fn clear_marks(&mut self) {
        for pane in self.panes.values_mut() {
            pane.marks.chosen = false;
        }
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
        let panes = self.pane(id).tab.map_or_else(Vec::new, |tab| self.tab(tab).panes());
        panes.iter().position(|pane| *pane == id).map_or(0, |at| at + 1)
    }

    /// The label in the border of a pane: its name, else the title its program set, else its
    /// program.
    #[must_use]
    pub fn pane_label(&self, id: PaneId) -> String {
        let pane = self.pane(id);
        let title =
            || Some(sanitize(pane.screen.title(), LABEL_MAX)).filter(|title| !title.is_empty());
        pane.name.clone().or_else(title).unwrap_or_else(|| self.program_label(id))
    }

    /// Lets a line for the shell read what a pane prints, or none.
    pub fn set_pipe(&mut self, id: PaneId, line: Option<String>) {
        self.pane_mut(id).pipe = line;
        self.version += 1;
    }

    /// Notes what runs in a pane's foreground; none for what it was started with. True if that is
    /// news.
    pub fn set_program(&mut self, id: PaneId, name: Option<&str>) -> bool {
        let Some(pane) = self.panes.get_mut(&id) else { return false };
        let name = name.map(|name| sanitize(name, LABEL_MAX)).filter(|name| !name.is_empty());
        let is_news = pane.marks.program != name;
        if is_news {
            pane.marks.program = name;
            self.version += 1;
        }
        is_news
    }

    /// Notes what runs in the foreground of a pane's shell, with its arguments; empty for nothing.
    /// What ran there before the pane came back is no longer offered then.
    pub fn set_foreground(&mut self, id: PaneId, argv: Vec<String>) {
        let Some(pane) = self.panes.get_mut(&id) else { return };
        if pane.restore.runs == argv {
            return;
        }
        if !argv.is_empty() {
            pane.restore.ran.clear();
        }
        pane.restore.runs = argv;
        self.version += 1;
    }

    /// The directory of what runs in a pane's foreground, else the one that was told last, else the
    /// one in which its program was started; empty where unknown.
    #[must_use]
    pub fn live_cwd(&self, id: PaneId) -> &str {
        let pane = self.pane(id);
        if pane.life.is_live() && !pane.marks.cwd.is_empty() {
            return &pane.marks.cwd;
        }
        pane.screen.cwd().unwrap_or(&pane.cwd)
    }

    /// Offers no more what ran in a pane's shell before it came back, because it is run again.
    pub fn forget_former(&mut self, id: PaneId) {
        self.pane_mut(id).restore.ran.clear();
        self.version += 1;
    }

    /// The name of what runs in a pane's foreground, without its directory.
    #[must_use]
    pub fn program_label(&self, id: PaneId) -> String {
        let pane = self.pane(id);
        if let Some(program) = &pane.marks.program {
            return program.clone();
        }
        let shell = || {
            self.sessions
                .get(&pane.session)?
                .env
                .iter()
                .find(|(name, _)| name == "SHELL")
                .map(|(_, value)| value.as_str())
        };
        let program = pane.program().first().map(String::as_str).or_else(shell).unwrap_or("shell");
        program.rsplit('/').next().unwrap_or(program).to_owned()
    }
}

/// The refusal of something that takes a program that runs.
#[must_use]
pub fn no_program(state: &State, pane: PaneId) -> Refusal {
    if state.pane(pane).life == ProgramState::Held {
        let refusal = Refusal::new(
            Code::NotRunning,
            format!("the command of pane {pane} waits to be run again"),
        );
        return refusal.hint(format!("abide pane rerun -t {pane}"));
    }
    Refusal::new(Code::NotRunning, format!("the program of pane {pane} has ended"))
        .hint("abide pane ls")
}

/// The refusal of something that takes a pane that is in a tab.
#[must_use]
pub fn no_place(state: &State, pane: PaneId) -> Refusal {
    if state.is_closed(pane) {
        return Refusal::new(Code::NotRunning, format!("pane {pane} is closed"))
            .hint("abide undo brings back what was closed last");
    }
    Refusal::new(Code::NotRunning, format!("pane {pane} is being ended")).hint("abide pane ls")
}

impl State {
    /// Makes a pane beside another.
    ///
    /// # Errors
    /// `too_small` if the other one has no room, `not_running` if it is being ended.
    pub fn split_pane(
        &mut self,
        beside: Beside,
        new: NewPane,
        wall: u64,
    ) -> Result<PaneId, Refusal> {
        let id = PaneId(self.next_ids.pane);
        let tab = self.insert_pane(id, beside)?;
        let (session, size) = (self.tab(tab).session, self.pane(beside.pane).size);
        let made = self.make_pane(NewPanePlace { session, tab, size }, new, wall);
        assert_eq!(made, id, "ids are given out in order");
        self.changed(self.tab(tab).session);
        Ok(id)
    }

    /// Puts a pane, new or from elsewhere, into the layout beside another.
    fn insert_pane(&mut self, id: PaneId, beside: Beside) -> Result<TabId, Refusal> {
        let Some(tab) = self.pane(beside.pane).tab else {
            return Err(no_place(self, beside.pane));
        };
        let index = self.pane_index(beside.pane);
        let entry = self.tab_mut(tab);
        if entry.is_float(beside.pane) {
            let refusal = Refusal::new(
                Code::InvalidParams,
                format!("pane {index} floats, so nothing can be put beside it"),
            );
            return Err(refusal.hint("abide pane float --off puts it into the layout"));
        }
        let insert =
            Insert { new: id, beside: beside.pane, side: beside.side, share: beside.share };
        if let Err(error) = entry.layout.insert(insert, entry.area) {
            let refusal = Refusal::new(Code::TooSmall, format!("pane {index} is {error}"));
            return Err(refusal.hint("abide pane resize, or abide tab new"));
        }
        entry.preset = None;
        self.pending_work.resize.insert(tab);
        for at in self.everywhere() {
            at.unzoom(tab);
        }
        Ok(tab)
    }

    /// Takes a pane out of its layout and ends everything its program started, but for what is
    /// spared.
    pub fn close_pane(&mut self, id: PaneId, end: PaneEnd, fx: &mut Effects) {
        self.drop_closed(id);
        match self.pane(id).life {
            ProgramState::Ending => {
                self.pane_mut(id).again = false;
                self.take_out(id);
                if !end.spares {
                    fx.push(Effect::Stop { pane: id, grace: end.grace, heir: None });
                }
            }
            ProgramState::Ended { .. } | ProgramState::Held => {
                self.take_out(id);
                self.forget_pane(id, fx);
            }
            ProgramState::Starting | ProgramState::Running { .. } => {
                self.take_out(id);
                let pane = self.pane_mut(id);
                (pane.life, pane.tab) = (ProgramState::Ending, None);
                let heir = end.spares.then_some(pane.session);
                fx.push(Effect::Stop { pane: id, grace: end.grace, heir });
            }
        }
    }

    /// Starts a shell in a pane whose program does not run; a restart of the pane brings that back.
    pub fn start_shell_instead(&mut self, id: PaneId, fx: &mut Effects) {
        let pane = self.pane_mut(id);
        pane.restore.instead = !pane.argv.is_empty();
        let session = pane.session;
        self.start_again(id, fx);
        self.changed(session);
    }

    /// Starts the program of a pane again, in the same place: at once if it has ended, else when it
    /// has been ended.
    pub fn restart_pane(&mut self, id: PaneId, end: PaneEnd, fx: &mut Effects) {
        let session = self.pane(id).session;
        self.pane_mut(id).restore.instead = false;
        match self.pane(id).life {
            ProgramState::Ending => {}
            ProgramState::Ended { .. } | ProgramState::Held => self.start_again(id, fx),
            ProgramState::Starting | ProgramState::Running { .. } => {
                let pane = self.pane_mut(id);
                (pane.life, pane.again) = (ProgramState::Ending, true);
                let heir = end.spares.then_some(pane.session);
                fx.push(Effect::Stop { pane: id, grace: end.grace, heir });
            }
        }
        self.changed(session);
    }

    /// Drops everything of the program that has ended; a new one starts at the end of the step.
    fn start_again(&mut self, id: PaneId, fx: &mut Effects) {
        // Of one that came back and waited, nothing is held but what it showed, which it goes on
        // from.
        if self.pane(id).life != ProgramState::Held {
            fx.push(Effect::Forget { pane: id, heir: None });
        }
        let pane = self.pane_mut(id);
        (pane.life, pane.again, pane.restore.retried) = (ProgramState::Starting, false, true);
        pane.marks.started = None;
        let said = pane.screen.cwd().map(str::to_owned);
        let started = Some(pane.cwd.clone()).filter(|cwd| !cwd.is_empty());
        let places = said.into_iter().chain(started).map(StartDir::Directory).collect();
        self.pending_work.start.push((id, places));
    }

    /// Notes that a pane's program has ended. The pane goes unless it `stays`, or is to run again.
    pub fn pane_ended(&mut self, id: PaneId, status: ExitStatus, stays: bool, fx: &mut Effects) {
        let pane = self.pane_mut(id);
        let (session, was_closed, is_there) =
            (pane.session, pane.life == ProgramState::Ending, pane.tab.is_some());
        if was_closed && pane.again && is_there {
            self.start_again(id, fx);
            return self.changed(session);
        }
        if stays && !was_closed {
            pane.life = ProgramState::Ended { status };
            return self.changed(session);
        }
        if let (false, true, Some(session)) =
            (was_closed, is_there, self.sessions.get_mut(&session))
        {
            session.last_status = Some(status);
        }
        let record = if was_closed { None } else { self.closed_by_end(id, status) };
        self.drop_closed(id);
        self.take_out(id);
        let pane = self.forget_pane(id, fx);
        let keep = record.zip(pane).map(|(item, pane)| {
            UndoChange::Keep(Box::new(ClosedRecord { item, panes: vec![pane] }))
        });
        self.pending_work.closed.extend(keep);
    }

    fn forget_pane(&mut self, id: PaneId, fx: &mut Effects) -> Option<Pane> {
        let pane = self.panes.remove(&id);
        self.pending_work.start.retain(|(pane, _)| *pane != id);
        self.version += 1;
        let heir = pane.as_ref().map(|pane| pane.session);
        fx.push(Effect::Forget { pane: id, heir });
        pane
    }

    /// Takes a pane out of its tab, which goes with its last pane.
    pub(super) fn take_out(&mut self, id: PaneId) {
        let Some(tab_id) = self.pane_mut(id).tab.take() else { return };
        let tab = self.tab_mut(tab_id);
        let Some(heir) = tab.take(id) else { return self.remove_tab(tab_id) };
        let session = tab.session;
        for at in self.everywhere() {
            at.forget_pane(tab_id, id, heir);
        }
        self.pending_work.resize.insert(tab_id);
        self.changed(session);
    }

    /// Moves a pane into a tab of its own, at a place in the tab bar from 0.
    ///
    /// # Errors
    /// `too_small` if it is the only one in its tab, `not_running` if it is being ended.
    pub fn break_pane(&mut self, id: PaneId, at: usize) -> Result<TabId, Refusal> {
        let Some(former) = self.pane(id).tab else {
            return Err(no_place(self, id));
        };
        if self.tab(former).panes() == [id] {
            return Err(Refusal::new(
                Code::AlreadyExists,
                format!("pane {id} has a tab of its own"),
            )
            .hint("abide tab move moves it"));
        }
        let (session, area) = (self.tab(former).session, self.tab(former).area);
        self.take_out(id);
        let tab = TabId(take(&mut self.next_ids.tab));
        self.tabs.insert(tab, Tab::new(tab, session, id, area));
        let tabs = &mut self.session_mut(session).tabs;
        tabs.insert(at.min(tabs.len()), tab);
        self.pane_mut(id).tab = Some(tab);
        self.pending_work.resize.insert(tab);
        self.changed(session);
        Ok(tab)
    }

    /// Moves a pane beside another, in whatever tab that is.
    ///
    /// # Errors
    /// `invalid_params` for itself, `too_small` if there is no room, `not_running` if one of them
    /// is being ended; nothing has changed.
    pub fn join_pane(&mut self, id: PaneId, beside: Beside) -> Result<(), Refusal> {
        if id == beside.pane {
            return Err(Refusal::new(
                Code::InvalidParams,
                format!("pane {id} cannot be moved beside itself"),
            ));
        }
        let (Some(former), Some(goal)) = (self.pane(id).tab, self.pane(beside.pane).tab) else {
            return Err(no_place(self, if self.pane(id).tab.is_none() { id } else { beside.pane }));
        };
        if former == goal {
            let before = (self.tab(former).layout.clone(), self.tab(former).floats.clone());
            let tab = self.tab_mut(former);
            if tab.is_float(id) {
                tab.floats.retain(|float| float.pane != id);
            } else {
                tab.layout.remove(id, tab.area);
            }
            if let Err(refusal) = self.insert_pane(id, beside) {
                let tab = self.tab_mut(former);
                (tab.layout, tab.floats) = before;
                return Err(refusal);
            }
            let tab = self.tab_mut(former);
            tab.modal = tab.modal.filter(|modal| *modal != id);
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

    /// Moves a border of a pane by up to so many cells; of one that floats its right or its lower
    /// edge.
    ///
    /// # Errors
    /// `not_running` if it is being ended, `too_small` if there is no border or no room on that
    /// side.
    pub fn resize_pane(
        &mut self,
        id: PaneId,
        direction: Direction,
        cells: u16,
    ) -> Result<(), Refusal> {
        let Some(tab) = self.pane(id).tab else {
            return Err(no_place(self, id));
        };
        if let Some(rect) = self.tab(tab).float(id) {
            let (cols, rows) = match direction {
                Direction::Left => (rect.cols.saturating_sub(cells), rect.rows),
                Direction::Right => (rect.cols.saturating_add(cells), rect.rows),
                Direction::Up => (rect.cols, rect.rows.saturating_sub(cells)),
                Direction::Down => (rect.cols, rect.rows.saturating_add(cells)),
            };
            return self.place_float(id, Rect { cols, rows, ..rect });
        }
        let mut layout = self.tab(tab).layout.clone();
        if layout.resize(id, direction, cells, self.tab(tab).area) == 0 {
            return Err(Refusal::new(
                Code::TooSmall,
                format!("pane {id} has no border that can move that way"),
            ));
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
            return Err(no_place(self, if self.pane(a).tab.is_none() { a } else { b }));
        };
        if tab_a == tab_b {
            self.tab_mut(tab_a).swap(a, b);
        } else {
            self.exchange(a, tab_a, b, tab_b);
        }
        self.pending_work.resize.extend([tab_a, tab_b]);
        self.changed(self.tab(tab_a).session);
        Ok(())
    }

    fn exchange(&mut self, a: PaneId, tab_a: TabId, b: PaneId, tab_b: TabId) {
        for (tab, old, new) in [(tab_a, a, b), (tab_b, b, a)] {
            let entry = self.tab_mut(tab);
            entry.replace(old, new);
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
}
