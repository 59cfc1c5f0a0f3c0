//! The options, typed, with their defaults. Plain data: reading files is `config`'s.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::base::geom::Size;

/// Every option the server reads.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Settings {
    /// Sessions.
    pub session: SessionSettings,
    /// Panes and their programs.
    pub pane: PaneSettings,
    /// Bounds.
    pub limits: Limits,
}

/// Options of sessions.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct SessionSettings {
    /// The name of the first session.
    pub first_name: String,
    /// The size of a session that no client shows.
    pub size: Size,
    /// Which view gives a pane its size when several show it.
    pub sizing: Sizing,
}

impl Default for SessionSettings {
    fn default() -> Self {
        Self { first_name: "main".into(), size: Size::default(), sizing: Sizing::Latest }
    }
}

/// Which of the views that show a tab gives its panes their size.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Sizing {
    /// The one that sent input last.
    #[default]
    Latest,
    /// The smallest, so that all see everything.
    Smallest,
    /// The largest.
    Largest,
}

/// Options of panes and their programs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct PaneSettings {
    /// The program of a pane that is given none; empty for the user's shell.
    pub command: Vec<String>,
    /// Whether the shell is a login shell.
    pub login: bool,
    /// The value of TERM.
    pub term: String,
    /// Whether a pane stays when its program has ended.
    pub remain_on_exit: Remain,
    /// Time in milliseconds that programs have to end by themselves before they are killed.
    pub grace_ms: u64,
}

impl Default for PaneSettings {
    fn default() -> Self {
        Self { command: Vec::new(), login: false, term: "xterm-256color".into(), remain_on_exit: Remain::Off, grace_ms: 5000 }
    }
}

/// Whether a pane stays when its program has ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Remain {
    /// It is closed.
    #[default]
    Off,
    /// It stays.
    On,
    /// It stays if the program failed.
    Failed,
}

/// Bounds on what can be made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Limits {
    /// Sessions.
    pub sessions: usize,
    /// Panes, in all sessions together.
    pub panes: usize,
    /// Lines of scrollback kept per pane.
    pub scrollback_lines: u32,
    /// Bytes of scrollback kept per pane.
    pub scrollback_bytes: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self { sessions: 100, panes: 1000, scrollback_lines: 100_000, scrollback_bytes: 64 << 20 }
    }
}
