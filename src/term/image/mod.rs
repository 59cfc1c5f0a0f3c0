//! Images a program sent (sixel, kitty graphics, iTerm2 inline): kept as they came, within a budget, with the cells they cover. Nothing is decoded to
//! pixels: a client that can draw them hands them on, another one draws a box.

pub(crate) mod kitty;
pub(crate) mod place;
pub(crate) mod sixel;

use std::ops::Range;

/// Bytes of image data a terminal keeps; the oldest images go first.
pub(crate) const IMAGE_BYTES_MAX: usize = 64 << 20;
/// Images a terminal keeps, and images sent but not yet shown.
pub(crate) const IMAGES_MAX: usize = 1024;
/// Width and height of an image, in pixels; a larger one is dropped.
pub(crate) const PIXELS_MAX: u32 = 4096;
/// Rows above the screen after which an image is forgotten.
const ROWS_ABOVE_MAX: i64 = 1000;

/// How the data of an image is to be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ImageFormat {
    /// The payload of a sixel DCS, without its header.
    Sixel,
    /// 24 bits a pixel.
    Rgb,
    /// 32 bits a pixel.
    Rgba,
    /// A file: PNG, or whatever iTerm2's protocol carried.
    File,
}

/// An image on the screen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Image {
    /// The program's number for it; 0 if it gave none.
    pub id: u32,
    /// The program's number for this placement; 0 if it gave none.
    pub placement: u32,
    /// How to read the data.
    pub format: ImageFormat,
    /// Whether the data is compressed with zlib (kitty's `o=z`).
    pub compressed: bool,
    /// Width and height in pixels; 0 where only the file itself tells.
    pub pixels: (u32, u32),
    /// The row of its first cell: 0 is the top of the screen, negative rows have scrolled off.
    pub row: i64,
    /// The column of its first cell.
    pub col: u16,
    /// Columns and rows it covers.
    pub cells: (u16, u16),
    /// The data, at most `IMAGE_BYTES_MAX` for all images together.
    pub data: Vec<u8>,
}

/// The control data of a command: what matters of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Control {
    pub(crate) action: u8,
    pub(crate) medium: u8,
    pub(crate) format: u32,
    pub(crate) compressed: bool,
    pub(crate) more: bool,
    pub(crate) quiet: u32,
    pub(crate) id: u32,
    pub(crate) number: u32,
    pub(crate) placement: u32,
    pub(crate) width: u32,
    pub(crate) height: u32,
    pub(crate) cols: u32,
    pub(crate) rows: u32,
    pub(crate) stay: bool,
    pub(crate) delete: u8,
}

/// An image that comes in pieces.
#[derive(Debug, Clone, Default)]
pub(crate) struct Transfer {
    pub(crate) control: Option<Control>,
    pub(crate) data: Vec<u8>,
}

/// The images of a terminal.
#[derive(Debug, Clone, Default)]
pub(crate) struct Images {
    /// Those on the screen shown, oldest first.
    pub(crate) shown: Vec<Image>,
    /// Those on the other screen.
    hidden: Vec<Image>,
    /// Sent by kitty's protocol, to be placed by number; the cells are not yet known.
    pub(crate) stored: Vec<Image>,
    pub(crate) transfer: Transfer,
}

impl Images {
    pub(crate) fn is_empty(&self) -> bool {
        self.shown.is_empty()
    }

    /// Bytes of data kept.
    pub(crate) fn bytes(&self) -> usize {
        let all = self.shown.iter().chain(&self.hidden).chain(&self.stored);
        all.map(|image| image.data.len()).sum::<usize>() + self.transfer.data.len()
    }

    /// Makes room for one more image of `bytes`; false if it can never fit.
    pub(crate) fn make_room(&mut self, bytes: usize) -> bool {
        if bytes > IMAGE_BYTES_MAX {
            return false;
        }
        for list in [&mut self.stored, &mut self.hidden, &mut self.shown] {
            if list.len() >= IMAGES_MAX {
                list.remove(0);
            }
        }
        while self.bytes() + bytes > IMAGE_BYTES_MAX {
            let list = [&mut self.hidden, &mut self.shown, &mut self.stored].into_iter().find(|list| !list.is_empty());
            match list {
                Some(list) => drop(list.remove(0)),
                None => return false,
            }
        }
        true
    }

    /// The other screen is shown now.
    pub(crate) fn switch(&mut self) {
        std::mem::swap(&mut self.shown, &mut self.hidden);
    }

    /// Rows of a region moved by `by`; what leaves a region that is not at the top is gone.
    pub(crate) fn scroll(&mut self, region: (u16, u16), by: i64, keeps: bool) {
        let (top, bottom) = (i64::from(region.0), i64::from(region.1));
        self.shown.retain_mut(|image| {
            let inside = image.row <= bottom && (image.row >= top || (keeps && top == 0));
            if !inside {
                return true;
            }
            image.row += by;
            let last = image.row + i64::from(image.cells.1);
            if keeps && top == 0 { last > -ROWS_ABOVE_MAX } else { image.row >= top && image.row <= bottom }
        });
    }

    /// Rows were erased: images that start in them are gone.
    pub(crate) fn erase(&mut self, rows: Range<u16>) {
        self.shown.retain(|image| !(i64::from(rows.start) <= image.row && image.row < i64::from(rows.end)));
    }

    /// Forgets everything.
    pub(crate) fn clear(&mut self) {
        *self = Self::default();
    }

    /// After a change of size nothing is where it was.
    pub(crate) fn unplace(&mut self) {
        self.shown.clear();
        self.hidden.clear();
    }
}
