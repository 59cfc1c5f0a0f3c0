//! Effects that a step wants outside: the only way out of the pure part.

use std::collections::BTreeMap;

use crate::base::error::Refusal;
use crate::base::geom::Size;
use crate::base::id::{CallId, ClientId, PaneId, SessionId};
use crate::base::time::Span;
use crate::state::command_effect::{CommandEffect, SnapshotRequest};
use crate::state::undo::UndoChange;

/// The effects of a step, in the order they are to happen.
pub type Effects = Vec<Effect>;

/// Something that is to happen outside. Plain data.
#[derive(Debug, PartialEq)]
pub enum Effect {
    /// Start the program of a pane. Answered by `Started`.
    Spawn {
        /// The pane.
        pane: PaneId,
        /// The program to start.
        program: ProgramSpec,
    },
    /// Type these bytes into a pane's program.
    Write {
        /// The pane.
        pane: PaneId,
        /// The bytes that its terminal would send.
        bytes: Vec<u8>,
    },
    /// Tell a pane's program its new size. The engine has it already.
    Resize {
        /// The pane.
        pane: PaneId,
        /// The size.
        size: Size,
    },
    /// End everything a pane's program started: hang up, after the grace kill, verify. Answered by
    /// `Ended`.
    Stop {
        /// The pane.
        pane: PaneId,
        /// Time to end by itself.
        grace: Span,
        /// The session to which is left what a user detached from it; none where all is to end.
        heir: Option<SessionId>,
    },
    /// Drop what is held for a pane whose program has ended: master, ring, scrollback.
    Forget {
        /// The pane.
        pane: PaneId,
        /// The session to which is left what lives on of it.
        heir: Option<SessionId>,
    },
    /// A pane's terminal was changed by something that is no byte of its output: write a snapshot
    /// before the next byte.
    Snapshot {
        /// The pane.
        pane: PaneId,
    },
    /// Answer a call. Exactly once per call.
    Answer {
        /// The call.
        call: CallId,
        /// The outcome.
        outcome: Result<serde_json::Value, Refusal>,
    },
    /// Find something out. Answered by `Fact`.
    Ask {
        /// The call that needs it.
        call: CallId,
        /// The question.
        question: Question,
    },
    /// Tell a client something that is not a frame.
    Tell {
        /// The client.
        client: ClientId,
        /// The message.
        message: ClientMessage,
    },
    /// Something with commands.
    Command(CommandEffect),
    /// Do something with snapshots of sessions, and answer the call.
    Snapshots {
        /// The call.
        call: CallId,
        /// The request.
        request: SnapshotRequest,
    },
    /// Let a client carry a call out.
    Forward {
        /// The client.
        client: ClientId,
        /// The call.
        call: CallId,
        /// The name of the action.
        name: &'static str,
        /// The arguments of the action.
        params: serde_json::Value,
    },
    /// Do what a hook says: an action, or a shell command after `!`.
    Hook {
        /// The action or shell command to carry out.
        text: String,
        /// The pane that it is about.
        pane: Option<PaneId>,
        /// Variables for a command.
        env: Vec<(String, String)>,
    },
    /// Let paths that stay the same lead to what a session's variables name now.
    Follow {
        /// The folder of these paths; without links and variables it goes.
        folder: String,
        /// Names in it and where they are to lead.
        links: Vec<(String, String)>,
        /// Variables for the shells of the session.
        env: Vec<(String, String)>,
    },
    /// The output of a pane goes to another command from now on, or to none, as the pane says.
    Pipe {
        /// The pane.
        pane: PaneId,
    },
    /// Save everything that outlives a reboot now.
    Save,
    /// Keep what was closed, or forget what is back.
    Closed(UndoChange),
    /// Panes were made of former ones, for a call: let them show what those showed.
    Restored {
        /// The call.
        call: CallId,
        /// The former panes and what they are now.
        panes: BTreeMap<PaneId, PaneId>,
    },
    /// Leave: every program has ended and every call is answered.
    Exit,
    /// Leave so that a new server takes over; programs and clients stay.
    Restart {
        /// The program it is to be of; none for the one in its place.
        program: Option<String>,
    },
}

/// A program to start in a pane.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProgramSpec {
    /// Program and arguments; empty for the user's shell.
    pub argv: Vec<String>,
    /// The environment, whole.
    pub env: Vec<(String, String)>,
    /// The place to start in: the first that exists.
    pub cwd: Vec<StartDir>,
    /// The size of its terminal.
    pub size: Size,
}

/// The place where a program may start.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StartDir {
    /// In this directory.
    Directory(String),
    /// The directory of the program in the foreground of this pane, else of its shell.
    Pane(PaneId),
    /// In the user's home.
    Home,
}

/// Something only the outside knows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Question {
    /// True if a pane's line discipline collects lines (canonical mode), so that it would drop what
    /// exceeds 4095 bytes of one.
    LineMode(PaneId),
    /// True if the program of that path, or the one in the server's place, can take over.
    Successor(Option<String>),
}

/// The answer to a [`Question`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fact {
    /// To [`Question::LineMode`].
    LineMode {
        /// True if lines are collected.
        canonical: bool,
    },
    /// To [`Question::Successor`].
    Successor(Result<Successor, Refusal>),
}

/// A program that can take over.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Successor {
    /// The place where it is.
    pub program: String,
    /// The version of the program, such as `0.1.0`.
    pub version: String,
}

/// Messages to a client besides frames.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ClientMessage {
    /// A bell rang in a pane it sees.
    Bell,
    /// Text for the clipboard.
    Clipboard(String),
    /// A notification of a program: title and body, both harmless.
    Notify {
        /// Title.
        title: String,
        /// Body.
        body: String,
    },
    /// A line for the user.
    Notice {
        /// The line, harmless.
        text: String,
        /// True if something went wrong.
        warning: bool,
    },
    /// Something it saw was closed and can be brought back.
    Closed {
        /// The thing that was closed, such as `pane 2 (vim)`; harmless.
        what: String,
        /// For how long, in milliseconds.
        undo_ms: u64,
    },
    /// The client leaves: its session was closed and can be brought back, and there is no other.
    Shut(String),
    /// The client leaves: it detached from this session.
    Detached(String),
    /// The client leaves: its session ended and there is no other.
    Ended {
        /// The session.
        session: String,
        /// The status of its last program, as a shell shows it.
        status: u8,
    },
    /// The client leaves: the server stops.
    Stopped,
}
