//! A prompt for another name of the tab, the session or the pane.

use ratatui::buffer::Buffer;
use serde_json::{Map, Value};

use super::prompt::{self, Typed};
use super::{Next, Overlay};
use crate::base::key::Key;
use crate::client::calls::{self, Renamed};
use crate::client::model::{ClientEffect, Model};
use crate::client::text_input::TextInput;

/// A name that is typed.
#[derive(Debug)]
struct Rename {
    what: Renamed,
    line: TextInput,
}

pub(super) fn open(model: &mut Model, params: &Map<String, Value>, _: &mut Vec<ClientEffect>) {
    let what = Renamed::of(params);
    let chrome = &model.scene.chrome;
    let name = match what {
        Renamed::Tab => chrome.tabs.iter().find(|tab| tab.current).map(|tab| tab.name.clone()),
        Renamed::Session => chrome.session.as_ref().map(|session| session.name.clone()),
        Renamed::Pane => model.scene.focused().map(|pane| pane.title.clone()),
    };
    model.open(Rename { what, line: TextInput::new(name.unwrap_or_default()) });
}

impl Overlay for Rename {
    fn key(&mut self, key: Key, model: &mut Model, out: &mut Vec<ClientEffect>) -> Next {
        match prompt::key(&mut self.line, key) {
            Typed::Open => return Next::Stay,
            Typed::Entered if !self.line.text().is_empty() => {
                model.send(&calls::rename(self.what, self.line.text()), out);
            }
            Typed::Entered | Typed::Cancelled => {}
        }
        Next::Close
    }

    fn paste(&mut self, line: &str) -> bool {
        self.line.insert(line);
        true
    }

    fn draw(&self, model: &Model, buf: &mut Buffer) {
        let title = match self.what {
            Renamed::Tab => "new name of the tab",
            Renamed::Session => "new name of the session",
            Renamed::Pane => "new name of the pane",
        };
        prompt::draw(model, title, &self.line, buf);
    }

    fn cursor(&self, model: &Model) -> Option<(u16, u16)> {
        prompt::cursor(model, &self.line)
    }
}
