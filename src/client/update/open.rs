//! How each overlay begins.

use crate::client::calls::Renamed;
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

/// Every pane that wants attention, the most urgent first.
pub(super) fn inbox(model: &Model) -> Overlay {
    let items = model.more.beside.attention.iter().map(|wanting| Item {
        text: format!("{} {}", wanting.place, wanting.label),
        detail: wanting.why.clone(),
        keys: wanting.pane.to_string(),
        choice: Choice::Pane(wanting.pane),
    });
    Overlay::Pick(Pick::new("wants attention", items.collect()))
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
