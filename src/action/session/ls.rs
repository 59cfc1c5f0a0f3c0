//! `session.ls`: the sessions there are.

use clap::Args;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::action::item::SessionItem;
use crate::action::{Access, Action, Answer, Apply, Cx, Place};
use crate::base::code::Refusal;

/// List sessions
///
/// In order of creation, with their tabs, panes and clients.
#[derive(Debug, Clone, Default, Args, Serialize, Deserialize, JsonSchema)]
pub struct Ls {}

impl Action for Ls {
    const NAME: &'static str = "session.ls";
    const VERBS: &'static [&'static str] = &["ls"];
    const ACCESS: Access = Access::Read;
    const PLACE: Place = Place::Server;
    type Reply = Vec<SessionItem>;
}

impl Apply for Ls {
    fn apply(self, cx: &mut Cx<'_>) -> Result<Answer<Self::Reply>, Refusal> {
        Ok(Answer::Now(cx.state.sessions.keys().map(|id| SessionItem::of(cx.state, *id)).collect()))
    }
}
