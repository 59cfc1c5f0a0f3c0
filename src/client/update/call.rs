//! A call: the client's own is carried out, another is asked about or sent.

use super::configured;
use super::copy::{self, CopyEntry};
use crate::client::calls::{self, ClientAction, ClientCall};
use crate::client::copy_mode::CopyInput;
use crate::client::copy_mode::keys::{CopyCommand, Step};
use crate::client::copy_mode::motion::Toward;
use crate::client::model::{ClientEffect, Model};
use crate::client::overlay::prompt::Confirm;

/// Makes a call: the client's own are done here, some are asked about first, the rest goes to the
/// server.
pub(super) fn call(model: &mut Model, wanted: ClientCall, out: &mut Vec<ClientEffect>) {
    if let Some(own) = calls::client_action(wanted.name, &wanted.params) {
        return carry_out(model, own, out);
    }
    if let (Some(pane), Some(keys)) = (copy::focused(model), calls::typed_keys(&wanted)) {
        for key in keys {
            copy::deed(model, pane, CopyInput::Key(key), out);
        }
        return;
    }
    if calls::needs_consent(&wanted) {
        return model.open(Confirm(wanted));
    }
    model.send(&wanted, out);
}

/// Carries out an action of the client's own.
pub(super) fn carry_out(model: &mut Model, own: ClientAction, out: &mut Vec<ClientEffect>) {
    model.damage.chrome = true;
    match own {
        ClientAction::Open(open, params) => open(model, &params, out),
        ClientAction::Redraw => model.damage.all = true,
        ClientAction::Suspend => out.push(ClientEffect::Suspend),
        ClientAction::Lock => configured::lock(model),
        ClientAction::CopyMode(page_up) => copy_mode(model, page_up, out),
        ClientAction::CopyOutput => model.ask_output(&calls::output(), out),
        ClientAction::Info => {
            let text = info(model);
            model.notify(text, false);
        }
    }
}

fn copy_mode(model: &mut Model, page_up: bool, out: &mut Vec<ClientEffect>) {
    let Some(pane) = model.scene.chrome.focus else { return };
    copy::enter(model, pane, if page_up { CopyEntry::Scrolling } else { CopyEntry::Key }, out);
    if page_up {
        let scroll = CopyCommand::Scroll(Toward::Back, Step::Page);
        copy::deed(model, pane, CopyInput::Command(scroll), out);
    }
}

/// The session, the tab and the pane that are shown, in a line.
fn info(model: &Model) -> String {
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
