//! `server.stop`: ends everything.

use clap::Args;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::action::completion::Stopped;
use crate::action::{Access, Action, Answer, Apply, Cx, Role};
use crate::base::error::Refusal;
use crate::base::id::PaneId;
use crate::state::Leaving;

/// End all sessions, all their programs, and the server
///
/// Programs are told to end, killed after the grace, and verified to be gone before the answer
/// comes.
#[derive(Debug, Clone, Default, Args, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct ServerStop {
    /// Time that programs have to end by themselves, such as 2s
    #[arg(long = "grace", value_name = "DURATION", value_parser = crate::action::args::millis)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub grace_ms: Option<u64>,
}

impl Action for ServerStop {
    const NAME: &'static str = "server.stop";
    const ACCESS: Access = Access::Admin;
    const ROLE: Role = Role::Server;
    type Reply = Stopped;
}

impl Apply for ServerStop {
    fn apply(self, cx: &mut Cx<'_>) -> Result<Answer<Self::Reply>, Refusal> {
        let panes: Vec<PaneId> = cx.state.panes.keys().copied().collect();
        let grace = cx.grace(self.grace_ms);
        let answer = cx.stop(panes, grace);
        cx.state.leaving = Some(Leaving::Stop);
        Ok(answer)
    }
}
