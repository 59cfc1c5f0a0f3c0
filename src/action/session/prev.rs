//! `session.prev`: go to the session before.

use clap::Args;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::action::dto::SessionItem;
use crate::action::session::neighbour;
use crate::action::{Access, Action, Answer, Apply, Cx, DefaultKey, Role};
use crate::base::error::Refusal;
/// Go to the session before
///
/// In the order they were made, the last one before the first.
#[derive(Debug, Clone, Default, Args, Serialize, Deserialize, JsonSchema)]
pub struct SessionPrev {}

impl Action for SessionPrev {
    const NAME: &'static str = "session.prev";
    const KEYS: &'static [DefaultKey] = &[("prefix (", "")];
    const ACCESS: Access = Access::Read;
    const ROLE: Role = Role::Server;
    type Reply = SessionItem;
}

impl Apply for SessionPrev {
    fn apply(self, cx: &mut Cx<'_>) -> Result<Answer<Self::Reply>, Refusal> {
        let session = neighbour(cx, -1)?;
        let client = {
            let own = cx.own_session()?;
            cx.view_of(own)?
        };
        cx.show(client, session)?;
        Ok(Answer::Now(SessionItem::of(cx.state, session)))
    }
}
