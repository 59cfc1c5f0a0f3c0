//! `client.processes`: the processes of all sessions, to look at and to end.

use clap::Args;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::action::{Access, Action, DefaultKey, Role};

/// Show the processes of all sessions, to sort, search, signal and stop
#[derive(Debug, Clone, Default, Args, Serialize, Deserialize, JsonSchema)]
pub struct ClientProcesses {}

impl Action for ClientProcesses {
    const NAME: &'static str = "client.processes";
    const KEYS: &'static [DefaultKey] = &[("prefix P", "")];
    const ACCESS: Access = Access::Interact;
    const ROLE: Role = Role::Client;
    type Reply = ();
}
