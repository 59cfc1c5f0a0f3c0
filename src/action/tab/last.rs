//! `tab.last`: shows the tab shown before.

use clap::Args;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::action::args::SessionTarget;
use crate::action::dto::TabItem;
use crate::action::tab::show;
use crate::action::{Access, Action, Answer, Apply, Cx, DefaultKey, Role};
use crate::base::error::Refusal;
use crate::state::call::Caller;
use crate::state::target;

/// Show the tab that was shown before
#[derive(Debug, Clone, Default, Args, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct TabLast {
    /// The session; else the one you are in
    #[arg(short, long, value_name = "SESSION")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub target: Option<SessionTarget>,
}

impl Action for TabLast {
    const NAME: &'static str = "tab.last";
    const KEYS: &'static [DefaultKey] = &[("prefix l", "")];
    const ACCESS: Access = Access::Read;
    const ROLE: Role = Role::Server;
    type Reply = TabItem;
}

impl Apply for TabLast {
    fn apply(self, cx: &mut Cx<'_>) -> Result<Answer<Self::Reply>, Refusal> {
        let session = SessionTarget::or_own(self.target.as_ref(), cx)?;
        let caller = Caller { client: Some(cx.view_of(session)?), ..cx.caller };
        let tab = target::tab(cx.state, caller, &format!("{session}:@last"))?;
        show(cx, tab)
    }
}
