//! The options that a client reads on its own machine, so that remote sessions keep local keys and
//! colours.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::base::key::{Key, KeyCode};
use crate::settings::value::KeyText;

/// The prefix, and what keys do after it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct KeyOptions {
    /// The set of keys to start from: `tmux`, `screen`, `zellij`, `alt` or `locked`.
    pub preset: Preset,
    /// The keys that start a chord, such as `["C-a", "C-b"]`; pressed twice, one is sent on. Empty
    /// takes the preset's: `C-b`, for screen `C-a`, for alt `C-M-b`.
    pub prefix: Vec<KeyText>,
    /// The one key that is taken while the keys are locked: it unlocks them.
    pub unlock: KeyText,
    /// The time after the prefix at which the list of what can follow appears, in milliseconds; 0
    /// never shows it.
    #[schemars(range(max = 60_000))]
    pub hint_ms: u32,
    /// The time after a key that moves or resizes (arrows after the prefix) in which the next one
    /// needs no prefix, in milliseconds; 0 never lets it.
    #[schemars(range(max = 5_000))]
    pub repeat_ms: u32,
    /// The time that a lone Escape waits to become part of another key, in milliseconds. Terminals
    /// that tell keys apart do not need it.
    #[schemars(range(max = 5_000))]
    pub escape_time_ms: u32,
    /// Your own keys in the action language: `"prefix |" = "pane split --right"`. A key without
    /// `prefix` acts at once and is taken from the programs. An empty action frees a key:
    /// `"prefix x" = ""`.
    pub bind: BTreeMap<String, String>,
}

impl Default for KeyOptions {
    fn default() -> Self {
        let unlock = KeyText(Key::plain(KeyCode::F(12)));
        Self {
            preset: Preset::Tmux,
            prefix: Vec::new(),
            unlock,
            hint_ms: 500,
            repeat_ms: 500,
            escape_time_ms: 50,
            bind: BTreeMap::new(),
        }
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
    /// The keys of tmux, and without a prefix those of zellij: `C-p n`, `C-t n`, `M-n`.
    Zellij,
    /// Prefix `C-M-b`, and chords with Ctrl and Alt that hardly any program uses: `C-M-h`, `C-M-n`.
    Alt,
    /// The keys of tmux, but locked from the start: nothing is taken until `unlock` is pressed,
    /// which locks them again too.
    Locked,
}

/// The tab bar, the status line and the borders of panes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Bars {
    /// The place of the status line: `top`, `bottom` or `off`.
    pub position: Edge,
    /// The place of the bar that tabs have of their own: `top`, `bottom`, or `off` to have them in
    /// the status line.
    pub tabs: Edge,
    /// The parts of the status line on the left, of `session`, `tabs`, `mode`, `prefix`, `zoom`,
    /// `progress`, `attention`, `host`, `clock`, `title`, `cwd`, `command`.
    #[schemars(length(max = 16))]
    pub left: Vec<Segment>,
    /// The parts of the status line in the middle, of the same.
    #[schemars(length(max = 16))]
    pub center: Vec<Segment>,
    /// The parts of the status line on the right, of the same.
    #[schemars(length(max = 16))]
    pub right: Vec<Segment>,
    /// The form of the time, as for date(1): `%H:%M`, or `%a %d %b %H:%M`.
    #[schemars(length(min = 1, max = 64))]
    pub clock: String,
    /// The shell command whose first line of output the segment `command` shows. It runs on this
    /// machine.
    #[schemars(length(max = 4096))]
    pub command: String,
    /// The time between two runs of the command, in seconds.
    #[schemars(range(min = 1, max = 86_400))]
    pub command_s: u32,
    /// True if the status line reminds of the key that lists the keys.
    pub reminder: bool,
    /// True if the border above a pane shows its title. A tab with one pane has no border.
    pub pane_titles: bool,
}

impl Default for Bars {
    fn default() -> Self {
        Self {
            position: Edge::Bottom,
            tabs: Edge::Top,
            left: vec![Segment::Session, Segment::Tabs],
            center: Vec::new(),
            right: vec![
                Segment::Mode,
                Segment::Progress,
                Segment::Attention,
                Segment::Command,
                Segment::Host,
                Segment::Clock,
            ],
            clock: "%H:%M".into(),
            command: String::new(),
            command_s: 10,
            reminder: true,
            pane_titles: true,
        }
    }
}

impl Bars {
    /// The rows that the bars take of a terminal with room for them.
    #[must_use]
    pub fn rows(&self) -> u16 {
        u16::from(self.position != Edge::Off) + u16::from(self.tabs != Edge::Off)
    }

    /// True if the status line shows this.
    #[must_use]
    pub fn has(&self, segment: Segment) -> bool {
        self.position != Edge::Off
            && [&self.left, &self.center, &self.right]
                .into_iter()
                .any(|part| part.contains(&segment))
    }
}

/// An edge of the terminal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Edge {
    /// Above the panes.
    Top,
    /// Below them.
    #[default]
    Bottom,
    /// Nowhere.
    Off,
}

/// A part of the status line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Segment {
    /// The session's name.
    Session,
    /// The tabs.
    Tabs,
    /// All that is different from usual: a pending prefix, locked keys, zoom, read-only,
    /// synchronized input, company.
    Mode,
    /// A pending prefix alone.
    Prefix,
    /// A mark while the pane in focus fills the tab.
    Zoom,
    /// The progress of the work in the pane in focus (OSC 9;4).
    Progress,
    /// The number of panes that want attention.
    Attention,
    /// The name of the machine.
    Host,
    /// The time.
    Clock,
    /// The title of the pane in focus.
    Title,
    /// The directory of the pane in focus.
    Cwd,
    /// The line that the command of `bars.command` printed.
    Command,
}

/// The use that abide makes of the terminal it runs in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct OuterOptions {
    /// True if the mouse focuses panes, goes to tabs and moves borders. Programs that ask for the
    /// mouse get it only then.
    pub mouse: bool,
    /// True if the terminal's title names the session and the pane in focus. It is put back at the
    /// end.
    pub title: bool,
    /// True if programs may set the clipboard (OSC 52).
    pub clipboard: bool,
    /// True if a bell in a pane rings the terminal's.
    pub bell: bool,
    /// True if notifications of programs (OSC 9, 99, 777) are passed on to the terminal.
    pub notify: bool,
    /// True if abide asks once before several lines are pasted into a program that does not tell
    /// pastes from typing: a shell would run them at once.
    pub ask_paste: bool,
    /// The number of colours of the terminal: `auto` looks at `COLORTERM`, `TERM` and `NO_COLOR`;
    /// `true`, `256`, `16` and `none` say it.
    pub colours: ColourDepth,
}

impl Default for OuterOptions {
    fn default() -> Self {
        Self {
            mouse: true,
            title: true,
            clipboard: true,
            bell: true,
            notify: true,
            ask_paste: true,
            colours: ColourDepth::Auto,
        }
    }
}

/// The number of colours of a terminal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum ColourDepth {
    /// The number that the environment tells.
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
pub struct CopyModeOptions {
    /// The keys of copy mode: `vi`, `emacs`, or `auto` for those of `$VISUAL` or `$EDITOR`, emacs
    /// if they say nothing of vi.
    pub keys: CopyTable,
    /// True if copied text goes to the terminal's clipboard (OSC 52).
    pub clipboard: bool,
    /// A command that reads what is copied, such as `wl-copy` or `xclip -in -selection clipboard`;
    /// run by the shell. Empty for none.
    #[schemars(length(max = 4096))]
    pub command: String,
    /// True if letting the mouse go copies what it selected.
    pub on_release: bool,
    /// The number of rows that a step of the wheel scrolls.
    #[schemars(range(min = 1, max = 100))]
    pub wheel_rows: u16,
    /// Characters that separate words, besides blanks.
    #[schemars(length(max = 256))]
    pub word_separators: String,
}

impl Default for CopyModeOptions {
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
pub struct HintOptions {
    /// The command that opens what a label typed as a capital stands for, which it gets as its last
    /// argument; run by the shell.
    #[schemars(length(max = 4096))]
    pub open: String,
}

impl Default for HintOptions {
    fn default() -> Self {
        Self { open: "xdg-open".into() }
    }
}
