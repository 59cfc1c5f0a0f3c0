//! Sixels (VT330/VT340 Programmer Reference, chapter 14): read as a program sends them, written as
//! an outer terminal takes them, in as few colours as it has registers for: exact where there are
//! no more, else boxes of the colour cube cut at the median.

use std::collections::BTreeMap;

use super::{PIXELS_MAX, Pixels};

/// Registers that a picture may use; higher numbers wrap.
const REGISTERS: usize = 1024;
/// The number of times that all pixels may be painted over; a colour at a time, a picture paints
/// each many times.
const PAINTS_MAX: usize = 300;

/// The VT340's first sixteen colours, in per cent; the rest begin as black.
const DEFAULTS: [[u32; 3]; 16] = [
    [0, 0, 0],
    [20, 20, 80],
    [80, 13, 13],
    [20, 80, 20],
    [80, 20, 80],
    [20, 80, 80],
    [80, 80, 20],
    [53, 53, 53],
    [26, 26, 26],
    [33, 33, 60],
    [60, 26, 26],
    [33, 60, 33],
    [60, 33, 60],
    [33, 60, 60],
    [60, 60, 33],
    [80, 80, 80],
];

/// Reads the payload of a sixel string into a picture of that size; what lies beyond it is dropped.
pub(super) fn decode(data: &[u8], size: (u32, u32)) -> Option<Pixels> {
    if size.0 == 0 || size.1 == 0 || PIXELS_MAX < size.0 || PIXELS_MAX < size.1 {
        return None;
    }
    let mut pixels = Pixels::clear(size);
    let mut registers = [[0, 0, 0]; REGISTERS];
    for (register, colour) in registers.iter_mut().zip(DEFAULTS) {
        *register = of_percent(colour);
    }
    let (mut x, mut band, mut colour, mut count) = (0_u32, 0_u32, 0, 1);
    let mut budget = PAINTS_MAX * (1 + size.0 as usize * size.1 as usize);
    let mut at = 0;
    while let Some(&byte) = data.get(at) {
        at += 1;
        match byte {
            b'"' => at += numbers(&data[at..]).2,
            b'!' => {
                let ([repeat, ..], _, used) = numbers(&data[at..]);
                count = repeat.max(1);
                at += used;
            }
            b'#' => {
                let (numbers, given, used) = numbers(&data[at..]);
                at += used;
                colour = numbers[0] as usize % REGISTERS;
                if 5 <= given {
                    registers[colour] = of_definition(numbers);
                }
            }
            b'$' => x = 0,
            b'-' => (x, band) = (0, band + 1),
            b'?'..=b'~' => {
                let end = x.saturating_add(std::mem::replace(&mut count, 1));
                let [red, green, blue] = registers[colour];
                for row in (0..6_u8).filter(|row| (byte - b'?') >> row & 1 == 1) {
                    let y = band.saturating_mul(6) + u32::from(row);
                    if y < size.1 {
                        (x..end.min(size.0))
                            .for_each(|x| pixels.set(x, y, [red, green, blue, 255]));
                    }
                }
                budget = budget.saturating_sub(6 * (end - x).min(size.0) as usize);
                if budget == 0 {
                    break;
                }
                x = end;
            }
            _ => {}
        }
    }
    Some(pixels)
}

/// Up to five numbers, how many there were, and the bytes they took.
fn numbers(data: &[u8]) -> ([u32; 5], usize, usize) {
    let mut numbers = [0_u32; 5];
    let mut at = 0;
    let mut idx = 0;
    while let Some(byte) = data.get(at) {
        match byte {
            b'0'..=b'9' => {
                let number = &mut numbers[idx.min(4)];
                *number = number.saturating_mul(10).saturating_add(u32::from(byte - b'0'));
            }
            b';' => idx += 1,
            _ => break,
        }
        at += 1;
    }
    (numbers, idx + 1, at)
}

/// `register;1;hue;lightness;saturation` or `register;2;red;green;blue`.
fn of_definition([_, kind, first, second, third]: [u32; 5]) -> [u8; 3] {
    if kind != 1 {
        return of_percent([first, second, third]);
    }
    // Hue 0 is blue (VT340), so 240 degrees behind the usual circle.
    let (hue, light, saturation) = (
        (first % 360 + 240) % 360,
        f64::from(second.min(100)) / 100.0,
        f64::from(third.min(100)) / 100.0,
    );
    let chroma = (1.0 - (2.0 * light - 1.0).abs()) * saturation;
    let sextant = f64::from(hue) / 60.0;
    let middle = chroma * (1.0 - (sextant % 2.0 - 1.0).abs());
    let (r, g, b) = match hue / 60 {
        0 => (chroma, middle, 0.0),
        1 => (middle, chroma, 0.0),
        2 => (0.0, chroma, middle),
        3 => (0.0, middle, chroma),
        4 => (middle, 0.0, chroma),
        _ => (chroma, 0.0, middle),
    };
    let base = light - chroma / 2.0;
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "between 0 and 255"
    )]
    let channel = |part: f64| ((part + base) * 255.0).round().clamp(0.0, 255.0) as u8;
    [channel(r), channel(g), channel(b)]
}

fn of_percent(colour: [u32; 3]) -> [u8; 3] {
    colour.map(|part| u8::try_from((part.min(100) * 255 + 50) / 100).unwrap_or(u8::MAX))
}

/// Writes a picture as a sixel string with at most that many colours (2 to 256); clear pixels are
/// left as they are.
#[must_use]
pub fn encode(pixels: &Pixels, colours: u16) -> Vec<u8> {
    let indexed = quantize(pixels, usize::from(colours.clamp(2, 256)));
    let (width, height) = (pixels.size.0 as usize, pixels.size.1 as usize);
    let mut out = format!("\x1bP0;1;0q\"1;1;{width};{height}").into_bytes();
    for (index, colour) in indexed.palette.iter().enumerate() {
        let [r, g, b] = colour.map(|part| (u32::from(part) * 100 + 127) / 255);
        out.extend_from_slice(format!("#{index};2;{r};{g};{b}").as_bytes());
    }
    // A row of masks for each colour.
    let mut masks = vec![0_u8; width * indexed.palette.len()];
    for band in 0..height.div_ceil(6) {
        let top = band * 6;
        let rows = &indexed.pixels[top * width..(top + 6).min(height) * width];
        let mut used = vec![false; indexed.palette.len()];
        for (at, index) in
            rows.iter().enumerate().filter_map(|(at, pixel)| Some((at, usize::from((*pixel)?))))
        {
            used[index] = true;
            masks[index * width + at % width] |= 1 << (at / width);
        }
        let mut is_first = true;
        for index in (0_u16..).take(used.len()).filter(|index| used[usize::from(*index)]) {
            if !std::mem::replace(&mut is_first, false) {
                out.push(b'$');
            }
            out.extend_from_slice(format!("#{index}").as_bytes());
            let own = &mut masks[usize::from(index) * width..][..width];
            write_masks(own, &mut out);
            own.fill(0);
        }
        out.push(b'-');
    }
    // The cursor stays in the row of the last band.
    out.pop();
    out.extend_from_slice(b"\x1b\\");
    out
}

/// Columns of six pixels, repeated ones shortened, clear ones at the end left out.
fn write_masks(masks: &[u8], out: &mut Vec<u8>) {
    let end = masks.iter().rposition(|mask| *mask != 0).map_or(0, |last| last + 1);
    for run in masks[..end].chunk_by(|a, b| a == b) {
        let byte = b'?' + run[0];
        if run.len() < 4 {
            out.extend(std::iter::repeat_n(byte, run.len()));
        } else {
            out.extend_from_slice(format!("!{}", run.len()).as_bytes());
            out.push(byte);
        }
    }
}

/// Pixels more clear than this are not drawn.
const CLEAR: u8 = 128;

/// A palette, and the entry of each pixel; none where it is clear.
#[derive(Debug)]
pub(super) struct Indexed {
    pub(super) palette: Vec<[u8; 3]>,
    pub(super) pixels: Vec<Option<u16>>,
}

/// A colour with 5 bits a channel.
type Bin = [u8; 3];

pub(super) fn quantize(pixels: &Pixels, colours: usize) -> Indexed {
    let visible = |pixel: &[u8; 4]| (CLEAR <= pixel[3]).then_some([pixel[0], pixel[1], pixel[2]]);
    let (all, _) = pixels.bytes.as_chunks::<4>();
    let mut exact: BTreeMap<[u8; 3], u16> = BTreeMap::new();
    for colour in all.iter().filter_map(visible) {
        let next = u16::try_from(exact.len()).unwrap_or(u16::MAX);
        exact.entry(colour).or_insert(next);
        if colours < exact.len() {
            return by_boxes(all, colours);
        }
    }
    let pixels = all.iter().map(|pixel| visible(pixel).map(|colour| exact[&colour])).collect();
    let mut palette = vec![[0; 3]; exact.len()];
    for (colour, index) in exact {
        palette[usize::from(index)] = colour;
    }
    Indexed { palette, pixels }
}

fn by_boxes(all: &[[u8; 4]], colours: usize) -> Indexed {
    let bin = |pixel: &[u8; 4]| [pixel[0] >> 3, pixel[1] >> 3, pixel[2] >> 3];
    let flat = |[r, g, b]: Bin| usize::from(r) << 10 | usize::from(g) << 5 | usize::from(b);
    let mut counts = vec![0_u32; 1 << 15];
    let seen = all.iter().filter(|pixel| CLEAR <= pixel[3]);
    seen.for_each(|pixel| counts[flat(bin(pixel))] += 1);
    let bins = (0..32_u8).flat_map(|r| (0..32).flat_map(move |g| (0..32).map(move |b| [r, g, b])));
    let used: Vec<(Bin, u32)> =
        bins.map(|bin| (bin, counts[flat(bin)])).filter(|(_, count)| *count != 0).collect();
    let mut index = vec![0_u16; 1 << 15];
    let mut palette = Vec::new();
    for members in boxes(used, colours) {
        let entry = u16::try_from(palette.len()).unwrap_or(u16::MAX);
        palette.push(mean(&members));
        for (bin, _) in &members {
            index[flat(*bin)] = entry;
        }
    }
    let pixels =
        all.iter().map(|pixel| (CLEAR <= pixel[3]).then(|| index[flat(bin(pixel))])).collect();
    Indexed { palette, pixels }
}

/// Splits colours into at most `count` boxes: always the one whose longest side weighs most, at the
/// median of that side.
fn boxes(used: Vec<(Bin, u32)>, count: usize) -> Vec<Vec<(Bin, u32)>> {
    let mut boxes = vec![used];
    while boxes.len() < count {
        let side = |members: &[(Bin, u32)]| {
            let extent = |channel: usize| {
                let values = || members.iter().map(|(bin, _)| bin[channel]);
                values().max().unwrap_or(0) - values().min().unwrap_or(0)
            };
            (0..3).map(|channel| (extent(channel), channel)).max().unwrap_or((0, 0))
        };
        let weight = |members: &[(Bin, u32)]| {
            let pixels: u64 = members.iter().map(|(_, count)| u64::from(*count)).sum();
            u64::from(side(members).0) * pixels.isqrt()
        };
        let Some((at, heaviest)) = boxes
            .iter()
            .map(|members| weight(members))
            .enumerate()
            .max_by_key(|(_, weight)| *weight)
        else {
            break;
        };
        if heaviest == 0 {
            break;
        }
        let mut members = boxes.swap_remove(at);
        let (_, channel) = side(&members);
        members.sort_unstable_by_key(|(bin, _)| bin[channel]);
        let half = members.iter().map(|(_, count)| u64::from(*count)).sum::<u64>() / 2;
        let mut sum = 0;
        let middle = members.iter().position(|(_, count)| {
            sum += u64::from(*count);
            half < sum
        });
        let upper = members.split_off(middle.unwrap_or(0).clamp(1, members.len() - 1));
        boxes.extend([members, upper]);
    }
    boxes
}

fn mean(members: &[(Bin, u32)]) -> [u8; 3] {
    let all: u64 = members.iter().map(|(_, count)| u64::from(*count)).sum();
    let channel = |channel: usize| {
        let sum: u64 =
            members.iter().map(|(bin, count)| u64::from(bin[channel]) * u64::from(*count)).sum();
        u8::try_from(sum * 255 / (31 * all.max(1))).unwrap_or(u8::MAX)
    };
    [channel(0), channel(1), channel(2)]
}

#[cfg(test)]
mod tests {
    use super::{decode, encode};
    use crate::client::picture::Pixels;

    /// The payload of an encoded picture.
    fn payload(bytes: &[u8]) -> &[u8] {
        let start = bytes.iter().position(|byte| *byte == b'q').expect("a sixel string") + 1;
        bytes[start..].strip_suffix(b"\x1b\\").expect("terminated")
    }

    #[test]
    fn a_picture_is_read_as_it_was_written() {
        let mut pixels = Pixels::clear((9, 8));
        for (at, pixel) in pixels.bytes.as_chunks_mut::<4>().0.iter_mut().enumerate() {
            *pixel = match at % 5 {
                0 => [255, 0, 0, 255],
                1 | 2 => [0, 255, 0, 255],
                3 => [0, 0, 0, 255],
                _ => [0; 4],
            };
        }
        let bytes = encode(&pixels, 256);
        assert!(bytes.starts_with(b"\x1bP0;1;0q\"1;1;9;8#0;2;"));
        assert_eq!(decode(payload(&bytes), (9, 8)), Some(pixels));
    }

    #[test]
    fn more_colours_than_registers_become_near_ones() {
        let mut pixels = Pixels::clear((64, 64));
        for (at, pixel) in pixels.bytes.as_chunks_mut::<4>().0.iter_mut().enumerate() {
            let [x, y] = [at % 64, at / 64].map(|n| u8::try_from(n * 4).expect("small"));
            *pixel = [x, y, 128, 255];
        }
        let bytes = encode(&pixels, 64);
        let back = decode(payload(&bytes), (64, 64)).expect("a picture");
        let distance = |a: [u8; 4], b: [u8; 4]| {
            a.iter().zip(b).map(|(a, b)| u32::from(a.abs_diff(b))).sum::<u32>()
        };
        let (a, _) = pixels.bytes.as_chunks::<4>();
        let (b, _) = back.bytes.as_chunks::<4>();
        let all: u32 = a.iter().zip(b).map(|(a, b)| distance(*a, *b)).sum();
        assert!(all / 4096 < 40, "{} per pixel", all / 4096);
        let defined = bytes.windows(3).filter(|window| window == b";2;").count();
        assert!(defined <= 65, "{defined}");
    }

    #[test]
    fn hostile_strings_stay_within_their_size() {
        for data in [
            &b"!4294967295~"[..],
            b"#99999;2;999;999;999~",
            b"-----------------~",
            b"\"1;1;99999;99999",
            b"#",
            b"!",
            b"#1;1;4000;500;500~",
        ] {
            assert_eq!(decode(data, (3, 2)).map(|pixels| pixels.bytes.len()), Some(24));
        }
        assert_eq!(decode(b"~", (0, 1)), None);
        let hue = decode(b"#1;1;0;50;100~", (1, 1)).expect("a picture");
        assert_eq!(hue.at(0, 0), [0, 0, 255, 255], "hue 0 is blue");
    }
}
