//! `client.info`: where one is.

use clap::Args;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::action::{Access, Action, DefaultKey, Place};

/// Say where you are: session, tab, pane, sizes
#[derive(Debug, Clone, Default, Args, Serialize, Deserialize, JsonSchema)]
pub struct Info {}

impl Action for Info {
    const NAME: &'static str = "client.info";
    const KEYS: &'static [DefaultKey] = &[("prefix i", "")];
    const ACCESS: Access = Access::Interact;
    const PLACE: Place = Place::Client;
    type Reply = ();
}
