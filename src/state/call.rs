//! Calls that are answered later: plain data with a deadline, completed by the core exactly once.

use regex::{Regex, RegexBuilder};
use serde_json::Value;

use crate::base::error::{Code, Refusal};
use crate::base::id::{ClientId, CommandId, PaneId, SessionId};
use crate::base::program_status::WorkState;
use crate::base::time::{Span, Tick};
use crate::state::search::PaneSearch;
use crate::state::shell_history::InPane;

/// The client or process that calls.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Caller {
    /// The attached client, if the call came from one.
    pub client: Option<ClientId>,
    /// The pane the caller's process runs in, if it said so.
    pub pane: Option<PaneId>,
}

/// A call that waits for something.
#[derive(Debug, Clone)]
pub struct OpenCall {
    /// The client or process that called.
    pub caller: Caller,
    /// The time when it is answered with `timed_out`; none to wait for ever.
    pub deadline: Option<Tick>,
    /// The thing it waits for.
    pub pending: Pending,
}

/// The thing a call waits for.
#[derive(Debug, Clone)]
pub enum Pending {
    /// Until a pane's screen shows a match, or its output passed one.
    Text {
        /// The pane.
        pane: PaneId,
        /// The pattern to look for, within a line.
        pattern: Regex,
    },
    /// Until a pane has printed nothing for so long.
    Idle {
        /// The pane.
        pane: PaneId,
        /// So long.
        quiet: Span,
        /// The time when the wait began.
        since: Tick,
    },
    /// Until the shell of a pane shows a prompt.
    Prompt {
        /// The pane.
        pane: PaneId,
    },
    /// Until the program of a pane reports this of its work.
    Status {
        /// The pane.
        pane: PaneId,
        /// The state that is waited for.
        state: WorkState,
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
    /// Until the edge has found out whether the pane's line discipline would drop part of the text,
    /// which is typed then.
    Send {
        /// The pane.
        pane: PaneId,
        /// The bytes to type.
        bytes: Vec<u8>,
    },
    /// Until the edge has found out whether a program can take over.
    Upgrade,
    /// Until a client has carried it out.
    Forwarded {
        /// The client.
        client: ClientId,
    },
    /// Until something has happened to a command.
    Command(CommandWait),
    /// Until a command in the shell of a pane has ended.
    InPane(Box<InPane>),
    /// Until a search has come to its end.
    Search(Box<PaneSearch>),
}

/// The thing a call about a command waits for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CommandWait {
    /// Until it is its turn in the shell of a session.
    Turn {
        /// The session.
        session: SessionId,
    },
    /// Until a command in the session's shell has ended.
    Exec {
        /// The command.
        command: CommandId,
    },
    /// Until a command beside the shell runs.
    Started {
        /// The command.
        command: CommandId,
    },
    /// Until the edge has done what was asked.
    Served {
        /// The command it is about, if any.
        command: Option<CommandId>,
    },
    /// Until everything of these sessions is gone, panes first; the call is then answered with
    /// this.
    Sessions {
        /// The sessions that are left.
        sessions: Vec<SessionId>,
        /// The answer.
        reply: Value,
    },
}

impl CommandWait {
    /// The one command it is about.
    #[must_use]
    pub const fn command(&self) -> Option<CommandId> {
        match self {
            Self::Exec { command } | Self::Started { command } => Some(*command),
            Self::Served { command } => *command,
            Self::Turn { .. } | Self::Sessions { .. } => None,
        }
    }
}

/// The largest compiled regular expression, in bytes.
const PATTERN_MAX: usize = 1 << 20;

/// The pattern that a wait for text looks for.
///
/// # Errors
/// `invalid_params` if it is no regular expression, or a huge one.
pub fn pattern(text: &str) -> Result<Regex, Refusal> {
    let built = RegexBuilder::new(text).size_limit(PATTERN_MAX).build();
    built.map_err(|error| {
        Refusal::new(Code::InvalidParams, format!("text: {error}"))
            .hint("write a regular expression; \\ takes the meaning of a character away")
    })
}

/// The same for output that is bytes.
///
/// # Errors
/// As [`pattern`].
pub fn bytes_pattern(text: &str) -> Result<regex::bytes::Regex, Refusal> {
    pattern(text)?;
    let built = regex::bytes::RegexBuilder::new(text).size_limit(PATTERN_MAX).build();
    built.map_err(|error| Refusal::new(Code::InvalidParams, format!("log: {error}")))
}

impl Pending {
    /// The one pane it is about.
    #[must_use]
    pub fn pane(&self) -> Option<PaneId> {
        match self {
            Self::Text { pane, .. }
            | Self::Idle { pane, .. }
            | Self::Prompt { pane }
            | Self::Status { pane, .. }
            | Self::Exit { pane }
            | Self::Start { pane, .. }
            | Self::Send { pane, .. } => Some(*pane),
            Self::InPane(wait) => Some(wait.pane),
            Self::Stop { .. }
            | Self::Upgrade
            | Self::Forwarded { .. }
            | Self::Command(_)
            | Self::Search(_) => None,
        }
    }
}
