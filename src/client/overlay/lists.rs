//! Lists to pick from, each a function that opens a [`Picker`] with its rows: keys, commands of
//! abide (the palette), menus, notices, what wants attention, sessions, tabs, clients, paste
//! buffers and the commands that ran.

use ratatui::buffer::Buffer;
use serde_json::{Map, Value};

use super::picker::{self, Choice, Item, Picker};
use super::{Next, Overlay};
use crate::base::geom::Size;
use crate::base::id::{SessionId, TabId};
use crate::base::key::{Key, KeyCode, Mods, MouseInput};
use crate::base::text::sanitize;
use crate::client::calls;
use crate::client::client_config::ActionItem;
use crate::client::model::{ClientEffect, Model};

/// The longest name of a tab in the list, in bytes.
const TAB_NAME_MAX: usize = 128;
/// The title of the list of tabs.
const TABS: &str = "tabs";
/// The title of the list of clients.
const CLIENTS: &str = "detach a client";

/// The palette: every action with its keys and a line of help. A line that is typed runs as a
/// command.
pub(super) fn open_palette(
    model: &mut Model,
    params: &Map<String, Value>,
    _: &mut Vec<ClientEffect>,
) {
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

/// Every key with what it does.
pub(super) fn open_keys(model: &mut Model, _: &Map<String, Value>, _: &mut Vec<ClientEffect>) {
    let items = model.config.keymap.listing().into_iter().map(|listed| Item {
        detail: listed.summary,
        keys: listed.keys,
        ..Item::new(listed.words.clone(), Choice::Command(listed.words))
    });
    model.open(Picker::new("keys", items.collect()));
}

/// A menu of what can be done with the tab or the pane.
pub(super) fn open_menu(model: &mut Model, params: &Map<String, Value>, _: &mut Vec<ClientEffect>) {
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

/// The latest notices, the newest first.
pub(super) fn open_notices(model: &mut Model, _: &Map<String, Value>, _: &mut Vec<ClientEffect>) {
    let notices = model.notices.log.iter().rev();
    let items = notices.map(|notice| Item::new(notice.text.clone(), Choice::Close));
    model.open(Picker::new("notices", items.collect()));
}

/// Every pane that wants attention, the most urgent first.
pub(in crate::client) fn open_inbox(
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

/// Every session, with a preview of the one that is selected.
pub(in crate::client) fn open_sessions(
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

/// The tabs of every session, with a preview of the one that is selected: first those of this
/// session; those of the others follow when the server has listed them.
pub(super) fn open_tabs(model: &mut Model, _: &Map<String, Value>, out: &mut Vec<ClientEffect>) {
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
    let picker = Picker::new(TABS, tab_items(model, own.collect())).selecting(at).with_preview();
    picker::fill_later(model, TABS, &calls::all_tabs(), out, |model, listed| {
        let listed = listed.as_array().into_iter().flatten();
        tab_items(model, listed.filter_map(ListedTab::read).collect())
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
            name: sanitize(value["name"].as_str()?, TAB_NAME_MAX),
            session: value["session"].as_str()?.parse().ok()?,
            bell: value["bell"].as_bool()?,
            activity: value["activity"].as_bool()?,
        })
    }
}

fn tab_items(model: &Model, mut tabs: Vec<ListedTab>) -> Vec<Item> {
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

/// Every client; the one that is picked is detached. The list is empty until the server has listed
/// them.
pub(super) fn open_clients(model: &mut Model, _: &Map<String, Value>, out: &mut Vec<ClientEffect>) {
    model.open(Picker::new(CLIENTS, Vec::new()));
    picker::fill_later(model, CLIENTS, &calls::clients(), out, client_items);
}

fn client_items(model: &Model, listed: &Value) -> Vec<Item> {
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

/// The paste buffers of the server; the one that is picked is pasted.
pub(super) fn open_buffers(model: &mut Model, _: &Map<String, Value>, out: &mut Vec<ClientEffect>) {
    model.ask_reply(&calls::buffers(), out, |model, reply, _| {
        let items: Vec<Item> =
            reply.as_array().into_iter().flatten().filter_map(buffer_item).collect();
        if items.is_empty() {
            model.overlay = None;
            model.notify("no buffers: what is copied is put into one", false);
        } else {
            model.open(Picker::new("paste a buffer", items));
        }
    });
}

fn buffer_item(buffer: &Value) -> Option<Item> {
    let name = buffer.get("name")?.as_str()?;
    let sample = buffer.get("sample").and_then(Value::as_str).unwrap_or_default();
    let bytes = buffer.get("bytes").and_then(Value::as_u64).unwrap_or_default();
    Some(Item {
        detail: sanitize(sample, 200),
        keys: format!("{bytes} bytes"),
        ..Item::new(name, Choice::Send(calls::paste_buffer(Some(name), None)))
    })
}

/// The list, whose items are ids of commands.
#[derive(Debug)]
struct CommandList(Picker);

/// The commands that ran in the panes; the one that is picked runs again, Control-y copies its
/// output.
pub(super) fn open_commands(
    model: &mut Model,
    _: &Map<String, Value>,
    out: &mut Vec<ClientEffect>,
) {
    model.ask_reply(&calls::commands(), out, |model, reply, _| {
        let items: Vec<Item> =
            reply.as_array().into_iter().flatten().filter_map(command_item).collect();
        if items.is_empty() {
            model.overlay = None;
            model.notify("no commands yet; does the shell tell of them (OSC 133)?", false);
        } else {
            let title = "commands: Enter runs again, C-y copies the output";
            model.open(CommandList(Picker::new(title, items)));
        }
    });
}

fn command_item(command: &Value) -> Option<Item> {
    let id = command.get("id")?.as_str()?;
    let text = |name: &str| command.get(name).and_then(Value::as_str).unwrap_or_default();
    let number = |name: &str| command.get(name).and_then(Value::as_u64);
    let lasted = number("duration_ms")
        .map(|millis| format!(" · {}.{}s", millis / 1000, millis % 1000 / 100))
        .unwrap_or_default();
    let state = match (number("exit_code"), command.get("running")) {
        (Some(code), _) => code.to_string(),
        (None, Some(Value::Bool(true))) => "runs".into(),
        (None, _) => "?".into(),
    };
    let ids = [text("pane"), text("session")];
    let place = ids.into_iter().find(|id| !id.is_empty()).unwrap_or_default();
    let line = sanitize(text("command"), 400).replace('\n', " ");
    Some(Item {
        detail: sanitize(text("cwd"), 200),
        keys: format!("{place} · {state}{lasted}"),
        ..Item::new(line, Choice::Send(calls::rerun(id)))
    })
}

impl Overlay for CommandList {
    fn key(&mut self, key: Key, model: &mut Model, out: &mut Vec<ClientEffect>) -> Next {
        if (key.code, key.mods) == (KeyCode::Char('y'), Mods::CTRL)
            && let Some(Choice::Send(rerun)) = self.0.selected().map(|item| &item.choice)
            && let Some(id) = rerun.params.get("id").and_then(Value::as_str)
        {
            model.ask_output(&calls::output_of(id), out);
            return Next::Close;
        }
        self.0.key(key, model, out)
    }

    fn mouse(&mut self, mouse: MouseInput, model: &mut Model, out: &mut Vec<ClientEffect>) -> Next {
        self.0.mouse(mouse, model, out)
    }

    fn paste(&mut self, line: &str) -> bool {
        self.0.paste(line)
    }

    fn draw(&self, model: &Model, buf: &mut Buffer) {
        self.0.draw(model, buf);
    }

    fn cursor(&self, model: &Model) -> Option<(u16, u16)> {
        self.0.cursor(model)
    }
}
