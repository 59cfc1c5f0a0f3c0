//! A box with one line: a question, or a text that is typed.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect as Area;

use crate::base::key::{Key, KeyCode, Mods};
use crate::client::model::Model;
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
