//! A pane: one program on one PTY, and the screen it draws on.

use crate::base::exit::ExitStatus;
use crate::base::geom::Size;
use crate::base::id::{PaneId, SessionId, TabId};
use crate::base::time::Tick;
use crate::state::State;

/// A pane.
#[derive(Debug)]
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
    /// What a view marks it with.
    pub marks: Marks,
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
}

impl State {
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

    /// What the border of a pane calls it: its name, or its program.
    #[must_use]
    pub fn pane_label(&self, id: PaneId) -> String {
        self.pane(id).name.clone().unwrap_or_else(|| self.program_label(id))
    }

    /// The name of a pane's program, without its directory.
    #[must_use]
    pub fn program_label(&self, id: PaneId) -> String {
        let program = self.pane(id).argv.first().map_or("shell", String::as_str);
        program.rsplit('/').next().unwrap_or(program).to_owned()
    }
}
