//! The paste buffers of the server; the one that is picked is pasted.

use serde_json::{Map, Value};

use super::picker::{Choice, Item, Picker};
use crate::base::text::sanitize;
use crate::client::calls;
use crate::client::model::{ClientEffect, Model};

pub(super) fn open(model: &mut Model, _: &Map<String, Value>, out: &mut Vec<ClientEffect>) {
    model.ask_reply(&calls::buffers(), out, |model, reply, _| {
        let items: Vec<Item> = reply.as_array().into_iter().flatten().filter_map(item).collect();
        if items.is_empty() {
            model.overlay = None;
            model.notify("no buffers: what is copied is put into one", false);
        } else {
            model.open(Picker::new("paste a buffer", items));
        }
    });
}

fn item(buffer: &Value) -> Option<Item> {
    let name = buffer.get("name")?.as_str()?;
    let sample = buffer.get("sample").and_then(Value::as_str).unwrap_or_default();
    let bytes = buffer.get("bytes").and_then(Value::as_u64).unwrap_or_default();
    Some(Item {
        detail: sanitize(sample, 200),
        keys: format!("{bytes} bytes"),
        ..Item::new(name, Choice::Send(calls::paste_buffer(Some(name), None)))
    })
}
