//! Overlays: lists, questions, prompts and views that lie over the panes and take the keys. An
//! overlay is one file here with an [`Overlay`], or a function of `lists`, its lines in this file,
//! and the row of its action in `action/client.rs`. `client/update` alone hands events to the one
//! that is open; it is never called from here. Tests: `client/update/tests/overlays.rs`, snapshots
//! in `tests/it/client_view.rs`.

pub mod describe;
mod digits;
pub mod hints;
pub mod lists;
pub mod picker;
pub mod processes;
pub mod prompt;
pub mod search;

use std::any::Any;
use std::fmt::Debug;

use ratatui::buffer::Buffer;
use serde_json::{Map, Value};

use crate::base::key::{Key, MouseInput};
use crate::base::time::Tick;
use crate::client::calls::ClientCall;
use crate::client::copy_mode::panes::PaneMatch;
use crate::client::model::{ClientEffect, Model};

/// A view that lies over the panes and takes keys, mouse and pastes until it closes.
///
/// While a method has `&mut Model`, the overlay is not in it.
pub trait Overlay: Any + Debug {
    /// Takes a key, in its normal form.
    fn key(&mut self, key: Key, model: &mut Model, out: &mut Vec<ClientEffect>) -> Next;

    /// Takes the mouse, at a cell of the outer terminal.
    fn mouse(
        &mut self,
        _mouse: MouseInput,
        _model: &mut Model,
        _out: &mut Vec<ClientEffect>,
    ) -> Next {
        Next::Stay
    }

    /// Takes the first line of a paste; gives whether there is a line it goes into.
    fn paste(&mut self, _line: &str) -> bool {
        false
    }

    /// Draws itself over everything else.
    fn draw(&self, model: &Model, buf: &mut Buffer);

    /// The cursor of a line that is typed: a column and a row of the outer terminal.
    fn cursor(&self, _model: &Model) -> Option<(u16, u16)> {
        None
    }

    /// The time at which [`Overlay::wake`] is due.
    fn deadline(&self) -> Option<Tick> {
        None
    }

    /// Some deadline passed, not always its own.
    fn wake(&mut self, _model: &mut Model, _out: &mut Vec<ClientEffect>) -> Next {
        Next::Stay
    }

    /// Another server answers: requests to the one before get no answer.
    fn reconnected(&mut self, _model: &mut Model, _out: &mut Vec<ClientEffect>) {}

    /// True if the clock of the model has to go on for it.
    fn shows_clock(&self) -> bool {
        false
    }
}

/// The state of an overlay after an event, and what `update` does then.
#[derive(Debug, Clone, PartialEq)]
pub enum Next {
    /// The overlay stays.
    Stay,
    /// The overlay closes.
    Close,
    /// The overlay closes, and this call is made as a key would make it.
    Call(ClientCall),
    /// The overlay closes, and the view goes to a match of a search.
    Visit(PaneMatch),
}

/// Opens an overlay for an action with these arguments, or says why there is nothing to open.
pub type Open = fn(&mut Model, &Map<String, Value>, &mut Vec<ClientEffect>);

/// The overlays that an action opens, by the rest of its name after `client.`: one line each.
const OPENERS: &[(&str, Open)] = &[
    ("buffers", lists::open_buffers),
    ("choose", lists::open_clients),
    ("clock", digits::open_clock),
    ("commands", lists::open_commands),
    ("describe", describe::open),
    ("hints", hints::open),
    ("inbox", lists::open_inbox),
    ("keys", lists::open_keys),
    ("menu", lists::open_menu),
    ("notices", lists::open_notices),
    ("numbers", digits::open_numbers),
    ("palette", lists::open_palette),
    ("processes", processes::open),
    ("rename", prompt::open_rename),
    ("search", search::open),
    ("sessions", lists::open_sessions),
    ("tabs", lists::open_tabs),
];

/// The overlay that an action of this name opens.
#[must_use]
pub fn opener(action: &str) -> Option<Open> {
    let name = action.strip_prefix("client.")?;
    OPENERS.iter().find(|(opened, _)| *opened == name).map(|(_, open)| *open)
}
