//! As few colours as a terminal has registers for: exact where there are no more, else boxes of the
//! colour cube cut at the median.

use std::collections::BTreeMap;

use super::Pixels;

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
