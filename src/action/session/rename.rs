//! `session.rename`: another name for a session.

use clap::Args;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::action::args::SessionTarget;
use crate::action::dto::SessionItem;
use crate::action::{Access, Action, Answer, Apply, Cx, Role};
use crate::base::error::Refusal;

/// Rename a session
///
/// No two sessions share a name. Without a target it is the session you are in.
#[derive(Debug, Clone, Args, Serialize, Deserialize, JsonSchema)]
pub struct SessionRename {
    /// The new name
    pub name: String,
    /// The session
    #[arg(short, long, value_name = "SESSION")]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub target: Option<SessionTarget>,
}

impl Action for SessionRename {
    const NAME: &'static str = "session.rename";
    const VERBS: &'static [&'static str] = &["rename"];
    const ACCESS: Access = Access::Admin;
    const ROLE: Role = Role::Server;
    type Reply = SessionItem;
}

impl Apply for SessionRename {
    fn apply(self, cx: &mut Cx<'_>) -> Result<Answer<SessionItem>, Refusal> {
        let id = SessionTarget::or_own(self.target.as_ref(), cx)?;
        cx.state.rename_session(id, &self.name)?;
        Ok(Answer::Now(SessionItem::of(cx.state, id)))
    }
}
