//! `cli.completions`: completions for a shell.

use clap::{Args, ValueEnum};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::action::{Access, Action, Role};

/// Print completions for a shell
///
/// For bash: `abide completions bash > ~/.local/share/bash-completion/completions/abide`.
#[derive(Debug, Clone, Args, Serialize, Deserialize, JsonSchema)]
pub struct CliCompletions {
    /// The shell
    #[arg(value_enum)]
    pub shell: CompletionShell,
}

impl Action for CliCompletions {
    const NAME: &'static str = "cli.completions";
    const VERBS: &'static [&'static str] = &["completions"];
    const ACCESS: Access = Access::Read;
    const ROLE: Role = Role::Cli;
    type Reply = ();
}

/// A shell that there are completions for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[schemars(rename = "Shell")]
pub enum CompletionShell {
    /// GNU bash.
    Bash,
    /// zsh.
    Zsh,
    /// fish.
    Fish,
}
