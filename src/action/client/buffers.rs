//! `client.buffers`: the paste buffers to choose from.

use clap::Args;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::action::{Access, Action, DefaultKey, Place};

/// Choose a paste buffer from a list
#[derive(Debug, Clone, Default, Args, Serialize, Deserialize, JsonSchema)]
pub struct Buffers {}

impl Action for Buffers {
    const NAME: &'static str = "client.buffers";
    const KEYS: &'static [DefaultKey] = &[("prefix =", ""), ("prefix #", "")];
    const ACCESS: Access = Access::Interact;
    const PLACE: Place = Place::Client;
    type Reply = ();
}
