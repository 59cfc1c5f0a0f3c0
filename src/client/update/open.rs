//! How each overlay begins.

use serde_json::Value;

use crate::base::row::Run;
use crate::base::text::harmless;
use crate::client::calls::Renamed;
use crate::client::hints::Hints;
use crate::client::line::Line;
use crate::client::model::{Model, Overlay};
use crate::client::pick::{Choice, Item, Pick};

/// Every action with its keys and a line of help; what is typed runs as a command.
pub(super) fn palette(model: &Model, text: &str) -> Overlay {
    let items = model.setup.actions.iter().map(|action| Item {
        text: action.words.clone(),
        detail: action.summary.clone(),
        keys: model.setup.keymap.keys_of(action.name).unwrap_or_default(),
        choice: Choice::Command(action.words.clone()),
    });
    let mut pick = Pick::new("commands", items.collect()).typed(text);
    pick.takes_commands = true;
    Overlay::Pick(pick)
}

/// Every key with what it does.
pub(super) fn keys(model: &Model) -> Overlay {
    let items = model.setup.keymap.listing().into_iter().map(|listed| Item {
        text: listed.words.clone(),
        detail: listed.summary,
        keys: listed.keys,
        choice: Choice::Command(listed.words),
    });
    Overlay::Pick(Pick::new("keys", items.collect()))
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
    Overlay::Pick(Pick::new("sessions", items.collect()).selecting(own))
}

/// Every tab of the session.
pub(super) fn tabs(model: &Model) -> Overlay {
    let tabs = &model.scene.chrome.tabs;
    let marks = |bell: bool, activity: bool| match (bell, activity) {
        (true, _) => "a bell rang",
        (false, true) => "new output",
        (false, false) => "",
    };
    let items = tabs.iter().map(|tab| Item {
        text: format!("{} {}", tab.index, tab.name),
        detail: if tab.current { "shown now".into() } else { marks(tab.bell, tab.activity).into() },
        keys: tab.id.to_string(),
        choice: Choice::Tab(tab.id),
    });
    Overlay::Pick(Pick::new("tabs", items.collect()).selecting(tabs.iter().position(|tab| tab.current).unwrap_or(0)))
}

/// The latest notices, the newest first.
pub(super) fn notices(model: &Model) -> Overlay {
    let item = |text: String| Item { text, detail: String::new(), keys: String::new(), choice: Choice::Close };
    let items = model.log.iter().rev().map(|notice| item(notice.text.clone()));
    Overlay::Pick(Pick::new("notices", items.collect()))
}

/// A prompt that starts with the present name.
pub(super) fn rename(model: &Model, what: Renamed) -> Overlay {
    let chrome = &model.scene.chrome;
    let name = match what {
        Renamed::Tab => chrome.tabs.iter().find(|tab| tab.current).map(|tab| tab.name.clone()),
        Renamed::Session => chrome.session.as_ref().map(|session| session.name.clone()),
    };
    Overlay::Rename(what, Line::new(name.unwrap_or_default()))
}

/// The buffers as the server lists them; none if there is none.
pub(super) fn buffers(reply: &Value) -> Option<Overlay> {
    let item = |buffer: &Value| {
        let name = buffer.get("name")?.as_str()?.to_owned();
        let sample = buffer.get("sample").and_then(Value::as_str).unwrap_or_default();
        let bytes = buffer.get("bytes").and_then(Value::as_u64).unwrap_or_default();
        Some(Item { text: name.clone(), detail: harmless(sample, 200), keys: format!("{bytes} bytes"), choice: Choice::Buffer(name) })
    };
    let items: Vec<Item> = reply.as_array()?.iter().filter_map(item).collect();
    (!items.is_empty()).then(|| Overlay::Pick(Pick::new("paste a buffer", items)))
}

/// Matches in every pane; none if there is none.
pub(super) fn found(reply: &Value, pattern: &str) -> Option<Overlay> {
    let item = |hit: &Value| {
        let pane = hit.get("pane")?.as_str()?.parse().ok()?;
        let number = |name: &str| hit.get(name).and_then(Value::as_u64).unwrap_or_default();
        let text = harmless(hit.get("text").and_then(Value::as_str).unwrap_or_default(), 400);
        let place = Choice::Place {
            pane,
            line: number("line"),
            cell: u32::try_from(number("start")).unwrap_or_default(),
            pattern: pattern.to_owned(),
        };
        Some(Item { text: text.trim().to_owned(), detail: String::new(), keys: pane.to_string(), choice: place })
    };
    let hits = reply.get("hits").unwrap_or(reply);
    let items: Vec<Item> = hits.as_array()?.iter().filter_map(item).collect();
    (!items.is_empty()).then(|| Overlay::Pick(Pick::new("matches", items)))
}

/// Labels over what the pane in focus shows; none if nothing there is worth one.
pub(super) fn hints(model: &Model) -> Option<Hints> {
    let pane = model.scene.focused()?;
    let rows: Vec<(Vec<Run>, bool)> = if let Some(mode) = model.copying.open(pane.id) {
        let shown = (0..pane.rect.rows).map(|y| mode.doc.get(mode.top + u64::from(y)));
        shown.map(|row| row.map_or_else(Default::default, |row| (row.runs.clone(), row.wrapped))).collect()
    } else {
        let screen = model.scene.panes.get(&pane.id)?;
        let shown = screen.rows.iter().skip(usize::from(pane.origin.y)).take(usize::from(pane.rect.rows));
        // A frame does not tell which rows are wrapped: those that are full are.
        let is_full = |row: &[Run]| row.iter().map(Run::cols).sum::<usize>() == usize::from(pane.size.cols);
        shown.map(|row| (row.clone(), is_full(row) && row.last().is_some_and(|run| !run.text.ends_with(' ')))).collect()
    };
    Hints::new(pane.id, &rows)
}
