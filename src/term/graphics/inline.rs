//! Images that lie in the cells: sixels, whose size is measured (VT330/VT340 manual, chapter 14),
//! and iTerm2's inline images (OSC 1337 `File=`). Their data is kept as it came: no pixel is
//! painted, and nothing is saved as a file.

use std::sync::Arc;

use crate::base::text::{decode_base64_loose, sanitize};
use crate::term::graphics::Graphics;
use crate::term::image::{IMAGE_BYTES_MAX, Image, ImageFormat, PIXELS_MAX, Picture};
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

/// The longest name of an image, in bytes.
const NAME_BYTES_MAX: usize = 128;
/// Cells of a picture that does not tell its size.
const UNKNOWN_CELLS: (u16, u16) = (24, 4);

impl Graphics<'_> {
    /// OSC 1337 `File=`: options, colon, base64. Only inline images are kept.
    pub(crate) fn inline_image(&mut self, rest: &str) -> bool {
        let Some((options, payload)) = rest.split_once(':') else { return false };
        let option = |name: &str| {
            options.split(';').find_map(|option| option.strip_prefix(name)?.strip_prefix('='))
        };
        let Some(data) = decode_base64_loose(payload.as_bytes(), IMAGE_BYTES_MAX)
            .filter(|_| option("inline") == Some("1"))
        else {
            return false;
        };
        let pixels = pixels(&data).unwrap_or((0, 0));
        if pixels.0 > PIXELS_MAX || pixels.1 > PIXELS_MAX {
            return false;
        }
        let name = option("name")
            .and_then(|name| decode_base64_loose(name.as_bytes(), 4 * NAME_BYTES_MAX))
            .unwrap_or_default();
        let cell = self.screen.options.cell_pixels;
        let wanted = (
            option("width").and_then(|text| side(text, cell.0, self.screen.size.cols)),
            option("height").and_then(|text| side(text, cell.1, self.screen.size.rows)),
        );
        let (cells, canvas) = if pixels.0 == 0 || pixels.1 == 0 {
            ((wanted.0.unwrap_or(UNKNOWN_CELLS.0), wanted.1.unwrap_or(UNKNOWN_CELLS.1)), (0, 0))
        } else if option("preserveAspectRatio") == Some("0") {
            let natural = self.cells_of(pixels);
            ((wanted.0.unwrap_or(natural.0), wanted.1.unwrap_or(natural.1)), (0, 0))
        } else {
            self.fit(pixels, wanted)
        };
        let picture = Picture {
            serial: self.screen.images.next_serial(),
            format: ImageFormat::File,
            compressed: false,
            pixels,
            name: sanitize(&String::from_utf8_lossy(&name), NAME_BYTES_MAX),
            data: Arc::new(data),
        };
        let image = Image { cells, canvas, ..self.image_here(picture) };
        self.draw_in_cells(image, false);
        true
    }
}

/// A side in cells: `N` cells, `Npx` pixels, `N%` of the screen; none for `auto`.
fn side(text: &str, cell: u16, all: u16) -> Option<u16> {
    let cells = if let Some(pixels) = text.strip_suffix("px") {
        pixels.parse::<u32>().ok()?.div_ceil(u32::from(cell.max(1)))
    } else if let Some(percent) = text.strip_suffix('%') {
        percent.parse::<u32>().ok()?.min(100) * u32::from(all) / 100
    } else {
        text.parse().ok()?
    };
    Some(u16::try_from(cells).unwrap_or(all).clamp(1, all))
}

/// Width and height of a PNG or GIF file, from its header.
pub(crate) fn pixels(data: &[u8]) -> Option<(u32, u32)> {
    if let Some(header) = data.strip_prefix(b"\x89PNG\r\n\x1a\n") {
        let side =
            |at: usize| header.get(at..)?.first_chunk().map(|bytes| u32::from_be_bytes(*bytes));
        return Some((side(8)?, side(12)?));
    }
    let header = data.strip_prefix(b"GIF89a").or_else(|| data.strip_prefix(b"GIF87a"))?;
    let side = |at: usize| {
        header.get(at..)?.first_chunk().map(|bytes| u32::from(u16::from_le_bytes(*bytes)))
    };
    Some((side(0)?, side(2)?))
}
