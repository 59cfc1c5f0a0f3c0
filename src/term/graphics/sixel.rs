//! Sixel images: their size is measured, their data kept as it came (VT330/VT340 manual, chapter
//! 14). No pixel is painted.

use std::sync::Arc;

use crate::term::graphics::Graphics;
use crate::term::image::{Image, ImageFormat, PIXELS_MAX, Picture};
use crate::term::mode::Mode;

/// Width and height in pixels of sixel data; `None` if it is larger than an image may be, or empty.
pub(crate) fn measure(data: &[u8]) -> Option<(u32, u32)> {
    let (mut x, mut width, mut bands) = (0_u32, 0_u32, 0_u32);
    let (mut at, mut drawn) = (0, false);
    let mut raster = (0, 0);
    while let Some(&byte) = data.get(at) {
        at += 1;
        match byte {
            b'"' => {
                let (numbers, used) = numbers(&data[at..]);
                at += used;
                raster = (numbers[2], numbers[3]);
            }
            b'#' => at += numbers(&data[at..]).1,
            b'!' => {
                let (count, used) = numbers(&data[at..]);
                at += used + 1;
                x = x.saturating_add(count[0].max(1));
                drawn = true;
            }
            b'$' => x = 0,
            b'-' => {
                x = 0;
                bands += 1;
            }
            b'?'..=b'~' => {
                x += 1;
                drawn = true;
            }
            _ => {}
        }
        width = width.max(x);
        if width > PIXELS_MAX || bands * 6 > PIXELS_MAX {
            return None;
        }
    }
    let size = (width.max(raster.0), ((bands + u32::from(x > 0)) * 6).max(raster.1));
    (drawn && size.0 <= PIXELS_MAX && size.1 <= PIXELS_MAX && size.1 > 0).then_some(size)
}

/// Up to five numbers separated by semicolons, and the bytes they take.
fn numbers(data: &[u8]) -> ([u32; 5], usize) {
    let mut numbers = [0_u32; 5];
    let mut idx = 0;
    for (at, byte) in data.iter().enumerate() {
        match byte {
            b'0'..=b'9' => {
                let number = &mut numbers[idx.min(4)];
                *number = number.saturating_mul(10).saturating_add(u32::from(byte - b'0'));
            }
            b';' => idx += 1,
            _ => return (numbers, at),
        }
    }
    (numbers, data.len())
}

impl Graphics<'_> {
    /// A sixel DCS: the image goes into the cells at the cursor, or home with DECSDM; the cursor
    /// goes below it.
    pub(crate) fn sixel(&mut self, data: &[u8]) -> bool {
        let Some(pixels) = measure(data) else { return false };
        let serial = self.screen.images.next_serial();
        let picture = Picture {
            serial,
            format: ImageFormat::Sixel,
            compressed: false,
            pixels,
            name: String::new(),
            data: Arc::new(data.to_vec()),
        };
        let (cells, canvas) = self.fit(pixels, (None, None));
        let image = Image { cells, canvas, ..self.image_here(picture) };
        if self.screen.is_on(Mode::SIXEL_DISPLAY) {
            self.draw_at_home(image);
        } else {
            self.draw_in_cells(image, !self.screen.is_on(Mode::SIXEL_RIGHT));
        }
        true
    }
}
