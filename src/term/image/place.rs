//! Where images go: over the cells they cover, with the cursor left or moved below. No protocol is read here.

use crate::term::emulator::Emulator;
use crate::term::image::Image;

impl Emulator {
    /// Puts an image at the cursor, over `cells`, and leaves the cursor where it is.
    pub(crate) fn place_image(&mut self, image: Image) {
        if self.images.make_room(image.data.len()) {
            self.images.shown.push(image);
            let tick = self.tick();
            self.grid.touch(self.cursor.y, tick);
        }
    }

    /// Columns and rows that so many pixels cover.
    pub(crate) fn cells_of(&self, pixels: (u32, u32)) -> (u16, u16) {
        let cell = self.shared.options.cell_pixels;
        let cover = |pixels: u32, cell: u16, max: u16| u16::try_from(pixels.div_ceil(u32::from(cell.max(1)))).unwrap_or(max).clamp(1, max);
        (cover(pixels.0, cell.0, self.size.cols), cover(pixels.1, cell.1, self.size.rows))
    }

    /// Goes below an image of `rows` rows, scrolling where needed.
    pub(crate) fn move_below(&mut self, rows: u16) {
        for _ in 0..rows.min(self.size.rows) {
            self.index();
        }
    }
}
