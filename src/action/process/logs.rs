//! `process.logs`: the output of a command.

use clap::Args;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::action::process::{command, served};
use crate::action::{Access, Action, Answer, Apply, Cx, Role};
use crate::base::error::Refusal;
use crate::state::command_effect::Request;

/// Show the output of a command
///
/// What is kept is the end of it, 1 MiB at most. With --follow it goes on until the command ends.
#[derive(Debug, Clone, Default, Args, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct ProcessLogs {
    /// The command
    #[arg(value_name = "ID")]
    pub id: String,

    /// Go on as output comes, until the command has ended
    #[arg(short = 'f', long)]
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub follow: bool,

    /// Only what comes after this cursor, as --json gives them
    #[arg(long, value_name = "CURSOR")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub since: Option<String>,
}

/// The output of a command. With `follow` the same events come as notifications, and here are none.
#[derive(Debug, Clone, Default, Serialize, JsonSchema)]
pub struct Logged {
    /// What happened, in order.
    pub events: Vec<LogEvent>,
    /// Where to go on.
    pub cursor: String,
    /// Whether nothing more comes.
    pub ended: bool,
}

/// Something in the life of a command.
#[derive(Debug, Clone, Default, Serialize, JsonSchema)]
pub struct LogEvent {
    /// `start`, `stdout`, `stderr`, `truncated` or `exit`; the last one is always `exit`.
    #[serde(rename = "type")]
    pub kind: &'static str,
    /// The command.
    pub command: String,
    /// Where to go on after it.
    pub cursor: String,
    /// When, in milliseconds since 1970.
    pub timestamp: u64,
    /// The bytes in base64.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bytes: Option<String>,
    /// The same as text, where it is UTF-8.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
    /// Of `start`: its first process.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pid: Option<u32>,
    /// Of `truncated`: the cursor from which on output is missing. `cursor` is where it goes on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub from: Option<String>,
    /// Of `exit`: the status as a shell shows it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub code: Option<u8>,
    /// Of `exit`: where it ended up, such as `completed` or `timed_out`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub state: Option<&'static str>,
    /// Of `exit`: whether its time was up.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub timed_out: Option<bool>,
}

impl Action for ProcessLogs {
    const NAME: &'static str = "process.logs";
    const VERBS: &'static [&'static str] = &["logs"];
    const ACCESS: Access = Access::Read;
    const ROLE: Role = Role::Server;
    type Reply = Logged;
}

impl Apply for ProcessLogs {
    fn apply(self, cx: &mut Cx<'_>) -> Result<Answer<Self::Reply>, Refusal> {
        let command = command(cx, &self.id)?;
        Ok(served(
            cx,
            Some(command),
            Request::Logs { command, since: self.since, follow: self.follow },
        ))
    }
}
