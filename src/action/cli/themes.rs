//! `cli.themes`: lists the themes.

use clap::Args;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::action::{Access, Action, Role};

/// List the themes, built in and your own
#[derive(Debug, Clone, Default, Args, Serialize, Deserialize, JsonSchema)]
pub struct CliThemes {}

impl Action for CliThemes {
    const NAME: &'static str = "cli.themes";
    const VERBS: &'static [&'static str] = &["themes"];
    const ACCESS: Access = Access::Read;
    const ROLE: Role = Role::Cli;
    type Reply = ();
}
