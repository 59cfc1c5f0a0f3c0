//! Hands events to the overlay that is open, and does what it says then.

use super::{call, copy};
use crate::base::key::{Key, MouseInput};
use crate::client::model::{ClientEffect, Model};
use crate::client::overlay::{Next, Overlay};

/// Takes a key.
pub(super) fn key(model: &mut Model, key: Key, out: &mut Vec<ClientEffect>) {
    model.damage.chrome = true;
    with(model, out, |overlay, model, out| overlay.key(key.normal(), model, out));
}

/// Takes the mouse.
pub(super) fn mouse(model: &mut Model, mouse: MouseInput, out: &mut Vec<ClientEffect>) {
    with(model, out, |overlay, model, out| overlay.mouse(mouse, model, out));
}

/// Takes a paste: its first line goes into the line that is typed, if there is one.
pub(super) fn paste(model: &mut Model, text: &str) {
    let line = text.lines().next().unwrap_or_default();
    model.damage.chrome |= model.overlay.as_mut().is_some_and(|overlay| overlay.paste(line));
}

/// A deadline passed.
pub(super) fn wake(model: &mut Model, out: &mut Vec<ClientEffect>) {
    let was_open = model.overlay.is_some();
    with(model, out, super::super::overlay::Overlay::wake);
    model.damage.chrome |= was_open && model.overlay.is_none();
}

/// Another server answers.
pub(super) fn reconnected(model: &mut Model, out: &mut Vec<ClientEffect>) {
    with(model, out, |overlay, model, out| {
        overlay.reconnected(model, out);
        Next::Stay
    });
}

/// Takes the overlay out of the model for an event. It goes back if it stays, unless it opened
/// another one.
fn with(
    model: &mut Model,
    out: &mut Vec<ClientEffect>,
    event: impl FnOnce(&mut dyn Overlay, &mut Model, &mut Vec<ClientEffect>) -> Next,
) {
    let Some(mut overlay) = model.overlay.take() else { return };
    match event(&mut *overlay, model, out) {
        Next::Stay => {
            model.overlay.get_or_insert(overlay);
        }
        Next::Close => {}
        Next::Call(wanted) => call::call(model, wanted, out),
        Next::Visit(found) => copy::visit(model, found, out),
    }
}
