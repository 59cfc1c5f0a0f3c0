//! `cli.version`: the version of this binary.

use clap::Args;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::action::{Access, Action, Role};

/// Print the version
#[derive(Debug, Clone, Default, Args, Serialize, Deserialize, JsonSchema)]
pub struct CliVersion {}

impl Action for CliVersion {
    const NAME: &'static str = "cli.version";
    const VERBS: &'static [&'static str] = &["version"];
    const ACCESS: Access = Access::Read;
    const ROLE: Role = Role::Cli;
    type Reply = ();
}
