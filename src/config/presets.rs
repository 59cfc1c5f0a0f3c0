//! The sets of keys to start from, where they differ from tmux's, in the action language.

use crate::settings::Preset;

/// Bindings as (chord, action); an empty action frees the chord.
type Bindings = &'static [(&'static str, &'static str)];

/// The prefix of a preset, as it is written.
#[must_use]
pub const fn prefix(preset: Preset) -> &'static str {
    match preset {
        Preset::Tmux | Preset::Zellij | Preset::Locked => "C-b",
        Preset::Screen => "C-a",
        Preset::Alt => "C-M-b",
    }
}

/// The changes of a preset.
#[must_use]
pub const fn changes(preset: Preset) -> Bindings {
    match preset {
        Preset::Tmux => &[],
        Preset::Screen => SCREEN,
        Preset::Zellij => ZELLIJ,
        Preset::Alt => ALT,
        Preset::Locked => &[("F12", "client lock")],
    }
}

const SCREEN: Bindings = &[
    ("prefix a", "send --key C-a"),
    ("prefix C-a", "tab last"),
    ("prefix Space", "tab next"),
    ("prefix Backspace", "tab prev"),
    ("prefix k", "tab close"),
    ("prefix S", "pane split --down"),
    ("prefix |", "pane split --right"),
    ("prefix Tab", "pane next"),
    ("prefix X", "pane close"),
    ("prefix Q", "pane zoom"),
    ("prefix A", "client rename tab"),
    ("prefix \"", ""),
];

/// zellij's modes as chords of two keys: the first names the mode, the panel of what can follow
/// shows the second.
const ZELLIJ: Bindings = &[
    ("C-g", "client lock"),
    ("C-p n", "pane split"),
    ("C-p d", "pane split --down"),
    ("C-p r", "pane split --right"),
    ("C-p x", "pane close"),
    ("C-p f", "pane zoom"),
    ("C-p p", "pane next"),
    ("C-p c", "client palette --text 'pane rename '"),
    ("C-p h", "pane focus --left"),
    ("C-p j", "pane focus --down"),
    ("C-p k", "pane focus --up"),
    ("C-p l", "pane focus --right"),
    ("C-p Left", "pane focus --left"),
    ("C-p Down", "pane focus --down"),
    ("C-p Up", "pane focus --up"),
    ("C-p Right", "pane focus --right"),
    ("C-t n", "tab new"),
    ("C-t x", "tab close"),
    ("C-t r", "client rename tab"),
    ("C-t h", "tab prev"),
    ("C-t l", "tab next"),
    ("C-t Left", "tab prev"),
    ("C-t Right", "tab next"),
    ("C-t b", "pane break"),
    ("C-t Tab", "tab last"),
    ("C-t 1", "tab go 1"),
    ("C-t 2", "tab go 2"),
    ("C-t 3", "tab go 3"),
    ("C-t 4", "tab go 4"),
    ("C-t 5", "tab go 5"),
    ("C-t 6", "tab go 6"),
    ("C-t 7", "tab go 7"),
    ("C-t 8", "tab go 8"),
    ("C-t 9", "tab go 9"),
    ("C-n h", "pane resize 5 --left"),
    ("C-n j", "pane resize 5 --down"),
    ("C-n k", "pane resize 5 --up"),
    ("C-n l", "pane resize 5 --right"),
    ("C-n Left", "pane resize 5 --left"),
    ("C-n Down", "pane resize 5 --down"),
    ("C-n Up", "pane resize 5 --up"),
    ("C-n Right", "pane resize 5 --right"),
    ("C-h n", "pane swap --next"),
    ("C-h p", "pane swap --prev"),
    ("C-o d", "detach"),
    ("C-o w", "client sessions"),
    ("C-o c", "client keys"),
    ("M-n", "pane split"),
    ("M-h", "pane focus --left"),
    ("M-j", "pane focus --down"),
    ("M-k", "pane focus --up"),
    ("M-l", "pane focus --right"),
    ("M-Left", "pane focus --left"),
    ("M-Down", "pane focus --down"),
    ("M-Up", "pane focus --up"),
    ("M-Right", "pane focus --right"),
    ("M-]", "layout next"),
];

const ALT: Bindings = &[
    ("C-M-n", "pane split --right"),
    ("C-M-d", "pane split --down"),
    ("C-M-x", "pane close"),
    ("C-M-z", "pane zoom"),
    ("C-M-h", "pane focus --left"),
    ("C-M-j", "pane focus --down"),
    ("C-M-k", "pane focus --up"),
    ("C-M-l", "pane focus --right"),
    ("C-M-Left", "pane focus --left"),
    ("C-M-Down", "pane focus --down"),
    ("C-M-Up", "pane focus --up"),
    ("C-M-Right", "pane focus --right"),
    ("C-M-t", "tab new"),
    ("C-M-PageUp", "tab prev"),
    ("C-M-PageDown", "tab next"),
    ("C-M-s", "client sessions"),
    ("C-M-w", "client tabs"),
    ("C-M-a", "pane attention"),
    ("C-M-p", "client palette"),
    ("C-M-q", "detach"),
];
