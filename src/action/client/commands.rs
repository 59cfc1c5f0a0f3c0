//! `client.commands`: the commands that ran to choose from.

use clap::Args;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::action::{Access, Action, DefaultKey, Role};

/// Choose from the commands that ran
///
/// Enter runs the chosen one again in the shell of the pane in focus, Ctrl-y copies what it
/// printed.
#[derive(Debug, Clone, Default, Args, Serialize, Deserialize, JsonSchema)]
pub struct ClientCommands {}

impl Action for ClientCommands {
    const NAME: &'static str = "client.commands";
    const KEYS: &'static [DefaultKey] = &[("prefix H", "")];
    const ACCESS: Access = Access::Interact;
    const ROLE: Role = Role::Client;
    type Reply = ();
}
