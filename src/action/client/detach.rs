//! `client.detach`: sends clients away; what they showed goes on.

use clap::Args;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::action::args::ClientTarget;
use crate::action::{Access, Action, Answer, Apply, Cx, DefaultKey, Role};
use crate::base::error::{Code, Refusal};
use crate::base::id::ClientId;

/// Leave a session, with everything in it running on
///
/// Without an argument it is your own client.
#[derive(Debug, Clone, Default, Args, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct ClientDetach {
    /// The client, such as v3
    #[arg(value_name = "CLIENT", group = "which")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub client: Option<ClientTarget>,

    /// All clients of the session but your own
    #[arg(long, short = 'a', group = "which")]
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub others: bool,

    /// All clients of all sessions
    #[arg(long, group = "which")]
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub all: bool,
}

impl Action for ClientDetach {
    const NAME: &'static str = "client.detach";
    const VERBS: &'static [&'static str] = &["detach"];
    const KEYS: &'static [DefaultKey] = &[("prefix d", "")];
    const ACCESS: Access = Access::Read;
    const ROLE: Role = Role::Server;
    type Reply = Vec<ClientId>;
}

impl Apply for ClientDetach {
    fn apply(self, cx: &mut Cx<'_>) -> Result<Answer<Self::Reply>, Refusal> {
        let clients = self.clients(cx)?;
        let own = cx.caller.client;
        if own.is_some_and(|own| cx.state.view(own).read_only)
            && clients.iter().any(|client| Some(*client) != own)
        {
            return Err(Refusal::new(
                Code::ReadOnly,
                "a client that only watches cannot send others away",
            ));
        }
        for client in &clients {
            cx.detach(*client);
        }
        Ok(Answer::Now(clients))
    }
}

impl ClientDetach {
    fn clients(&self, cx: &Cx<'_>) -> Result<Vec<ClientId>, Refusal> {
        if self.all {
            return Ok(cx.state.views.keys().copied().collect());
        }
        if let Some(client) = &self.client {
            return Ok(vec![client.find(cx)?]);
        }
        let session = cx.own_session()?;
        if self.others {
            return Ok(cx
                .state
                .clients_of(session)
                .into_iter()
                .filter(|client| Some(*client) != cx.caller.client)
                .collect());
        }
        Ok(vec![cx.view_of(session)?])
    }
}
