//! `client.palette`: every action to choose from, or a command to type.

use clap::Args;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::action::{Access, Action, DefaultKey, Role};

/// Choose an action from a list, or type a command
#[derive(Debug, Clone, Default, Args, Serialize, Deserialize, JsonSchema)]
pub struct ClientPalette {
    /// What is typed already
    #[arg(long)]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
}

impl Action for ClientPalette {
    const NAME: &'static str = "client.palette";
    const KEYS: &'static [DefaultKey] = &[
        ("prefix :", ""),
        ("prefix '", "--text 'tab go '"),
        ("prefix .", "--text 'tab move '"),
        ("prefix f", "--text 'tab find '"),
    ];
    const ACCESS: Access = Access::Interact;
    const ROLE: Role = Role::Client;
    type Reply = ();
}
