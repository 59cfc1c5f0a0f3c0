//! The palette: every action with its keys and a line of help. A line that is typed runs as a
//! command.

use serde_json::{Map, Value};

use super::picker::{Choice, Item, Picker};
use crate::client::model::{ClientEffect, Model};

pub(super) fn open(model: &mut Model, params: &Map<String, Value>, _: &mut Vec<ClientEffect>) {
    let typed = params.get("text").and_then(Value::as_str).unwrap_or_default();
    let items = model.config.actions.iter().map(|action| Item {
        detail: action.summary(),
        keys: model.config.keymap.keys_of(action.name).unwrap_or_default(),
        ..Item::new(action.words(), Choice::Command(action.words()))
    });
    let mut picker = Picker::new("commands", items.collect()).typed(typed);
    picker.takes_commands = true;
    model.open(picker);
}
