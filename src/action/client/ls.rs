//! `client.ls`: the clients there are.

use clap::Args;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::action::args::SessionTarget;
use crate::action::dto::ClientItem;
use crate::action::{Access, Action, Answer, Apply, Cx, Role};
use crate::base::error::Refusal;

/// List clients
#[derive(Debug, Clone, Default, Args, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct ClientLs {
    /// Only those of this session
    #[arg(short, long, value_name = "SESSION")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub target: Option<SessionTarget>,
}

impl Action for ClientLs {
    const NAME: &'static str = "client.ls";
    const ACCESS: Access = Access::Read;
    const ROLE: Role = Role::Server;
    type Reply = Vec<ClientItem>;
}

impl Apply for ClientLs {
    fn apply(self, cx: &mut Cx<'_>) -> Result<Answer<Self::Reply>, Refusal> {
        let session = self.target.as_ref().map(|target| target.find(cx)).transpose()?;
        let views =
            cx.state.views.values().filter(|view| session.is_none() || view.at.session == session);
        Ok(Answer::Now(views.map(|view| ClientItem::of(cx.state, view)).collect()))
    }
}
