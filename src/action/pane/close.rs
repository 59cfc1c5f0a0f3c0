//! `pane.close`: ends a pane and everything its program started.

use clap::Args;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::action::args::PaneTarget;
use crate::action::later::Stopped;
use crate::action::{Access, Action, Answer, Apply, Cx, DefaultKey, Place};
use crate::base::code::Refusal;

/// Close a pane and end its program
///
/// With its whole process tree: told to end, killed after the grace, and verified to be gone before the answer comes. The last pane closes
/// its tab, and the last tab its session.
#[derive(Debug, Clone, Default, Args, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Close {
    /// The pane; else the one in focus
    #[arg(short, long, value_name = "PANE")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub target: Option<PaneTarget>,

    /// Time that programs have to end by themselves, such as 2s
    #[arg(long = "grace", value_name = "DURATION", value_parser = crate::action::args::millis)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub grace_ms: Option<u64>,
}

impl Action for Close {
    const NAME: &'static str = "pane.close";
    const KEYS: &'static [DefaultKey] = &[("prefix x", "")];
    const ACCESS: Access = Access::Admin;
    const PLACE: Place = Place::Server;
    type Reply = Stopped;
}

impl Apply for Close {
    fn apply(self, cx: &mut Cx<'_>) -> Result<Answer<Self::Reply>, Refusal> {
        let pane = PaneTarget::or_own(self.target.as_ref(), cx)?;
        let grace = cx.grace(self.grace_ms);
        Ok(cx.stop(vec![pane], grace))
    }
}
