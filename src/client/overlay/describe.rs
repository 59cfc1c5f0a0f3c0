//! Asks for a key and says what it does.

use ratatui::buffer::Buffer;
use serde_json::{Map, Value};

use super::{Next, Overlay};
use crate::base::key::Key;
use crate::client::client_config::ActionItem;
use crate::client::model::{ClientEffect, Model};
use crate::config::keymap::Lookup;

/// The keys that were pressed of a chord.
#[derive(Debug, Default)]
struct Describe(Vec<Key>);

pub(super) fn open(model: &mut Model, _: &Map<String, Value>, _: &mut Vec<ClientEffect>) {
    model.open(Describe::default());
    model.notify("which key? press it", false);
}

impl Overlay for Describe {
    /// Says what the keys do once they are a whole chord; those of the prefix need not be pressed.
    fn key(&mut self, key: Key, model: &mut Model, _: &mut Vec<ClientEffect>) -> Next {
        let Self(keys) = self;
        let keymap = &model.config.keymap;
        if keys.is_empty()
            && !keymap.prefixes().contains(&key)
            && matches!(keymap.lookup(&[], key), Lookup::Miss)
        {
            keys.extend(keymap.prefixes().first());
        }
        let pressed =
            keys.iter().chain([&key]).map(ToString::to_string).collect::<Vec<_>>().join(" ");
        let text = match keymap.lookup(keys, key) {
            Lookup::Pending => {
                keys.push(key);
                return Next::Stay;
            }
            Lookup::Hit(bound) => {
                let actions = &model.config.actions;
                let summary = actions
                    .iter()
                    .find(|action| action.name == bound.name)
                    .map(ActionItem::summary);
                format!("{pressed}: {} · {}", bound.words, summary.unwrap_or_default())
            }
            Lookup::Miss => format!("{pressed} does nothing"),
        };
        model.notify(text, false);
        Next::Close
    }

    fn draw(&self, _: &Model, _: &mut Buffer) {}
}
