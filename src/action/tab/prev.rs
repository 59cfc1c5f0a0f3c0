//! `tab.prev`: show the tab before.

use clap::Args;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::action::args::SessionTarget;
use crate::action::dto::TabItem;
use crate::action::tab::{show, step};
use crate::action::{Access, Action, Answer, Apply, Cx, DefaultKey, Role};
use crate::base::error::Refusal;

/// Show the tab before
///
/// Before the first comes the last.
#[derive(Debug, Clone, Default, Args, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct TabPrev {
    /// The session; else the one you are in
    #[arg(short, long, value_name = "SESSION")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub target: Option<SessionTarget>,

    /// Only one in which a bell rang or something was printed
    #[arg(long)]
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub alert: bool,
}

impl Action for TabPrev {
    const NAME: &'static str = "tab.prev";
    const KEYS: &'static [DefaultKey] = &[("prefix p", ""), ("prefix M-p", "--alert")];
    const ACCESS: Access = Access::Read;
    const ROLE: Role = Role::Server;
    type Reply = TabItem;
}

impl Apply for TabPrev {
    fn apply(self, cx: &mut Cx<'_>) -> Result<Answer<Self::Reply>, Refusal> {
        let session = SessionTarget::or_own(self.target.as_ref(), cx)?;
        let tab = step(cx, session, -1, self.alert)?;
        show(cx, tab)
    }
}
