//! `cli.themes`: lists the themes.

use clap::Args;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::action::{Access, Action, Place};

/// List the themes, built in and your own
#[derive(Debug, Clone, Default, Args, Serialize, Deserialize, JsonSchema)]
pub struct Themes {}

impl Action for Themes {
    const NAME: &'static str = "cli.themes";
    const VERBS: &'static [&'static str] = &["themes"];
    const ACCESS: Access = Access::Read;
    const PLACE: Place = Place::Cli;
    type Reply = ();
}
