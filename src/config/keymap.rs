//! The meaning of keys: the defaults of the action table, where the presets differ from them, and
//! the user's own bindings. It knows no terminal and runs no action.

use std::collections::BTreeMap;

use crate::action::Role;
use crate::action::table::{self, CallParams};
use crate::base::error::Refusal;
use crate::base::key::{Key, KeyCode, Mods};
use crate::base::path_trace;
use crate::config::words;
use crate::settings::{KeyOptions, Preset};

/// The longest chord, in keys.
pub const CHORD_KEYS_MAX: usize = 4;

/// An action with the arguments that a key calls it with.
#[derive(Debug, Clone, PartialEq)]
pub struct Bound {
    /// The name of the action.
    pub name: &'static str,
    /// The role that carries it out.
    pub place: Role,
    /// The arguments.
    pub params: CallParams,
    /// The binding as it is written: `pane split --right`.
    pub words: String,
}

/// The meaning of a key after those that are pending.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Lookup<'a> {
    /// The chord is whole.
    Hit(&'a Bound),
    /// More keys are awaited.
    Pending,
    /// No binding: with nothing pending, the key is the program's.
    Miss,
}

/// A binding in a list for people.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListedKey {
    /// The chord as it is written in a configuration: `prefix |`.
    pub chord: String,
    /// The keys to press: `C-b |`.
    pub keys: String,
    /// The action as it is written: `pane split --right`.
    pub words: String,
    /// The name of the action.
    pub name: &'static str,
    /// The help in one line.
    pub summary: String,
}

/// The problem of a binding.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fault {
    /// With its keys.
    Chord(String),
    /// With its action.
    Action(String),
}

/// A key of a chord.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Step {
    Prefix,
    Key(Key),
}

type Chord = Vec<Step>;

/// All bindings in force.
#[derive(Debug, Clone, PartialEq)]
pub struct Keymap {
    prefixes: Vec<Key>,
    bound: BTreeMap<Chord, Bound>,
}

impl Keymap {
    /// The bindings that the options give: defaults, then the preset, then the user's. What `load`
    /// would refuse is left out.
    #[must_use]
    pub fn new(keys: &KeyOptions) -> Self {
        let mut map = Self { prefixes: prefixes(keys), bound: BTreeMap::new() };
        for (chord, words) in default_bindings(keys.preset) {
            map.bind(chord, &words);
        }
        for prefix in map.prefixes.clone() {
            let twice = vec![Step::Prefix, Step::Key(prefix)];
            if keys.preset != Preset::Screen || !map.bound.contains_key(&twice) {
                map.bind_steps(twice, &format!("send --key {prefix}"));
            }
        }
        for (chord, words) in &keys.bind {
            map.bind(chord, words);
        }
        map
    }

    /// The prefix keys in force; the first is the one to show.
    #[must_use]
    pub fn prefixes(&self) -> &[Key] {
        &self.prefixes
    }

    /// The meaning of `key` after `pending`, the keys of an unfinished chord.
    #[must_use]
    pub fn lookup(&self, pending: &[Key], key: Key) -> Lookup<'_> {
        path_trace::note("key");
        let pressed: Vec<Key> = pending.iter().copied().chain([key]).map(Key::normal).collect();
        let chord = self.steps(&pressed);
        if let Some(bound) = self.bound.get(&chord) {
            return Lookup::Hit(bound);
        }
        let more = self
            .bound
            .range(chord.clone()..)
            .next()
            .is_some_and(|(longer, _)| longer.starts_with(&chord));
        if more { Lookup::Pending } else { Lookup::Miss }
    }

    /// True if the key that ended a chord acts again without the rest of it, when it follows at
    /// once: arrows of actions that say so.
    #[must_use]
    pub fn repeats(&self, bound: &Bound, key: Key) -> bool {
        !matches!(key.normal().code, KeyCode::Char(_))
            && table::find(bound.name).is_some_and(|entry| entry.repeats)
    }

    /// Everything that can follow `pending`, in the order of keys; all bindings if nothing is
    /// pending.
    #[must_use]
    pub fn following(&self, pending: &[Key]) -> Vec<ListedKey> {
        let start = self.steps(pending);
        self.bound
            .iter()
            .filter(|(chord, _)| chord.starts_with(&start))
            .map(|(chord, bound)| self.listed(chord, bound))
            .collect()
    }

    /// All bindings, in the order of the action table.
    #[must_use]
    pub fn listing(&self) -> Vec<ListedKey> {
        let mut all = self.following(&[]);
        all.sort_by_key(|listed| table::all().position(|entry| entry.name == listed.name));
        all
    }

    /// The keys to press for the action of this name, without arguments if there are several; none
    /// if it has no key.
    #[must_use]
    pub fn keys_of(&self, name: &str) -> Option<String> {
        let of_name = self.bound.iter().filter(|(_, bound)| bound.name == name);
        of_name.min_by_key(|(_, bound)| bound.words.len()).map(|(chord, _)| self.pressed(chord))
    }

    /// The help of the action of a binding, in one line.
    #[must_use]
    pub fn summary(&self, bound: &Bound) -> String {
        table::find(bound.name).map(table::ActionEntry::summary).unwrap_or_default()
    }

    fn listed(&self, chord: &[Step], bound: &Bound) -> ListedKey {
        let written = chord.iter().map(|step| match step {
            Step::Prefix => "prefix".to_owned(),
            Step::Key(key) => key.to_string(),
        });
        let summary = table::find(bound.name).map(table::ActionEntry::summary).unwrap_or_default();
        ListedKey {
            chord: written.collect::<Vec<_>>().join(" "),
            keys: self.pressed(chord),
            words: bound.words.clone(),
            name: bound.name,
            summary,
        }
    }

    fn pressed(&self, chord: &[Step]) -> String {
        let keys = chord.iter().filter_map(|step| match step {
            Step::Prefix => self.prefixes.first().map(ToString::to_string),
            Step::Key(key) => Some(key.to_string()),
        });
        keys.collect::<Vec<_>>().join(" ")
    }

    /// Only the first key of a chord can be a prefix: after it the prefix key is a key like others.
    fn steps(&self, keys: &[Key]) -> Chord {
        let step = |(at, key): (usize, &Key)| {
            if at == 0 && self.prefixes.contains(key) { Step::Prefix } else { Step::Key(*key) }
        };
        keys.iter().enumerate().map(step).collect()
    }

    fn bind(&mut self, chord: &str, words: &str) {
        if let Ok(steps) = steps_of(chord) {
            self.bind_steps(steps, words);
        }
    }

    fn bind_steps(&mut self, steps: Chord, words: &str) {
        let shorter_or_longer = |other: &Chord| {
            *other != steps && (other.starts_with(&steps) || steps.starts_with(other))
        };
        if words.is_empty() {
            self.bound.remove(&steps);
        } else if let Ok(bound) = bound(words) {
            self.bound.retain(|other, _| !shorter_or_longer(other));
            self.bound.insert(steps, bound);
        }
    }
}

/// The bindings of a preset as `(chord, action)`, in the order of the table; the prefix key after
/// the prefix is not among them.
#[must_use]
pub fn default_bindings(preset: Preset) -> Vec<(&'static str, String)> {
    let of_entry = |entry: &'static table::ActionEntry| {
        let words = entry.words()[0].join(" ");
        entry.keys.iter().map(move |(chord, arguments)| {
            (*chord, format!("{words} {arguments}").trim_end().to_owned())
        })
    };
    let mut all: Vec<_> = table::all().flat_map(of_entry).collect();
    let changes = preset_changes(preset);
    all.retain(|(chord, _)| !changes.iter().any(|(other, _)| collide(chord, other)));
    all.extend(
        changes
            .iter()
            .filter(|(_, words)| !words.is_empty())
            .map(|(chord, words)| (*chord, (*words).to_owned())),
    );
    all
}

fn prefixes(keys: &KeyOptions) -> Vec<Key> {
    if keys.prefix.is_empty() {
        return preset_prefix(keys.preset).parse().into_iter().collect();
    }
    keys.prefix.iter().map(|key| key.0).collect()
}

/// Everything that is wrong with a user's binding; an empty action frees the key.
#[must_use]
pub fn faults(chord: &str, words: &str) -> Vec<Fault> {
    let mut found = Vec::new();
    match steps_of(chord) {
        Err(message) => found.push(Fault::Chord(message)),
        Ok(steps) if types_text(&steps) => {
            found.push(Fault::Chord(format!(
                "would take the key from every program; write \"prefix {chord}\""
            )));
        }
        Ok(_) => {}
    }
    if !words.is_empty()
        && let Err(message) = bound(words)
    {
        found.push(Fault::Action(message));
    }
    found
}

/// The mark of a shell command where an action could stand.
pub const COMMAND_MARK: char = '!';

/// The problem of the text of a hook; none if it is an action, a shell command or nothing.
#[must_use]
pub fn hook_fault(text: &str) -> Option<String> {
    match text.trim().strip_prefix(COMMAND_MARK) {
        None if text.trim().is_empty() => None,
        None => match bound(text) {
            Ok(bound) if bound.place == Role::Client => Some(format!(
                "{text} needs a client; a hook calls what the server does, or ! and a command"
            )),
            Ok(_) => None,
            Err(message) => Some(message),
        },
        Some(command) if command.trim().is_empty() => Some("has no command after the !".into()),
        Some(_) => None,
    }
}

/// True if two chords cannot both be bound: they are the same, or one begins the other.
#[must_use]
pub fn collide(a: &str, b: &str) -> bool {
    let (Ok(a), Ok(b)) = (steps_of(a), steps_of(b)) else { return false };
    a.starts_with(&b) || b.starts_with(&a)
}

/// A chord without a prefix whose first key is needed for typing.
fn types_text(steps: &[Step]) -> bool {
    let Some(Step::Key(key)) = steps.first() else { return false };
    let plain = key.mods.without(Mods::SHIFT) == Mods::NONE;
    plain
        && matches!(
            key.code,
            KeyCode::Char(_) | KeyCode::Enter | KeyCode::Tab | KeyCode::Backspace | KeyCode::Esc
        )
}

fn steps_of(chord: &str) -> Result<Chord, String> {
    let mut steps = Vec::new();
    for (at, word) in chord.split_whitespace().enumerate() {
        steps.push(match word {
            "prefix" if at == 0 => Step::Prefix,
            "prefix" => return Err("prefix can only come first; write the key itself".into()),
            _ => Step::Key(word.parse::<Key>().map_err(|error| error.to_string())?),
        });
    }
    match steps.len() {
        0 => Err("no keys; write them like \"prefix |\" or \"M-Left\"".into()),
        1 if steps[0] == Step::Prefix => {
            Err("a key has to follow the prefix, such as \"prefix |\"".into())
        }
        len if len > CHORD_KEYS_MAX => {
            Err(format!("{len} keys; a chord has at most {CHORD_KEYS_MAX}"))
        }
        _ => Ok(steps),
    }
}

/// The call that words of the action language mean: the command line's, an action's name, or
/// tmux's.
///
/// # Errors
/// What is wrong with them, and what would be right.
pub fn bound(words: &str) -> Result<Bound, String> {
    let explained = |refusal: Refusal| match refusal.hint.as_str() {
        "" => refusal.message,
        hint => format!("{}; {hint}", refusal.message),
    };
    let call = table::from_words(&words::split(words)?).map_err(explained)?;
    if call.role() == Role::Cli {
        return Err(format!("{words} runs on the command line only"));
    }
    Ok(Bound {
        name: call.name(),
        place: call.role(),
        params: call.params().as_object().cloned().unwrap_or_default(),
        words: words.into(),
    })
}

/// Bindings as (chord, action); an empty action frees the chord.
type Bindings = &'static [(&'static str, &'static str)];

/// The prefix of a preset, as it is written.
#[must_use]
const fn preset_prefix(preset: Preset) -> &'static str {
    match preset {
        Preset::Tmux | Preset::Zellij | Preset::Locked => "C-b",
        Preset::Screen => "C-a",
        Preset::Alt => "C-M-b",
    }
}

/// The changes of a preset.
#[must_use]
const fn preset_changes(preset: Preset) -> Bindings {
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
    ("C-q", "session close"),
    ("C-s", "pane copy-mode"),
    ("C-p w", "pane float toggle"),
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
    ("M-f", "pane float toggle"),
    ("M-i", "tab swap :-"),
    ("M-o", "tab swap :+"),
    ("M-+", "pane resize 5 --right"),
    ("M-=", "pane resize 5 --right"),
    ("M--", "pane resize 5 --left"),
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
