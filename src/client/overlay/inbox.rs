//! Every pane that wants attention, the most urgent first.

use serde_json::{Map, Value};

use super::picker::{Choice, Item, Picker};
use crate::client::calls;
use crate::client::model::{ClientEffect, Model};

pub(in crate::client) fn open(
    model: &mut Model,
    _: &Map<String, Value>,
    _: &mut Vec<ClientEffect>,
) {
    let items = model.bar.status.attention.iter().map(|wanting| Item {
        detail: wanting.why.clone(),
        keys: wanting.pane.to_string(),
        ..Item::new(
            format!("{} {}", wanting.place, wanting.label),
            Choice::Send(calls::focus(wanting.pane)),
        )
    });
    model.open(Picker::new("wants attention", items.collect()));
}
