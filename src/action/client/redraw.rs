//! `client.redraw`: everything drawn anew.

use clap::Args;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::action::{Access, Action, DefaultKey, Place};

/// Draw the terminal anew
#[derive(Debug, Clone, Default, Args, Serialize, Deserialize, JsonSchema)]
pub struct Redraw {}

impl Action for Redraw {
    const NAME: &'static str = "client.redraw";
    const KEYS: &'static [DefaultKey] = &[("prefix r", "")];
    const ACCESS: Access = Access::Interact;
    const PLACE: Place = Place::Client;
    type Reply = ();
}
