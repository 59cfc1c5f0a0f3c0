//! `client.clock`: a clock over the pane in focus.

use clap::Args;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::action::{Access, Action, DefaultKey, Role};

/// Show a large clock until a key is pressed
#[derive(Debug, Clone, Default, Args, Serialize, Deserialize, JsonSchema)]
pub struct ClientClock {}

impl Action for ClientClock {
    const NAME: &'static str = "client.clock";
    const KEYS: &'static [DefaultKey] = &[("prefix t", "")];
    const ACCESS: Access = Access::Interact;
    const ROLE: Role = Role::Client;
    type Reply = ();
}
