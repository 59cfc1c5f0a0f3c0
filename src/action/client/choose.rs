//! `client.choose`: the list of clients.

use clap::Args;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::action::{Access, Action, DefaultKey, Place};

/// Choose a client from a list, and send it away
#[derive(Debug, Clone, Default, Args, Serialize, Deserialize, JsonSchema)]
pub struct Choose {}

impl Action for Choose {
    const NAME: &'static str = "client.choose";
    const KEYS: &'static [DefaultKey] = &[("prefix D", "")];
    const ACCESS: Access = Access::Interact;
    const PLACE: Place = Place::Client;
    type Reply = ();
}
