//! Commands and processes as lists: `process.ps`, `process.commands`, `process.status`.

use clap::Args;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::action::args::{PaneTarget, SessionTarget, millis};
use crate::action::process::{command, served};
use crate::action::{Access, Action, Answer, Apply, Cx};
use crate::base::error::Refusal;
use crate::base::id::{CommandId, PaneId, SessionId};
use crate::state::State;
use crate::state::command::{Command, StopReason, script};
use crate::state::command_effect::Request;
use crate::state::shell_history::ShellCommand;

/// List the commands and processes of all sessions
///
/// In the order of the tree: each process stands below the one that started it.
#[derive(Debug, Clone, Default, Args, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct ProcessPs {
    /// Only this session
    #[arg(short, long, value_name = "SESSION")]
    pub target: Option<SessionTarget>,

    /// Indent what a process started below it
    #[arg(long)]
    pub tree: bool,

    /// Commands that have ended as well
    #[arg(short = 'a', long)]
    pub all: bool,

    /// The most of each command line that is given, in bytes.
    #[arg(skip)]
    pub line_max: Option<usize>,
}

/// A process, or a command that has ended.
#[derive(Debug, Clone, Default, PartialEq, Serialize, JsonSchema)]
pub struct ProcessItem {
    /// The process id; 0 for a command that has no process any more.
    pub pid: i32,
    /// The parent, if that is shown too.
    pub parent: Option<i32>,
    /// The session it belongs to.
    pub session: Option<SessionId>,
    /// The pane it runs in.
    pub pane: Option<PaneId>,
    /// The command it is part of.
    pub command: Option<CommandId>,
    /// `running`, `sleeping`, `waiting`, `stopped`, `zombie`, or the state of a command that has
    /// ended.
    pub state: String,
    /// The share of one processor, in hundredths.
    pub cpu: f64,
    /// Resident memory, in bytes.
    pub rss: u64,
    /// The time it has been running, in milliseconds.
    pub age_ms: u64,
    /// The number of processes above it up to a leader.
    pub depth: usize,
    /// The program and its arguments.
    pub command_line: String,
    /// The time when it started, in clock ticks since boot: with `pid` its identity.
    pub start_time: u64,
}

impl Action for ProcessPs {
    const NAME: &'static str = "process.ps";
    const VERBS: &'static [&'static str] = &["ps"];
    const ACCESS: Access = Access::Read;
    type Reply = Vec<ProcessItem>;
}

impl Apply for ProcessPs {
    fn apply(self, cx: &mut Cx<'_>) -> Result<Answer<Self::Reply>, Refusal> {
        let session = self.target.as_ref().map(|target| target.find(cx)).transpose()?;
        Ok(served(cx, None, Request::Table { session, all: self.all, line_max: self.line_max }))
    }
}

/// List the commands that ran, the newest first
///
/// Those typed at the prompts of panes, if their shells mark them (OSC 133), and those of
/// `abide exec` and `abide start`. A line that begins with a blank is not remembered.
#[derive(Debug, Clone, Default, Args, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct ProcessCommands {
    /// Only those of this session
    #[arg(short, long, value_name = "SESSION")]
    pub target: Option<SessionTarget>,

    /// Only those typed in this pane
    #[arg(short, long, value_name = "PANE", conflicts_with = "target")]
    pub pane: Option<PaneTarget>,

    /// Only those that ended with another status than 0
    #[arg(short, long)]
    pub failed: bool,

    /// Only those started within this time, such as 1h
    #[arg(long = "since", value_name = "DURATION", value_parser = millis)]
    pub since_ms: Option<u64>,

    /// At most so many
    #[arg(short = 'n', long, value_name = "COUNT")]
    pub limit: Option<usize>,
}

/// A command that ran or runs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct PastItem {
    /// The command's id.
    pub id: CommandId,
    /// `prompt`, `exec` or `start`.
    pub by: &'static str,
    /// The session it ran in.
    pub session: SessionId,
    /// The pane it was typed in.
    pub pane: Option<PaneId>,
    /// The status as a shell shows it; none while it runs, and where the shell did not tell.
    pub exit_code: Option<u8>,
    /// True if it runs.
    pub running: bool,
    /// The time when it was started, in milliseconds since 1970.
    pub started_wall: u64,
    /// The time that it ran.
    pub duration_ms: Option<u64>,
    /// The first line of its output: the number of it in the pane; then the one after the last.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub output: Option<(u64, u64)>,
    /// The directory it ran in; empty where unknown.
    pub cwd: String,
    /// The command.
    pub command: String,
}

impl PastItem {
    fn typed(state: &State, past: &ShellCommand) -> Self {
        let is_live = state
            .panes
            .get(&past.pane)
            .is_some_and(|pane| pane.marks.shell.running == Some(past.id) && pane.life.is_live());
        let lines = past.from.zip(past.end.and_then(|end| end.to));
        Self {
            id: past.id,
            by: "prompt",
            session: past.session,
            pane: Some(past.pane),
            exit_code: past.end.and_then(|end| end.exit_code),
            running: past.end.is_none() && is_live,
            started_wall: past.started_wall,
            duration_ms: past.end.map(|end| end.lasted.as_millis()),
            output: lines.map(|(from, to)| (from.line, to.line + u64::from(0 < to.cell))),
            cwd: past.cwd.clone(),
            command: past.text.clone(),
        }
    }

    fn of(command: &Command) -> Self {
        Self {
            id: command.id,
            by: if command.in_shell { "exec" } else { "start" },
            session: command.session,
            pane: None,
            exit_code: command.exit_code(),
            running: command.end.is_none(),
            started_wall: command.started_wall,
            duration_ms: command.end.map(|end| end.lasted.as_millis()),
            output: None,
            cwd: command.cwd.clone(),
            command: script(&command.words),
        }
    }
}

impl Action for ProcessCommands {
    const NAME: &'static str = "process.commands";
    const VERBS: &'static [&'static str] = &["commands"];
    const ACCESS: Access = Access::Read;
    type Reply = Vec<PastItem>;
}

impl Apply for ProcessCommands {
    fn apply(self, cx: &mut Cx<'_>) -> Result<Answer<Self::Reply>, Refusal> {
        let session = self.target.as_ref().map(|target| target.find(cx)).transpose()?;
        let pane = self.pane.as_ref().map(|target| target.find(cx)).transpose()?;
        let since = self.since_ms.map(|since| cx.now.wall.saturating_sub(since));
        let state = &*cx.state;
        let typed = state.shell_history.list().map(|past| PastItem::typed(state, past));
        let all = typed.chain(state.commands.records.values().map(PastItem::of)).filter(|item| {
            session.is_none_or(|session| item.session == session)
                && (pane.is_none() || item.pane == pane)
                && since.is_none_or(|since| since <= item.started_wall)
                && (!self.failed || item.exit_code.is_some_and(|code| code != 0))
        });
        let mut items: Vec<PastItem> = all.collect();
        // Ids grow.
        items.sort_unstable_by_key(|item| std::cmp::Reverse(item.id));
        items.truncate(self.limit.unwrap_or(usize::MAX));
        Ok(Answer::Now(items))
    }
}

/// Show what a command is doing or did
#[derive(Debug, Clone, Default, Args, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct ProcessStatus {
    /// The command
    #[arg(value_name = "ID")]
    pub id: String,
}

/// A command.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct CommandItem {
    /// The command's id.
    pub id: CommandId,
    /// The session it belongs to.
    pub session: SessionId,
    /// `starting`, `running`, `completed`, `failed`, `stopped`, `killed`, `timed_out` or `lost`.
    pub state: &'static str,
    /// The first process; of `exec` the session's shell.
    pub pid: Option<u32>,
    /// True if it runs in the session's shell.
    pub in_shell: bool,
    /// The words of the command: one is a script.
    pub argv: Vec<String>,
    /// The same as one line.
    pub command: String,
    /// The directory where it was started; empty where unknown.
    pub cwd: String,
    /// The time when it was started, in milliseconds since 1970.
    pub started_wall: u64,
    /// The time when it ended.
    pub ended_wall: Option<u64>,
    /// The time that it ran.
    pub duration_ms: Option<u64>,
    /// The status as a shell shows it.
    pub exit_code: Option<u8>,
    /// True if its time was up.
    pub timed_out: bool,
}

impl CommandItem {
    /// The command as it is now.
    #[must_use]
    pub fn of(command: &Command) -> Self {
        Self {
            id: command.id,
            session: command.session,
            state: command.state(),
            pid: command.pid,
            in_shell: command.in_shell,
            argv: command.words.clone(),
            command: script(&command.words),
            cwd: command.cwd.clone(),
            started_wall: command.started_wall,
            ended_wall: command.end.map(|end| end.wall),
            duration_ms: command.end.map(|end| end.lasted.as_millis()),
            exit_code: command.exit_code(),
            timed_out: command.stop == Some(StopReason::Time),
        }
    }
}

impl Action for ProcessStatus {
    const NAME: &'static str = "process.status";
    const VERBS: &'static [&'static str] = &["status"];
    const ACCESS: Access = Access::Read;
    type Reply = CommandItem;
}

impl Apply for ProcessStatus {
    fn apply(self, cx: &mut Cx<'_>) -> Result<Answer<Self::Reply>, Refusal> {
        let id = command(cx, &self.id)?;
        Ok(Answer::Now(CommandItem::of(cx.state.commands.get(id)?)))
    }
}
