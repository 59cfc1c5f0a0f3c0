//! What commands and processes are asked for that only the outside can do: output, input, signals,
//! the process table. Plain data.

use regex::bytes::Regex;

use crate::base::id::{CallId, CommandId, SessionId};
use crate::base::time::Span;
use crate::settings::RerunPolicy;
use crate::state::command::ExecRequest;

/// Something that is to happen with commands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CommandEffect {
    /// Run a command in the session's shell, which is started if there is none. Answered by
    /// `Started` and `Ended`.
    Run {
        /// The command.
        command: CommandId,
        /// Who asked.
        call: CallId,
        /// What.
        order: Box<ExecRequest>,
        /// The shell of its session.
        shell: Box<ShellSpec>,
    },
    /// Start a command beside the shell. Answered by `Started` or `NotStarted`, and `Ended`.
    Start {
        /// The command.
        command: CommandId,
        /// What.
        order: Box<ExecRequest>,
        /// The shell of its session.
        shell: Box<ShellSpec>,
    },
    /// End a command and all that came of it. `Ended` follows.
    Stop {
        /// The command.
        command: CommandId,
        /// Time to end by itself.
        grace: Span,
    },
    /// Drop what is held for a command whose record is gone.
    Drop {
        /// The command.
        command: CommandId,
    },
    /// End the shell and all commands of a session that is gone. Answered by `SessionOver`.
    EndSession {
        /// The session.
        session: SessionId,
        /// Time to end by itself.
        grace: Span,
    },
    /// Carry a request out and answer the call.
    Serve {
        /// The call.
        call: CallId,
        /// What is asked for.
        request: Request,
    },
}

/// The shell of a session, and what it starts with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ShellSpec {
    /// Its session.
    pub session: SessionId,
    /// The user's shell, an absolute path or a name.
    pub program: String,
    /// The whole environment.
    pub env: Vec<(String, String)>,
    /// The place where it starts; empty for home.
    pub cwd: String,
}

/// What only the outside can answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Request {
    /// The output of a command.
    Logs {
        /// The command.
        command: CommandId,
        /// Only what comes after this cursor.
        since: Option<String>,
        /// Whether to go on until it ends.
        follow: bool,
    },
    /// Input for a command.
    Write {
        /// The command.
        command: CommandId,
        /// What it is to read.
        bytes: Vec<u8>,
        /// True if that is all.
        close: bool,
    },
    /// Until a command is ready.
    Await {
        /// The command.
        command: CommandId,
        /// What ready means.
        until: Until,
    },
    /// End something in two stages.
    Stop {
        /// What.
        target: Target,
        /// The first signal.
        signal: i32,
        /// Time to end by itself.
        grace: Span,
        /// True if it is no error if it has ended.
        if_running: bool,
    },
    /// Send one signal.
    Signal {
        /// To what.
        target: Target,
        /// The signal.
        signal: i32,
    },
    /// The process table.
    Table {
        /// Only of this session.
        session: Option<SessionId>,
        /// True if ended commands are shown.
        all: bool,
        /// The part of each command line is given, in bytes.
        line_max: Option<usize>,
    },
}

/// What is asked for about snapshots of sessions, which are files.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SnapshotRequest {
    /// Make one.
    Save {
        /// Its name, checked; none to be given one.
        name: Option<String>,
        /// The one session; none for all.
        session: Option<SessionId>,
        /// True if it takes the place of one of that name.
        replace: bool,
    },
    /// Make its sessions anew.
    Restore {
        /// Its name.
        name: String,
        /// The environment of whoever asks.
        env: Vec<(String, String)>,
        /// What becomes of commands, where that is not left to the settings.
        rerun: Option<RerunPolicy>,
    },
    /// Make anew what was closed last and whose programs are gone.
    Reopen {
        /// The environment of whoever asks.
        env: Vec<(String, String)>,
    },
    /// List all.
    List,
    /// Remove one.
    Remove {
        /// Its name.
        name: String,
    },
}

/// What is stopped or sent a signal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Target {
    /// A command: all that came of it.
    Command(CommandId),
    /// One process of a session.
    Process {
        /// Its id.
        pid: i32,
        /// When it started, where the caller knows it: another process of that id is left alone.
        start_time: Option<u64>,
        /// True if its descendants are meant too.
        tree: bool,
    },
}

/// A regular expression for a line of output. Two are equal if they are written alike.
#[derive(Debug, Clone)]
pub struct LinePattern(pub Regex);

impl PartialEq for LinePattern {
    fn eq(&self, other: &Self) -> bool {
        self.0.as_str() == other.0.as_str()
    }
}

impl Eq for LinePattern {}

/// The time when a command is ready.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Until {
    /// When a line of its output matches, past or future.
    Log(LinePattern),
    /// The time when something listens on this TCP port of the local host.
    Port(u16),
    /// The time when this URL is answered with a status from 200 to 399.
    Http(String),
    /// The time when it has ended.
    Exit,
}
