//! `client.choose`: the list of clients.

use clap::Args;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::action::{Access, Action, DefaultKey, Role};

/// Choose a client from a list, and send it away
#[derive(Debug, Clone, Default, Args, Serialize, Deserialize, JsonSchema)]
pub struct ClientChoose {}

impl Action for ClientChoose {
    const NAME: &'static str = "client.choose";
    const KEYS: &'static [DefaultKey] = &[("prefix D", "")];
    const ACCESS: Access = Access::Interact;
    const ROLE: Role = Role::Client;
    type Reply = ();
}
