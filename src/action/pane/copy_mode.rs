//! `pane.copy_mode`: looks back, searches and copies in the pane in focus.

use clap::Args;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::action::{Access, Action, DefaultKey, Role};

/// Look back, search and copy in the pane in focus
///
/// Output goes on meanwhile, and other clients see nothing of it. The keys are those of vi or
/// emacs, as copy.keys says.
#[derive(Debug, Clone, Default, Args, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct PaneCopyMode {
    /// Scroll a page back; it ends at the bottom then
    #[arg(short = 'u', long)]
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub page_up: bool,
}

impl Action for PaneCopyMode {
    const NAME: &'static str = "pane.copy_mode";
    const VERBS: &'static [&'static str] = &["pane copy-mode"];
    const KEYS: &'static [DefaultKey] = &[("prefix [", ""), ("prefix PageUp", "--page-up")];
    const ACCESS: Access = Access::Interact;
    const ROLE: Role = Role::Client;
    type Reply = ();
}
