//! `session.next`: go to the next session.

use clap::Args;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::action::dto::SessionItem;
use crate::action::session::neighbour;
use crate::action::{Access, Action, Answer, Apply, Cx, DefaultKey, Role};
use crate::base::error::Refusal;
/// Go to the next session
///
/// In the order they were made, the first one after the last.
#[derive(Debug, Clone, Default, Args, Serialize, Deserialize, JsonSchema)]
pub struct SessionNext {}

impl Action for SessionNext {
    const NAME: &'static str = "session.next";
    const KEYS: &'static [DefaultKey] = &[("prefix )", "")];
    const ACCESS: Access = Access::Read;
    const ROLE: Role = Role::Server;
    type Reply = SessionItem;
}

impl Apply for SessionNext {
    fn apply(self, cx: &mut Cx<'_>) -> Result<Answer<Self::Reply>, Refusal> {
        let session = neighbour(cx, 1)?;
        let client = {
            let own = cx.own_session()?;
            cx.view_of(own)?
        };
        cx.show(client, session)?;
        Ok(Answer::Now(SessionItem::of(cx.state, session)))
    }
}
