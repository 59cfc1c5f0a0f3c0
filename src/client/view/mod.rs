//! Draws everything but the cells of panes into a ratatui buffer: bars, borders, lists, notices.
//! Cells of panes are marked to be skipped there.
//!
//! The model is read and never changed. `paint` calls it, overlays use its boxes. Tests: snapshots
//! in `tests/it/client_view.rs`.

pub mod bars;
mod borders;
pub(super) mod boxes;
pub(super) mod cell_style;
mod copy;
mod hint;
mod notes;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect as Area;

use crate::base::geom::Rect;
use crate::base::style::{Cursor, CursorShape};
use crate::client::model::Model;
use crate::wire::frame::PaneItem;

/// Draws the model into `buf`, whose area is the outer terminal.
pub fn draw(model: &Model, buf: &mut Buffer) {
    buf.reset();
    let layout = model.layout();
    if model.scene.number.is_some() {
        borders::draw(model, layout.area, buf);
    }
    copy::draw(model, buf);
    bars::draw(model, buf);
    notes::draw_card(model, buf);
    hint::draw(model, buf);
    notes::draw_notices(model, buf);
    if let Some(overlay) = &model.overlay {
        overlay.draw(model, buf);
    }
    if model.scene.number.is_none() {
        notes::draw_awaited(model, buf);
    }
}

/// The cell of the cursor: in the line that is typed, else where the program in focus has it.
#[must_use]
pub fn cursor(model: &Model) -> Option<Cursor> {
    if let Some(overlay) = &model.overlay {
        let (x, y) = overlay.cursor(model)?;
        return Some(Cursor { x, y, visible: true, shape: CursorShape::Default, blink: false });
    }
    if copy::has_cursor(model) {
        let (x, y) =
            copy::cursor(model).filter(|(x, y)| *x < model.size.cols && *y < model.size.rows)?;
        return Some(Cursor { x, y, visible: true, shape: CursorShape::Default, blink: false });
    }
    let area = model.layout().area;
    let cursor = model
        .scene
        .cursor
        .filter(|cursor| cursor.visible && cursor.x < area.cols && cursor.y < area.rows)?;
    let y = cursor.y.checked_add(area.y).filter(|y| *y < model.size.rows)?;
    (cursor.x < model.size.cols).then_some(Cursor { y, ..cursor })
}

/// The whole outer terminal as ratatui sees it.
#[must_use]
pub fn whole(model: &Model) -> Area {
    Area::new(0, 0, model.size.cols, model.size.rows)
}

/// The rectangle of a pane on the outer terminal.
pub(super) fn pane_rect(model: &Model, pane: &PaneItem) -> Rect {
    let area = model.layout().area;
    Rect {
        x: pane.rect.x.saturating_add(area.x),
        y: pane.rect.y.saturating_add(area.y),
        ..pane.rect
    }
}
