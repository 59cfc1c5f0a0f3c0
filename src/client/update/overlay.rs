//! What keys and pastes do to what lies over the panes.

use super::{call, copy, processes, send};
use crate::base::key::{Key, KeyCode, Mods};
use crate::client::calls::{self, ClientCall};
use crate::client::client_config::ActionItem;
use crate::client::copy_mode::Where;
use crate::client::copy_mode::panes::Awaited;
use crate::client::hints::{HintLabels, Hinted};
use crate::client::model::{ClientEffect, ClientInput, Model, Overlay, ShellCommand};
use crate::client::picker::{Choice, Picked, Picker};
use crate::client::processes::Mode;
use crate::config::keymap::Lookup;

/// A paste is typed into the line, if there is one.
pub(super) fn paste(model: &mut Model, text: &str) {
    let first = text.lines().next().unwrap_or_default();
    match &mut model.overlay {
        Some(Overlay::Picker(pick)) => pick.insert(first),
        Some(Overlay::Rename(_, line) | Overlay::Search(line)) => line.insert(first),
        Some(Overlay::Processes(view)) if view.mode == Mode::Filter => view.insert(first),
        Some(
            Overlay::Confirm(_)
            | Overlay::Hints(_)
            | Overlay::Paste(_)
            | Overlay::Numbers(_)
            | Overlay::Clock
            | Overlay::Describe(_)
            | Overlay::Processes(_),
        )
        | None => {
            return;
        }
    }
    model.damage.chrome = true;
}

/// Takes a key; the overlay stays unless it says otherwise.
pub(super) fn key(model: &mut Model, key: Key, out: &mut Vec<ClientEffect>) {
    model.damage.chrome = true;
    let key = key.normal();
    match model.overlay.take() {
        None | Some(Overlay::Clock) => {}
        Some(Overlay::Picker(pick)) if copied_of(&pick, key).is_some() => {
            if let Some(id) = copied_of(&pick, key) {
                copy::ask(model, &calls::output_of(id), Awaited::Output, out);
            }
        }
        Some(Overlay::Picker(mut pick)) => match pick.key(key) {
            Picked::Left => {}
            Picked::Open => {
                model.overlay = Some(Overlay::Picker(pick));
                call::look(model, out);
            }
            Picked::Entered => enter(model, pick, out),
        },
        Some(Overlay::Rename(what, mut line)) => match (key.code, key.mods) {
            (KeyCode::Esc, _) | (KeyCode::Char('c' | 'g'), Mods::CTRL) => {}
            (KeyCode::Enter | KeyCode::Keypad('\r'), _) if line.text().is_empty() => {}
            (KeyCode::Enter | KeyCode::Keypad('\r'), _) => {
                send::send(model, &calls::rename(what, line.text()), out)
            }
            _ => {
                line.key(key);
                model.overlay = Some(Overlay::Rename(what, line));
            }
        },
        Some(Overlay::Search(mut line)) => match (key.code, key.mods) {
            (KeyCode::Esc, _) | (KeyCode::Char('c' | 'g'), Mods::CTRL) => {}
            (KeyCode::Enter | KeyCode::Keypad('\r'), _) => search(model, line.text(), out),
            _ => {
                line.key(key);
                model.overlay = Some(Overlay::Search(line));
            }
        },
        Some(Overlay::Hints(hints)) => hint(model, hints, key, out),
        Some(Overlay::Paste(text)) => {
            if matches!(key.code, KeyCode::Char('y' | 'Y') | KeyCode::Enter) {
                out.push(ClientEffect::Input(ClientInput::Paste(text)));
            }
        }
        Some(Overlay::Numbers(_)) => jump(model, key, out),
        Some(Overlay::Describe(keys)) => describe(model, keys, key),
        Some(Overlay::Processes(view)) => processes::key(model, view, key, out),
        Some(Overlay::Confirm(wanted)) => {
            if matches!(key.code, KeyCode::Char('y' | 'Y') | KeyCode::Enter) {
                send::send(model, &wanted, out);
            }
        }
    }
}

/// The command whose output is copied by a key in the list of commands.
fn copied_of(pick: &Picker, key: Key) -> Option<&str> {
    match &pick.selected()?.choice {
        Choice::Past(id) if (key.code, key.mods) == (KeyCode::Char('y'), Mods::CTRL) => Some(id),
        _ => None,
    }
}

fn search(model: &mut Model, pattern: &str, out: &mut Vec<ClientEffect>) {
    if !pattern.is_empty() {
        copy::ask(model, &calls::search_all(pattern), Awaited::Found(pattern.to_owned()), out);
    }
}

/// A letter of a label: copies what has it, or opens that.
fn hint(model: &mut Model, mut hints: HintLabels, key: Key, out: &mut Vec<ClientEffect>) {
    let KeyCode::Char(c) = key.code else { return };
    match hints.type_letter(c) {
        Hinted::Pending => model.overlay = Some(Overlay::Hints(hints)),
        Hinted::Left => {}
        Hinted::Chosen(text, false) => copy::copied(model, &text, Where::New, out),
        Hinted::Chosen(text, true) => {
            model.notify(format!("opens {text}"), false);
            out.push(ClientEffect::Run(ShellCommand {
                line: model.config.copy.open.clone(),
                argument: Some(text),
                input: String::new(),
            }));
        }
    }
}

/// A digit goes to the pane of that number, 0 to the tenth.
fn jump(model: &mut Model, key: Key, out: &mut Vec<ClientEffect>) {
    let KeyCode::Char(digit) = key.code else { return };
    let number = digit.to_digit(10).map(|digit| if digit == 0 { 10 } else { digit });
    let pane = model
        .scene
        .chrome
        .panes
        .iter()
        .find(|pane| Some(u32::from(pane.index)) == number)
        .map(|pane| pane.id);
    if let Some(pane) = pane {
        send::send(model, &calls::focus(pane), out);
    }
}

/// Says what the keys do once they are a whole chord; those of the prefix need not be pressed.
fn describe(model: &mut Model, mut keys: Vec<Key>, key: Key) {
    let keymap = &model.config.keymap;
    let prefix = keymap.prefixes().first().copied();
    if keys.is_empty()
        && !keymap.prefixes().contains(&key)
        && matches!(keymap.lookup(&[], key), Lookup::Miss)
    {
        keys.extend(prefix);
    }
    let pressed = keys.iter().chain([&key]).map(ToString::to_string).collect::<Vec<_>>().join(" ");
    let text = match keymap.lookup(&keys, key) {
        Lookup::Pending => {
            keys.push(key);
            model.overlay = Some(Overlay::Describe(keys));
            return;
        }
        Lookup::Hit(bound) => {
            let summary = model
                .config
                .actions
                .iter()
                .find(|action| action.name == bound.name)
                .map(ActionItem::summary);
            format!("{pressed}: {} · {}", bound.words, summary.unwrap_or_default())
        }
        Lookup::Miss => format!("{pressed} does nothing"),
    };
    model.notify(text, false);
}

/// Enter in a list. A typed command line wins over the selection if it is one.
pub(super) fn enter(model: &mut Model, pick: Picker, out: &mut Vec<ClientEffect>) {
    let typed = pick.line.text().trim();
    if pick.takes_commands
        && !typed.is_empty()
        && let Ok(bound) = (model.config.parse)(typed)
    {
        return call::call(model, ClientCall::from(&bound), out);
    }
    match pick.selected().map(|item| item.choice.clone()) {
        Some(choice) => choose(model, pick, choice, out),
        None if pick.takes_commands => {
            let (typed, error) =
                (typed.to_owned(), (model.config.parse)(typed).err().unwrap_or_default());
            refuse(model, pick, &typed, &error);
        }
        None => model.overlay = Some(Overlay::Picker(pick)),
    }
}

fn choose(model: &mut Model, mut pick: Picker, choice: Choice, out: &mut Vec<ClientEffect>) {
    match choice {
        Choice::Close => {}
        Choice::Session(id) => send::send(model, &calls::show(id), out),
        Choice::Past(id) => send::send(model, &calls::rerun(&id), out),
        Choice::Pane(id) => send::send(model, &calls::focus(id), out),
        Choice::Tab(id) => send::send(model, &calls::go(id), out),
        Choice::Buffer(name) => send::send(model, &calls::paste_buffer(Some(&name), None), out),
        Choice::Place { pane, line, cell, pattern } => {
            copy::visit(model, pane, (line, cell), &pattern, out)
        }
        Choice::Command(words) => match (model.config.parse)(&words) {
            Ok(bound) => call::call(model, ClientCall::from(&bound), out),
            Err(error) => {
                let typed = pick.line.text().trim().to_owned();
                if typed.starts_with(&words) {
                    refuse(model, pick, &typed, &error);
                } else {
                    pick.takes_commands = true;
                    refuse(model, pick, &format!("{words} "), &error);
                }
            }
        },
    }
}

/// Keeps the list open with `text` to be completed, and says what was wrong.
fn refuse(model: &mut Model, mut pick: Picker, text: &str, error: &str) {
    pick.fill(text, error.lines().next().unwrap_or_default().to_owned());
    model.overlay = Some(Overlay::Picker(pick));
}
