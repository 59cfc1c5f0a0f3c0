//! `cli.keys`: the keys in force.

use clap::Args;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::action::{Access, Action, Role};

/// List the keys in force
///
/// With a word, those whose keys, action or help have it.
#[derive(Debug, Clone, Default, Args, Serialize, Deserialize, JsonSchema)]
pub struct CliKeys {
    /// Show only what has this word
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub word: Option<String>,
}

impl Action for CliKeys {
    const NAME: &'static str = "cli.keys";
    const VERBS: &'static [&'static str] = &["keys"];
    const ACCESS: Access = Access::Read;
    const ROLE: Role = Role::Cli;
    type Reply = ();
}
