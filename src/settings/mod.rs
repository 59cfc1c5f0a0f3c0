//! The options, typed, with their defaults. Plain data: reading files is `config`'s.
//!
//! The doc comments of the fields are the text of the generated reference, and their ranges are
//! checked from the schema. `server` has the options that the server reads, `client` those of a
//! client.
//!
//! The layer imports `base`; `state`, `action`, `config`, `core`, `server`, `client` and `cli`
//! read the options. Tests: beside the code, `tests/it/config.rs`.

mod client;
mod server;
pub mod shape;
mod theme;
mod value;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub use client::{
    Bars, ColourDepth, CopyModeOptions, CopyTable, Edge, HintOptions, KeyOptions, OuterOptions,
    Preset, Segment,
};
pub use server::{
    Environment, ExecOptions, Hooks, Keep, Limits, LogOptions, Monitor, NotifyPolicy, PaneOptions,
    Persist, Remain, RerunPolicy, Restore, Scrollback, SessionOptions, ShellOptions, Sizing,
};
pub use theme::{Appearance, Palette, Theme, ThemeFile};
pub use value::{KeyText, SizeText, ThemeChoice, ThemeColour, ValueError};

/// Every option. The client reads `keys`, `theme`, `bars`, `outer`, `copy` and `hints` of its own
/// machine; the server reads the rest.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
#[schemars(title = "abide's configuration")]
pub struct Settings {
    /// The prefix, and what keys do after it.
    pub keys: KeyOptions,
    /// Colours of everything abide draws itself. A colour is `"theme"` for that of the theme,
    /// `"default"` for the terminal's, a name such as `"blue"` or `"bright-black"`, a number of the
    /// 256-colour palette such as `"244"`, or `"#rrggbb"`.
    pub theme: Theme,
    /// The tab bar, the status line and the borders of panes.
    pub bars: Bars,
    /// The use that abide makes of the terminal it runs in.
    pub outer: OuterOptions,
    /// Copy mode, and where copied text goes.
    pub copy: CopyModeOptions,
    /// Labels over addresses, paths, hashes and numbers.
    pub hints: HintOptions,
    /// The program of a new pane, and its environment.
    pub shell: ShellOptions,
    /// Sessions and their sizes.
    pub session: SessionOptions,
    /// The things that happen when the program of a pane ends or is stopped.
    pub pane: PaneOptions,
    /// Commands that `abide exec` and `abide start` run.
    pub exec: ExecOptions,
    /// The amount of output kept for each pane.
    pub scrollback: Scrollback,
    /// Events that are worth a mark or a notice.
    pub monitor: Monitor,
    /// Things that abide does by itself when something happens: an action such as `"layout
    /// equalise"`, or after `!` a shell command such as `"! notify-send \"$ABIDE_TEXT\""`. Nothing
    /// where it is empty. A command gets the variables `ABIDE_HOOK`, `ABIDE_SESSION`, `ABIDE_TAB`,
    /// `ABIDE_PANE`, `ABIDE_CLIENT` and `ABIDE_TEXT`.
    pub hooks: Hooks,
    /// Variables that follow the client.
    pub environment: Environment,
    /// State that outlives a reboot.
    pub persist: Persist,
    /// The log of the server.
    pub log: LogOptions,
    /// The most that one server holds.
    pub limits: Limits,
}
