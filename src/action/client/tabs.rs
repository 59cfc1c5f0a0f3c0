//! `client.tabs`: the list of tabs.

use clap::Args;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::action::{Access, Action, DefaultKey, Role};

/// Choose a tab of any session from a list, with a view of it
#[derive(Debug, Clone, Default, Args, Serialize, Deserialize, JsonSchema)]
pub struct ClientTabs {}

impl Action for ClientTabs {
    const NAME: &'static str = "client.tabs";
    const KEYS: &'static [DefaultKey] = &[("prefix w", "")];
    const ACCESS: Access = Access::Interact;
    const ROLE: Role = Role::Client;
    type Reply = ();
}
