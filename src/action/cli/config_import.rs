//! `config.import`: a configuration of tmux as one of ours.

use clap::Args;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::action::{Access, Action, Place};

/// Print a configuration made from one of tmux, and say what was taken
///
/// The configuration goes to standard output, the report to standard error: line by line what was
/// taken, what is so already, and what there is no like of.
#[derive(Debug, Clone, Default, Args, Serialize, Deserialize, JsonSchema)]
pub struct Import {
    /// The file; else ~/.tmux.conf, else ~/.config/tmux/tmux.conf
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub file: Option<String>,

    /// Write it as the configuration file, if there is none yet
    #[arg(long)]
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub write: bool,
}

impl Action for Import {
    const NAME: &'static str = "config.import";
    const ACCESS: Access = Access::Read;
    const PLACE: Place = Place::Cli;
    type Reply = ();
}
