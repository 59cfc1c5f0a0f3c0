//! A large clock over the pane in focus, until a key is pressed.

use ratatui::buffer::Buffer;
use serde_json::{Map, Value};

use super::{Next, Overlay};
use crate::base::key::Key;
use crate::client::model::{ClientEffect, Model};
use crate::client::view::digits;

/// The clock.
#[derive(Debug)]
struct Clock;

pub(super) fn open(model: &mut Model, _: &Map<String, Value>, _: &mut Vec<ClientEffect>) {
    model.open(Clock);
}

impl Overlay for Clock {
    fn key(&mut self, _: Key, _: &mut Model, _: &mut Vec<ClientEffect>) -> Next {
        Next::Close
    }

    fn draw(&self, model: &Model, buf: &mut Buffer) {
        if let Some(pane) = model.scene.focused() {
            digits::draw(model, pane.rect, &model.bar.clock, model.config.theme.accent.0, buf);
        }
    }

    fn shows_clock(&self) -> bool {
        true
    }
}
