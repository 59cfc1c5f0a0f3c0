//! `client.search`: a prompt for what is searched in every pane.

use clap::Args;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::action::{Access, Action, DefaultKey, Role};

/// Search the text of every pane
#[derive(Debug, Clone, Default, Args, Serialize, Deserialize, JsonSchema)]
pub struct ClientSearch {}

impl Action for ClientSearch {
    const NAME: &'static str = "client.search";
    const KEYS: &'static [DefaultKey] = &[("prefix F", "")];
    const ACCESS: Access = Access::Interact;
    const ROLE: Role = Role::Client;
    type Reply = ();
}
