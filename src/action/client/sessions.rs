//! `client.sessions`: the list of sessions.

use clap::Args;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::action::{Access, Action, DefaultKey, Role};

/// Choose a session from a list, with a view of it
#[derive(Debug, Clone, Default, Args, Serialize, Deserialize, JsonSchema)]
pub struct ClientSessions {}

impl Action for ClientSessions {
    const NAME: &'static str = "client.sessions";
    const KEYS: &'static [DefaultKey] =
        &[("prefix s", ""), ("prefix Tab", ""), ("prefix S-Tab", "")];
    const ACCESS: Access = Access::Interact;
    const ROLE: Role = Role::Client;
    type Reply = ();
}
