//! `client.redraw`: everything drawn anew.

use clap::Args;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::action::{Access, Action, DefaultKey, Role};

/// Draw the terminal anew
#[derive(Debug, Clone, Default, Args, Serialize, Deserialize, JsonSchema)]
pub struct ClientRedraw {}

impl Action for ClientRedraw {
    const NAME: &'static str = "client.redraw";
    const KEYS: &'static [DefaultKey] = &[("prefix r", "")];
    const ACCESS: Access = Access::Interact;
    const ROLE: Role = Role::Client;
    type Reply = ();
}
