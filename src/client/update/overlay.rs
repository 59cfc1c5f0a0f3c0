//! What lies over the panes: how each overlay is made, and what keys and pastes do to it.

use super::keys;
use crate::base::key::{Key, KeyCode, Mods};
use crate::client::calls::{self, Renamed, Wanted};
use crate::client::line::Line;
use crate::client::model::{Message, Model, Overlay};
use crate::client::pick::{Choice, Item, Pick, Picked};

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

/// A paste is typed into the line, if there is one.
pub(super) fn paste(model: &mut Model, text: &str) {
    let first = text.lines().next().unwrap_or_default();
    match &mut model.overlay {
        Some(Overlay::Pick(pick)) => pick.insert(first),
        Some(Overlay::Rename(_, line)) => line.insert(first),
        Some(Overlay::Confirm(_)) | None => return,
    }
    model.damage.chrome = true;
}

/// Takes a key; the overlay stays unless it says otherwise.
pub(super) fn key(model: &mut Model, key: Key, out: &mut Vec<Message>) {
    model.damage.chrome = true;
    let key = key.normal();
    match model.overlay.take() {
        None => {}
        Some(Overlay::Pick(mut pick)) => match pick.key(key) {
            Picked::Left => {}
            Picked::Open => model.overlay = Some(Overlay::Pick(pick)),
            Picked::Entered => enter(model, pick, out),
        },
        Some(Overlay::Rename(what, mut line)) => match (key.code, key.mods) {
            (KeyCode::Esc, _) | (KeyCode::Char('c' | 'g'), Mods::CTRL) => {}
            (KeyCode::Enter | KeyCode::Keypad('\r'), _) if line.text().is_empty() => {}
            (KeyCode::Enter | KeyCode::Keypad('\r'), _) => keys::send(model, &calls::rename(what, line.text()), out),
            _ => {
                line.key(key);
                model.overlay = Some(Overlay::Rename(what, line));
            }
        },
        Some(Overlay::Confirm(wanted)) => {
            if matches!(key.code, KeyCode::Char('y' | 'Y') | KeyCode::Enter) {
                keys::send(model, &wanted, out);
            }
        }
    }
}

/// Enter in a list. A typed command line wins over the selection if it is one.
pub(super) fn enter(model: &mut Model, pick: Pick, out: &mut Vec<Message>) {
    let typed = pick.line.text().trim();
    if pick.takes_commands
        && !typed.is_empty()
        && let Ok(bound) = (model.setup.parse)(typed)
    {
        return keys::call(model, Wanted::from(&bound), out);
    }
    match pick.selected().map(|item| item.choice.clone()) {
        Some(choice) => choose(model, pick, choice, out),
        None if pick.takes_commands => {
            let (typed, error) = (typed.to_owned(), (model.setup.parse)(typed).err().unwrap_or_default());
            refuse(model, pick, &typed, error);
        }
        None => model.overlay = Some(Overlay::Pick(pick)),
    }
}

fn choose(model: &mut Model, mut pick: Pick, choice: Choice, out: &mut Vec<Message>) {
    match choice {
        Choice::Close => {}
        Choice::Session(id) => keys::send(model, &calls::show(id), out),
        Choice::Tab(id) => keys::send(model, &calls::go(id), out),
        Choice::Command(words) => match (model.setup.parse)(&words) {
            Ok(bound) => keys::call(model, Wanted::from(&bound), out),
            Err(error) => {
                let typed = pick.line.text().trim().to_owned();
                if typed.starts_with(&words) {
                    refuse(model, pick, &typed, error);
                } else {
                    pick.takes_commands = true;
                    refuse(model, pick, &format!("{words} "), error);
                }
            }
        },
    }
}

/// Keeps the list open with `text` to be completed, and says what was wrong.
fn refuse(model: &mut Model, mut pick: Pick, text: &str, error: String) {
    pick.fill(text, error.lines().next().unwrap_or_default().to_owned());
    model.overlay = Some(Overlay::Pick(pick));
}
