//! A row put together: panes from the lowest to the highest, what stands for their images, and
//! chrome over them.

use ratatui::buffer::Cell as ChromeCell;

use super::cells::{self, CellGlyph, Glyphs, PaintCell};
use super::pictures;
use super::pictures::{ImagePainter, placed};
use crate::base::id::PaneId;
use crate::base::style::{Colour, Style};
use crate::client::model::Model;
use crate::wire::frame::PaneItem;
use crate::wire::image::Layer;

/// kitty's placeholder: the image of its colour's number is shown there.
const PLACEHOLDER: char = '\u{10eeee}';

/// The state that rows are put together from.
pub(super) struct RowSource<'a> {
    pub(super) model: &'a Model,
    pub(super) pictures: &'a ImagePainter,
}

/// Puts row `y` of the outer terminal together: panes from the lowest to the highest, then chrome
/// over them.
pub(super) fn compose(
    source: &RowSource<'_>,
    y: u16,
    chrome: &[ChromeCell],
    glyphs: &mut Glyphs,
    row: &mut [PaintCell],
) {
    let model = source.model;
    let area = model.layout().area;
    if let Some(inside) = y.checked_sub(area.y).filter(|_| model.scene.number.is_some()) {
        for pane in &model.scene.chrome.panes {
            cells::put_pane(model, pane, inside, glyphs, row);
            put_images(source, pane, inside, glyphs, row);
        }
    }
    cells::put_chrome(chrome, glyphs, row);
    cells::mend(row);
}

/// Puts boxes for images that cannot be shown, and numbers of the outer terminal's images for a
/// program's.
fn put_images(
    source: &RowSource<'_>,
    pane: &PaneItem,
    y: u16,
    glyphs: &mut Glyphs,
    row: &mut [PaintCell],
) {
    let RowSource { model, pictures } = *source;
    let placed = placed(model, pane.id);
    let Some(inside) =
        y.checked_sub(pane.rect.y).filter(|inside| *inside < pane.rect.rows && !placed.is_empty())
    else {
        return;
    };
    let left = usize::from(pane.rect.x).min(row.len());
    let right = (left + usize::from(pane.rect.cols)).min(row.len());
    let cells = &mut row[left..right];
    if placed.iter().any(|image| matches!(image.layer, Layer::Placeholder(_))) {
        for cell in cells.iter_mut() {
            number_placeholder(pictures, pane.id, glyphs, cell);
        }
    }
    for image in placed.iter().filter(|image| pictures.is_boxed(model.caps, pane.id, image)) {
        let at = i64::from(inside) + i64::from(pane.origin.y) - i64::from(image.row);
        let Some(at) = u16::try_from(at).ok().filter(|at| *at < image.cells.1) else { continue };
        let shift = i64::from(image.col) - i64::from(pane.origin.x);
        for (col, c) in (0..).zip(pictures::placeholder(image, at)) {
            let place = usize::try_from(shift + col).ok().and_then(|x| cells.get_mut(x));
            if let Some(place) =
                place.filter(|place| image.layer != Layer::Cells || place.is_under())
            {
                *place = PaintCell::narrow(c, pictures::PLACEHOLDER);
            }
        }
    }
}

/// Gives a placeholder the colour of the outer terminal's number; where there is none it is a
/// blank.
fn number_placeholder(
    pictures: &ImagePainter,
    pane: PaneId,
    glyphs: &mut Glyphs,
    cell: &mut PaintCell,
) {
    let text: String = match glyphs.of(*cell) {
        CellGlyph::Char(PLACEHOLDER) => PLACEHOLDER.into(),
        // A fourth character would be the high byte of a number that is not the program's any more.
        CellGlyph::Cluster(text) if text.starts_with(PLACEHOLDER) => text.chars().take(3).collect(),
        _ => return,
    };
    let id = match cell.style.fg {
        Colour::Rgb(r, g, b) => u32::from_be_bytes([0, r, g, b]),
        Colour::Indexed(index) => u32::from(index),
        Colour::Default => 0,
    };
    let Some(number) = pictures.holder(pane, id) else {
        *cell = cell.emptied();
        return;
    };
    let [_, r, g, b] = number.to_be_bytes();
    let style = Style { fg: Colour::Rgb(r, g, b), underline_colour: Colour::Default, ..cell.style };
    *cell = glyphs.cell(&text, style);
}
