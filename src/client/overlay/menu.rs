//! A menu of what can be done with the tab or the pane.

use serde_json::{Map, Value};

use super::picker::{Choice, Item, Picker};
use crate::client::calls;
use crate::client::client_config::ActionItem;
use crate::client::model::{ClientEffect, Model};

pub(super) fn open(model: &mut Model, params: &Map<String, Value>, _: &mut Vec<ClientEffect>) {
    let is_pane = params.get("what").and_then(Value::as_str) == Some("pane");
    let (title, commands) =
        if is_pane { ("pane", calls::PANE_MENU) } else { ("tab", calls::TAB_MENU) };
    let listing = model.config.keymap.listing();
    let items = commands.iter().map(|words| {
        let bound = (model.config.parse)(words).ok();
        let same = listing.iter().find(|listed| {
            bound.as_ref().is_some_and(|bound| {
                (model.config.parse)(&listed.words)
                    .is_ok_and(|other| other.name == bound.name && other.params == bound.params)
            })
        });
        let detail = bound
            .and_then(|bound| model.config.actions.iter().find(|action| action.name == bound.name))
            .map(ActionItem::summary);
        Item {
            detail: detail.unwrap_or_default(),
            keys: same.map(|listed| listed.keys.clone()).unwrap_or_default(),
            ..Item::new(*words, Choice::Command((*words).to_owned()))
        }
    });
    model.open(Picker::new(title, items.collect()));
}
