//! `client.search`: a prompt for what is searched in every pane.

use clap::Args;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::action::{Access, Action, DefaultKey, Place};

/// Search the text of every pane
#[derive(Debug, Clone, Default, Args, Serialize, Deserialize, JsonSchema)]
pub struct Search {}

impl Action for Search {
    const NAME: &'static str = "client.search";
    const KEYS: &'static [DefaultKey] = &[("prefix F", "")];
    const ACCESS: Access = Access::Interact;
    const PLACE: Place = Place::Client;
    type Reply = ();
}
