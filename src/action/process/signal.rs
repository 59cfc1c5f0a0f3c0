//! `process.signal`: sends one signal.

use clap::Args;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::action::process::{Aim, aim, served, signal_number};
use crate::action::{Access, Action, Answer, Apply, Cx, Role};
use crate::base::error::{Code, Refusal};
use crate::base::id::CommandId;
use crate::state::command_effect::{Request, Target};

/// Send one signal to a command or a process
///
/// To a command it goes to all that came of it. It is never followed by another.
#[derive(Debug, Clone, Default, Args, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct ProcessSignal {
    /// A command (c7) or a process id
    #[arg(value_name = "ID|PID")]
    pub target: String,

    /// The signal, such as HUP or 1
    #[arg(value_name = "SIGNAL")]
    pub signal: String,

    /// Of a process id: its descendants too
    #[arg(long)]
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub tree: bool,

    /// When the process started, in clock ticks since boot: another one of the same id is left
    /// alone.
    #[arg(skip)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub start_time: Option<u64>,
}

/// Whom a signal reached.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Signalled {
    /// The command.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub command: Option<CommandId>,
    /// How many processes.
    pub count: usize,
}

impl Action for ProcessSignal {
    const NAME: &'static str = "process.signal";
    const VERBS: &'static [&'static str] = &["signal"];
    const ACCESS: Access = Access::Admin;
    const ROLE: Role = Role::Server;
    type Reply = Signalled;
}

impl Apply for ProcessSignal {
    fn apply(self, cx: &mut Cx<'_>) -> Result<Answer<Self::Reply>, Refusal> {
        let signal = signal_number(Self::NAME, &self.signal)?;
        let target = match aim(cx, &self.target, self.tree)? {
            Aim::Target(Target::Process { pid, tree, .. }) => {
                Target::Process { pid, tree, start_time: self.start_time }
            }
            Aim::Target(target) => target,
            Aim::Pane(pane) => {
                let refusal =
                    Refusal::new(Code::InvalidParams, format!("process.signal: {pane} is a pane"));
                return Err(refusal.hint("name a command or a process id; abide ps lists both"));
            }
        };
        let command = if let Target::Command(command) = target { Some(command) } else { None };
        Ok(served(cx, command, Request::Signal { target, signal }))
    }
}
