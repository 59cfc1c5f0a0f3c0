//! Changes of the client's behaviour while it runs: a saved configuration, a terminal that turns
//! light or dark, locked keys.

use std::rc::Rc;

use crate::base::key::Key;
use crate::client::caps::Caps;
use crate::client::client_config::ClientConfig;
use crate::client::model::{ClientEffect, Model};
use crate::client::{calls, terminal};
use crate::config::keymap::Lookup;
use crate::settings::Appearance;
use crate::wire::frame::ToServer;

/// The configuration was saved and is in order: it is in force from now on.
pub(super) fn configured(model: &mut Model, config: ClientConfig, out: &mut Vec<ClientEffect>) {
    let before = Rc::clone(&model.config);
    model.config = Rc::new(config.on(model.outer.appearance));
    model.chord.keys.clear();
    model.overlay = None;
    model.damage.all = true;
    let (old, new) = (&before.outer, &model.config.outer);
    if old.mouse != new.mouse && model.caps.modern {
        out.push(ClientEffect::Write(terminal::mouse(new.mouse)));
    }
    if old.colours != new.colours {
        model.caps = Caps { depth: new.colours.fixed().unwrap_or(model.caps.depth), ..model.caps };
    }
    if before.bars.rows() != model.config.bars.rows() {
        out.push(ClientEffect::Send(ToServer::Bars(model.config.bars.rows())));
    }
    model.notify("the configuration was read anew", false);
}

/// The terminal told its background, or that it changed: the colours follow.
pub(super) fn appearance(model: &mut Model, appearance: Appearance) {
    if model.outer.appearance != appearance {
        model.outer.appearance = appearance;
        model.config = Rc::new(ClientConfig::clone(&model.config).on(appearance));
        model.damage.all = true;
    }
}

/// Locks the keys.
pub(super) fn lock(model: &mut Model) {
    model.is_locked = true;
    let unlock = model.unlock_key();
    model.notify(format!("every key goes to the program; {unlock} unlocks"), false);
}

/// True if a key unlocks the keys: the one that is for that, or one that locks them by itself.
pub(super) fn is_unlock(model: &Model, key: Key) -> bool {
    let locks = |lookup| matches!(lookup, Lookup::Hit(bound) if bound.name == calls::LOCK);
    key == model.config.keys.unlock.0.normal() || locks(model.config.keymap.lookup(&[], key))
}

/// Unlocks the keys.
pub(super) fn unlock(model: &mut Model) {
    model.is_locked = false;
    model.damage.chrome = true;
    model.notify("the keys are unlocked", false);
}
