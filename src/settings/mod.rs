//! The options, typed, with their defaults. Plain data: reading files is `config`'s.
//!
//! The doc comments of the fields are the text of the generated reference, and their ranges are checked from the schema.

mod client;
mod server;
pub mod shape;
mod value;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub use client::{Bars, ColourDepth, CopyMode, CopyTable, Edge, Hints, Keys, Outer, Preset, Segment, Theme};
pub use server::{Limits, Pane, Persist, Remain, Scrollback, Session, Shell, Sizing};
pub use value::{KeyText, SizeText, ThemeColour, ValueError};

/// Every option. The client reads `keys`, `theme`, `bars`, `outer`, `copy` and `hints` of its own machine; the server reads the rest.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
#[schemars(title = "abide's configuration")]
pub struct Settings {
    /// The prefix, and what keys do after it.
    pub keys: Keys,
    /// Colours of everything abide draws itself. A colour is `"default"`, a name such as `"blue"` or `"bright-black"`, a number of the 256-colour palette such as `"244"`, or `"#rrggbb"`.
    pub theme: Theme,
    /// The status line and the borders of panes.
    pub bars: Bars,
    /// How abide treats the terminal it runs in.
    pub outer: Outer,
    /// Copy mode, and where copied text goes.
    pub copy: CopyMode,
    /// Labels over addresses, paths, hashes and numbers.
    pub hints: Hints,
    /// What runs in a new pane.
    pub shell: Shell,
    /// Sessions and their sizes.
    pub session: Session,
    /// What happens when the program of a pane ends or is stopped.
    pub pane: Pane,
    /// How much output is kept for each pane.
    pub scrollback: Scrollback,
    /// What outlives a reboot.
    pub persist: Persist,
    /// What one server holds at most.
    pub limits: Limits,
}
