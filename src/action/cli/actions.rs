//! `cli.actions`: the actions there are.

use clap::Args;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::action::{Access, Action, Role};

/// List the actions, or show one with its arguments and its reply
///
/// Every action is a method of the JSON-RPC interface under the same name.
#[derive(Debug, Clone, Default, Args, Serialize, Deserialize, JsonSchema)]
pub struct CliActions {
    /// The action, such as pane.split
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
}

impl Action for CliActions {
    const NAME: &'static str = "cli.actions";
    const VERBS: &'static [&'static str] = &["actions"];
    const ACCESS: Access = Access::Read;
    const ROLE: Role = Role::Cli;
    type Reply = ();
}
