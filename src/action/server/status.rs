//! `server.status`: how the server is.

use clap::Args;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::action::dto::ServerItem;
use crate::action::{Access, Action, Answer, Apply, Cx, Role};
use crate::base::error::Refusal;

/// Show how the server is
#[derive(Debug, Clone, Default, Args, Serialize, Deserialize, JsonSchema)]
pub struct ServerStatus {}

impl Action for ServerStatus {
    const NAME: &'static str = "server.status";
    const ACCESS: Access = Access::Read;
    const ROLE: Role = Role::Server;
    type Reply = ServerItem;
}

impl Apply for ServerStatus {
    fn apply(self, cx: &mut Cx<'_>) -> Result<Answer<Self::Reply>, Refusal> {
        let (host, state) = (cx.host, &cx.state);
        Ok(Answer::Now(ServerItem {
            server_pid: host.server_pid,
            keeper_pid: host.keeper_pid,
            version: host.version.clone(),
            lease: host.lease,
            uptime_ms: (cx.now.tick - host.started).as_millis(),
            socket: host.socket.clone(),
            upgrade_failed: host.upgrade_failed.clone(),
            sessions: state.sessions.len(),
            tabs: state.tabs.len(),
            panes: state.panes.len(),
            clients: state.views.len(),
        }))
    }
}
