//! `config.check`: what is wrong with a configuration file.

use clap::Args;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::action::{Access, Action, Role};

/// Check a configuration file
///
/// Every problem is told at once, each with its place, its line and the nearest valid name. The
/// exit status is 3 if there are any.
#[derive(Debug, Clone, Default, Args, Serialize, Deserialize, JsonSchema)]
pub struct ConfigCheck {
    /// The file; else the one that is in use
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub file: Option<String>,
}

impl Action for ConfigCheck {
    const NAME: &'static str = "config.check";
    const ACCESS: Access = Access::Read;
    const ROLE: Role = Role::Cli;
    type Reply = ();
}
