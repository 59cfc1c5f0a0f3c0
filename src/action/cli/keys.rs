//! `cli.keys`: the keys in force.

use clap::Args;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::action::{Access, Action, Place};

/// List the keys in force
///
/// With a word, those whose keys, action or help have it.
#[derive(Debug, Clone, Default, Args, Serialize, Deserialize, JsonSchema)]
pub struct Keys {
    /// Show only what has this word
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub word: Option<String>,
}

impl Action for Keys {
    const NAME: &'static str = "cli.keys";
    const VERBS: &'static [&'static str] = &["keys"];
    const ACCESS: Access = Access::Read;
    const PLACE: Place = Place::Cli;
    type Reply = ();
}
