//! `session.has`: whether a session is there.

use clap::Args;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::action::args::SessionTarget;
use crate::action::{Access, Action, Answer, Apply, Cx, Role};
use crate::base::error::Refusal;
use crate::base::id::SessionId;

/// Tell whether a session is there
///
/// The exit status is 0 if it is and 4 if it is not, as scripts use `tmux has-session`.
#[derive(Debug, Clone, Args, Serialize, Deserialize, JsonSchema)]
pub struct SessionHas {
    /// The session
    #[arg(value_name = "SESSION")]
    pub target: SessionTarget,
}

/// A session that is there.
#[derive(Debug, Clone, Serialize, JsonSchema)]
#[schemars(rename = "Found")]
pub struct SessionExists {
    /// Its id.
    pub id: SessionId,
    /// Its name.
    pub name: String,
}

impl Action for SessionHas {
    const NAME: &'static str = "session.has";
    const ACCESS: Access = Access::Read;
    const ROLE: Role = Role::Server;
    type Reply = SessionExists;
}

impl Apply for SessionHas {
    fn apply(self, cx: &mut Cx<'_>) -> Result<Answer<SessionExists>, Refusal> {
        let id = self.target.find(cx)?;
        Ok(Answer::Now(SessionExists { id, name: cx.state.session(id).name.clone() }))
    }
}
