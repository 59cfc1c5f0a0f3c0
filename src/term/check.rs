//! The invariants of a screen between two calls, whatever it was fed. Tests call it; nothing else
//! does.

use crate::base::geom::Size;
use crate::term::cell::{Cell, CellClass, RowAttrs};
use crate::term::screen::Screen;
use crate::term::screen::grid::Grid;

/// The first thing found wrong.
///
/// # Errors
/// A sentence that names it.
pub(crate) fn check(screen: &Screen) -> Result<(), String> {
    let Size { cols, rows } = screen.size;
    let (cursor, margins) = (screen.cursor, screen.margins);
    held(cursor.x < cols && cursor.y < rows, || {
        format!("the cursor is at {}, {} of {}", cursor.x, cursor.y, screen.size)
    })?;
    let ends = [margins.right, screen.last_col_of(cursor.y), cols - 1];
    held(!cursor.pending || ends.contains(&cursor.x), || {
        format!("a wrap is pending in column {}", cursor.x)
    })?;
    held(margins.top <= margins.bottom && margins.bottom < rows, || {
        format!("the margins are {margins:?}")
    })?;
    held(margins.left <= margins.right && margins.right < cols, || {
        format!("the margins are {margins:?}")
    })?;
    held(!screen.alternate || screen.other.is_some(), || "the main screen is gone".into())?;
    for grid in std::iter::once(&screen.grid).chain(&screen.other) {
        held(grid.size() == screen.size, || {
            format!("a screen has {}, not {}", grid.size(), screen.size)
        })?;
        (0..rows).try_for_each(|y| {
            check_row(screen, grid, y).map_err(|wrong| format!("row {y}: {wrong}"))
        })?;
    }
    Ok(())
}

fn check_row(screen: &Screen, grid: &Grid, y: u16) -> Result<(), String> {
    let (cells, line) = (grid.row(y), grid.line(y));
    let used = usize::from(line.used);
    held(used <= cells.len(), || format!("{used} columns are used"))?;
    held(cells[used..].iter().all(|cell| *cell == Cell::BLANK), || {
        format!("something was written past column {used}")
    })?;
    for (x, cell) in cells.iter().enumerate() {
        let after = cells.get(x + 1).map(|cell| cell.class());
        let before = x.checked_sub(1).map(|x| cells[x].class());
        let is_whole = match cell.class() {
            CellClass::Wide => after == Some(CellClass::Tail),
            CellClass::Tail => before == Some(CellClass::Wide),
            CellClass::Narrow | CellClass::Spacer => true,
        };
        held(is_whole, || format!("column {x} has half a character"))?;
        held(cell.style() == 0 || line.has(RowAttrs::STYLED), || {
            format!("column {x} has a style, the row has none")
        })?;
        let is_ascii = cell.char().is_some_and(|c| c.is_ascii());
        held(is_ascii || line.has(RowAttrs::TEXT), || {
            format!("column {x} is not ASCII, the row is")
        })?;
        held(!cell.is_wide_part() || line.has(RowAttrs::WIDE), || {
            format!("column {x} is wide, the row is not")
        })?;
        held((cell.style() as usize) < screen.tables.styles.all().len(), || {
            format!("column {x} has style {}", cell.style())
        })?;
        let has_text =
            cell.cluster().is_none_or(|number| !screen.tables.clusters.get(number).is_empty());
        held(has_text, || format!("column {x} has a cluster without text"))?;
    }
    Ok(())
}

fn held(holds: bool, wrong: impl FnOnce() -> String) -> Result<(), String> {
    if holds { Ok(()) } else { Err(wrong()) }
}
