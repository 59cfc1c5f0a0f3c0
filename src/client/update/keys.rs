//! A key: an overlay takes it, or the keymap, or it is for the program in focus.

use std::rc::Rc;

use super::{call, configured, copy, overlay};
use crate::base::key::{Key, KeyCode, KeyInput, KeyKind, Mods};
use crate::base::time::Span;
use crate::client::calls::ClientCall;
use crate::client::model::{ClientEffect, ClientInput, Model};
use crate::config::keymap::Lookup;

/// Takes a key. What is for the program is collected in `typed`.
pub(super) fn key(
    model: &mut Model,
    input: KeyInput,
    typed: &mut Vec<KeyInput>,
    out: &mut Vec<ClientEffect>,
) {
    if model.overlay.is_some() && input.escaped && input.key.code != KeyCode::Esc {
        // Escape closes an overlay: a key that follows quickly is for what is below, not one key
        // with Alt.
        flush(typed, out);
        overlay::key(model, Key::plain(KeyCode::Esc), out);
        return self::key(
            model,
            Key { mods: input.key.mods.without(Mods::ALT), ..input.key }.into(),
            typed,
            out,
        );
    }
    if model.overlay.is_some() {
        if is_press(input) {
            flush(typed, out);
            overlay::key(model, input.key, out);
        }
        return;
    }
    if !is_press(input) {
        // The end of a key whose press was ours tells a program nothing; programs take a lone
        // release calmly.
        typed.push(input);
        return;
    }
    if model.shows_card {
        model.shows_card = false;
        model.damage.chrome = true;
        out.push(ClientEffect::CardSeen);
    }
    if model.is_locked {
        if input.key.normal() == model.config.keys.unlock.0.normal() {
            configured::unlock(model);
        } else {
            typed.push(input);
        }
        return;
    }
    let config = Rc::clone(&model.config);
    let again = model
        .chord
        .again
        .take()
        .filter(|(_, until)| model.chord.keys.is_empty() && model.now.tick < *until);
    if let Some((before, _)) = again
        && let Lookup::Hit(bound) = config.keymap.lookup(&before, input.key)
        && config.keymap.repeats(bound, input.key)
    {
        flush(typed, out);
        may_repeat(model, before);
        return call::call(model, ClientCall::from(bound), out);
    }
    match config.keymap.lookup(&model.chord.keys, input.key) {
        Lookup::Hit(bound) => {
            flush(typed, out);
            let before = model.chord.keys.clone();
            model.end_chord();
            if config.keymap.repeats(bound, input.key) && !before.is_empty() {
                may_repeat(model, before);
            }
            call::call(model, ClientCall::from(bound), out);
        }
        Lookup::Pending => begin_chord(model, input.key),
        Lookup::Miss if model.chord.keys.is_empty() => {
            if copy::takes(model, input.key) {
                flush(typed, out);
                copy::key(model, input, out);
            } else {
                typed.push(input);
            }
        }
        Lookup::Miss => model.end_chord(),
    }
}

/// The key that comes next may be the last of the same chord again.
fn may_repeat(model: &mut Model, before: Vec<Key>) {
    let until = model.now.tick + Span::millis(u64::from(model.config.keys.repeat_ms));
    model.chord.again = Some((before, until));
}

fn begin_chord(model: &mut Model, key: Key) {
    model.chord.keys.push(key);
    model.chord.since = model.now.tick;
    model.damage.chrome = true;
}

/// Sends what was typed so far, so that what comes next stays behind it.
pub(super) fn flush(typed: &mut Vec<KeyInput>, out: &mut Vec<ClientEffect>) {
    if !typed.is_empty() {
        out.push(ClientEffect::Input(ClientInput::Keys(std::mem::take(typed))));
    }
}

/// True if a key is a press or a repeat of one.
fn is_press(input: KeyInput) -> bool {
    input.kind != KeyKind::Release
}
