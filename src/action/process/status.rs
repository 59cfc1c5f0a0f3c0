//! `process.status`: the record of a command.

use clap::Args;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::action::process::command;
use crate::action::{Access, Action, Answer, Apply, Cx, Role};
use crate::base::error::Refusal;
use crate::base::id::{CommandId, SessionId};
use crate::state::command::{Command, StopReason, script};

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
    /// Its id.
    pub id: CommandId,
    /// Its session.
    pub session: SessionId,
    /// `starting`, `running`, `completed`, `failed`, `stopped`, `killed`, `timed_out` or `lost`.
    pub state: &'static str,
    /// Its first process; of `exec` the session's shell.
    pub pid: Option<u32>,
    /// Whether it runs in the session's shell.
    pub in_shell: bool,
    /// Its words: one is a script.
    pub argv: Vec<String>,
    /// The same as one line.
    pub command: String,
    /// Where it was started; empty where unknown.
    pub cwd: String,
    /// When it was started, in milliseconds since 1970.
    pub started_wall: u64,
    /// When it ended.
    pub ended_wall: Option<u64>,
    /// How long it ran.
    pub duration_ms: Option<u64>,
    /// Its status as a shell shows it.
    pub exit_code: Option<u8>,
    /// Whether its time was up.
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
    const ROLE: Role = Role::Server;
    type Reply = CommandItem;
}

impl Apply for ProcessStatus {
    fn apply(self, cx: &mut Cx<'_>) -> Result<Answer<Self::Reply>, Refusal> {
        let id = command(cx, &self.id)?;
        Ok(Answer::Now(CommandItem::of(cx.state.commands.get(id)?)))
    }
}
