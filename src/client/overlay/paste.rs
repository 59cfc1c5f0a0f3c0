//! The question before a paste that a shell would run line after line.

use ratatui::buffer::Buffer;

use super::confirm::is_yes;
use super::{Next, Overlay, prompt};
use crate::base::key::Key;
use crate::client::model::{ClientEffect, ClientInput, Model};

/// A text that is pasted if the answer is yes.
#[derive(Debug)]
pub struct ConfirmPaste(pub String);

impl Overlay for ConfirmPaste {
    fn key(&mut self, key: Key, _: &mut Model, out: &mut Vec<ClientEffect>) -> Next {
        if is_yes(key) {
            out.push(ClientEffect::Input(ClientInput::Paste(std::mem::take(&mut self.0))));
        }
        Next::Close
    }

    fn draw(&self, model: &Model, buf: &mut Buffer) {
        let question = format!("run {} lines one after the other? y / n", self.0.lines().count());
        prompt::draw_question(model, "paste?", &question, buf);
    }
}
