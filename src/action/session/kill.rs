//! `session.kill`: ends sessions and everything that runs in them.

use std::collections::BTreeSet;

use clap::Args;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::action::args::SessionTarget;
use crate::action::completion::Stopped;
use crate::action::{Access, Action, Answer, Apply, Cx, Role};
use crate::base::error::{Code, Refusal};
use crate::base::id::{PaneId, SessionId, TabId};
use crate::state::undo::ClosedItem;

/// End sessions and all their programs
///
/// Programs are told to end, killed after the grace, and verified to be gone before the answer
/// comes. So are those of what was closed in it and could still be brought back.
#[derive(Debug, Clone, Default, Args, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct SessionKill {
    /// The sessions
    #[arg(value_name = "SESSION")]
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub targets: Vec<SessionTarget>,

    /// All sessions
    #[arg(long)]
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub all: bool,

    /// Time that programs have to end by themselves, such as 2s
    #[arg(long = "grace", value_name = "DURATION", value_parser = crate::action::args::millis)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub grace_ms: Option<u64>,
}

impl Action for SessionKill {
    const NAME: &'static str = "session.kill";
    const VERBS: &'static [&'static str] = &["kill"];
    const ACCESS: Access = Access::Admin;
    const ROLE: Role = Role::Server;
    type Reply = Stopped;
}

impl Apply for SessionKill {
    fn apply(self, cx: &mut Cx<'_>) -> Result<Answer<Self::Reply>, Refusal> {
        let sessions = self.sessions(cx)?;
        let tabs = sessions.iter().flat_map(|session| cx.state.session(*session).tabs.clone());
        let mut panes: Vec<PaneId> = tabs.flat_map(|tab| cx.state.tab(tab).panes()).collect();
        let closed = |grave: &&ClosedItem| self.all || sessions.contains(&grave.session.id);
        panes.extend(cx.state.closed_items.iter().filter(closed).flat_map(ClosedItem::panes));
        let grace = cx.grace(self.grace_ms);
        Ok(cx.stop(panes, grace))
    }
}

impl SessionKill {
    fn sessions(&self, cx: &Cx<'_>) -> Result<BTreeSet<SessionId>, Refusal> {
        if self.all {
            return Ok(cx.state.sessions.keys().copied().collect());
        }
        if self.targets.is_empty() {
            return Err(Refusal::new(
                Code::InvalidParams,
                "session.kill: name a session, or say --all",
            )
            .hint("abide ls"));
        }
        self.targets.iter().map(|target| Self::session(cx, target)).collect()
    }

    /// A session; the id of a pane or tab would end more than it says.
    fn session(cx: &Cx<'_>, target: &SessionTarget) -> Result<SessionId, Refusal> {
        let (noun, text) = match &target.0 {
            text if text.parse::<PaneId>().is_ok() => ("pane", text),
            text if text.parse::<TabId>().is_ok() => ("tab", text),
            _ => return target.find(cx),
        };
        Err(Refusal::new(Code::InvalidParams, format!("{text} is a {noun} and no session"))
            .hint(format!("abide {noun} close -t {text}")))
    }
}
