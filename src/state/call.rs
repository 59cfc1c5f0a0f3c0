//! Calls that are answered later: plain data with a deadline, completed by the core exactly once.

use regex::Regex;
use serde_json::Value;

use crate::base::id::{ClientId, PaneId};
use crate::base::time::{Span, Tick};

/// Who calls.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Caller {
    /// The attached client, if the call came from one.
    pub client: Option<ClientId>,
    /// The pane the caller's process runs in, if it said so.
    pub pane: Option<PaneId>,
}

/// A call that waits for something.
#[derive(Debug, Clone)]
pub struct Open {
    /// Who called.
    pub caller: Caller,
    /// When it is answered with `timed_out`; none to wait for ever.
    pub deadline: Option<Tick>,
    /// What it waits for.
    pub pending: Pending,
}

/// What a call waits for.
#[derive(Debug, Clone)]
pub enum Pending {
    /// Until a pane's screen shows a match, or its output passed one.
    Text {
        /// The pane.
        pane: PaneId,
        /// What to look for, within a line.
        pattern: Regex,
    },
    /// Until a pane has printed nothing for so long.
    Idle {
        /// The pane.
        pane: PaneId,
        /// So long.
        quiet: Span,
        /// When the wait began.
        since: Tick,
    },
    /// Until the shell of a pane shows a prompt.
    Prompt {
        /// The pane.
        pane: PaneId,
    },
    /// Until the program of a pane ends.
    Exit {
        /// The pane.
        pane: PaneId,
    },
    /// Until the program of a new pane runs; the call is then answered with this.
    Start {
        /// The pane.
        pane: PaneId,
        /// The answer.
        reply: Value,
    },
    /// Until these panes' programs are verified to be gone.
    Stop {
        /// The panes that are left.
        panes: Vec<PaneId>,
        /// All the panes it was about.
        all: Vec<PaneId>,
        /// Processes that could not be ended, by pid.
        left: Vec<u32>,
    },
    /// Until the edge has found out whether the pane's line discipline would drop part of the text, which is typed then.
    Send {
        /// The pane.
        pane: PaneId,
        /// What to type.
        bytes: Vec<u8>,
    },
    /// Until a client has carried it out.
    Forwarded {
        /// The client.
        client: ClientId,
    },
}

impl Pending {
    /// The one pane it is about.
    #[must_use]
    pub const fn pane(&self) -> Option<PaneId> {
        match self {
            Self::Text { pane, .. } | Self::Idle { pane, .. } | Self::Prompt { pane } | Self::Exit { pane } => Some(*pane),
            Self::Start { pane, .. } | Self::Send { pane, .. } => Some(*pane),
            Self::Stop { .. } | Self::Forwarded { .. } => None,
        }
    }
}
