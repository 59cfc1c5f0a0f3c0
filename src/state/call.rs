//! Calls that are answered later: plain data with a deadline, completed by the core exactly once.

use regex::Regex;

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
    /// Until a pane's screen or output shows a match.
    Text {
        /// The pane.
        pane: PaneId,
        /// What to look for.
        pattern: Regex,
    },
    /// Until a pane has printed nothing for so long.
    Idle {
        /// The pane.
        pane: PaneId,
        /// So long.
        quiet: Span,
    },
    /// Until the program of a pane ends.
    Exit {
        /// The pane.
        pane: PaneId,
    },
    /// Until these panes' programs are verified to be gone.
    Stop {
        /// The panes that are left.
        panes: Vec<PaneId>,
    },
    /// Until the edge has found something out; the text is then sent to the pane.
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
