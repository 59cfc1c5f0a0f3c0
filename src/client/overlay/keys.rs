//! Every key with what it does.

use serde_json::{Map, Value};

use super::picker::{Choice, Item, Picker};
use crate::client::model::{ClientEffect, Model};

pub(super) fn open(model: &mut Model, _: &Map<String, Value>, _: &mut Vec<ClientEffect>) {
    let items = model.config.keymap.listing().into_iter().map(|listed| Item {
        detail: listed.summary,
        keys: listed.keys,
        ..Item::new(listed.words.clone(), Choice::Command(listed.words))
    });
    model.open(Picker::new("keys", items.collect()));
}
