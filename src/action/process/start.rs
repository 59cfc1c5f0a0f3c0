//! `process.start`: starts a command beside the session's shell.

use clap::Args;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::action::args::SessionTarget;
use crate::action::exec::CommandArgs;
use crate::action::{Access, Action, Answer, Apply, Cx, Role};
use crate::base::error::{Code, Refusal};
use crate::base::id::CommandId;
use crate::state::call::{CommandWait, Pending};
use crate::state::command::CommandInput;

/// Start a command beside the session's shell
///
/// It gets the shell's directory, variables and functions as they were after the last command
/// there, and runs on until it ends or is stopped. Its id is printed as soon as the process exists.
#[derive(Debug, Clone, Default, Args, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct ProcessStart {
    /// The session; else the caller's
    #[arg(short, long, value_name = "SESSION")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub target: Option<SessionTarget>,

    /// What is to be run.
    #[command(flatten)]
    #[serde(flatten)]
    pub told: CommandArgs,

    /// Keep its standard input open for `abide process write`; else there is nothing to read
    #[arg(long = "stdin")]
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub open_stdin: bool,
}

/// A command that runs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct StartedCommand {
    /// Its id.
    pub id: CommandId,
    /// Its first process.
    pub pid: u32,
}

impl Action for ProcessStart {
    const NAME: &'static str = "process.start";
    const VERBS: &'static [&'static str] = &["start"];
    const ACCESS: Access = Access::Admin;
    const ROLE: Role = Role::Server;
    type Reply = StartedCommand;
}

/// The most commands that run beside shells at once.
const RUNNING_MAX: usize = 1000;

impl Apply for ProcessStart {
    fn apply(self, cx: &mut Cx<'_>) -> Result<Answer<Self::Reply>, Refusal> {
        let session = SessionTarget::or_own(self.target.as_ref(), cx)?;
        let running =
            cx.state.commands.records.values().filter(|command| command.end.is_none()).count();
        if RUNNING_MAX <= running {
            return Err(Refusal::new(
                Code::LimitReached,
                format!("{RUNNING_MAX} commands run already"),
            )
            .hint("abide ps"));
        }
        let mut order = self.told.order(Self::NAME, cx)?;
        if self.open_stdin {
            order.input = CommandInput::Open;
        }
        let around = cx.around();
        let command = cx.state.start_command(session, order, &around, cx.fx);
        Ok(Answer::later(Pending::Command(CommandWait::Started { command })))
    }
}
