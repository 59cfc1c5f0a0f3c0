//! `client.info`: where one is.

use clap::Args;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::action::{Access, Action, DefaultKey, Role};

/// Say where you are: session, tab, pane, sizes
#[derive(Debug, Clone, Default, Args, Serialize, Deserialize, JsonSchema)]
pub struct ClientInfo {}

impl Action for ClientInfo {
    const NAME: &'static str = "client.info";
    const KEYS: &'static [DefaultKey] = &[("prefix i", "")];
    const ACCESS: Access = Access::Interact;
    const ROLE: Role = Role::Client;
    type Reply = ();
}
