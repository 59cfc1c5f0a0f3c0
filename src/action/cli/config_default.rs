//! `config.default`: the default configuration.

use clap::Args;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::action::{Access, Action, Place};

/// Print the default configuration: every option with its text
#[derive(Debug, Clone, Args, Serialize, Deserialize, JsonSchema)]
pub struct PrintDefault {}

impl Action for PrintDefault {
    const NAME: &'static str = "config.default";
    const ACCESS: Access = Access::Read;
    const PLACE: Place = Place::Cli;
    type Reply = ();
}
