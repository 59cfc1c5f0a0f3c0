//! `cli.completions`: completions for a shell.

use clap::{Args, ValueEnum};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::action::{Access, Action, Place};

/// Print completions for a shell
///
/// For bash: `abide completions bash > ~/.local/share/bash-completion/completions/abide`.
#[derive(Debug, Clone, Args, Serialize, Deserialize, JsonSchema)]
pub struct Completions {
    /// The shell
    #[arg(value_enum)]
    pub shell: Shell,
}

impl Action for Completions {
    const NAME: &'static str = "cli.completions";
    const VERBS: &'static [&'static str] = &["completions"];
    const ACCESS: Access = Access::Read;
    const PLACE: Place = Place::Cli;
    type Reply = ();
}

/// A shell that there are completions for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Shell {
    /// GNU bash.
    Bash,
    /// zsh.
    Zsh,
    /// fish.
    Fish,
}
