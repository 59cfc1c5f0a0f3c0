//! The one place where the model changes: (model, event) → (model, messages). Pure: no clock, no
//! I/O.
//!
//! Keys are here: an overlay takes one, or the keymap, or it is for the program in focus. Mouse,
//! server and configuration have a file each; `call` carries out what they ask for. `run` alone
//! calls this and sends the messages. Tests: `tests`, `tests/it/client_view.rs`.

mod call;
mod configured;
mod copy;
mod mouse;
mod overlay;
mod server;

use std::rc::Rc;

use crate::base::geom::Size;
use crate::base::key::{Key, KeyCode, KeyInput, KeyKind, Mods};
use crate::base::time::Span;
use crate::client::calls::ClientCall;
use crate::client::caps::ImageProtocol;
use crate::client::input::{ColourSlot, PASTE_MAX, Reply, TtyEvent};
use crate::client::model::{ClientEffect, ClientInput, Event, Model, ServerLink};
use crate::client::overlay::prompt::ConfirmPaste;
use crate::client::terminal;
use crate::config::keymap::{Keymap, Lookup};
use crate::settings::Appearance;
use crate::wire::frame::ToServer;

/// Takes an event; says what is to be done outside, in order.
pub fn update(model: &mut Model, event: Event) -> Vec<ClientEffect> {
    let mut out = Vec::new();
    match event {
        Event::Tty(events) => tty(model, events, &mut out),
        Event::Resized(size, cell_pixels) => resized(&mut *model, size, cell_pixels, &mut out),
        Event::Connected => model.link = ServerLink::Greeting(model.now.tick),
        Event::Server(message) => server::take(model, message, &mut out),
        Event::Lost => {
            model.link = ServerLink::Down(model.now.tick);
            model.damage.chrome = true;
        }
        Event::Clock(clock) => {
            model.damage.chrome |= model.bar.clock != clock;
            model.bar.clock = clock;
        }
        Event::Command(line) => {
            model.damage.chrome |= model.bar.command != line;
            model.bar.command = line;
        }
        Event::Configured(config) => configured::configured(model, *config, &mut out),
        Event::Misconfigured(problem) => {
            model.notify(format!("{problem}; what was in force stays"), true);
        }
        Event::Wake => wake(model, &mut out),
        Event::Continued => model.damage.all = true,
    }
    out
}

/// The events of one read: neighbouring keys for the program go as one message.
fn tty(model: &mut Model, events: Vec<TtyEvent>, out: &mut Vec<ClientEffect>) {
    let mut typed = Vec::new();
    for event in events {
        if let TtyEvent::Key(input) = event {
            key(model, input, &mut typed, out);
            continue;
        }
        flush(&mut typed, out);
        match event {
            TtyEvent::Key(_) => {}
            TtyEvent::Mouse(mouse) => mouse::mouse(model, mouse, out),
            TtyEvent::Paste(text) => paste(model, text, out),
            TtyEvent::PasteTooLarge(size) => {
                model.notify(
                    format!(
                        "nothing was pasted: {size} bytes are more than {} MiB; write them to \
                         a file",
                        PASTE_MAX >> 20
                    ),
                    true,
                );
            }
            TtyEvent::Focus(focused) => {
                model.outer.has_focus = Some(focused);
                out.push(ClientEffect::Send(ToServer::Focus(focused)));
            }
            TtyEvent::Reply(reply) => learn(model, &reply, out),
        }
    }
    flush(&mut typed, out);
}

/// Takes a key. What is for the program is collected in `typed`.
fn key(model: &mut Model, input: KeyInput, typed: &mut Vec<KeyInput>, out: &mut Vec<ClientEffect>) {
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
        return key(
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
fn flush(typed: &mut Vec<KeyInput>, out: &mut Vec<ClientEffect>) {
    if !typed.is_empty() {
        out.push(ClientEffect::Input(ClientInput::Keys(std::mem::take(typed))));
    }
}

/// True if a key is a press or a repeat of one.
fn is_press(input: KeyInput) -> bool {
    input.kind != KeyKind::Release
}

fn paste(model: &mut Model, text: String, out: &mut Vec<ClientEffect>) {
    if model.overlay.is_some() {
        overlay::paste(model, &text);
    } else if copy::paste(model, &text, out) {
        model.end_chord();
    } else if !text.is_empty() {
        model.end_chord();
        if model.config.outer.ask_paste && runs_at_once(model, &text) {
            return model.open(ConfirmPaste(text));
        }
        out.push(ClientEffect::Input(ClientInput::Paste(text)));
    }
}

/// True if a paste has a line end before its end and the program in focus does not tell pastes from
/// typing: a shell would run line after line.
fn runs_at_once(model: &Model, text: &str) -> bool {
    let is_told = model
        .scene
        .focused()
        .is_none_or(|pane| pane.bracketed_paste || pane.alternate || pane.ended.is_some());
    !is_told && text.trim_end_matches(['\n', '\r']).contains(['\n', '\r'])
}

/// Learns what the outer terminal is and can. Its device attributes come last, so then the colours
/// are complete.
fn learn(model: &mut Model, reply: &Reply, out: &mut Vec<ClientEffect>) {
    let (before, former) = (model.caps.pictures(), model.caps.cell_pixels);
    model.damage.all |= model.caps.learn(reply);
    if let Reply::Version(name) = reply
        && let Some(inside) = name.strip_prefix("abide(")
    {
        model.outer.is_nested = true;
        model.damage.chrome = true;
        model.outer.identity =
            inside.split_once(") ").map(|(_, identity)| identity.to_owned()).unwrap_or_default();
        if matches!(model.link, ServerLink::Up(_)) {
            server::say_inside(model, out);
        }
    }
    // Modes that it turned out to have are set with the next frame.
    model.damage.cursor = true;
    match *reply {
        Reply::Colour(slot, rgb) => match slot {
            ColourSlot::Foreground => model.colours.fg = Some(rgb),
            ColourSlot::Background => {
                model.colours.bg = Some(rgb);
                configured::appearance(model, Appearance::of_background(rgb));
            }
            ColourSlot::Cursor => model.colours.cursor = Some(rgb),
            ColourSlot::Palette(index) => {
                model.colours.palette.retain(|(known, _)| *known != index);
                model.colours.palette.push((index, rgb));
            }
        },
        Reply::Appearance(appearance) => {
            configured::appearance(model, appearance);
            // The terminal's colours changed with it, and programs that ask are to get the new.
            if model.caps.modern {
                out.push(ClientEffect::Write(
                    (terminal::colour_queries() + terminal::ATTRIBUTES_QUERY).into_bytes(),
                ));
            }
        }
        Reply::Attributes(_) => {
            out.push(ClientEffect::Send(ToServer::Colours(model.colours.clone())));
        }
        Reply::CellPixels(pixels) => {
            model.caps.cell_pixels = former;
            resized(model, model.size, pixels, out);
        }
        Reply::AreaPixels((width, height)) if model.caps.cell_pixels == (0, 0) => {
            let pixels = (width / model.size.cols.max(1), height / model.size.rows.max(1));
            resized(model, model.size, pixels, out);
        }
        Reply::Size((rows, cols), (height, width)) if 0 < rows && 0 < cols => {
            resized(model, Size::new(cols, rows).clamped(), (width / cols, height / rows), out);
        }
        _ => {}
    }
    if before != model.caps.pictures() {
        out.push(ClientEffect::Send(ToServer::Pictures(
            model.caps.pictures() != ImageProtocol::Box,
        )));
    }
}

/// The outer terminal has another size, or tells what it is in pixels.
fn resized(model: &mut Model, size: Size, pixels: (u16, u16), out: &mut Vec<ClientEffect>) {
    let is_known = 0 < pixels.0 && 0 < pixels.1;
    let pixels = if is_known { pixels } else { model.caps.cell_pixels };
    if (model.size, model.caps.cell_pixels) == (size, pixels) {
        return;
    }
    model.caps.cell_pixels = pixels;
    model.size = size;
    model.damage.all = true;
    out.push(ClientEffect::Send(ToServer::Resize { size, cell_pixels: pixels }));
}

/// A deadline has passed: what is over goes, what is due appears.
fn wake(model: &mut Model, out: &mut Vec<ClientEffect>) {
    let before = model.notices.shown.len();
    let now = model.now.tick;
    model.notices.shown.retain(|(until, _)| now < *until);
    overlay::wake(model, out);
    model.damage.chrome |=
        before != model.notices.shown.len() || model.shows_hint() || model.awaited().is_some();
}

#[cfg(test)]
mod tests;
