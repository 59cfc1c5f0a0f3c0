//! Bindings until the keymap of `config` is merged.

use serde_json::{Map, Value};

use crate::base::key::Key;

/// An action with the arguments that a key calls it with.
#[derive(Debug, Clone, PartialEq)]
pub struct Bound {
    /// The name of the action.
    pub name: &'static str,
    /// Its arguments.
    pub params: Map<String, Value>,
    /// The binding as it is written: `pane split --right`.
    pub words: String,
}

/// What a key means after those that are pending.
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
pub struct Listed {
    /// The chord as it is written in a configuration: `prefix |`.
    pub chord: String,
    /// The keys to press: `C-b |`.
    pub keys: String,
    /// The action as it is written: `pane split --right`.
    pub words: String,
    /// The name of the action.
    pub name: &'static str,
    /// What it does, in one line.
    pub summary: String,
}

/// All bindings in force.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Keymap {
    /// Chords.
    pub bound: Vec<(Vec<Key>, Bound)>,
}

impl Keymap {
    /// The prefix keys in force.
    #[must_use]
    pub fn prefixes(&self) -> &[Key] {
        const { &[Key { code: crate::base::key::KeyCode::Char('b'), mods: crate::base::key::Mods::CTRL }] }
    }

    /// What `key` means after `pending`.
    #[must_use]
    pub fn lookup(&self, pending: &[Key], key: Key) -> Lookup<'_> {
        let chord: Vec<Key> = pending.iter().copied().chain([key]).collect();
        if let Some((_, bound)) = self.bound.iter().find(|(keys, _)| *keys == chord) {
            return Lookup::Hit(bound);
        }
        if self.bound.iter().any(|(keys, _)| keys.starts_with(&chord)) { Lookup::Pending } else { Lookup::Miss }
    }

    /// Everything that can follow.
    #[must_use]
    pub fn following(&self, pending: &[Key]) -> Vec<Listed> {
        let show = |keys: &[Key]| keys.iter().map(ToString::to_string).collect::<Vec<_>>().join(" ");
        let listed = |(keys, bound): &(Vec<Key>, Bound)| Listed {
            chord: show(keys),
            keys: show(keys),
            words: bound.words.clone(),
            name: bound.name,
            summary: format!("does {}", bound.words),
        };
        self.bound.iter().filter(|(keys, _)| keys.starts_with(pending)).map(listed).collect()
    }

    /// All bindings.
    #[must_use]
    pub fn listing(&self) -> Vec<Listed> {
        self.following(&[])
    }

    /// Keys of an action.
    #[must_use]
    pub fn keys_of(&self, name: &str) -> Option<String> {
        self.listing().into_iter().find(|listed| listed.name == name).map(|listed| listed.keys)
    }
}
