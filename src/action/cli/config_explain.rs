//! `config.explain`: where the value of an option comes from.

use clap::Args;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::action::{Access, Action, Role};

/// Tell what an option is for, what it is set to, and where that comes from
///
/// Values come from the configuration file (with its line), from the environment, or are the
/// defaults.
#[derive(Debug, Clone, Args, Serialize, Deserialize, JsonSchema)]
pub struct ConfigExplain {
    /// The option, such as `keys.hint_ms`, or a section
    pub option: String,
}

impl Action for ConfigExplain {
    const NAME: &'static str = "config.explain";
    const ACCESS: Access = Access::Read;
    const ROLE: Role = Role::Cli;
    type Reply = ();
}
