//! `server.restart`: a new server takes over.

use clap::Args;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::action::item::ServerItem;
use crate::action::server::status::Status;
use crate::action::{Access, Action, Answer, Apply, Cx, Place};
use crate::base::error::Refusal;
use crate::state::Leaving;

/// Replace the server by a new one
///
/// Programs and clients stay; open calls are answered with interrupted.
#[derive(Debug, Clone, Default, Args, Serialize, Deserialize, JsonSchema)]
pub struct Restart {}

impl Action for Restart {
    const NAME: &'static str = "server.restart";
    const ACCESS: Access = Access::Admin;
    const PLACE: Place = Place::Server;
    type Reply = ServerItem;
}

impl Apply for Restart {
    fn apply(self, cx: &mut Cx<'_>) -> Result<Answer<Self::Reply>, Refusal> {
        let answer = Apply::apply(Status {}, cx);
        cx.state.leaving = Some(Leaving::Restart);
        answer
    }
}
