//! `client.processes`: the processes of all sessions, to look at and to end.

use clap::Args;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::action::{Access, Action, DefaultKey, Place};

/// Show the processes of all sessions, to sort, search, signal and stop
#[derive(Debug, Clone, Default, Args, Serialize, Deserialize, JsonSchema)]
pub struct Processes {}

impl Action for Processes {
    const NAME: &'static str = "client.processes";
    const KEYS: &'static [DefaultKey] = &[("prefix P", "")];
    const ACCESS: Access = Access::Interact;
    const PLACE: Place = Place::Client;
    type Reply = ();
}
