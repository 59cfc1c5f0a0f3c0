//! `config.import`: a configuration of tmux as one of ours.

use clap::Args;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::action::{Access, Action, Role};

/// Print a configuration made from one of tmux, and say what was taken
///
/// The configuration goes to standard output, the report to standard error: line by line what was
/// taken, what is so already, and what there is no like of.
#[derive(Debug, Clone, Default, Args, Serialize, Deserialize, JsonSchema)]
pub struct ConfigImport {
    /// The file; else ~/.tmux.conf, else ~/.config/tmux/tmux.conf
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub file: Option<String>,

    /// Write it as the configuration file, if there is none yet
    #[arg(long)]
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub write: bool,
}

impl Action for ConfigImport {
    const NAME: &'static str = "config.import";
    const ACCESS: Access = Access::Read;
    const ROLE: Role = Role::Cli;
    type Reply = ();
}
