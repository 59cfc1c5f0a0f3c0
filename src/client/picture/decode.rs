//! Images of programs as pixels: raw, PNG, or sixels. Hostile data gives an error or something
//! odd, never more than its size says.

use std::io::Cursor;

use miniz_oxide::inflate::decompress_to_vec_zlib_with_limit;

use super::{PIXELS_MAX, Pixels};
use crate::wire::image::{Format, Head, PICTURE_BYTES_MAX};

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
        Format::Sixel => super::sixel::decode(data, head.pixels),
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
    use super::decode;
    use crate::client::picture::Pixels;
    use crate::wire::image::{Format, Head};

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
