//! What a client is told once at its start: keys, actions, options and the machine it runs on. Plain data.

use crate::base::style::Style;
use crate::client::stand::{Bound, Keymap};
use crate::settings::{Bars, Keys, Outer, Theme, ThemeColour};

/// An action in the palette.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ActionItem {
    /// Its name, such as `pane.split`.
    pub name: &'static str,
    /// Its words in the action language, such as `pane split`.
    pub words: String,
    /// What it does, in one line.
    pub summary: String,
}

/// Reads a line of the action language, such as `pane split --right`.
pub type Parse = fn(&str) -> Result<Bound, String>;

/// What a client is told once at its start.
#[derive(Debug, Clone)]
pub struct Setup {
    /// The bindings in force.
    pub keymap: Keymap,
    /// Every action that can be called from here.
    pub actions: Vec<ActionItem>,
    /// Reads a typed command.
    pub parse: Parse,
    /// The options of keys; the bindings among them are in `keymap`.
    pub keys: Keys,
    /// Colours.
    pub theme: Theme,
    /// The status line.
    pub bars: Bars,
    /// How the outer terminal is treated.
    pub outer: Outer,
    /// The name of the machine.
    pub host: String,
}

/// A style of these two colours.
#[must_use]
pub fn style(fg: ThemeColour, bg: ThemeColour) -> Style {
    Style { fg: fg.0, bg: bg.0, ..Style::default() }
}
