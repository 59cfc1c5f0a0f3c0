//! `client.describe`: what a key does.

use clap::Args;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::action::{Access, Action, DefaultKey, Place};

/// Say what a key does: press it next
#[derive(Debug, Clone, Default, Args, Serialize, Deserialize, JsonSchema)]
pub struct Describe {}

impl Action for Describe {
    const NAME: &'static str = "client.describe";
    const KEYS: &'static [DefaultKey] = &[("prefix /", "")];
    const ACCESS: Access = Access::Interact;
    const PLACE: Place = Place::Client;
    type Reply = ();
}
