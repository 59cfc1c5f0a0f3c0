//! Every session, with a preview of the one that is selected.

use serde_json::{Map, Value};

use super::picker::{Choice, Item, Picker};
use crate::client::calls;
use crate::client::model::{ClientEffect, Model};

pub(in crate::client) fn open(
    model: &mut Model,
    _: &Map<String, Value>,
    out: &mut Vec<ClientEffect>,
) {
    let chrome = &model.scene.chrome;
    let here = |id| chrome.session.as_ref().is_some_and(|own| own.id == id);
    let items = chrome.sessions.iter().map(|session| Item {
        detail: if here(session.id) { "shown now".into() } else { String::new() },
        keys: session.id.to_string(),
        preview: Some(session.id.to_string()),
        ..Item::new(session.name.clone(), Choice::Send(calls::show(session.id)))
    });
    let own = chrome.sessions.iter().position(|session| here(session.id)).unwrap_or(0);
    let picker = Picker::new("sessions", items.collect()).selecting(own).with_preview();
    picker.open_with_preview(model, out);
}
