//! Sends a call to the server, with the next number.

use crate::client::calls::{self, ClientCall};
use crate::client::model::{CLOSED, ClientEffect, ClientInput, Model};

/// Sends a call to the server.
pub(super) fn send(model: &mut Model, wanted: &ClientCall, out: &mut Vec<ClientEffect>) {
    if wanted.name == calls::UNDO {
        model.notices.retain(|(_, notice)| !notice.text.starts_with(CLOSED));
    }
    let id = model.next_call;
    model.next_call += 1;
    out.push(ClientEffect::Input(ClientInput::Call(wanted.request(id))));
}
