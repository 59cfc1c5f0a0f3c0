//! The options that the server reads.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::base::time::Span;

/// What runs in a new pane.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Shell {
    /// The program of a pane that is given none, an absolute path. Empty takes `$SHELL`, else the one in passwd, else `/bin/sh`.
    pub program: String,
    /// Whether it is started as a login shell.
    pub login: bool,
    /// `TERM` in panes: how programs know what abide's terminal can do.
    #[schemars(length(min = 1, max = 64))]
    pub term: String,
}

impl Default for Shell {
    fn default() -> Self {
        Self { program: String::new(), login: false, term: "xterm-256color".into() }
    }
}

/// Sessions and their sizes.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Session {
    /// Whose size a pane has that several clients show: the one that last typed (`latest`), the `smallest` or the `largest`.
    pub sizing: Sizing,
}

/// Whose size a pane has that several clients show.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Sizing {
    /// That of the client that last sent input.
    #[default]
    Latest,
    /// The smallest: everybody sees all of it.
    Smallest,
    /// The largest: smaller clients see the part around the cursor.
    Largest,
}

/// What happens when the program of a pane ends or is stopped.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Pane {
    /// Whether a pane stays when its program ends: `off`, `on`, or `failed` for those that ended with another status than 0.
    pub remain_on_exit: RemainOnExit,
    /// How long a program that is told to stop may take before it is killed, in milliseconds.
    #[schemars(range(max = 600_000))]
    pub stop_grace_ms: u32,
}

impl Default for Pane {
    fn default() -> Self {
        Self { remain_on_exit: RemainOnExit::Off, stop_grace_ms: 5_000 }
    }
}

impl Pane {
    /// The grace as a span.
    #[must_use]
    pub fn stop_grace(&self) -> Span {
        Span::millis(self.stop_grace_ms.into())
    }
}

/// Whether a pane stays when its program ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum RemainOnExit {
    /// It closes.
    #[default]
    Off,
    /// It stays, with its last screen.
    On,
    /// It stays if the status was not 0.
    Failed,
}

/// How much output is kept for each pane.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Scrollback {
    /// Lines that have left the screen and can be scrolled back to; 0 keeps none.
    #[schemars(range(max = 100_000_000))]
    pub lines: u32,
    /// Memory for them, in bytes. The oldest are dropped when either limit is reached.
    #[schemars(range(min = 65_536, max = 68_719_476_736_u64))]
    pub bytes: u64,
}

impl Default for Scrollback {
    fn default() -> Self {
        Self { lines: 100_000, bytes: 64 << 20 }
    }
}

/// What outlives a reboot.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Persist {
    /// Whether sessions, screens and scrollback are kept on disk and shown again after a reboot.
    pub enabled: bool,
}

impl Default for Persist {
    fn default() -> Self {
        Self { enabled: true }
    }
}

/// What one server holds at most.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Limits {
    /// Sessions at the same time.
    #[schemars(range(min = 1, max = 10_000))]
    pub sessions: u32,
}

impl Default for Limits {
    fn default() -> Self {
        Self { sessions: 100 }
    }
}
