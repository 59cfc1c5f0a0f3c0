//! Every client; the one that is picked is detached.

use serde_json::{Map, Value};

use super::picker::{self, Choice, Item, Picker};
use crate::base::geom::Size;
use crate::client::calls;
use crate::client::model::{ClientEffect, Model};

const TITLE: &str = "detach a client";

/// Opens an empty list; the clients follow when the server has listed them.
pub(super) fn open(model: &mut Model, _: &Map<String, Value>, out: &mut Vec<ClientEffect>) {
    model.open(Picker::new(TITLE, Vec::new()));
    picker::fill_later(model, TITLE, &calls::clients(), out, items);
}

fn items(model: &Model, listed: &Value) -> Vec<Item> {
    let own = model.scene.chrome.client.map(|client| client.to_string());
    let item = |client: &Value| {
        let id = client["id"].as_str()?.to_owned();
        let size = Size::new(
            u16::try_from(client["size"]["cols"].as_u64()?).ok()?,
            u16::try_from(client["size"]["rows"].as_u64()?).ok()?,
        );
        let watches = if client["read_only"].as_bool()? { ", read-only" } else { "" };
        let you = if Some(&id) == own.as_ref() { ", you" } else { "" };
        let text = format!("{id} on {}", client["name"].as_str().unwrap_or("nothing"));
        let item = Item::new(text, Choice::Command(format!("detach {id}")));
        Some(Item { detail: format!("{size}{watches}{you}"), ..item })
    };
    listed.as_array().into_iter().flatten().filter_map(item).collect()
}
