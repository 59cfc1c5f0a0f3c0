//! `client.numbers`: the numbers of panes, to jump to one.

use clap::Args;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::action::{Access, Action, DefaultKey, Place};

/// Show the numbers of the panes; a digit goes to one
#[derive(Debug, Clone, Default, Args, Serialize, Deserialize, JsonSchema)]
pub struct Numbers {}

impl Action for Numbers {
    const NAME: &'static str = "client.numbers";
    const KEYS: &'static [DefaultKey] = &[("prefix q", "")];
    const ACCESS: Access = Access::Interact;
    const PLACE: Place = Place::Client;
    type Reply = ();
}
