//! `client.tabs`: the list of tabs.

use clap::Args;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::action::{Access, Action, DefaultKey, Place};

/// Choose a tab of any session from a list, with a view of it
#[derive(Debug, Clone, Default, Args, Serialize, Deserialize, JsonSchema)]
pub struct Tabs {}

impl Action for Tabs {
    const NAME: &'static str = "client.tabs";
    const KEYS: &'static [DefaultKey] = &[("prefix w", "")];
    const ACCESS: Access = Access::Interact;
    const PLACE: Place = Place::Client;
    type Reply = ();
}
