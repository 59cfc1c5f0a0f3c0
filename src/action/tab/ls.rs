//! `tab.ls`: the tabs of a session.

use clap::Args;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::action::args::SessionTarget;
use crate::action::dto::TabItem;
use crate::action::{Access, Action, Answer, Apply, Cx, Role};
use crate::base::error::Refusal;

/// List tabs
#[derive(Debug, Clone, Default, Args, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct TabLs {
    /// The session; else the one you are in
    #[arg(short, long, visible_alias = "session", value_name = "SESSION")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub target: Option<SessionTarget>,

    /// Those of all sessions
    #[arg(short, long)]
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub all: bool,
}

impl Action for TabLs {
    const NAME: &'static str = "tab.ls";
    const ACCESS: Access = Access::Read;
    const ROLE: Role = Role::Server;
    type Reply = Vec<TabItem>;
}

impl Apply for TabLs {
    fn apply(self, cx: &mut Cx<'_>) -> Result<Answer<Self::Reply>, Refusal> {
        if self.all {
            return Ok(Answer::Now(
                cx.state.tabs.keys().map(|tab| TabItem::of(cx.state, *tab)).collect(),
            ));
        }
        let session = SessionTarget::or_own(self.target.as_ref(), cx)?;
        let tabs = &cx.state.session(session).tabs;
        Ok(Answer::Now(tabs.iter().map(|tab| TabItem::of(cx.state, *tab)).collect()))
    }
}
