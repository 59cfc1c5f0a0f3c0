//! The question before a call that ends a session and every program in it.

use ratatui::buffer::Buffer;

use super::{Next, Overlay, prompt};
use crate::base::key::{Key, KeyCode};
use crate::client::calls::{self, ClientCall};
use crate::client::model::{ClientEffect, Model};

/// A call that is made if the answer is yes.
#[derive(Debug)]
pub struct Confirm(pub ClientCall);

impl Overlay for Confirm {
    fn key(&mut self, key: Key, model: &mut Model, out: &mut Vec<ClientEffect>) -> Next {
        if is_yes(key) {
            model.send(&self.0, out);
        }
        Next::Close
    }

    fn draw(&self, model: &Model, buf: &mut Buffer) {
        let own = model.scene.chrome.session.as_ref().map(|session| session.name.clone());
        let name = calls::targets_of(&self.0).or(own).unwrap_or_else(|| "this session".into());
        let question = format!("end {name} and every program in it? y / n");
        prompt::draw_question(model, "really?", &question, buf);
    }
}

/// True if a key says yes to a question.
pub(super) fn is_yes(key: Key) -> bool {
    matches!(key.code, KeyCode::Char('y' | 'Y') | KeyCode::Enter)
}
