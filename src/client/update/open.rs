//! How each overlay begins.

use serde_json::Value;

use crate::base::geom::Size;
use crate::base::id::{SessionId, TabId};
use crate::base::row::Run;
use crate::base::text::sanitize;
use crate::client::calls::{self, Menu, Renamed};
use crate::client::client_config::ActionItem;
use crate::client::hints::HintLabels;
use crate::client::model::{Model, Overlay};
use crate::client::picker::{Choice, Item, Picker};
use crate::client::text_input::TextInput;

/// The longest name of a tab in a list, in bytes.
const NAME_MAX: usize = 128;

/// The titles of lists that are filled by the server.
pub(super) const TABS: &str = "tabs";
pub(super) const CLIENTS: &str = "detach a client";

/// Every action with its keys and a line of help; what is typed runs as a command.
pub(super) fn palette(model: &Model, text: &str) -> Overlay {
    let items = model.config.actions.iter().map(|action| Item {
        text: action.words(),
        detail: action.summary(),
        keys: model.config.keymap.keys_of(action.name).unwrap_or_default(),
        choice: Choice::Command(action.words()),
    });
    let mut pick = Picker::new("commands", items.collect()).typed(text);
    pick.takes_commands = true;
    Overlay::Picker(pick)
}

/// Every key with what it does.
pub(super) fn keys(model: &Model) -> Overlay {
    let items = model.config.keymap.listing().into_iter().map(|listed| Item {
        text: listed.words.clone(),
        detail: listed.summary,
        keys: listed.keys,
        choice: Choice::Command(listed.words),
    });
    Overlay::Picker(Picker::new("keys", items.collect()))
}

/// Every session.
pub(super) fn sessions(model: &Model) -> Overlay {
    let chrome = &model.scene.chrome;
    let here = |id| chrome.session.as_ref().is_some_and(|own| own.id == id);
    let items = chrome.sessions.iter().map(|session| Item {
        text: session.name.clone(),
        detail: if here(session.id) { "shown now".into() } else { String::new() },
        keys: session.id.to_string(),
        choice: Choice::Session(session.id),
    });
    let own = chrome.sessions.iter().position(|session| here(session.id)).unwrap_or(0);
    Overlay::Picker(Picker::new("sessions", items.collect()).selecting(own).with_preview())
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

/// The tabs of this session: those of the others follow.
pub(super) fn tabs(model: &Model) -> Overlay {
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
    Overlay::Picker(Picker::new(TABS, tab_items(model, own.collect())).selecting(at).with_preview())
}

/// Every tab of every session, as the server lists them.
pub(super) fn all_tabs(model: &Model, listed: &Value) -> Vec<Item> {
    tab_items(model, listed.as_array().into_iter().flatten().filter_map(ListedTab::read).collect())
}

fn tab_items(model: &Model, mut tabs: Vec<ListedTab>) -> Vec<Item> {
    let chrome = &model.scene.chrome;
    tabs.sort_by_key(|tab| (tab.session, tab.index));
    let marks = |bell: bool, activity: bool| match (bell, activity) {
        (true, _) => "a bell rang",
        (false, true) => "new output",
        (false, false) => "",
    };
    let current = chrome.tabs.iter().find(|tab| tab.current).map(|tab| tab.id);
    let session = |id| {
        chrome
            .sessions
            .iter()
            .find(|session| session.id == id)
            .map_or_else(String::new, |session| session.name.clone())
    };
    let items = tabs.iter().map(|tab| Item {
        text: format!("{}: {} {}", session(tab.session), tab.index, tab.name),
        detail: if Some(tab.id) == current {
            "shown now".into()
        } else {
            marks(tab.bell, tab.activity).into()
        },
        keys: tab.id.to_string(),
        choice: Choice::Tab(tab.id),
    });
    items.collect()
}

/// The list of clients, to be filled.
pub(super) fn clients() -> Overlay {
    Overlay::Picker(Picker::new(CLIENTS, Vec::new()))
}

/// Every client, as the server lists them; the one that is picked is sent away.
pub(super) fn all_clients(model: &Model, listed: &Value) -> Vec<Item> {
    let own = model.scene.chrome.client.map(|client| client.to_string());
    let item = |client: &Value| {
        let id = client["id"].as_str()?.to_owned();
        let size = Size::new(
            u16::try_from(client["size"]["cols"].as_u64()?).ok()?,
            u16::try_from(client["size"]["rows"].as_u64()?).ok()?,
        );
        let watches = if client["read_only"].as_bool()? { ", read-only" } else { "" };
        let you = if Some(&id) == own.as_ref() { ", you" } else { "" };
        Some(Item {
            text: format!("{id} on {}", client["name"].as_str().unwrap_or("nothing")),
            detail: format!("{size}{watches}{you}"),
            keys: String::new(),
            choice: Choice::Command(format!("detach {id}")),
        })
    };
    listed.as_array().into_iter().flatten().filter_map(item).collect()
}

/// What can be done with something.
pub(super) fn menu(model: &Model, about: Menu) -> Overlay {
    let title = match about {
        Menu::Tab => "tab",
        Menu::Pane => "pane",
    };
    let listing = model.config.keymap.listing();
    let items = calls::menu(about).iter().map(|words| {
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
            text: (*words).to_owned(),
            detail: detail.unwrap_or_default(),
            keys: same.map(|listed| listed.keys.clone()).unwrap_or_default(),
            choice: Choice::Command((*words).to_owned()),
        }
    });
    Overlay::Picker(Picker::new(title, items.collect()))
}

/// Where one is, in a line.
pub(super) fn info(model: &Model) -> String {
    let chrome = &model.scene.chrome;
    let session = chrome.session.as_ref().map_or("-", |session| session.name.as_str());
    let tab = chrome
        .tabs
        .iter()
        .find(|tab| tab.current)
        .map_or_else(String::new, |tab| format!("tab {} {} ({})", tab.index, tab.name, tab.id));
    let pane = model.scene.focused().map_or_else(String::new, |pane| {
        format!("pane {} ({}) {}", pane.index, pane.id, pane.size)
    });
    let client =
        chrome.client.map_or_else(String::new, |client| format!("client {client} {}", model.size));
    format!("session {session} · {tab} · {pane} · {client}")
}

/// The latest notices, the newest first.
pub(super) fn notices(model: &Model) -> Overlay {
    let item = |text: String| Item {
        text,
        detail: String::new(),
        keys: String::new(),
        choice: Choice::Close,
    };
    let items = model.log.iter().rev().map(|notice| item(notice.text.clone()));
    Overlay::Picker(Picker::new("notices", items.collect()))
}

/// Every pane that wants attention, the most urgent first.
pub(super) fn inbox(model: &Model) -> Overlay {
    let items = model.more.beside.attention.iter().map(|wanting| Item {
        text: format!("{} {}", wanting.place, wanting.label),
        detail: wanting.why.clone(),
        keys: wanting.pane.to_string(),
        choice: Choice::Pane(wanting.pane),
    });
    Overlay::Picker(Picker::new("wants attention", items.collect()))
}

/// A prompt that starts with the present name.
pub(super) fn rename(model: &Model, what: Renamed) -> Overlay {
    let chrome = &model.scene.chrome;
    let name = match what {
        Renamed::Tab => chrome.tabs.iter().find(|tab| tab.current).map(|tab| tab.name.clone()),
        Renamed::Session => chrome.session.as_ref().map(|session| session.name.clone()),
        Renamed::Pane => model.scene.focused().map(|pane| pane.title.clone()),
    };
    Overlay::Rename(what, TextInput::new(name.unwrap_or_default()))
}

/// The buffers as the server lists them; none if there is none.
pub(super) fn buffers(reply: &Value) -> Option<Overlay> {
    let item = |buffer: &Value| {
        let name = buffer.get("name")?.as_str()?.to_owned();
        let sample = buffer.get("sample").and_then(Value::as_str).unwrap_or_default();
        let bytes = buffer.get("bytes").and_then(Value::as_u64).unwrap_or_default();
        Some(Item {
            text: name.clone(),
            detail: sanitize(sample, 200),
            keys: format!("{bytes} bytes"),
            choice: Choice::Buffer(name),
        })
    };
    let items: Vec<Item> = reply.as_array()?.iter().filter_map(item).collect();
    (!items.is_empty()).then(|| Overlay::Picker(Picker::new("paste a buffer", items)))
}

/// The commands that ran as the server lists them; none if there is none.
pub(super) fn commands(reply: &Value) -> Option<Overlay> {
    let item = |command: &Value| {
        let id = command.get("id")?.as_str()?.to_owned();
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
        let place = [text("pane"), text("session")]
            .into_iter()
            .find(|id| !id.is_empty())
            .unwrap_or_default();
        let detail = sanitize(text("cwd"), 200);
        let line = sanitize(text("command"), 400).replace('\n', " ");
        Some(Item {
            text: line,
            detail,
            keys: format!("{place} · {state}{lasted}"),
            choice: Choice::Past(id),
        })
    };
    let items: Vec<Item> = reply.as_array()?.iter().filter_map(item).collect();
    (!items.is_empty()).then(|| {
        Overlay::Picker(Picker::new("commands: Enter runs again, C-y copies the output", items))
    })
}

/// Matches in every pane; none if there is none.
pub(super) fn found(reply: &Value, pattern: &str) -> Option<Overlay> {
    let item = |hit: &Value| {
        let pane = hit.get("pane")?.as_str()?.parse().ok()?;
        let number = |name: &str| hit.get(name).and_then(Value::as_u64).unwrap_or_default();
        let text = sanitize(hit.get("text").and_then(Value::as_str).unwrap_or_default(), 400);
        let place = Choice::Place {
            pane,
            line: number("line"),
            cell: u32::try_from(number("start")).unwrap_or_default(),
            pattern: pattern.to_owned(),
        };
        Some(Item {
            text: text.trim().to_owned(),
            detail: String::new(),
            keys: pane.to_string(),
            choice: place,
        })
    };
    let hits = reply.get("hits").unwrap_or(reply);
    let items: Vec<Item> = hits.as_array()?.iter().filter_map(item).collect();
    (!items.is_empty()).then(|| Overlay::Picker(Picker::new("matches", items)))
}

/// Labels over what the pane in focus shows; none if nothing there is worth one.
pub(super) fn hints(model: &Model) -> Option<HintLabels> {
    let pane = model.scene.focused()?;
    let rows: Vec<(Vec<Run>, bool)> = if let Some(mode) = model.copy_modes.open(pane.id) {
        let shown = (0..pane.rect.rows).map(|y| mode.rows.get(mode.top + u64::from(y)));
        shown
            .map(|row| row.map_or_else(Default::default, |row| (row.runs.clone(), row.wrapped)))
            .collect()
    } else {
        let screen = model.scene.panes.get(&pane.id)?;
        let shown =
            screen.rows.iter().skip(usize::from(pane.origin.y)).take(usize::from(pane.rect.rows));
        // A frame does not tell which rows are wrapped: those that are full are.
        let is_full =
            |row: &[Run]| row.iter().map(Run::cols).sum::<usize>() == usize::from(pane.size.cols);
        shown
            .map(|row| {
                (
                    row.clone(),
                    is_full(row) && row.last().is_some_and(|run| !run.text.ends_with(' ')),
                )
            })
            .collect()
    };
    HintLabels::new(pane.id, &rows)
}
