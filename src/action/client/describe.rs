//! `client.describe`: what a key does.

use clap::Args;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::action::{Access, Action, DefaultKey, Role};

/// Say what a key does: press it next
#[derive(Debug, Clone, Default, Args, Serialize, Deserialize, JsonSchema)]
pub struct ClientDescribe {}

impl Action for ClientDescribe {
    const NAME: &'static str = "client.describe";
    const KEYS: &'static [DefaultKey] = &[("prefix /", "")];
    const ACCESS: Access = Access::Interact;
    const ROLE: Role = Role::Client;
    type Reply = ();
}
