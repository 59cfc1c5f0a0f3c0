//! The tabs of every session, with a preview of the one that is selected.

use serde_json::{Map, Value};

use super::picker::{self, Choice, Item, Picker};
use crate::base::id::{SessionId, TabId};
use crate::base::text::sanitize;
use crate::client::calls;
use crate::client::model::{ClientEffect, Model};

/// The longest name of a tab in the list, in bytes.
const NAME_MAX: usize = 128;
const TITLE: &str = "tabs";

/// Opens with the tabs of this session; those of the others follow when the server has listed them.
pub(super) fn open(model: &mut Model, _: &Map<String, Value>, out: &mut Vec<ClientEffect>) {
    let chrome = &model.scene.chrome;
    let own = chrome.session.iter().flat_map(|session| {
        chrome.tabs.iter().map(|tab| ListedTab {
            id: tab.id,
            index: tab.index.into(),
            name: tab.name.clone(),
            session: session.id,
            bell: tab.bell,
            activity: tab.activity,
        })
    });
    let at = chrome.tabs.iter().position(|tab| tab.current).unwrap_or(0);
    let picker = Picker::new(TITLE, items(model, own.collect())).selecting(at).with_preview();
    picker::fill_later(model, TITLE, &calls::all_tabs(), out, |model, listed| {
        let listed = listed.as_array().into_iter().flatten();
        items(model, listed.filter_map(ListedTab::read).collect())
    });
    picker.open_with_preview(model, out);
}

/// A tab as the server lists it.
struct ListedTab {
    id: TabId,
    index: u64,
    name: String,
    session: SessionId,
    bell: bool,
    activity: bool,
}

impl ListedTab {
    fn read(value: &Value) -> Option<Self> {
        Some(Self {
            id: value["id"].as_str()?.parse().ok()?,
            index: value["index"].as_u64()?,
            name: sanitize(value["name"].as_str()?, NAME_MAX),
            session: value["session"].as_str()?.parse().ok()?,
            bell: value["bell"].as_bool()?,
            activity: value["activity"].as_bool()?,
        })
    }
}

fn items(model: &Model, mut tabs: Vec<ListedTab>) -> Vec<Item> {
    let chrome = &model.scene.chrome;
    tabs.sort_by_key(|tab| (tab.session, tab.index));
    let current = chrome.tabs.iter().find(|tab| tab.current).map(|tab| tab.id);
    let session = |id| {
        let named = chrome.sessions.iter().find(|session| session.id == id);
        named.map_or_else(String::new, |session| session.name.clone())
    };
    let detail = |tab: &ListedTab| match (tab.bell, tab.activity) {
        _ if Some(tab.id) == current => "shown now",
        (true, _) => "a bell rang",
        (false, true) => "new output",
        (false, false) => "",
    };
    let item = |tab: &ListedTab| Item {
        detail: detail(tab).into(),
        keys: tab.id.to_string(),
        preview: Some(tab.id.to_string()),
        ..Item::new(
            format!("{}: {} {}", session(tab.session), tab.index, tab.name),
            Choice::Send(calls::go(tab.id)),
        )
    };
    tabs.iter().map(item).collect()
}
