//! `client.clock`: a clock over the pane in focus.

use clap::Args;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::action::{Access, Action, DefaultKey, Place};

/// Show a large clock until a key is pressed
#[derive(Debug, Clone, Default, Args, Serialize, Deserialize, JsonSchema)]
pub struct Clock {}

impl Action for Clock {
    const NAME: &'static str = "client.clock";
    const KEYS: &'static [DefaultKey] = &[("prefix t", "")];
    const ACCESS: Access = Access::Interact;
    const PLACE: Place = Place::Client;
    type Reply = ();
}
