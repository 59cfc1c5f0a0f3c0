//! `cli.man`: the manual page.

use clap::Args;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::action::{Access, Action, Role};

/// Print the manual page
///
/// `abide man | man -l -` shows it.
#[derive(Debug, Clone, Default, Args, Serialize, Deserialize, JsonSchema)]
pub struct CliMan {}

impl Action for CliMan {
    const NAME: &'static str = "cli.man";
    const VERBS: &'static [&'static str] = &["man"];
    const ACCESS: Access = Access::Read;
    const ROLE: Role = Role::Cli;
    type Reply = ();
}
