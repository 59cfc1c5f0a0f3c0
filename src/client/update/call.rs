//! A call: the client's own is carried out, another is asked about or sent.

use super::copy::{self, Entry};
use super::{open, send};
use crate::client::calls::{self, Own, Wanted};
use crate::client::copy::Deed;
use crate::client::copy::keys::{Command, Step};
use crate::client::copy::motion::Way;
use crate::client::copying::Awaited;
use crate::client::model::{Message, Model, Overlay};

/// Makes a call: the client's own are done here, some are asked about first, the rest goes to the server.
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
        Own::Palette(text) => model.overlay = Some(open::palette(model, &text)),
        Own::Keys => model.overlay = Some(open::keys(model)),
        Own::Sessions => model.overlay = Some(open::sessions(model)),
        Own::Tabs => model.overlay = Some(open::tabs(model)),
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
        Own::CopyOutput => copy::ask(model, &calls::output(), Awaited::Output, out),
        Own::Hints => match open::hints(model) {
            Some(hints) => model.overlay = Some(Overlay::Hints(hints)),
            None => model.notify("nothing here looks like an address, a path, a hash or a number", false),
        },
        Own::Search => copy::ask_pattern(model),
    }
}
