//! One row of history as bytes: a header, style runs if it has any, then its text. Trailing blanks are not kept.
//!
//! Header: cells `u16`, bytes that follow `u16`, flags `u8`, mark `u8`. Styled rows go on with a count `u16` and pairs (cells `u16`, look `u16`),
//! where a look is a number in the dictionary of the segment. Text is one byte a cell if all is ASCII; otherwise it is UTF-8 with
//! 0 for a blank, 1 between narrow and wide characters, and 3 before a cluster (3, length and width, bytes).

use crate::term::cell::{Cell, Class};
use crate::term::cluster::Clusters;
use crate::term::grid::Line;

pub(crate) const HEADER_BYTES: usize = 6;
const SWITCH: u8 = 1;
const CLUSTER: u8 = 3;
const CLUSTER_WIDE: u8 = 0x80;

/// Flags of a record.
pub(crate) const WRAPPED: u8 = Line::WRAPPED;
pub(crate) const STYLED: u8 = Line::STYLED;
pub(crate) const TEXT: u8 = Line::TEXT;
pub(crate) const WIDE: u8 = Line::WIDE;
/// It goes on with the line of the record before it.
pub(crate) const CONTINUES: u8 = 64;

/// The header of a record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Header {
    pub(crate) cells: u16,
    pub(crate) bytes: u16,
    pub(crate) flags: u8,
    pub(crate) mark: u8,
}

impl Header {
    /// The header at the start of `bytes`, if all of its record is there.
    #[inline]
    pub(crate) fn read(bytes: &[u8]) -> Option<Self> {
        let [c0, c1, b0, b1, flags, mark] = *bytes.first_chunk::<HEADER_BYTES>()?;
        let header = Self { cells: u16::from_le_bytes([c0, c1]), bytes: u16::from_le_bytes([b0, b1]), flags, mark };
        (header.len() <= bytes.len()).then_some(header)
    }

    pub(crate) fn write(self, to: &mut [u8]) {
        let ([c0, c1], [b0, b1]) = (self.cells.to_le_bytes(), self.bytes.to_le_bytes());
        to[..HEADER_BYTES].copy_from_slice(&[c0, c1, b0, b1, self.flags, self.mark]);
    }

    pub(crate) fn len(self) -> usize {
        HEADER_BYTES + usize::from(self.bytes)
    }

    pub(crate) fn has(self, flag: u8) -> bool {
        self.flags & flag != 0
    }
}

/// What stands in a cell, or in two.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Glyph<'a> {
    /// Nothing was written there.
    Blank,
    /// One scalar of 1 or 2 columns.
    Char(char, u8),
    /// A cluster of 1 or 2 columns.
    Cluster(&'a str, u8),
}

impl Glyph<'_> {
    pub(crate) fn cols(self) -> u8 {
        match self {
            Self::Blank => 1,
            Self::Char(_, cols) | Self::Cluster(_, cols) => cols,
        }
    }

    /// Bytes of its text; a blank is a space.
    pub(crate) fn text_len(self) -> usize {
        match self {
            Self::Blank => 1,
            Self::Char(c, _) => c.len_utf8(),
            Self::Cluster(text, _) => text.len(),
        }
    }
}

/// Writes plain ASCII cells, a byte each.
#[inline]
pub(crate) fn write_ascii(cells: &[Cell], to: &mut [u8]) {
    for (byte, cell) in to.iter_mut().zip(cells) {
        #[expect(clippy::cast_possible_truncation, reason = "the caller knows that all are ASCII or blank")]
        let code = cell.0 as u8;
        *byte = code | if code == 0 { b' ' } else { 0 };
    }
}

/// Appends the text of cells that are not all ASCII. Past `bytes_max` clusters are cut to their first scalar.
pub(crate) fn write_text(cells: &[Cell], clusters: &Clusters, bytes_max: usize, to: &mut Vec<u8>) {
    let start = to.len();
    to.reserve(5 * cells.len());
    let mut wide = false;
    for cell in cells {
        let is_wide = match cell.class() {
            Class::Tail => continue,
            class => class == Class::Wide,
        };
        if let Some(number) = cell.cluster() {
            let text = clusters.get(number);
            if to.len() - start + text.len() < bytes_max && text.len() < usize::from(CLUSTER_WIDE) {
                let len = u8::try_from(text.len()).unwrap_or(0);
                to.extend_from_slice(&[CLUSTER, len | if is_wide { CLUSTER_WIDE } else { 0 }]);
                to.extend_from_slice(text.as_bytes());
                continue;
            }
        }
        if cell.is_blank() {
            to.push(0);
            continue;
        }
        if is_wide != wide {
            wide = is_wide;
            to.push(SWITCH);
        }
        let c = cell.char().or_else(|| cell.cluster().and_then(|number| clusters.get(number).chars().next())).unwrap_or(' ');
        if c.is_ascii() {
            to.push(c as u8);
        } else {
            to.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes());
        }
    }
}

/// Appends the style runs of cells, with looks numbered by `number`; gives up if `number` does.
pub(crate) fn write_runs(cells: &[Cell], to: &mut Vec<u8>, mut number: impl FnMut(u32) -> Option<u16>) -> Option<()> {
    let count_at = to.len();
    to.extend_from_slice(&[0, 0]);
    let mut count = 0_u16;
    for run in cells.chunk_by(|a, b| a.style() == b.style()) {
        let look = number(run[0].style())?;
        to.extend_from_slice(&u16::try_from(run.len()).ok()?.to_le_bytes());
        to.extend_from_slice(&look.to_le_bytes());
        count += 1;
    }
    to[count_at..count_at + 2].copy_from_slice(&count.to_le_bytes());
    Some(())
}

/// Writes a count of runs and the runs: look, cells. There is room for them.
pub(crate) fn write_packed_runs(runs: &[(u32, usize)], to: &mut [u8]) {
    let word = |value: usize| u16::try_from(value).unwrap_or(u16::MAX).to_le_bytes();
    to[..2].copy_from_slice(&word(runs.len()));
    for (place, (look, cells)) in to[2..].chunks_exact_mut(4).zip(runs) {
        let ([c0, c1], [l0, l1]) = (word(*cells), word(*look as usize));
        place.copy_from_slice(&[c0, c1, l0, l1]);
    }
}

fn u16_at(bytes: &[u8], at: usize) -> Option<u16> {
    bytes.get(at..)?.first_chunk().map(|pair| u16::from_le_bytes(*pair))
}

/// Bytes of the style runs at the start of a styled payload.
pub(crate) fn runs_len(payload: &[u8]) -> usize {
    2 + 4 * usize::from(u16_at(payload, 0).unwrap_or(0))
}

/// Calls `each` with every glyph and the number of its look, `u16::MAX` being the default look. Damage ends it early.
pub(crate) fn read<'a>(header: Header, payload: &'a [u8], mut each: impl FnMut(Glyph<'a>, u16)) {
    let (mut runs, mut text): (&[u8], &[u8]) = (&[], payload);
    if header.has(STYLED) {
        let Some((head, tail)) = payload.split_at_checked(runs_len(payload)) else { return };
        (runs, text) = (&head[2..], tail);
    }
    let (mut left, mut look) = (0_u16, u16::MAX);
    let mut next = move |cols: u8| {
        while left == 0 {
            let Some((run, rest)) = runs.split_first_chunk::<4>() else {
                look = u16::MAX;
                return look;
            };
            runs = rest;
            left = u16::from_le_bytes([run[0], run[1]]);
            look = u16::from_le_bytes([run[2], run[3]]);
        }
        left = left.saturating_sub(u16::from(cols));
        look
    };
    if !header.has(TEXT) {
        for byte in text.iter().take(usize::from(header.cells)) {
            each(Glyph::Char(char::from(byte & 0x7f), 1), next(1));
        }
        return;
    }
    read_text(text, |glyph| each(glyph, next(glyph.cols())));
}

fn read_text<'a>(mut text: &'a [u8], mut each: impl FnMut(Glyph<'a>)) {
    let mut cols = 1;
    while let Some(&first) = text.first() {
        let used = match first {
            0 => {
                each(Glyph::Blank);
                1
            }
            SWITCH => {
                cols = 3 - cols;
                1
            }
            CLUSTER => {
                let len = text.get(1).map_or(0, |len| usize::from(len & !CLUSTER_WIDE));
                let Some(cluster) = text.get(2..2 + len).and_then(|bytes| std::str::from_utf8(bytes).ok()) else { return };
                if cluster.is_empty() {
                    return;
                }
                each(Glyph::Cluster(cluster, if text[1] & CLUSTER_WIDE != 0 { 2 } else { 1 }));
                2 + len
            }
            0x20..=0x7e => {
                each(Glyph::Char(char::from(first), cols));
                1
            }
            _ => {
                let len = match first {
                    0xc2..=0xdf => 2,
                    0xe0..=0xef => 3,
                    0xf0..=0xf4 => 4,
                    _ => return,
                };
                let decoded = text.get(..len).and_then(|bytes| std::str::from_utf8(bytes).ok());
                let Some(c) = decoded.and_then(|text| text.chars().next()) else { return };
                each(Glyph::Char(c, cols));
                len
            }
        };
        text = &text[used..];
    }
}
