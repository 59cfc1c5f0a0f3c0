//! The placement of images: over the cells they cover, or in them, with the cursor left or moved
//! below. No protocol is read here.
//!
//! The pictures themselves are in [`crate::term::image`]; the tests in `tests/it/term_refs`.

pub(crate) mod inline;
pub(crate) mod kitty;

use std::sync::Arc;

use crate::term::cell::{Cell, RowAttrs};
use crate::term::image::{Image, Picture, UNDER};
use crate::term::screen::Screen;

/// The most rows or columns an image covers.
pub(super) const SIDE_MAX: u16 = 4096;

/// The screen as the image protocols change it.
pub(crate) struct Graphics<'a> {
    pub(crate) screen: &'a mut Screen,
}

impl Graphics<'_> {
    /// All of a picture in one cell at the cursor: the start of every placement.
    pub(crate) fn image_here(&self, picture: Picture) -> Image {
        Image {
            id: 0,
            placement: 0,
            picture: Arc::new(picture),
            row: i64::from(self.screen.cursor.y),
            col: self.screen.cursor.x,
            cells: (1, 1),
            source: [0; 4],
            canvas: (0, 0),
            z: 0,
            cut: false,
            is_virtual: false,
        }
    }

    /// Puts an image over the cells and leaves the cursor where it is.
    pub(crate) fn place_image(&mut self, image: Image) -> bool {
        if !self.screen.images.make_room(image.picture.data.len()) {
            return false;
        }
        self.screen.images.shown.push(image);
        let tick = self.screen.tick();
        self.screen.grid.touch(self.screen.cursor.y, tick);
        true
    }

    /// Puts an image into the cells from where it is, scrolling where needed. The cursor ends
    /// behind its last row, or in the line `below` it.
    pub(crate) fn draw_in_cells(&mut self, image: Image, below: bool) {
        let (col, cells) = (image.col, image.cells);
        // A picture in the place of another hides it: films are such.
        let covers = |old: &Image| {
            let end = |image: &Image| {
                (
                    image.row + i64::from(image.cells.1),
                    u32::from(image.col) + u32::from(image.cells.0),
                )
            };
            old.cut
                && image.row <= old.row
                && col <= old.col
                && end(old).0 <= end(&image).0
                && end(old).1 <= end(&image).1
        };
        self.screen.images.shown.retain(|old| !covers(old));
        if !self.place_image(Image { cut: true, ..image }) {
            return;
        }
        for row in 0..cells.1 {
            self.mark_under(self.screen.cursor.y, col, cells.0);
            if row + 1 < cells.1 || below {
                self.screen.index();
            }
        }
        if !below {
            self.screen.move_right(cells.0);
        }
    }

    /// Puts an image into the cells from the top left corner; what is below the screen is cut, and
    /// the cursor stays.
    pub(crate) fn draw_at_home(&mut self, image: Image) {
        let cells = image.cells;
        self.screen.images.shown.retain(|old| !old.cut);
        if self.place_image(Image { row: 0, col: 0, cut: true, ..image }) {
            for y in 0..cells.1.min(self.screen.size.rows) {
                self.mark_under(y, 0, cells.0);
            }
        }
    }

    fn mark_under(&mut self, y: u16, col: u16, cols: u16) {
        let tick = self.screen.tick();
        let (start, end) = (
            usize::from(col),
            (usize::from(col) + usize::from(cols)).min(usize::from(self.screen.size.cols)),
        );
        self.screen.grid.split_wide(y, start);
        self.screen.grid.split_wide(y, end);
        let (cells, line) = self.screen.grid.write(y, end, tick);
        cells[start..end].fill(Cell::BLANK.with_char(UNDER));
        line.flags |= RowAttrs::TEXT;
    }

    /// Columns and rows that so many pixels cover.
    pub(crate) fn cells_of(&self, pixels: (u32, u32)) -> (u16, u16) {
        let cell = self.screen.options.cell_pixels;
        let cover = |pixels: u32, cell: u16| {
            u16::try_from(pixels.div_ceil(u32::from(cell.max(1))))
                .unwrap_or(SIDE_MAX)
                .clamp(1, SIDE_MAX)
        };
        (cover(pixels.0, cell.0), cover(pixels.1, cell.1))
    }

    /// Cells and canvas of so many pixels where columns, rows, both or none of them are given: a
    /// side that is not follows from the other.
    pub(crate) fn fit(
        &self,
        pixels: (u32, u32),
        wanted: (Option<u16>, Option<u16>),
    ) -> ((u16, u16), (u32, u32)) {
        let cell = (
            u64::from(self.screen.options.cell_pixels.0.max(1)),
            u64::from(self.screen.options.cell_pixels.1.max(1)),
        );
        let (width, height) = (u64::from(pixels.0.max(1)), u64::from(pixels.1.max(1)));
        let count = |cells: u64| u16::try_from(cells).unwrap_or(SIDE_MAX).clamp(1, SIDE_MAX);
        let side = |pixels: u64| u32::try_from(pixels).unwrap_or(u32::MAX);
        match wanted {
            (Some(cols), Some(rows)) => ((cols, rows), (0, 0)),
            (Some(cols), None) => {
                let rows = count((u64::from(cols) * cell.0 * height).div_ceil(width * cell.1));
                // The rows end where the picture does, at its own proportions.
                (
                    (cols, rows),
                    (
                        pixels.0,
                        side(u64::from(rows) * cell.1 * width / (u64::from(cols) * cell.0))
                            .max(pixels.1),
                    ),
                )
            }
            (None, Some(rows)) => {
                let cols = count((u64::from(rows) * cell.1 * width).div_ceil(height * cell.0));
                (
                    (cols, rows),
                    (
                        side(u64::from(cols) * cell.0 * height / (u64::from(rows) * cell.1))
                            .max(pixels.0),
                        pixels.1,
                    ),
                )
            }
            (None, None) => {
                let cells = self.cells_of(pixels);
                (cells, (side(u64::from(cells.0) * cell.0), side(u64::from(cells.1) * cell.1)))
            }
        }
    }

    /// Goes below an image of `rows` rows, scrolling where needed.
    pub(crate) fn move_below(&mut self, rows: u16) {
        for _ in 0..rows.min(SIDE_MAX) {
            self.screen.index();
        }
    }
}
