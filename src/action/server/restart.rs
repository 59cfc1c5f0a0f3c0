//! `server.restart`: a new server takes over.

use clap::Args;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::action::dto::ServerItem;
use crate::action::server::status::ServerStatus;
use crate::action::{Access, Action, Answer, Apply, Cx, Role};
use crate::base::error::Refusal;
use crate::state::Leaving;

/// Replace the server by a new one
///
/// Programs and clients stay; open calls are answered with interrupted.
#[derive(Debug, Clone, Default, Args, Serialize, Deserialize, JsonSchema)]
pub struct ServerRestart {}

impl Action for ServerRestart {
    const NAME: &'static str = "server.restart";
    const ACCESS: Access = Access::Admin;
    const ROLE: Role = Role::Server;
    type Reply = ServerItem;
}

impl Apply for ServerRestart {
    fn apply(self, cx: &mut Cx<'_>) -> Result<Answer<Self::Reply>, Refusal> {
        let answer = Apply::apply(ServerStatus {}, cx);
        cx.state.leaving = Some(Leaving::Restart);
        answer
    }
}
