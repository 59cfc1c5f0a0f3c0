//! `cli.doctor`: what could keep abide from working well here.

use clap::Args;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::action::{Access, Action, Role};

/// Look for what could keep abide from working well here
///
/// It looks at the terminal, the configuration, the places of state and socket, and the server. The
/// exit status is 1 if something fails.
#[derive(Debug, Clone, Default, Args, Serialize, Deserialize, JsonSchema)]
pub struct CliDoctor {}

impl Action for CliDoctor {
    const NAME: &'static str = "cli.doctor";
    const VERBS: &'static [&'static str] = &["doctor"];
    const ACCESS: Access = Access::Read;
    const ROLE: Role = Role::Cli;
    type Reply = ();
}
