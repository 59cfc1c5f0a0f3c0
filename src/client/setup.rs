//! What a client is told once at its start: keys, actions, options and the machine it runs on. Plain data.

use crate::action::table::{Entry, TABLE};
use crate::config::keymap::{Bound, Keymap, bound};
use crate::config::theme::{Chosen, Themes};
use crate::settings::{Appearance, Bars, Keys, Outer, Palette, Settings};

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
    /// The colours in force.
    pub theme: Palette,
    /// The colours for either kind of terminal.
    pub themes: Chosen,
    /// Tab bar and status line.
    pub bars: Bars,
    /// How the outer terminal is treated.
    pub outer: Outer,
    /// The name of the machine.
    pub host: String,
}

impl Setup {
    /// What the settings of this machine give, on a machine of that name.
    #[must_use]
    pub fn new(settings: &Settings, host: impl Into<String>) -> Self {
        let here = TABLE.iter().filter(|entry| !entry.is_command_line_only());
        let item = |entry: &Entry| ActionItem { name: entry.name, words: entry.words()[0].join(" "), summary: entry.summary() };
        let chosen = Themes::default().choose(&settings.theme).unwrap_or_default();
        Self {
            keymap: Keymap::new(&settings.keys),
            actions: here.map(item).collect(),
            parse: bound,
            keys: settings.keys.clone(),
            theme: chosen.of(Appearance::Dark),
            themes: chosen,
            bars: settings.bars.clone(),
            outer: settings.outer.clone(),
            host: host.into(),
        }
    }

    /// The same with these colours.
    #[must_use]
    pub fn coloured(self, chosen: Chosen) -> Self {
        Self { theme: chosen.of(Appearance::Dark), themes: chosen, ..self }
    }

    /// The same for such a terminal.
    #[must_use]
    pub fn on(self, appearance: Appearance) -> Self {
        Self { theme: self.themes.of(appearance), ..self }
    }
}
