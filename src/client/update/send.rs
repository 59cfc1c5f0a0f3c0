//! Sends a call to the server, with the next number.

use crate::client::calls::{self, Wanted};
use crate::client::model::{CLOSED, Message, Model, Numbered};

/// Sends a call to the server.
pub(super) fn send(model: &mut Model, wanted: &Wanted, out: &mut Vec<Message>) {
    if wanted.name == calls::UNDO {
        model.notices.retain(|(_, notice)| !notice.text.starts_with(CLOSED));
    }
    let id = model.next_call;
    model.next_call += 1;
    out.push(Message::Input(Numbered::Call(wanted.request(id))));
}
