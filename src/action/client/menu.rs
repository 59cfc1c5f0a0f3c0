//! `client.menu`: what can be done with a tab or a pane.

use clap::{Args, ValueEnum};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::action::{Access, Action, DefaultKey, Role};

/// Choose what to do with a tab or a pane from a list
#[derive(Debug, Clone, Args, Serialize, Deserialize, JsonSchema)]
pub struct ClientMenu {
    /// What it is about
    pub what: About,
}

/// What a menu is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum About {
    /// The tab
    Tab,
    /// The pane
    Pane,
}

impl Action for ClientMenu {
    const NAME: &'static str = "client.menu";
    const KEYS: &'static [DefaultKey] = &[("prefix <", "tab"), ("prefix >", "pane")];
    const ACCESS: Access = Access::Interact;
    const ROLE: Role = Role::Client;
    type Reply = ();
}
