//! A box with one line: a question that is answered with yes or no, or a text that is typed.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect as Area;
use serde_json::{Map, Value};

use super::{Next, Overlay};
use crate::base::key::{Key, KeyCode, Mods};
use crate::client::calls::{self, ClientCall, Renamed};
use crate::client::model::{ClientEffect, ClientInput, Model};
use crate::client::text_input::TextInput;
use crate::client::view::boxes::{self, COLS_MAX, draw_box, draw_line, inside, placed};
use crate::client::view::cell_style;

/// The result of a key in a line.
pub(super) enum Typed {
    /// The line goes on.
    Open,
    /// The line was given up.
    Cancelled,
    /// The line was entered.
    Entered,
}

/// Takes a key into a line.
pub(super) fn key(line: &mut TextInput, key: Key) -> Typed {
    match (key.code, key.mods) {
        (KeyCode::Esc, _) | (KeyCode::Char('c' | 'g'), Mods::CTRL) => Typed::Cancelled,
        (KeyCode::Enter | KeyCode::Keypad('\r'), _) => Typed::Entered,
        _ => {
            line.key(key);
            Typed::Open
        }
    }
}

pub(super) fn draw_question(model: &Model, title: &str, question: &str, buf: &mut Buffer) {
    let inner = draw_box(model, title, area(model), buf);
    let style = boxes::base(model);
    cell_style::put(buf, (inner.x, inner.y), usize::from(inner.width), question, style);
}

pub(super) fn draw(model: &Model, title: &str, line: &TextInput, buf: &mut Buffer) {
    let inner = draw_box(model, title, area(model), buf);
    draw_line(model, line, inner, buf);
}

pub(super) fn cursor(model: &Model, line: &TextInput) -> Option<(u16, u16)> {
    boxes::line_cursor(line, inside(area(model)))
}

/// A box of three rows, a third down.
fn area(model: &Model) -> Area {
    placed(model, COLS_MAX.min(64), 3)
}

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
        draw_question(model, "really?", &question, buf);
    }
}

/// True if a key says yes to a question.
pub(super) fn is_yes(key: Key) -> bool {
    matches!(key.code, KeyCode::Char('y' | 'Y') | KeyCode::Enter)
}

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
        draw_question(model, "paste?", &question, buf);
    }
}

/// A name that is typed.
#[derive(Debug)]
struct Rename {
    what: Renamed,
    line: TextInput,
}

/// A prompt for another name of the tab, the session or the pane.
pub(super) fn open_rename(
    model: &mut Model,
    params: &Map<String, Value>,
    _: &mut Vec<ClientEffect>,
) {
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
        match self::key(&mut self.line, key) {
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
        self::draw(model, title, &self.line, buf);
    }

    fn cursor(&self, model: &Model) -> Option<(u16, u16)> {
        self::cursor(model, &self.line)
    }
}
