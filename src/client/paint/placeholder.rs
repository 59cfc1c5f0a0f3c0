//! The box that stands for an image that cannot be shown: a frame of its size with its name, or its
//! size in pixels.

use crate::base::style::{Attrs, Colour, Style, Underline};
use crate::base::text::char_width;
use crate::wire::image::Placement;

/// The style of the box.
pub(super) const STYLE: Style = Style {
    fg: Colour::Default,
    bg: Colour::Default,
    underline_colour: Colour::Default,
    underline: Underline::None,
    attrs: Attrs::DIM,
};

/// The characters of a row of the box, one a cell.
pub(super) fn row(image: &Placement, at: u16) -> Vec<char> {
    let (cols, rows) = (usize::from(image.cells.0), image.cells.1);
    let is_framed = 2 <= cols && 2 <= rows;
    let (left, fill, right) = match at {
        _ if !is_framed => (' ', ' ', ' '),
        0 => ('┌', '─', '┐'),
        _ if at + 1 == rows => ('└', '─', '┘'),
        _ => ('│', ' ', '│'),
    };
    let mut row = vec![fill; cols];
    if let [first, .., last] = row.as_mut_slice() {
        (*first, *last) = (left, right);
    }
    if at == u16::from(3 <= rows) {
        let from = usize::from(is_framed);
        let room = cols.saturating_sub(2 * from);
        let label: Vec<char> =
            label(image).chars().filter(|c| char_width(*c) == 1).take(room).collect();
        row[from..from + label.len()].copy_from_slice(&label);
    }
    row
}

fn label(image: &Placement) -> String {
    let (width, height) = image.pixels;
    match (image.name.is_empty(), width) {
        (false, 0) => image.name.clone(),
        (false, _) => format!("{} {width}×{height}", image.name),
        (true, 0) => "image".into(),
        (true, _) => format!("image {width}×{height}"),
    }
}
