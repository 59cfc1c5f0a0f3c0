//! `config.edit`: the configuration file in an editor.

use clap::Args;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::action::{Access, Action, Role};

/// Edit the configuration file, and check it afterwards
///
/// The editor is $VISUAL, else $EDITOR, else vi. A file that is not there yet is made.
#[derive(Debug, Clone, Default, Args, Serialize, Deserialize, JsonSchema)]
pub struct ConfigEdit {}

impl Action for ConfigEdit {
    const NAME: &'static str = "config.edit";
    const ACCESS: Access = Access::Admin;
    const ROLE: Role = Role::Cli;
    type Reply = ();
}
