//! `config.explain`: where the value of an option comes from.

use clap::Args;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::action::{Access, Action, Place};

/// Tell what an option is for, what it is set to, and where that comes from
///
/// Values come from the configuration file (with its line), from the environment, or are the
/// defaults.
#[derive(Debug, Clone, Args, Serialize, Deserialize, JsonSchema)]
pub struct Explain {
    /// The option, such as `keys.hint_ms`, or a section
    pub option: String,
}

impl Action for Explain {
    const NAME: &'static str = "config.explain";
    const ACCESS: Access = Access::Read;
    const PLACE: Place = Place::Cli;
    type Reply = ();
}
