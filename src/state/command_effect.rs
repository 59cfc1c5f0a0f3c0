//! Requests about commands and processes that only the outside can do: output, input, signals, the
//! process table. Plain data.

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
        /// The call that asked.
        call: CallId,
        /// The command to run.
        order: Box<ExecRequest>,
        /// The shell of its session.
        shell: Box<ShellSpec>,
    },
    /// Start a command beside the shell. Answered by `Started` or `NotStarted`, and `Ended`.
    Start {
        /// The command.
        command: CommandId,
        /// The command to run.
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
        /// True if what outlived its panes lives on.
        spares: bool,
    },
    /// Carry a request out and answer the call.
    Serve {
        /// The call.
        call: CallId,
        /// The thing that is asked for.
        request: Request,
    },
}

/// The shell of a session, and what it starts with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ShellSpec {
    /// The session of the shell.
    pub session: SessionId,
    /// The user's shell, an absolute path or a name.
    pub program: String,
    /// The whole environment.
    pub env: Vec<(String, String)>,
    /// The place where it starts; empty for home.
    pub cwd: String,
}

/// A question that only the outside can answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Request {
    /// The output of a command.
    Logs {
        /// The command.
        command: CommandId,
        /// Only what comes after this cursor.
        since: Option<String>,
        /// True to go on until the command ends.
        follow: bool,
    },
    /// The output and the end of a command in a session's shell, for a caller in the place of the
    /// one that was interrupted.
    Rejoin {
        /// The command.
        command: CommandId,
        /// Only what comes after this cursor.
        since: Option<String>,
        /// True if the output is wanted as it comes.
        stream: bool,
    },
    /// Input for a command.
    Write {
        /// The command.
        command: CommandId,
        /// The bytes that it is to read.
        bytes: Vec<u8>,
        /// True if that is all.
        close: bool,
    },
    /// Until a command is ready.
    Await {
        /// The command.
        command: CommandId,
        /// The sign that the command is ready.
        until: Until,
    },
    /// End something in two stages.
    Stop {
        /// The command or process to end.
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

/// Requests about snapshots of sessions, which are files.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SnapshotRequest {
    /// Make one.
    Save {
        /// The snapshot's name, checked; none to be given one.
        name: Option<String>,
        /// The one session; none for all.
        session: Option<SessionId>,
        /// True if it takes the place of one of that name.
        replace: bool,
    },
    /// Make its sessions anew.
    Restore {
        /// The snapshot's name.
        name: String,
        /// The environment of whoever asks.
        env: Vec<(String, String)>,
        /// The fate of commands, where that is not left to the settings.
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
        /// The snapshot's name.
        name: String,
    },
}

/// The thing that is stopped or sent a signal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Target {
    /// A command: all that came of it.
    Command(CommandId),
    /// A single process of a session.
    Process {
        /// The process id.
        pid: i32,
        /// The time when it started, where the caller knows that: another process of that id is
        /// left alone.
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
    /// The moment when a line of its output matches, past or future.
    Log(LinePattern),
    /// The time when something listens on this TCP port of the local host.
    Port(u16),
    /// The time when this URL is answered with a status from 200 to 399.
    Http(String),
    /// The time when it has ended.
    Exit,
}
