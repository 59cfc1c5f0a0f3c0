//! A row of history as bytes: a header, style runs if it has any, then its text. Trailing blanks
//! are not kept.
//!
//! Header: cells `u16`, bytes that follow `u16`, flags `u8`, mark `u8`. Styled rows go on with a
//! count `u16` and pairs (cells `u16`, style `u16`), where a style is a number in the dictionary of
//! the segment. Text is one byte a cell if all is ASCII; otherwise it is UTF-8 with 0 for a blank,
//! 1 between narrow and wide characters, and 3 before a cluster (3, length and width, bytes).

use crate::term::cell::{Cell, CellClass, RowAttrs};
use crate::term::cluster::Clusters;

pub(crate) const HEADER_BYTES: usize = 6;
const SWITCH: u8 = 1;
const CLUSTER: u8 = 3;
const CLUSTER_WIDE: u8 = 0x80;

/// Flags of a record.
pub(crate) const WRAPPED: u8 = RowAttrs::WRAPPED;
pub(crate) const STYLED: u8 = RowAttrs::STYLED;
pub(crate) const TEXT: u8 = RowAttrs::TEXT;
pub(crate) const WIDE: u8 = RowAttrs::WIDE;
/// The record continues the line of the record before it.
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
        let header = Self {
            cells: u16::from_le_bytes([c0, c1]),
            bytes: u16::from_le_bytes([b0, b1]),
            flags,
            mark,
        };
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

/// The text of a cell, or of two.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum CellText<'a> {
    /// Nothing was written there.
    Blank,
    /// A scalar of 1 or 2 columns.
    Char(char, u8),
    /// A cluster of 1 or 2 columns.
    Cluster(&'a str, u8),
}

impl CellText<'_> {
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
        // All are ASCII or blank, and a blank is 0.
        *byte = ((cell.0 & 0x7f) as u8).max(b' ');
    }
}

/// Appends the text of cells that are not all ASCII. Past `bytes_max` clusters are cut to their
/// first scalar.
pub(crate) fn write_text(cells: &[Cell], clusters: &Clusters, bytes_max: usize, to: &mut Vec<u8>) {
    let start = to.len();
    // A cell without a cluster takes at most a switch and four bytes; what is written is
    // cut to its length at the end.
    let reserve = 5 * cells.len();
    to.resize(start + reserve, 0);
    let mut end = start;
    let mut wide = false;
    for (at, cell) in cells.iter().enumerate() {
        let code = cell.code();
        if code < 0x80 && !wide && !cell.is_wide_part() {
            to[end] = (code & 0x7f) as u8;
            end += 1;
            continue;
        }
        let is_wide = match cell.class() {
            CellClass::Tail => continue,
            class => class == CellClass::Wide,
        };
        if let Some(number) = cell.cluster() {
            let text = clusters.get(number);
            if end - start + text.len() < bytes_max && text.len() < usize::from(CLUSTER_WIDE) {
                to.resize(end + 2 + text.len() + 5 * (cells.len() - at), 0);
                to[end] = CLUSTER;
                to[end + 1] =
                    u8::try_from(text.len()).unwrap_or(0) | if is_wide { CLUSTER_WIDE } else { 0 };
                to[end + 2..end + 2 + text.len()].copy_from_slice(text.as_bytes());
                end += 2 + text.len();
                continue;
            }
        }
        if cell.is_blank() {
            to[end] = 0;
            end += 1;
            continue;
        }
        if is_wide != wide {
            wide = is_wide;
            to[end] = SWITCH;
            end += 1;
        }
        let cut = |number| clusters.get(number).chars().next().map_or(0x20, u32::from);
        // A spacer has no character.
        end += put_utf8(cell.cluster().map_or(code, cut).max(0x20), &mut to[end..]);
    }
    to.truncate(end);
}

/// Writes a scalar, and whatever after it, to `to`, which has four bytes at least; gives its
/// length.
#[inline]
fn put_utf8(code: u32, to: &mut [u8]) -> usize {
    let Some(to) = to.first_chunk_mut::<4>() else { return 0 };
    let [tail, six, twelve, eighteen] =
        [code, code >> 6, code >> 12, code >> 18].map(|bits| (bits & 0x3f) as u8 | 0x80);
    match code {
        0..0x80 => {
            to[0] = tail & 0x3f | (code & 0x40) as u8;
            1
        }
        0x80..0x800 => {
            *to = [six | 0x40, tail, 0, 0];
            2
        }
        0x800..0x1_0000 => {
            *to = [twelve & 0x0f | 0xe0, six, tail, 0];
            3
        }
        _ => {
            *to = [eighteen & 7 | 0xf0, twelve, six, tail];
            4
        }
    }
}

/// Finds the runs of cells of one style: style, cells.
pub(crate) fn find_runs(cells: &[Cell], runs: &mut Vec<(u32, usize)>) {
    const BLOCK: usize = 8;
    runs.clear();
    let (mut start, mut at) = (0, 0);
    let mut end_run = |end: usize| {
        runs.push((cells[start].style(), end - start));
        start = end;
    };
    // The styles of neighbours are compared a block at a time: runs are short, and a branch for
    // each cell would guess wrong at the end of each.
    while let Some(block) = cells[at..].first_chunk::<{ BLOCK + 1 }>() {
        let mut changes = [0_u8; BLOCK];
        for (change, pair) in changes.iter_mut().zip(block.windows(2)) {
            *change = u8::from((pair[0].0 ^ pair[1].0) >> 32 != 0);
        }
        let mut changes = u64::from_le_bytes(changes);
        while changes != 0 {
            end_run(at + 1 + (changes.trailing_zeros() / 8) as usize);
            changes &= changes - 1;
        }
        at += BLOCK;
    }
    for (offset, pair) in cells[at..].windows(2).enumerate() {
        if pair[0].style() != pair[1].style() {
            end_run(at + 1 + offset);
        }
    }
    if !cells.is_empty() {
        end_run(cells.len());
    }
}

/// Appends the style runs of cells, with styles numbered by `number`; gives up if `number` does.
pub(crate) fn write_runs(
    cells: &[Cell],
    to: &mut Vec<u8>,
    mut number: impl FnMut(u32) -> Option<u16>,
) -> Option<()> {
    let count_at = to.len();
    to.extend_from_slice(&[0, 0]);
    let mut count = 0_u16;
    for run in cells.chunk_by(|a, b| a.style() == b.style()) {
        let cell_style = number(run[0].style())?;
        to.extend_from_slice(&u16::try_from(run.len()).ok()?.to_le_bytes());
        to.extend_from_slice(&cell_style.to_le_bytes());
        count += 1;
    }
    to[count_at..count_at + 2].copy_from_slice(&count.to_le_bytes());
    Some(())
}

/// Writes a count of runs and the runs: style, cells. There is room for them.
pub(crate) fn write_packed_runs(runs: &[(u32, usize)], to: &mut [u8]) {
    let word = |value: usize| u16::try_from(value).unwrap_or(u16::MAX).to_le_bytes();
    to[..2].copy_from_slice(&word(runs.len()));
    for (place, (cell_style, cells)) in to[2..].chunks_exact_mut(4).zip(runs) {
        let ([c0, c1], [l0, l1]) = (word(*cells), word(*cell_style as usize));
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

/// Calls `each` with every glyph and the number of its style, `u16::MAX` being the default style.
/// Damage ends it early.
pub(crate) fn read<'a>(header: Header, payload: &'a [u8], mut each: impl FnMut(CellText<'a>, u16)) {
    let (mut runs, mut text): (&[u8], &[u8]) = (&[], payload);
    if header.has(STYLED) {
        let Some((head, tail)) = payload.split_at_checked(runs_len(payload)) else { return };
        (runs, text) = (&head[2..], tail);
    }
    let (mut left, mut cell_style) = (0_u16, u16::MAX);
    let mut next = move |cols: u8| {
        while left == 0 {
            let Some((run, rest)) = runs.split_first_chunk::<4>() else {
                cell_style = u16::MAX;
                return cell_style;
            };
            runs = rest;
            left = u16::from_le_bytes([run[0], run[1]]);
            cell_style = u16::from_le_bytes([run[2], run[3]]);
        }
        left = left.saturating_sub(u16::from(cols));
        cell_style
    };
    if !header.has(TEXT) {
        for byte in text.iter().take(usize::from(header.cells)) {
            each(CellText::Char(char::from(byte & 0x7f), 1), next(1));
        }
        return;
    }
    read_text(text, |glyph| each(glyph, next(glyph.cols())));
}

fn read_text<'a>(mut text: &'a [u8], mut each: impl FnMut(CellText<'a>)) {
    let mut cols = 1;
    while let Some(&first) = text.first() {
        let used = match first {
            0 => {
                each(CellText::Blank);
                1
            }
            SWITCH => {
                cols = 3 - cols;
                1
            }
            CLUSTER => {
                let len = text.get(1).map_or(0, |len| usize::from(len & !CLUSTER_WIDE));
                let Some(cluster) =
                    text.get(2..2 + len).and_then(|bytes| std::str::from_utf8(bytes).ok())
                else {
                    return;
                };
                if cluster.is_empty() {
                    return;
                }
                each(CellText::Cluster(cluster, if text[1] & CLUSTER_WIDE != 0 { 2 } else { 1 }));
                2 + len
            }
            0x20..=0x7e => {
                each(CellText::Char(char::from(first), cols));
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
                each(CellText::Char(c, cols));
                len
            }
        };
        text = &text[used..];
    }
}

#[cfg(test)]
mod tests {
    use super::{Cell, find_runs, put_utf8};

    #[test]
    fn runs_are_those_of_neighbours_that_are_equal() {
        for seed in 1..200_u64 {
            let mut state = seed;
            let cells: Vec<Cell> = (0..seed % 70)
                .map(|_| {
                    state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
                    Cell::BLANK.with_char('x').with_style(u32::from(state >> 61 == 0))
                })
                .collect();
            let mut runs = Vec::new();
            find_runs(&cells, &mut runs);
            let expected: Vec<_> = cells
                .chunk_by(|a, b| a.style() == b.style())
                .map(|run| (run[0].style(), run.len()))
                .collect();
            assert_eq!(runs, expected);
        }
    }

    #[test]
    fn scalars_are_written_as_utf8() {
        for c in [
            '\0',
            ' ',
            '@',
            '~',
            '\u{80}',
            '\u{7ff}',
            '\u{800}',
            '\u{ffff}',
            '\u{10000}',
            '\u{10ffff}',
            '漢',
            'é',
            '👩',
        ] {
            let mut to = [0; 4];
            let len = put_utf8(u32::from(c), &mut to);
            assert_eq!(&to[..len], c.encode_utf8(&mut [0; 4]).as_bytes(), "{c:?}");
        }
    }
}
