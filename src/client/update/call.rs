//! A call: the client's own is carried out, another is asked about or sent.

use super::copy::{self, Entry};
use super::{configured, open, processes, send};
use crate::client::calls::{self, Own, Wanted};
use crate::client::copy::Deed;
use crate::client::copy::keys::{Command, Step};
use crate::client::copy::motion::Way;
use crate::client::copying::Awaited;
use crate::client::model::{Asked, Message, Model, NUMBERS_TIME, Overlay, PREVIEW_EVERY, Preview};

/// Makes a call: the client's own are done here, some are asked about first, the rest goes to the
/// server.
pub(super) fn call(model: &mut Model, wanted: Wanted, out: &mut Vec<Message>) {
    if let Some(own) = calls::own(wanted.name, &wanted.params) {
        return carry_out(model, own, out);
    }
    if let (Some(pane), Some(keys)) = (copy::focused(model), calls::typed_keys(&wanted)) {
        for key in keys {
            copy::deed(model, pane, Deed::Key(key), out);
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
pub(super) fn carry_out(model: &mut Model, own: Own, out: &mut Vec<Message>) {
    model.damage.chrome = true;
    match own {
        Own::Redraw => model.damage.all = true,
        Own::Suspend => out.push(Message::Suspend),
        Own::Inbox => model.overlay = Some(open::inbox(model)),
        Own::Lock => configured::lock(model),
        Own::Palette(text) => model.overlay = Some(open::palette(model, &text)),
        Own::Keys => model.overlay = Some(open::keys(model)),
        Own::Sessions => model.overlay = Some(open::sessions(model)),
        Own::Tabs => {
            model.overlay = Some(open::tabs(model));
            ask(model, &calls::all_tabs(), Asked::Tabs, out);
        }
        Own::Clients => {
            model.overlay = Some(open::clients());
            ask(model, &calls::clients(), Asked::Clients, out);
        }
        Own::Processes => processes::open(model, out),
        Own::Notices => model.overlay = Some(open::notices(model)),
        Own::Rename(what) => model.overlay = Some(open::rename(model, what)),
        Own::CopyMode(page_up) => {
            let Some(pane) = model.scene.chrome.focus else { return };
            copy::enter(model, pane, if page_up { Entry::Scrolling } else { Entry::Key }, out);
            if page_up {
                copy::deed(model, pane, Deed::Command(Command::Scroll(Way::Back, Step::Page)), out);
            }
        }
        Own::Buffers => copy::ask(model, &calls::buffers(), Awaited::Buffers, out),
        Own::Commands => copy::ask(model, &calls::commands(), Awaited::Commands, out),
        Own::CopyOutput => copy::ask(model, &calls::output(), Awaited::Output, out),
        Own::Hints => match open::hints(model) {
            Some(hints) => model.overlay = Some(Overlay::Hints(hints)),
            None => model
                .notify("nothing here looks like an address, a path, a hash or a number", false),
        },
        Own::Search => copy::ask_pattern(model),
        Own::Numbers => model.overlay = Some(Overlay::Numbers(model.now.tick + NUMBERS_TIME)),
        Own::Clock => model.overlay = Some(Overlay::Clock),
        Own::Describe => {
            model.overlay = Some(Overlay::Describe(Vec::new()));
            model.notify("which key? press it", false);
        }
        Own::Info => {
            let text = open::info(model);
            model.notify(text, false);
        }
        Own::Menu(about) => model.overlay = Some(open::menu(model, about)),
    }
    look(model, out);
}

/// Sends a call whose answer is shown.
pub(super) fn ask(model: &mut Model, wanted: &Wanted, asked: Asked, out: &mut Vec<Message>) {
    model.looking.asked.insert(model.next_call, asked);
    send::send(model, wanted, out);
}

/// Looks at what is selected in a list that shows it, if that is another thing than before or time
/// has passed.
pub(super) fn look(model: &mut Model, out: &mut Vec<Message>) {
    let target = if let Some(Overlay::Pick(pick)) = &model.overlay { pick.target() } else { None };
    let Some(target) = target else { return model.looking.preview = None };
    let now = model.now.tick;
    let same = model.looking.preview.take().filter(|preview| preview.target == target);
    if let Some(preview) = same.clone().filter(|preview| now < preview.again) {
        model.looking.preview = Some(preview);
        return;
    }
    ask(model, &calls::look(&target), Asked::Screen(target.clone()), out);
    model.looking.preview = Some(Preview {
        target,
        rows: same.map_or_else(Vec::new, |preview| preview.rows),
        again: now + PREVIEW_EVERY,
    });
}
