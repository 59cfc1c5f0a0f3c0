//! Large digits over panes: a clock until a key is pressed, and the numbers of the panes, to jump
//! to one of them.

use ratatui::buffer::Buffer;
use ratatui::style::Style;
use serde_json::{Map, Value};

use super::{Next, Overlay};
use crate::base::geom::Rect;
use crate::base::key::{Key, KeyCode};
use crate::base::style::{Attrs, Colour};
use crate::base::time::{Span, Tick};
use crate::client::calls;
use crate::client::model::{ClientEffect, Model};
use crate::client::view::cell_style;

/// Digits and the colon, three cells wide and five high; a bit of a row is a cell, the highest the
/// left one.
const DIGITS: [[u8; 5]; 11] = [
    [7, 5, 5, 5, 7],
    [2, 6, 2, 2, 7],
    [7, 1, 7, 4, 7],
    [7, 1, 7, 1, 7],
    [5, 5, 7, 1, 1],
    [7, 4, 7, 1, 7],
    [7, 4, 7, 5, 7],
    [7, 1, 1, 1, 1],
    [7, 5, 7, 5, 7],
    [7, 5, 7, 1, 7],
    [0, 2, 0, 2, 0],
];
const DIGIT_COLS: u16 = 3;
const DIGIT_ROWS: u16 = 5;
/// Columns of a cell of a digit, so that it is about as wide as high.
const CELL_COLS: u16 = 2;

/// Writes digits in the middle of a part of the area; where there is no room for large ones, small
/// ones.
fn draw_digits(model: &Model, rect: Rect, text: &str, colour: Colour, buf: &mut Buffer) {
    let area = model.layout().area;
    let count = u16::try_from(text.len()).unwrap_or(u16::MAX);
    let cols = (count.saturating_mul(DIGIT_COLS + 1)).saturating_sub(1).saturating_mul(CELL_COLS);
    let is_large = cols <= rect.cols && DIGIT_ROWS <= rect.rows;
    let (cols, rows) = if is_large { (cols, DIGIT_ROWS) } else { (count, 1) };
    let (x, y) = (
        area.x + rect.x + rect.cols.saturating_sub(cols) / 2,
        area.y + rect.y + rect.rows.saturating_sub(rows) / 2,
    );
    let colour = cell_style::colour(colour);
    if !is_large {
        let style = cell_style::with(Style::new().fg(colour), Attrs::BOLD);
        cell_style::fill(buf, y, x, x.saturating_add(cols), style);
        cell_style::put(buf, (x, y), usize::from(rect.cols.max(1)), text, style);
        return;
    }
    for (at, digit) in (0_u16..).zip(text.chars()) {
        let bits = DIGITS[digit.to_digit(10).map_or(DIGITS.len() - 1, |digit| digit as usize)];
        for (row, bits) in (0_u16..).zip(bits) {
            for column in (0..DIGIT_COLS).filter(|column| bits & (4 >> column) != 0) {
                let left = x + (at * (DIGIT_COLS + 1) + column) * CELL_COLS;
                cell_style::fill(buf, y + row, left, left + CELL_COLS, Style::new().bg(colour));
            }
        }
    }
}

/// The clock.
#[derive(Debug)]
struct Clock;

/// A large clock over the pane in focus, until a key is pressed.
pub(super) fn open_clock(model: &mut Model, _: &Map<String, Value>, _: &mut Vec<ClientEffect>) {
    model.open(Clock);
}

impl Overlay for Clock {
    fn key(&mut self, _: Key, _: &mut Model, _: &mut Vec<ClientEffect>) -> Next {
        Next::Close
    }

    fn draw(&self, model: &Model, buf: &mut Buffer) {
        if let Some(pane) = model.scene.focused() {
            draw_digits(model, pane.rect, &model.bar.clock, model.config.theme.accent.0, buf);
        }
    }

    fn shows_clock(&self) -> bool {
        true
    }
}

/// The time for which the numbers are shown.
const NUMBERS_TIME: Span = Span::seconds(3);

/// The numbers, until then.
#[derive(Debug)]
struct Numbers {
    until: Tick,
}

/// The numbers of the panes, to jump to one of them.
pub(super) fn open_numbers(model: &mut Model, _: &Map<String, Value>, _: &mut Vec<ClientEffect>) {
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
            // A collapsed one of a stack has no rows: its number stands in its title.
            let rect = match pane.rect.rows {
                0 => Rect { y: pane.rect.y.saturating_sub(1), rows: 1, ..pane.rect },
                _ => pane.rect,
            };
            let is_focused = model.scene.chrome.focus == Some(pane.id);
            let fg = if is_focused { theme.border_focus } else { theme.accent };
            draw_digits(model, rect, &pane.index.to_string(), fg.0, buf);
        }
    }

    fn deadline(&self) -> Option<Tick> {
        Some(self.until)
    }

    fn wake(&mut self, model: &mut Model, _: &mut Vec<ClientEffect>) -> Next {
        if self.until <= model.now.tick { Next::Close } else { Next::Stay }
    }
}
