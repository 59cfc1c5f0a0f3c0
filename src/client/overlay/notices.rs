//! The latest notices, the newest first.

use serde_json::{Map, Value};

use super::picker::{Choice, Item, Picker};
use crate::client::model::{ClientEffect, Model};

pub(super) fn open(model: &mut Model, _: &Map<String, Value>, _: &mut Vec<ClientEffect>) {
    let notices = model.notices.log.iter().rev();
    let items = notices.map(|notice| Item::new(notice.text.clone(), Choice::Close));
    model.open(Picker::new("notices", items.collect()));
}
