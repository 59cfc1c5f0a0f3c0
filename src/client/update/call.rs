//! A call: the client's own is carried out, another is asked about or sent.

use super::copy::{self, CopyEntry};
use super::{configured, open, processes, send};
use crate::client::calls::{self, ClientAction, ClientCall};
use crate::client::copy_mode::CopyInput;
use crate::client::copy_mode::keys::{CopyCommand, Step};
use crate::client::copy_mode::motion::Toward;
use crate::client::copy_mode::panes::Awaited;
use crate::client::model::{
    ClientEffect, Model, NUMBERS_TIME, Overlay, PREVIEW_EVERY, PendingQuery, Preview,
};

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
        model.overlay = Some(Overlay::Confirm(wanted));
        model.damage.chrome = true;
        return;
    }
    send::send(model, &wanted, out);
}

/// Does what is the client's own.
pub(super) fn carry_out(model: &mut Model, own: ClientAction, out: &mut Vec<ClientEffect>) {
    model.damage.chrome = true;
    match own {
        ClientAction::Redraw => model.damage.all = true,
        ClientAction::Suspend => out.push(ClientEffect::Suspend),
        ClientAction::Inbox => model.overlay = Some(open::inbox(model)),
        ClientAction::Lock => configured::lock(model),
        ClientAction::Palette(text) => model.overlay = Some(open::palette(model, &text)),
        ClientAction::Keys => model.overlay = Some(open::keys(model)),
        ClientAction::Sessions => model.overlay = Some(open::sessions(model)),
        ClientAction::Tabs => {
            model.overlay = Some(open::tabs(model));
            ask(model, &calls::all_tabs(), PendingQuery::Tabs, out);
        }
        ClientAction::Clients => {
            model.overlay = Some(open::clients());
            ask(model, &calls::clients(), PendingQuery::Clients, out);
        }
        ClientAction::Processes => processes::open(model, out),
        ClientAction::Notices => model.overlay = Some(open::notices(model)),
        ClientAction::Rename(what) => model.overlay = Some(open::rename(model, what)),
        ClientAction::CopyMode(page_up) => {
            let Some(pane) = model.scene.chrome.focus else { return };
            copy::enter(
                model,
                pane,
                if page_up { CopyEntry::Scrolling } else { CopyEntry::Key },
                out,
            );
            if page_up {
                copy::deed(
                    model,
                    pane,
                    CopyInput::Command(CopyCommand::Scroll(Toward::Back, Step::Page)),
                    out,
                );
            }
        }
        ClientAction::Buffers => copy::ask(model, &calls::buffers(), Awaited::Buffers, out),
        ClientAction::Commands => copy::ask(model, &calls::commands(), Awaited::Commands, out),
        ClientAction::CopyOutput => copy::ask(model, &calls::output(), Awaited::Output, out),
        ClientAction::Hints => match open::hints(model) {
            Some(hints) => model.overlay = Some(Overlay::Hints(hints)),
            None => model
                .notify("nothing here looks like an address, a path, a hash or a number", false),
        },
        ClientAction::Search => copy::ask_pattern(model),
        ClientAction::Numbers => {
            model.overlay = Some(Overlay::Numbers(model.now.tick + NUMBERS_TIME))
        }
        ClientAction::Clock => model.overlay = Some(Overlay::Clock),
        ClientAction::Describe => {
            model.overlay = Some(Overlay::Describe(Vec::new()));
            model.notify("which key? press it", false);
        }
        ClientAction::Info => {
            let text = open::info(model);
            model.notify(text, false);
        }
        ClientAction::Menu(about) => model.overlay = Some(open::menu(model, about)),
    }
    look(model, out);
}

/// Sends a call whose answer is shown.
pub(super) fn ask(
    model: &mut Model,
    wanted: &ClientCall,
    asked: PendingQuery,
    out: &mut Vec<ClientEffect>,
) {
    model.looking.asked.insert(model.next_call, asked);
    send::send(model, wanted, out);
}

/// Looks at what is selected in a list that shows it, if that is another thing than before or time
/// has passed.
pub(super) fn look(model: &mut Model, out: &mut Vec<ClientEffect>) {
    let target =
        if let Some(Overlay::Picker(pick)) = &model.overlay { pick.target() } else { None };
    let Some(target) = target else { return model.looking.preview = None };
    let now = model.now.tick;
    let same = model.looking.preview.take().filter(|preview| preview.target == target);
    if let Some(preview) = same.clone().filter(|preview| now < preview.again) {
        model.looking.preview = Some(preview);
        return;
    }
    ask(model, &calls::capture(&target), PendingQuery::Screen(target.clone()), out);
    model.looking.preview = Some(Preview {
        target,
        rows: same.map_or_else(Vec::new, |preview| preview.rows),
        again: now + PREVIEW_EVERY,
    });
}
