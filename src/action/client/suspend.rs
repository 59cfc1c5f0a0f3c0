//! `client.suspend`: the client stopped like any job of a shell.

use clap::Args;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::action::{Access, Action, DefaultKey, Role};

/// Suspend this client; `fg` brings it back
#[derive(Debug, Clone, Default, Args, Serialize, Deserialize, JsonSchema)]
pub struct ClientSuspend {}

impl Action for ClientSuspend {
    const NAME: &'static str = "client.suspend";
    const KEYS: &'static [DefaultKey] = &[("prefix C-z", "")];
    const ACCESS: Access = Access::Interact;
    const ROLE: Role = Role::Client;
    type Reply = ();
}
