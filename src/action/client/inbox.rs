//! `client.inbox`: the panes that want attention.

use clap::Args;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::action::{Access, Action, DefaultKey, Place};

/// Show the panes that want attention in a list
#[derive(Debug, Clone, Default, Args, Serialize, Deserialize, JsonSchema)]
pub struct Inbox {}

impl Action for Inbox {
    const NAME: &'static str = "client.inbox";
    const KEYS: &'static [DefaultKey] = &[("prefix A", "")];
    const ACCESS: Access = Access::Interact;
    const PLACE: Place = Place::Client;
    type Reply = ();
}
