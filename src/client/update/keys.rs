//! A key: an overlay takes it, or the keymap, or it is for the program in focus.

use std::rc::Rc;

use super::{call, configured, copy, overlay};
use crate::base::key::{Key, KeyCode, KeyInput, KeyKind, Mods};
use crate::base::time::Span;
use crate::client::calls::ClientCall;
use crate::client::model::{ClientEffect, ClientInput, Model};
use crate::config::keymap::{Keymap, Lookup};

/// Takes a key. What is for the program is collected in `typed`.
pub(super) fn key(
    model: &mut Model,
    input: KeyInput,
    typed: &mut Vec<KeyInput>,
    out: &mut Vec<ClientEffect>,
) {
    if is_modifier(input) {
        // Told while a chord is pending, and where the program wants every key; no chord ends at
        // one.
        if model.overlay.is_none() && model.chord.keys.is_empty() {
            typed.push(input);
        }
        return;
    }
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
            overlay::key(model, named(input), out);
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
        let pressed = [Some(input.bound()), input.rebound()];
        if pressed.into_iter().flatten().any(|key| configured::is_unlock(model, key)) {
            configured::unlock(model);
        } else {
            typed.push(input);
        }
        return;
    }
    chord(model, input, typed, out);
}

/// Takes a key that may begin, go on with or end a chord; others are for copy mode or the program.
fn chord(
    model: &mut Model,
    input: KeyInput,
    typed: &mut Vec<KeyInput>,
    out: &mut Vec<ClientEffect>,
) {
    let config = Rc::clone(&model.config);
    let again = model
        .chord
        .again
        .take()
        .filter(|(_, until)| model.chord.keys.is_empty() && model.now.tick < *until);
    if let Some((before, _)) = again
        && let (Lookup::Hit(bound), key) = lookup(&config.keymap, &before, input)
        && config.keymap.repeats(bound, key)
    {
        flush(typed, out);
        may_repeat(model, before);
        return call::call(model, ClientCall::from(bound), out);
    }
    match lookup(&config.keymap, &model.chord.keys, input) {
        (Lookup::Hit(bound), key) => {
            flush(typed, out);
            let before = model.chord.keys.clone();
            model.end_chord();
            if config.keymap.repeats(bound, key) && !before.is_empty() {
                may_repeat(model, before);
            }
            call::call(model, ClientCall::from(bound), out);
        }
        (Lookup::Pending, key) => begin_chord(model, key),
        (Lookup::Miss, _) if model.chord.keys.is_empty() => {
            if copy::takes(model, named(input)) {
                flush(typed, out);
                copy::key(model, input.escaped, named(input), out);
            } else {
                typed.push(input);
            }
        }
        (Lookup::Miss, _) => model.end_chord(),
    }
}

/// The meaning of a key after `pending`, by its own spelling or else by its other one, and the
/// spelling that was found.
fn lookup<'a>(keymap: &'a Keymap, pending: &[Key], input: KeyInput) -> (Lookup<'a>, Key) {
    let first = keymap.lookup(pending, input.bound());
    if matches!(first, Lookup::Miss)
        && let Some(other) = input.rebound()
    {
        return (keymap.lookup(pending, other), other);
    }
    (first, input.bound())
}

/// The key as a list or copy mode takes it: text as it is typed, keys of the keypad as the main
/// ones, and on a keyboard of another script what Control and Alt mean there.
fn named(input: KeyInput) -> Key {
    let key = input.bound();
    let is_text = matches!(key.code, KeyCode::Char(c) if c.is_ascii() || key.mods == Mods::NONE);
    if is_text { key } else { input.rebound().unwrap_or(key) }
}

/// True if a key is Shift, Control or another modifier by itself (kitty's functional code points).
fn is_modifier(input: KeyInput) -> bool {
    matches!(input.key.code, KeyCode::Functional(57_441..=57_454))
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
