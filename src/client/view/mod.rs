//! Draws everything but the cells of panes into a ratatui buffer: bars, borders, lists, notices.
//! Cells of panes are marked to be skipped there.

pub mod bars;
mod borders;
mod card;
mod copy;
mod hint;
mod large;
pub mod lists;
mod look;
mod notes;
pub mod processes;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect as Area;

use crate::base::style::{Cursor, CursorShape};
use crate::client::model::{Model, Overlay};

/// Draws the model into `buf`, whose area is the outer terminal.
pub fn draw(model: &Model, buf: &mut Buffer) {
    buf.reset();
    let layout = model.layout();
    if model.scene.number.is_some() {
        borders::draw(model, layout.area, buf);
    }
    copy::draw(model, buf);
    bars::draw(model, buf);
    card::draw(model, buf);
    hint::draw(model, buf);
    notes::draw_notices(model, buf);
    large::draw(model, buf);
    lists::draw(model, buf);
    if let Some(Overlay::Processes(view)) = &model.overlay {
        processes::draw(model, view, buf);
    }
    if model.scene.number.is_none() {
        notes::draw_awaited(model, buf);
    }
}

/// Where the cursor is shown: in the line that is typed, else where the program in focus has it.
#[must_use]
pub fn cursor(model: &Model) -> Option<Cursor> {
    if let Some(overlay) = &model.overlay {
        let (x, y) = match overlay {
            Overlay::Confirm(_)
            | Overlay::Hints(_)
            | Overlay::Paste(_)
            | Overlay::Numbers(_)
            | Overlay::Clock
            | Overlay::Describe(_) => {
                return None;
            }
            Overlay::Picker(_) | Overlay::Rename(..) | Overlay::Search(_) => lists::cursor(model)?,
            Overlay::Processes(view) => processes::cursor(model, view)?,
        };
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
