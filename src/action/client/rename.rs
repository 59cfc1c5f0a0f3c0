//! `client.rename`: a prompt for the name of what is shown.

use clap::{Args, ValueEnum};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::action::{Access, Action, DefaultKey, Role};

/// Type a new name for the tab, the session or the pane that is shown
#[derive(Debug, Clone, Args, Serialize, Deserialize, JsonSchema)]
pub struct ClientRename {
    /// What gets the name
    pub what: RenameTarget,
}

/// What gets another name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(rename = "What")]
pub enum RenameTarget {
    /// The tab
    Tab,
    /// The session
    Session,
    /// The pane
    Pane,
}

impl Action for ClientRename {
    const NAME: &'static str = "client.rename";
    const KEYS: &'static [DefaultKey] =
        &[("prefix ,", "tab"), ("prefix $", "session"), ("prefix T", "pane")];
    const ACCESS: Access = Access::Interact;
    const ROLE: Role = Role::Client;
    type Reply = ();
}
