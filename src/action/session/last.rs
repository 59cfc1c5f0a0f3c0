//! `session.last`: go to the session shown before.

use clap::Args;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::action::dto::SessionItem;
use crate::action::{Access, Action, Answer, Apply, Cx, DefaultKey, Role};
use crate::base::error::Refusal;
use crate::state::target;
/// Go to the session shown before
#[derive(Debug, Clone, Default, Args, Serialize, Deserialize, JsonSchema)]
pub struct SessionLast {}

impl Action for SessionLast {
    const NAME: &'static str = "session.last";
    const VERBS: &'static [&'static str] = &["last"];
    const KEYS: &'static [DefaultKey] = &[("prefix L", "")];
    const ACCESS: Access = Access::Read;
    const ROLE: Role = Role::Server;
    type Reply = SessionItem;
}

impl Apply for SessionLast {
    fn apply(self, cx: &mut Cx<'_>) -> Result<Answer<Self::Reply>, Refusal> {
        let session = target::session(cx.state, cx.caller, "@last")?;
        let client = {
            let own = cx.own_session()?;
            cx.view_of(own)?
        };
        cx.show(client, session)?;
        Ok(Answer::Now(SessionItem::of(cx.state, session)))
    }
}
