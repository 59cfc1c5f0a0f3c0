//! The end of commands and processes: `process.stop` and `process.signal`.

use clap::Args;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::action::args::millis;
use crate::action::process::{Aim, aim, served, signal_number};
use crate::action::{Access, Action, Answer, Apply, Cx};
use crate::base::error::{Code, Refusal};
use crate::base::id::{CommandId, PaneId};
use crate::base::signal::TERM;
use crate::base::time::Span;
use crate::state::call::Pending;
use crate::state::command::StopReason;
use crate::state::command_effect::{Request, Target};
use crate::state::pane::PaneEnd;

/// Stop a command, a process or the program of a pane
///
/// First it is told to end, with all that came of it; what is left after the grace is killed; the
/// answer comes when that is verified.
#[derive(Debug, Clone, Default, Args, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct ProcessStop {
    /// A command (c7), a process id, or a pane
    #[arg(value_name = "ID|PID|PANE")]
    pub target: String,

    /// The first signal, such as INT
    #[arg(long, value_name = "SIGNAL")]
    pub signal: Option<String>,

    /// Time it has to end by itself, such as 2s
    #[arg(long = "grace", value_name = "DURATION", value_parser = millis)]
    pub grace_ms: Option<u64>,

    /// Of a process id: its descendants too
    #[arg(long)]
    pub tree: bool,

    /// Take an ended command for stopped, not for an error
    #[arg(long)]
    pub if_running: bool,

    /// The time when the process started, in clock ticks since boot: another one of the same id is
    /// left alone.
    #[arg(skip)]
    pub start_time: Option<u64>,
}

/// The result of a stop.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, JsonSchema)]
pub struct StopReport {
    /// The command.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub command: Option<CommandId>,
    /// The process.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pid: Option<i32>,
    /// The panes whose programs are gone.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub panes: Vec<PaneId>,
    /// The number of processes that were sent the first signal.
    pub signalled: usize,
    /// The number of processes that had to be killed after the grace.
    pub killed: usize,
    /// Processes that could not be ended, by pid.
    pub left: Vec<u32>,
    /// The last stage of the command's life.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub state: Option<&'static str>,
    /// The command's status as a shell shows it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub exit_code: Option<u8>,
}

impl Action for ProcessStop {
    const NAME: &'static str = "process.stop";
    const VERBS: &'static [&'static str] = &["stop"];
    const ACCESS: Access = Access::Admin;
    type Reply = StopReport;
}

impl Apply for ProcessStop {
    fn apply(self, cx: &mut Cx<'_>) -> Result<Answer<Self::Reply>, Refusal> {
        let signal =
            self.signal.as_deref().map_or(Ok(TERM), |text| signal_number(Self::NAME, text))?;
        let grace = self.grace_ms.map_or_else(|| cx.settings.pane.grace(), Span::millis);
        let target = match aim(cx, &self.target, self.tree)? {
            Aim::Target(target) => target,
            Aim::Pane(pane) => return Ok(Self::pane(cx, pane, grace)),
        };
        let target = match target {
            Target::Process { pid, tree, .. } => {
                Target::Process { pid, tree, start_time: self.start_time }
            }
            Target::Command(_) => target,
        };
        let command = match target {
            Target::Command(command) => {
                cx.state.commands.note_stop(command, StopReason::Asked);
                Some(command)
            }
            Target::Process { .. } => None,
        };
        Ok(served(
            cx,
            command,
            Request::Stop { target, signal, grace, if_running: self.if_running },
        ))
    }
}

impl ProcessStop {
    fn pane(cx: &mut Cx<'_>, pane: PaneId, grace: Span) -> Answer<StopReport> {
        cx.state.close_pane(pane, PaneEnd { grace, spares: false }, cx.fx);
        if cx.state.panes.contains_key(&pane) {
            return Answer::later(Pending::Stop {
                panes: vec![pane],
                all: vec![pane],
                left: Vec::new(),
            });
        }
        Answer::Now(StopReport { panes: vec![pane], ..StopReport::default() })
    }
}

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
    pub tree: bool,

    /// The time when the process started, in clock ticks since boot: another one of the same id is
    /// left alone.
    #[arg(skip)]
    pub start_time: Option<u64>,
}

/// Whom a signal reached.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Signalled {
    /// The command.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub command: Option<CommandId>,
    /// The number of processes.
    pub count: usize,
}

impl Action for ProcessSignal {
    const NAME: &'static str = "process.signal";
    const VERBS: &'static [&'static str] = &["signal"];
    const ACCESS: Access = Access::Admin;
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
