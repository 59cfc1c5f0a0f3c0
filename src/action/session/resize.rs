//! `session.resize`: the size of a session, whatever clients show it.

use clap::{ArgAction, Args};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::action::args::{SessionTarget, checked_size};
use crate::action::dto::SessionItem;
use crate::action::{Access, Action, Answer, Apply, Cx, Role};
use crate::base::error::{Code, Refusal};
use crate::base::geom::Size;

/// Give a session a size of its own
///
/// It stays so whatever clients show it: larger ones show dots around it, smaller ones the part
/// around the cursor. --auto goes back to the policy of the settings (`session.sizing`).
#[derive(Debug, Clone, Default, Args, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct SessionResize {
    /// The area that panes share, such as 120x40
    #[arg(value_name = "COLSxROWS", required_unless_present = "auto", conflicts_with = "auto")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub size: Option<Size>,

    /// The sizes of its clients count again
    #[arg(long, action = ArgAction::SetTrue)]
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub auto: bool,

    /// The session; else the one you are in
    #[arg(short, long, value_name = "SESSION")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub target: Option<SessionTarget>,
}

impl Action for SessionResize {
    const NAME: &'static str = "session.resize";
    const ACCESS: Access = Access::Admin;
    const ROLE: Role = Role::Server;
    type Reply = SessionItem;
}

impl Apply for SessionResize {
    fn apply(self, cx: &mut Cx<'_>) -> Result<Answer<Self::Reply>, Refusal> {
        let session = SessionTarget::or_own(self.target.as_ref(), cx)?;
        let size = self.size.map(checked_size).transpose()?;
        if size.is_none() && !self.auto {
            return Err(Refusal::new(Code::InvalidParams, "session.resize: say the size")
                .hint("such as 120x40, or --auto"));
        }
        cx.state.fix_size(session, size);
        Ok(Answer::Now(SessionItem::of(cx.state, session)))
    }
}
