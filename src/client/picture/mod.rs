//! Pictures as pixels: decoded from what a program sent (raw, PNG, or sixels), cut and scaled, and
//! encoded for an outer terminal. Pure and bounded; it knows no cell and no terminal. Hostile data
//! gives an error or something odd, never more than its size says.
//!
//! `paint` alone uses it. Tests: beside the code, `tests/it/e2e_images.rs`, and the target `image`
//! of `fuzz`.

mod sixel;

use std::io::Cursor;

use miniz_oxide::inflate::decompress_to_vec_zlib_with_limit;
pub use sixel::encode as encode_sixel;

use crate::wire::image::{Format, Head, PICTURE_BYTES_MAX};

/// Width and height of a picture, in pixels; a larger one is not decoded.
pub const PIXELS_MAX: u32 = 4096;

/// A picture: red, green, blue and opacity of each pixel, row by row.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Pixels {
    /// Width and height.
    pub size: (u32, u32),
    /// Four bytes a pixel.
    pub bytes: Vec<u8>,
}

/// Part of a picture on a canvas: what the part lacks to the canvas is clear.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Cut {
    /// Left, top, width and height of the part.
    pub source: [u32; 4],
    /// Width and height of the canvas, the part being in its top left corner; those of the part if
    /// 0.
    pub canvas: (u32, u32),
}

impl Pixels {
    /// All clear.
    #[must_use]
    pub fn clear(size: (u32, u32)) -> Self {
        Self { size, bytes: vec![0; size.0 as usize * size.1 as usize * 4] }
    }

    /// A pixel; clear beyond the edges.
    #[must_use]
    pub fn at(&self, x: u32, y: u32) -> [u8; 4] {
        if self.size.0 <= x || self.size.1 <= y {
            return [0; 4];
        }
        let at = (y as usize * self.size.0 as usize + x as usize) * 4;
        self.bytes.get(at..).and_then(|bytes| bytes.first_chunk().copied()).unwrap_or([0; 4])
    }

    fn set(&mut self, x: u32, y: u32, pixel: [u8; 4]) {
        let at = (y as usize * self.size.0 as usize + x as usize) * 4;
        if let Some(place) = self.bytes.get_mut(at..at + 4) {
            place.copy_from_slice(&pixel);
        }
    }

    /// The pixels of `window` (left, top, width, height on the canvas of `cut`) scaled to `size`:
    /// the mean of what falls on each pixel.
    #[must_use]
    pub fn scaled(&self, cut: Cut, window: [u32; 4], size: (u32, u32)) -> Self {
        let [left, top, width, height] = self.part(cut.source);
        let mut scaled = Self::clear(size);
        let span = |n: u32, from: u32, len: u32, all: u32| {
            let edge =
                |n: u32| u64::from(from) + u64::from(n) * u64::from(len) / u64::from(all.max(1));
            let start = edge(n);
            let pixel = |n: u64| u32::try_from(n).unwrap_or(u32::MAX);
            pixel(start)..pixel(edge(n + 1).max(start + 1))
        };
        for y in 0..size.1 {
            let rows = span(y, window[1], window[3], size.1);
            for x in 0..size.0 {
                let cols = span(x, window[0], window[2], size.0);
                let inside = |n: u32, len: u32| n < len;
                let mut sum = [0_u32; 4];
                let mut count = 0;
                for y in rows.clone() {
                    for x in cols.clone() {
                        count += 1;
                        if inside(x, width) && inside(y, height) {
                            let [r, g, b, a] = self.at(left + x, top + y).map(u32::from);
                            for (sum, part) in sum.iter_mut().zip([r * a, g * a, b * a, a]) {
                                *sum += part;
                            }
                        }
                    }
                }
                let [r, g, b, a] = sum;
                let mean =
                    |sum: u32, count: u32| u8::try_from(sum / count.max(1)).unwrap_or(u8::MAX);
                scaled.set(x, y, [mean(r, a), mean(g, a), mean(b, a), mean(a, count)]);
            }
        }
        scaled
    }

    /// A part as it lies in the picture; all of it where none is named.
    fn part(&self, [x, y, w, h]: [u32; 4]) -> [u32; 4] {
        let (x, y) = (x.min(self.size.0), y.min(self.size.1));
        let side = |asked: u32, left: u32| if asked == 0 { left } else { asked.min(left) };
        [x, y, side(w, self.size.0 - x), side(h, self.size.1 - y)]
    }

    /// Width and height of the canvas of a cut.
    #[must_use]
    pub fn canvas(&self, cut: Cut) -> (u32, u32) {
        let [_, _, width, height] = self.part(cut.source);
        let side = |canvas: u32, own: u32| if canvas == 0 { own } else { canvas };
        (side(cut.canvas.0, width).max(1), side(cut.canvas.1, height).max(1))
    }

    /// As a PNG file.
    ///
    /// # Errors
    /// If it is empty.
    pub fn png(&self) -> Result<Vec<u8>, png::EncodingError> {
        let mut file = Vec::new();
        let mut encoder = png::Encoder::new(&mut file, self.size.0, self.size.1);
        encoder.set_color(png::ColorType::Rgba);
        encoder.set_depth(png::BitDepth::Eight);
        encoder.set_compression(png::Compression::Fast);
        let mut writer = encoder.write_header()?;
        writer.write_image_data(&self.bytes)?;
        writer.finish()?;
        Ok(file)
    }
}

/// Bytes a PNG may need while it is read.
const PNG_BYTES_MAX: usize = 4 * (PIXELS_MAX as usize) * (PIXELS_MAX as usize) + (1 << 20);

/// The pixels of a picture; none if it is damaged, larger than it may be, or of a kind nobody here
/// reads.
#[must_use]
pub fn decode(head: &Head, data: &[u8]) -> Option<Pixels> {
    let (width, height) = head.pixels;
    if PIXELS_MAX < width || PIXELS_MAX < height {
        return None;
    }
    let area = width as usize * height as usize;
    let inflated;
    let data = if head.compressed {
        let max = match head.format {
            Format::Rgb => 3 * area,
            Format::Rgba => 4 * area,
            Format::Sixel | Format::File => PICTURE_BYTES_MAX,
        };
        inflated = decompress_to_vec_zlib_with_limit(data, max).ok()?;
        &inflated
    } else {
        data
    };
    match head.format {
        Format::Rgb => {
            let (pixels, []) = data.as_chunks::<3>() else { return None };
            let bytes = pixels.iter().flat_map(|[r, g, b]| [*r, *g, *b, 255]).collect();
            (0 < area && pixels.len() == area).then_some(Pixels { size: head.pixels, bytes })
        }
        Format::Rgba => (0 < area && data.len() == 4 * area)
            .then(|| Pixels { size: head.pixels, bytes: data.to_vec() }),
        Format::File => file(data),
        Format::Sixel => sixel::decode(data, head.pixels),
    }
}

/// A PNG file, whatever its depth and kind of colour.
fn file(data: &[u8]) -> Option<Pixels> {
    let mut decoder =
        png::Decoder::new_with_limits(Cursor::new(data), png::Limits { bytes: PNG_BYTES_MAX });
    decoder.set_transformations(
        png::Transformations::normalize_to_color8() | png::Transformations::ALPHA,
    );
    let mut reader = decoder.read_info().ok()?;
    let size = (reader.info().width, reader.info().height);
    if PIXELS_MAX < size.0 || PIXELS_MAX < size.1 {
        return None;
    }
    let mut bytes = vec![0; reader.output_buffer_size()?];
    let info = reader.next_frame(&mut bytes).ok()?;
    bytes.truncate(info.buffer_size());
    let bytes = match info.color_type {
        png::ColorType::Rgba => bytes,
        png::ColorType::GrayscaleAlpha => bytes
            .as_chunks::<2>()
            .0
            .iter()
            .flat_map(|[grey, a]| [*grey, *grey, *grey, *a])
            .collect(),
        png::ColorType::Rgb => {
            bytes.as_chunks::<3>().0.iter().flat_map(|[r, g, b]| [*r, *g, *b, 255]).collect()
        }
        png::ColorType::Grayscale => {
            bytes.iter().flat_map(|grey| [*grey, *grey, *grey, 255]).collect()
        }
        png::ColorType::Indexed => return None,
    };
    (bytes.len() == 4 * size.0 as usize * size.1 as usize).then_some(Pixels { size, bytes })
}

#[cfg(test)]
mod tests {
    use super::{Cut, Pixels, decode};
    use crate::wire::image::{Format, Head};

    /// Two by two: red, green, blue, clear.
    fn quarters() -> Pixels {
        Pixels {
            size: (2, 2),
            bytes: vec![255, 0, 0, 255, 0, 255, 0, 255, 0, 0, 255, 255, 9, 9, 9, 0],
        }
    }

    const WHOLE: Cut = Cut { source: [0; 4], canvas: (0, 0) };

    #[test]
    fn it_is_scaled_up_by_repeating_and_down_by_the_mean() {
        let up = quarters().scaled(WHOLE, [0, 0, 2, 2], (4, 4));
        assert_eq!(
            (up.at(0, 0), up.at(3, 0), up.at(1, 3), up.at(3, 3)[3]),
            ([255, 0, 0, 255], [0, 255, 0, 255], [0, 0, 255, 255], 0)
        );
        let down = quarters().scaled(WHOLE, [0, 0, 2, 2], (1, 1));
        assert_eq!(down.at(0, 0), [85, 85, 85, 191]);
    }

    #[test]
    fn a_part_lies_in_the_corner_of_its_canvas_and_the_rest_is_clear() {
        let cut = Cut { source: [1, 0, 1, 1], canvas: (2, 2) };
        assert_eq!(quarters().canvas(cut), (2, 2));
        let shown = quarters().scaled(cut, [0, 0, 2, 2], (2, 2));
        assert_eq!(
            (shown.at(0, 0), shown.at(1, 0), shown.at(0, 1)),
            ([0, 255, 0, 255], [0; 4], [0; 4])
        );
        let beyond =
            quarters().scaled(Cut { source: [9, 9, 9, 9], canvas: (1, 1) }, [5, 5, 9, 9], (1, 1));
        assert_eq!(beyond.at(0, 0), [0; 4]);
    }

    #[test]
    fn a_png_is_read_as_it_was_written() {
        let pixels = Pixels { size: (2, 1), bytes: vec![1, 2, 3, 255, 7, 8, 9, 40] };
        let file = pixels.png().expect("not empty");
        let mut reader = png::Decoder::new(std::io::Cursor::new(&file)).read_info().expect("a PNG");
        let mut bytes = vec![0; reader.output_buffer_size().expect("small")];
        reader.next_frame(&mut bytes).expect("a PNG");
        assert_eq!(bytes, pixels.bytes);
        assert!(Pixels::default().png().is_err());
    }

    fn head(format: Format, pixels: (u32, u32), compressed: bool) -> Head {
        Head { format, compressed, pixels, len: 0 }
    }

    #[test]
    fn every_kind_is_read() {
        let wanted = Pixels { size: (2, 1), bytes: vec![1, 2, 3, 255, 4, 5, 6, 255] };
        let rgb = [1, 2, 3, 4, 5, 6];
        assert_eq!(decode(&head(Format::Rgb, (2, 1), false), &rgb), Some(wanted.clone()));
        let packed = miniz_oxide::deflate::compress_to_vec_zlib(&rgb, 6);
        assert_eq!(decode(&head(Format::Rgb, (2, 1), true), &packed), Some(wanted.clone()));
        assert_eq!(decode(&head(Format::Rgba, (2, 1), false), &wanted.bytes), Some(wanted.clone()));
        assert_eq!(
            decode(&head(Format::File, (0, 0), false), &wanted.png().expect("not empty")),
            Some(wanted)
        );
    }

    #[test]
    fn what_is_damaged_or_too_much_is_nothing() {
        assert_eq!(decode(&head(Format::Rgb, (2, 1), false), &[1, 2, 3]), None);
        assert_eq!(decode(&head(Format::Rgb, (0, 0), false), &[]), None);
        assert_eq!(decode(&head(Format::Rgba, (9000, 9000), false), &[]), None);
        assert_eq!(decode(&head(Format::File, (0, 0), false), b"\x89PNG\r\n\x1a\nrest"), None);
        let bomb = miniz_oxide::deflate::compress_to_vec_zlib(&vec![0; 1 << 20], 9);
        assert_eq!(decode(&head(Format::Rgb, (2, 1), true), &bomb), None);
    }
}
