//! The options that a client reads on its own machine, so that remote sessions keep local keys and colours.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::settings::value::{KeyText, ThemeColour};

/// The prefix, and what keys do after it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Keys {
    /// Which set of keys to start from: `tmux` or `screen`.
    pub preset: Preset,
    /// The keys that start a chord, such as `["C-a", "C-b"]`; pressed twice, one is sent on. Empty takes the preset's: `C-b` for tmux, `C-a` for screen.
    pub prefix: Vec<KeyText>,
    /// How long after the prefix the list of what can follow appears, in milliseconds; 0 never shows it.
    #[schemars(range(max = 60_000))]
    pub hint_ms: u32,
    /// How long after a key that moves or resizes (arrows after the prefix) the next one needs no prefix, in milliseconds; 0 never lets it.
    #[schemars(range(max = 5_000))]
    pub repeat_ms: u32,
    /// How long a lone Escape waits to become part of another key, in milliseconds. Terminals that tell keys apart do not need it.
    #[schemars(range(max = 5_000))]
    pub escape_time_ms: u32,
    /// Your own keys in the action language: `"prefix |" = "pane split --right"`. A key without `prefix` acts at once and is taken from the programs. An empty action frees a key: `"prefix x" = ""`.
    pub bind: BTreeMap<String, String>,
}

impl Default for Keys {
    fn default() -> Self {
        Self { preset: Preset::Tmux, prefix: Vec::new(), hint_ms: 500, repeat_ms: 500, escape_time_ms: 50, bind: BTreeMap::new() }
    }
}

/// A set of keys to start from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Preset {
    /// Prefix `C-b` and the keys of tmux.
    #[default]
    Tmux,
    /// Prefix `C-a` and, where they differ, the keys of GNU screen.
    Screen,
}

/// Colours of everything abide draws itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Theme {
    /// Text of the status line.
    pub bar_fg: ThemeColour,
    /// Background of the status line.
    pub bar_bg: ThemeColour,
    /// Text of the current tab in the status line.
    pub tab_fg: ThemeColour,
    /// Background of the current tab in the status line.
    pub tab_bg: ThemeColour,
    /// Marks that want attention: a bell, activity, a pending prefix.
    pub accent: ThemeColour,
    /// Borders of panes.
    pub border: ThemeColour,
    /// Border of the pane in focus.
    pub border_focus: ThemeColour,
    /// Text of lists, menus and questions.
    pub overlay_fg: ThemeColour,
    /// Background of lists, menus and questions.
    pub overlay_bg: ThemeColour,
    /// Text of what is selected.
    pub select_fg: ThemeColour,
    /// Background of what is selected.
    pub select_bg: ThemeColour,
    /// Text of notices that tell of something that went wrong.
    pub warning: ThemeColour,
}

impl Default for Theme {
    fn default() -> Self {
        let named = ThemeColour::indexed;
        Self {
            bar_fg: named(7),
            bar_bg: named(236),
            tab_fg: named(0),
            tab_bg: named(2),
            accent: named(3),
            border: named(240),
            border_focus: named(2),
            overlay_fg: named(7),
            overlay_bg: named(235),
            select_fg: named(0),
            select_bg: named(3),
            warning: named(1),
        }
    }
}

/// The status line and the borders of panes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Bars {
    /// Whether there is a status line.
    pub show: bool,
    /// The edge it is on: `top` or `bottom`.
    pub edge: Edge,
    /// What it shows on the left, of `session`, `tabs`, `mode`, `host`, `clock`, `title`.
    #[schemars(length(max = 8))]
    pub left: Vec<Segment>,
    /// What it shows on the right, of the same.
    #[schemars(length(max = 8))]
    pub right: Vec<Segment>,
    /// Whether the border above a pane shows its title. A tab with one pane has no border.
    pub pane_titles: bool,
}

impl Default for Bars {
    fn default() -> Self {
        Self {
            show: true,
            edge: Edge::Bottom,
            left: vec![Segment::Session, Segment::Tabs],
            right: vec![Segment::Mode, Segment::Host, Segment::Clock],
            pane_titles: true,
        }
    }
}

/// An edge of the terminal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Edge {
    /// The first row.
    Top,
    /// The last row.
    #[default]
    Bottom,
}

/// A part of the status line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Segment {
    /// The session's name.
    Session,
    /// The tabs.
    Tabs,
    /// A pending prefix, zoom, read-only, and the like.
    Mode,
    /// The name of the machine.
    Host,
    /// Hours and minutes.
    Clock,
    /// The title of the pane in focus.
    Title,
}

/// How abide treats the terminal it runs in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Outer {
    /// Whether the mouse focuses panes, goes to tabs and moves borders. Programs that ask for the mouse get it only then.
    pub mouse: bool,
    /// Whether the terminal's title names the session and the pane in focus. It is put back at the end.
    pub title: bool,
    /// Whether programs may set the clipboard (OSC 52).
    pub clipboard: bool,
    /// Whether a bell in a pane rings the terminal's.
    pub bell: bool,
    /// How many colours the terminal has: `auto` looks at `COLORTERM`, `TERM` and `NO_COLOR`; `true`, `256`, `16` and `none` say it.
    pub colours: ColourDepth,
}

impl Default for Outer {
    fn default() -> Self {
        Self { mouse: true, title: true, clipboard: true, bell: true, colours: ColourDepth::Auto }
    }
}

/// How many colours a terminal has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum ColourDepth {
    /// Whatever its environment tells.
    #[default]
    Auto,
    /// 24 bits.
    True,
    /// The palette of 256.
    #[serde(rename = "256")]
    Palette,
    /// The sixteen named ones.
    #[serde(rename = "16")]
    Named,
    /// None: bold, underline and inverse only.
    None,
}

/// Copy mode, and where copied text goes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct CopyMode {
    /// The keys of copy mode: `vi`, `emacs`, or `auto` for those of `$VISUAL` or `$EDITOR`, emacs if they say nothing of vi.
    pub keys: CopyTable,
    /// Whether what is copied goes to the terminal's clipboard (OSC 52).
    pub clipboard: bool,
    /// A command that reads what is copied, such as `wl-copy` or `xclip -in -selection clipboard`; run by the shell. Empty for none.
    #[schemars(length(max = 4096))]
    pub command: String,
    /// Whether letting the mouse go copies what it selected.
    pub on_release: bool,
    /// How many rows a step of the wheel scrolls.
    #[schemars(range(min = 1, max = 100))]
    pub wheel_rows: u16,
    /// Characters that separate words, besides blanks.
    #[schemars(length(max = 256))]
    pub word_separators: String,
}

impl Default for CopyMode {
    fn default() -> Self {
        Self {
            keys: CopyTable::Auto,
            clipboard: true,
            command: String::new(),
            on_release: true,
            wheel_rows: 3,
            word_separators: "!\"#$%&'()*+,-./:;<=>?@[\\]^`{|}~".into(),
        }
    }
}

/// A set of keys of copy mode.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum CopyTable {
    /// Those of the user's editor.
    #[default]
    Auto,
    /// Those of vi.
    Vi,
    /// Those of emacs.
    Emacs,
}

/// Labels over addresses, paths, hashes and numbers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Hints {
    /// The command that opens what a label typed as a capital stands for, which it gets as its last argument; run by the shell.
    #[schemars(length(max = 4096))]
    pub open: String,
}

impl Default for Hints {
    fn default() -> Self {
        Self { open: "xdg-open".into() }
    }
}
