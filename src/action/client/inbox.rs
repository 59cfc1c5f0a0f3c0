//! `client.inbox`: the panes that want attention.

use clap::Args;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::action::{Access, Action, DefaultKey, Role};

/// Show the panes that want attention in a list
#[derive(Debug, Clone, Default, Args, Serialize, Deserialize, JsonSchema)]
pub struct ClientInbox {}

impl Action for ClientInbox {
    const NAME: &'static str = "client.inbox";
    const KEYS: &'static [DefaultKey] = &[("prefix A", "")];
    const ACCESS: Access = Access::Interact;
    const ROLE: Role = Role::Client;
    type Reply = ();
}
