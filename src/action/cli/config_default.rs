//! `config.default`: the default configuration.

use clap::Args;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::action::{Access, Action, Role};

/// Print the default configuration: every option with its text
#[derive(Debug, Clone, Args, Serialize, Deserialize, JsonSchema)]
pub struct ConfigPrintDefault {}

impl Action for ConfigPrintDefault {
    const NAME: &'static str = "config.default";
    const ACCESS: Access = Access::Read;
    const ROLE: Role = Role::Cli;
    type Reply = ();
}
