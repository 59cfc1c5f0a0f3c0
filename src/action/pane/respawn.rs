//! `pane.respawn`: runs the program of a pane again.

use clap::Args;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::action::args::{PaneTarget, Start};
use crate::action::dto::PaneItem;
use crate::action::pane::tab_of;
use crate::action::{Access, Action, Answer, Apply, Cx, DefaultKey, Role};
use crate::base::error::{Code, Refusal};

/// Run the program of a pane again, in the same place
///
/// It starts where the former one was, on an empty screen. One that runs is ended first, if --kill
/// says so.
#[derive(Debug, Clone, Default, Args, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct PaneRespawn {
    /// The pane; else the one in focus
    #[arg(short, long, value_name = "PANE")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub target: Option<PaneTarget>,

    /// End it if it runs
    #[arg(short, long)]
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub kill: bool,

    /// What starts instead.
    #[command(flatten)]
    #[serde(flatten)]
    pub start: Start,
}

impl Action for PaneRespawn {
    const NAME: &'static str = "pane.respawn";
    const KEYS: &'static [DefaultKey] = &[("prefix R", "--kill")];
    const ACCESS: Access = Access::Admin;
    const ROLE: Role = Role::Server;
    type Reply = PaneItem;
}

impl Apply for PaneRespawn {
    fn apply(self, cx: &mut Cx<'_>) -> Result<Answer<Self::Reply>, Refusal> {
        let pane = PaneTarget::or_own(self.target.as_ref(), cx)?;
        tab_of(cx, pane)?;
        if cx.state.pane(pane).life.has_program() && !self.kill {
            return Err(Refusal::new(
                Code::InvalidParams,
                format!("the program of pane {pane} runs"),
            )
            .hint("--kill ends it first"));
        }
        let new = cx.new_pane(&self.start, None)?;
        let cwd = cx.directory(self.start.cwd.as_deref())?;
        let entry = cx.state.pane_mut(pane);
        if !new.argv.is_empty() {
            entry.argv = new.argv;
        }
        for variable in new.env {
            entry.env.retain(|(name, _)| *name != variable.0);
            entry.env.push(variable);
        }
        if let Some(cwd) = cwd {
            entry.cwd = cwd;
        }
        let grace = cx.grace(None);
        cx.state.restart_pane(pane, grace, cx.fx);
        Ok(Answer::Now(PaneItem::of(cx.state, pane)))
    }
}
