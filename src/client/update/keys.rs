//! A key: an overlay takes it, or the keymap, or it is for the program in focus.

use std::rc::Rc;

use super::{call, configured, copy, overlay};
use crate::base::key::{Key, KeyCode, KeyInput, KeyKind, Mods};
use crate::base::time::Span;
use crate::client::calls::{self, Wanted};
use crate::client::model::{Card, Message, Model, Numbered};
use crate::client::setup::Setup;
use crate::config::keymap::Lookup;

/// How long a key that repeats needs no prefix: tmux's repeat-time.
const REPEAT: Span = Span::millis(500);

/// Takes a key. What is for the program is collected in `typed`.
pub(super) fn key(model: &mut Model, input: KeyInput, typed: &mut Vec<KeyInput>, out: &mut Vec<Message>) {
    if model.overlay.is_some() && input.escaped && input.key.code != KeyCode::Esc {
        // Escape closes an overlay: a key that follows quickly is for what is below, not one key with Alt.
        flush(typed, out);
        overlay::key(model, Key::plain(KeyCode::Esc), out);
        return self::key(model, Key { mods: input.key.mods.without(Mods::ALT), ..input.key }.into(), typed, out);
    }
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
    if model.more.card == Card::Shown {
        model.more.card = Card::Gone;
        model.damage.chrome = true;
        out.push(Message::CardSeen);
    }
    if model.more.locked {
        if input.key.normal() == model.setup.keys.unlock.0.normal() {
            configured::unlock(model);
        } else {
            typed.push(input);
        }
        return;
    }
    let setup = Rc::clone(&model.setup);
    repeat(model, &setup, input.key);
    match setup.keymap.lookup(&model.chord.keys, input.key) {
        Lookup::Hit(bound) => {
            flush(typed, out);
            let after_prefix = model.chord.keys.first().is_some_and(|first| setup.keymap.prefixes().contains(first));
            model.end_chord();
            model.more.repeat = (after_prefix && calls::repeats(bound.name)).then(|| model.now.tick + REPEAT);
            call::call(model, Wanted::from(bound), out);
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

/// A key that repeats counts as one after the prefix for a while, as in tmux.
fn repeat(model: &mut Model, setup: &Setup, key: Key) {
    let Some(until) = model.more.repeat.take().filter(|_| model.chord.keys.is_empty()) else { return };
    let Some(prefix) = setup.keymap.prefixes().first().filter(|_| model.now.tick <= until) else { return };
    let is_repeat = matches!(setup.keymap.lookup(&[*prefix], key), Lookup::Hit(bound) if calls::repeats(bound.name));
    if is_repeat {
        model.chord.keys.push(*prefix);
        model.chord.since = model.now.tick;
    }
}

fn begin_chord(model: &mut Model, key: Key) {
    model.chord.keys.push(key);
    model.chord.since = model.now.tick;
    model.damage.chrome = true;
}

/// Sends what was typed so far, so that what comes next stays behind it.
pub(super) fn flush(typed: &mut Vec<KeyInput>, out: &mut Vec<Message>) {
    if !typed.is_empty() {
        out.push(Message::Input(Numbered::Keys(std::mem::take(typed))));
    }
}

/// Whether a key is a press or a repeat of one.
fn is_press(input: KeyInput) -> bool {
    input.kind != KeyKind::Release
}
