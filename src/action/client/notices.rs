//! `client.notices`: what was said lately.

use clap::Args;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::action::{Access, Action, DefaultKey, Role};

/// Show the latest notices again
#[derive(Debug, Clone, Default, Args, Serialize, Deserialize, JsonSchema)]
pub struct ClientNotices {}

impl Action for ClientNotices {
    const NAME: &'static str = "client.notices";
    const KEYS: &'static [DefaultKey] = &[("prefix ~", "")];
    const ACCESS: Access = Access::Interact;
    const ROLE: Role = Role::Client;
    type Reply = ();
}
