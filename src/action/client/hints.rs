//! `client.hints`: labels over what is worth copying.

use clap::Args;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::action::{Access, Action, DefaultKey, Role};

/// Label addresses, paths, hashes and numbers to copy or open them
#[derive(Debug, Clone, Default, Args, Serialize, Deserialize, JsonSchema)]
pub struct ClientHints {}

impl Action for ClientHints {
    const NAME: &'static str = "client.hints";
    const KEYS: &'static [DefaultKey] = &[("prefix v", "")];
    const ACCESS: Access = Access::Interact;
    const ROLE: Role = Role::Client;
    type Reply = ();
}
