//! `client.notices`: what was said lately.

use clap::Args;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::action::{Access, Action, DefaultKey, Place};

/// Show the latest notices again
#[derive(Debug, Clone, Default, Args, Serialize, Deserialize, JsonSchema)]
pub struct Notices {}

impl Action for Notices {
    const NAME: &'static str = "client.notices";
    const KEYS: &'static [DefaultKey] = &[("prefix ~", "")];
    const ACCESS: Access = Access::Interact;
    const PLACE: Place = Place::Client;
    type Reply = ();
}
