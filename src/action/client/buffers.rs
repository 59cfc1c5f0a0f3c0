//! `client.buffers`: the paste buffers to choose from.

use clap::Args;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::action::{Access, Action, DefaultKey, Role};

/// Choose a paste buffer from a list
#[derive(Debug, Clone, Default, Args, Serialize, Deserialize, JsonSchema)]
pub struct ClientBuffers {}

impl Action for ClientBuffers {
    const NAME: &'static str = "client.buffers";
    const KEYS: &'static [DefaultKey] = &[("prefix =", ""), ("prefix #", "")];
    const ACCESS: Access = Access::Interact;
    const ROLE: Role = Role::Client;
    type Reply = ();
}
