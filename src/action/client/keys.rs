//! `client.keys`: the list of keys.

use clap::Args;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::action::{Access, Action, DefaultKey, Role};

/// Show the keys in a list
#[derive(Debug, Clone, Default, Args, Serialize, Deserialize, JsonSchema)]
pub struct ClientKeys {}

impl Action for ClientKeys {
    const NAME: &'static str = "client.keys";
    const KEYS: &'static [DefaultKey] = &[("prefix ?", "")];
    const ACCESS: Access = Access::Interact;
    const ROLE: Role = Role::Client;
    type Reply = ();
}
