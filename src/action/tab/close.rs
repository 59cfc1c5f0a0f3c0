//! `tab.close`: ends a tab and everything that runs in it.

use clap::Args;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::action::args::TabTarget;
use crate::action::later::Stopped;
use crate::action::{Access, Action, Answer, Apply, Cx, DefaultKey, Place};
use crate::base::code::Refusal;

/// Close a tab and end its programs
///
/// Programs are told to end, killed after the grace, and verified to be gone before the answer comes.
#[derive(Debug, Clone, Default, Args, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Close {
    /// The tab; else the one you are in
    #[arg(short, long, value_name = "TAB")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub target: Option<TabTarget>,

    /// Time that programs have to end by themselves, such as 2s
    #[arg(long = "grace", value_name = "DURATION", value_parser = crate::action::args::millis)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub grace_ms: Option<u64>,
}

impl Action for Close {
    const NAME: &'static str = "tab.close";
    const KEYS: &'static [DefaultKey] = &[("prefix &", "")];
    const ACCESS: Access = Access::Admin;
    const PLACE: Place = Place::Server;
    type Reply = Stopped;
}

impl Apply for Close {
    fn apply(self, cx: &mut Cx<'_>) -> Result<Answer<Self::Reply>, Refusal> {
        let tab = TabTarget::or_own(self.target.as_ref(), cx)?;
        let panes = cx.state.tab(tab).layout.panes();
        let grace = cx.grace(self.grace_ms);
        Ok(cx.stop(panes, grace))
    }
}
