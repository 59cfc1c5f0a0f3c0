//! `cli.doctor`: what could keep abide from working well here.

use clap::Args;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::action::{Access, Action, Place};

/// Look for what could keep abide from working well here
///
/// It looks at the terminal, the configuration, the places of state and socket, and the server. The
/// exit status is 1 if something fails.
#[derive(Debug, Clone, Default, Args, Serialize, Deserialize, JsonSchema)]
pub struct Doctor {}

impl Action for Doctor {
    const NAME: &'static str = "cli.doctor";
    const VERBS: &'static [&'static str] = &["doctor"];
    const ACCESS: Access = Access::Read;
    const PLACE: Place = Place::Cli;
    type Reply = ();
}
