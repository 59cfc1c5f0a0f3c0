//! `client.numbers`: the numbers of panes, to jump to one.

use clap::Args;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::action::{Access, Action, DefaultKey, Role};

/// Show the numbers of the panes; a digit goes to one
#[derive(Debug, Clone, Default, Args, Serialize, Deserialize, JsonSchema)]
pub struct ClientNumbers {}

impl Action for ClientNumbers {
    const NAME: &'static str = "client.numbers";
    const KEYS: &'static [DefaultKey] = &[("prefix q", "")];
    const ACCESS: Access = Access::Interact;
    const ROLE: Role = Role::Client;
    type Reply = ();
}
