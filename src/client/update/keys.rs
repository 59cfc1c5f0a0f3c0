//! A key: an overlay takes it, or the keymap, or it is for the program in focus.

use std::rc::Rc;

use super::{flush, is_press, overlay};
use crate::base::key::{Key, KeyInput};
use crate::client::calls::{self, Own, Wanted};
use crate::client::model::{Message, Model, Numbered, Overlay};
use crate::config::keymap::Lookup;

/// Takes a key. What is for the program is collected in `typed`.
pub(super) fn key(model: &mut Model, input: KeyInput, typed: &mut Vec<KeyInput>, out: &mut Vec<Message>) {
    if model.overlay.is_some() {
        if is_press(input) {
            flush(typed, out);
            overlay::key(model, input.key, out);
        }
        return;
    }
    if !is_press(input) {
        // The end of a key whose press was ours tells a program nothing; programs take a lone release calmly.
        typed.push(input);
        return;
    }
    let setup = Rc::clone(&model.setup);
    match setup.keymap.lookup(&model.chord.keys, input.key) {
        Lookup::Hit(bound) => {
            flush(typed, out);
            end_chord(model);
            call(model, Wanted::from(bound), out);
        }
        Lookup::Pending => begin_chord(model, input.key),
        Lookup::Miss if model.chord.keys.is_empty() => typed.push(input),
        Lookup::Miss => end_chord(model),
    }
}

fn begin_chord(model: &mut Model, key: Key) {
    model.chord.keys.push(key);
    model.chord.since = model.now.tick;
    model.damage.chrome = true;
}

pub(super) fn end_chord(model: &mut Model) {
    if !model.chord.keys.is_empty() {
        model.chord.keys.clear();
        model.damage.chrome = true;
    }
}

/// Makes a call: the client's own are done here, some are asked about first, the rest goes to the server.
pub(super) fn call(model: &mut Model, wanted: Wanted, out: &mut Vec<Message>) {
    if let Some(own) = calls::own(wanted.name, &wanted.params) {
        return carry_out(model, own, out);
    }
    if calls::needs_consent(&wanted) {
        model.overlay = Some(Overlay::Confirm(wanted));
        model.damage.chrome = true;
        return;
    }
    send(model, &wanted, out);
}

/// Sends a call to the server.
pub(super) fn send(model: &mut Model, wanted: &Wanted, out: &mut Vec<Message>) {
    let id = model.next_call;
    model.next_call += 1;
    out.push(Message::Input(Numbered::Call(wanted.request(id))));
}

/// Does what is the client's own.
pub(super) fn carry_out(model: &mut Model, own: Own, out: &mut Vec<Message>) {
    model.damage.chrome = true;
    match own {
        Own::Redraw => model.damage.all = true,
        Own::Suspend => out.push(Message::Suspend),
        Own::Palette(text) => model.overlay = Some(overlay::palette(model, &text)),
        Own::Keys => model.overlay = Some(overlay::keys(model)),
        Own::Sessions => model.overlay = Some(overlay::sessions(model)),
        Own::Tabs => model.overlay = Some(overlay::tabs(model)),
        Own::Notices => model.overlay = Some(overlay::notices(model)),
        Own::Rename(what) => model.overlay = Some(overlay::rename(model, what)),
    }
}
