//! Large digits over a pane.

use ratatui::buffer::Buffer;
use ratatui::style::Style;

use super::cell_style;
use crate::base::geom::Rect;
use crate::base::style::{Attrs, Colour};
use crate::client::model::Model;

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
pub(in crate::client) fn draw(
    model: &Model,
    rect: Rect,
    text: &str,
    colour: Colour,
    buf: &mut Buffer,
) {
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
