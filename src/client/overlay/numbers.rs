//! The numbers of the panes, to jump to one of them.

use ratatui::buffer::Buffer;
use serde_json::{Map, Value};

use super::{Next, Overlay};
use crate::base::key::{Key, KeyCode};
use crate::base::time::{Span, Tick};
use crate::client::calls;
use crate::client::model::{ClientEffect, Model};
use crate::client::view::digits;

/// The time for which the numbers are shown.
const NUMBERS_TIME: Span = Span::seconds(3);

/// The numbers, until then.
#[derive(Debug)]
struct Numbers {
    until: Tick,
}

pub(super) fn open(model: &mut Model, _: &Map<String, Value>, _: &mut Vec<ClientEffect>) {
    model.open(Numbers { until: model.now.tick + NUMBERS_TIME });
}

impl Overlay for Numbers {
    /// A digit goes to the pane of that number, 0 to the tenth.
    fn key(&mut self, key: Key, model: &mut Model, out: &mut Vec<ClientEffect>) -> Next {
        let KeyCode::Char(digit) = key.code else { return Next::Close };
        let number = digit.to_digit(10).map(|digit| if digit == 0 { 10 } else { digit });
        let panes = &model.scene.chrome.panes;
        let pane = panes.iter().find(|pane| Some(u32::from(pane.index)) == number);
        if let Some(pane) = pane.map(|pane| pane.id) {
            model.send(&calls::focus(pane), out);
        }
        Next::Close
    }

    fn draw(&self, model: &Model, buf: &mut Buffer) {
        let theme = &model.config.theme;
        for pane in &model.scene.chrome.panes {
            let is_focused = model.scene.chrome.focus == Some(pane.id);
            let fg = if is_focused { theme.border_focus } else { theme.accent };
            digits::draw(model, pane.rect, &pane.index.to_string(), fg.0, buf);
        }
    }

    fn deadline(&self) -> Option<Tick> {
        Some(self.until)
    }

    fn wake(&mut self, model: &mut Model, _: &mut Vec<ClientEffect>) -> Next {
        if self.until <= model.now.tick { Next::Close } else { Next::Stay }
    }
}
