//! `pane.copy_output`: copies what the last command of the pane in focus printed.

use clap::Args;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::action::{Access, Action, DefaultKey, Role};

/// Copy what the last command of the pane in focus printed
///
/// Into a paste buffer and to the clipboard. The shell has to tell where output begins and ends
/// (OSC 133).
#[derive(Debug, Clone, Default, Args, Serialize, Deserialize, JsonSchema)]
pub struct PaneCopyOutput {}

impl Action for PaneCopyOutput {
    const NAME: &'static str = "pane.copy_output";
    const VERBS: &'static [&'static str] = &["pane copy-output"];
    const KEYS: &'static [DefaultKey] = &[("prefix y", "")];
    const ACCESS: Access = Access::Interact;
    const ROLE: Role = Role::Client;
    type Reply = ();
}
