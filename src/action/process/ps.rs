//! `process.ps`: the processes of all sessions as a tree.

use clap::Args;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::action::args::SessionTarget;
use crate::action::process::served;
use crate::action::{Access, Action, Answer, Apply, Cx, Role};
use crate::base::error::Refusal;
use crate::base::id::{CommandId, PaneId, SessionId};
use crate::state::command_effect::Request;

/// List the commands and processes of all sessions
///
/// In the order of the tree: each process stands below the one that started it.
#[derive(Debug, Clone, Default, Args, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct ProcessPs {
    /// Only this session
    #[arg(short, long, value_name = "SESSION")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub target: Option<SessionTarget>,

    /// Indent what a process started below it
    #[arg(long)]
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub tree: bool,

    /// Commands that have ended as well
    #[arg(short = 'a', long)]
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub all: bool,

    /// How much of each command line is given, in bytes.
    #[arg(skip)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub line_max: Option<usize>,
}

/// A process, or a command that has ended.
#[derive(Debug, Clone, Default, PartialEq, Serialize, JsonSchema)]
pub struct ProcessItem {
    /// Its id; 0 for a command that has no process any more.
    pub pid: i32,
    /// Its parent, if that is shown too.
    pub parent: Option<i32>,
    /// Its session.
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
    /// How long it has been running, in milliseconds.
    pub age_ms: u64,
    /// How far below a leader it is.
    pub depth: usize,
    /// Its program and arguments.
    pub command_line: String,
    /// When it started, in clock ticks since boot: with `pid` its identity.
    pub start_time: u64,
}

impl Action for ProcessPs {
    const NAME: &'static str = "process.ps";
    const VERBS: &'static [&'static str] = &["ps"];
    const ACCESS: Access = Access::Read;
    const ROLE: Role = Role::Server;
    type Reply = Vec<ProcessItem>;
}

impl Apply for ProcessPs {
    fn apply(self, cx: &mut Cx<'_>) -> Result<Answer<Self::Reply>, Refusal> {
        let session = self.target.as_ref().map(|target| target.find(cx)).transpose()?;
        Ok(served(cx, None, Request::Table { session, all: self.all, line_max: self.line_max }))
    }
}
