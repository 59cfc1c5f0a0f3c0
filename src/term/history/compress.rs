//! Cold segments of a history, packed one at a time while nobody waits, and unpacked where rows are
//! taken back. Which moment is right others decide.

use std::collections::BTreeMap;
use std::ops::Range;

use crate::base::memory::{Memory, MemoryFull};
use crate::term::history::History;
use crate::term::history::segment::{SEGMENT_BYTES, packed, packed_memory};

/// The newest segments are not packed: they are looked at, and taken back when the screen grows.
const WARM_SEGMENTS: u64 = 2;

/// The facts about the packed segments.
#[derive(Debug, Default)]
pub(super) struct Packing {
    /// Up to this sequence number segments are packed, or do not get smaller.
    done: u64,
    /// Of packed segments without wide characters, by sequence number: how many lines there are of
    /// each length in cells, so that a change of the width reads none.
    pub(super) lengths: BTreeMap<u64, Box<[(u32, u32)]>>,
}

/// Memory that a history takes, in bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct HistoryBytes {
    /// Of segments as they were written.
    pub raw: usize,
    /// Of packed segments, in whole pages.
    pub packed: usize,
    /// Of packed segments, as if they were not packed.
    pub unpacked: usize,
}

impl History {
    /// The next segment to pack: the oldest cold one.
    pub(crate) fn cold(&self) -> Option<u64> {
        let sequence = self.packing.done.max(self.front);
        let is_open = 0 < self.open_cells && self.open_segment <= sequence;
        (sequence + WARM_SEGMENTS < self.next && !is_open).then_some(sequence)
    }

    /// Packs one cold segment. False if there is none left.
    pub(crate) fn pack(&mut self) -> bool {
        let Some(sequence) = self.cold() else {
            self.slots.forget_unpacked();
            self.slots.punch_spare();
            return false;
        };
        self.packing.done = sequence + 1;
        let at = usize::try_from(sequence - self.front).unwrap_or(usize::MAX);
        if let Some(segment) = self.segments.get(at).copied().filter(|segment| segment.packed == 0)
        {
            self.note_lengths(at);
            let lengths = self.packing.lengths.get(&sequence).cloned();
            let summary = Summary {
                lines: segment.lines,
                first: segment.first,
                longest: segment.longest,
                lengths,
            };
            match self.slots.pack(segment.slot, &summary) {
                Some((slot, packed)) => {
                    (self.segments[at].slot, self.segments[at].packed) = (slot, packed);
                }
                None => {
                    self.packing.lengths.remove(&sequence);
                }
            }
        }
        true
    }

    /// Makes sure that a segment can be written to.
    pub(super) fn unpack(&mut self, at: usize) -> Option<()> {
        let segment = *self.segments.get(at)?;
        if segment.packed == 0 {
            return Some(());
        }
        let sequence = self.front + at as u64;
        self.segments[at].slot = self.slots.unpack(segment.slot, segment.end, segment.styles)?;
        self.segments[at].packed = 0;
        self.packing.done = self.packing.done.min(sequence);
        self.packing.lengths.remove(&sequence);
        Some(())
    }

    /// Notes how long the lines of a segment are.
    pub(super) fn note_lengths(&mut self, at: usize) {
        let segment = self.segments[at];
        let mut lengths: BTreeMap<u32, u32> = BTreeMap::new();
        let mut place = (at, segment.first as usize);
        for _ in 0..segment.lines {
            let Some((extent, next)) = self.extent(place) else { return };
            if extent.wide {
                return;
            }
            *lengths.entry(extent.cells).or_default() += 1;
            place = next;
        }
        self.packing.lengths.insert(self.front + at as u64, lengths.into_iter().collect());
    }

    /// Rows of a segment at the current width, if that can be told without reading it.
    pub(super) fn packed_rows(&self, at: usize) -> Option<u32> {
        let cols = u32::try_from(self.cols).ok()?;
        let lengths = self.packing.lengths.get(&(self.front + at as u64))?;
        Some(lengths.iter().map(|(cells, lines)| cells.div_ceil(cols).max(1) * lines).sum())
    }

    /// Memory of all segments.
    pub(crate) fn bytes(&self) -> HistoryBytes {
        let mut bytes = HistoryBytes::default();
        for segment in &self.segments {
            if segment.packed == 0 {
                bytes.raw += SEGMENT_BYTES;
            } else {
                bytes.packed += packed_memory(segment.packed);
                bytes.unpacked += SEGMENT_BYTES;
            }
        }
        bytes
    }

    pub(super) fn segments_memory(&self) -> usize {
        let bytes = self.bytes();
        bytes.raw + bytes.packed
    }

    /// Drops the oldest segment, unless it is one of the newest. False if nothing was dropped.
    pub(crate) fn drop_oldest(&mut self) -> bool {
        let is_cold = WARM_SEGMENTS < self.segments.len() as u64;
        if is_cold {
            self.drop_front();
        }
        is_cold
    }
}

/// Bytes of a segment as it was written, before it is packed: the unit in which a scrollback is
/// carried.
pub const HISTORY_SEGMENT_BYTES: usize = SEGMENT_BYTES;

impl History {
    /// The sequence numbers of its segments.
    pub(crate) fn sequences(&self) -> Range<u64> {
        self.front..self.front + self.segments.len() as u64
    }

    /// From which segment on bytes may be other than when this was asked last; 0 the first time.
    /// The last segment counts as changed the next time.
    pub(crate) fn take_changed(&self) -> u64 {
        let last = self.sequences().end.saturating_sub(1);
        self.changed.replace(last)
    }

    /// The bytes of a segment: all of it, or only its packed form.
    pub(crate) fn carried(&self, sequence: u64) -> Option<Vec<u8>> {
        let at = usize::try_from(sequence.checked_sub(self.front)?).ok()?;
        let segment = self.segments.get(at)?;
        Some(self.slots.carried(segment.slot, segment.packed).to_vec())
    }
}

/// The smallest form of a segment that [`fill_history`] takes.
#[must_use]
pub fn pack_segment(bytes: Vec<u8>) -> Vec<u8> {
    packed(&bytes).unwrap_or(bytes)
}

/// Puts segments into empty memory, in any order, for [`crate::term::Terminal::restore`]. What is
/// too long for one is left out.
///
/// # Errors
/// [`MemoryFull`].
pub fn fill_history<'a>(
    memory: &mut dyn Memory,
    segments: impl Iterator<Item = &'a [u8]>,
) -> Result<(), MemoryFull> {
    let segments: Vec<&[u8]> = segments.filter(|bytes| bytes.len() <= SEGMENT_BYTES).collect();
    memory.grow(segments.len() * SEGMENT_BYTES)?;
    for (to, bytes) in memory.bytes_mut().chunks_mut(SEGMENT_BYTES).zip(segments) {
        to[..bytes.len()].copy_from_slice(bytes);
    }
    Ok(())
}

const MAGIC: u32 = u32::from_le_bytes(*b"sum1");
/// Magic number, checksum and count.
const HEAD_WORDS: usize = 3;
/// Words that always follow.
const FIXED_WORDS: usize = 3;
/// With more different lengths than this the lengths are not told.
const LENGTHS_MAX: usize = 512;

/// Counts of a segment. The lines are those that start in it, however far they go on in others.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Summary {
    pub(crate) lines: u32,
    /// The offset of the first of them.
    pub(crate) first: u32,
    /// Cells of the longest.
    pub(crate) longest: u32,
    /// The count of lines of each length in cells; `None` if there are wide characters among them.
    pub(crate) lengths: Option<Box<[(u32, u32)]>>,
}

impl Summary {
    /// As bytes to stand right after `packed`.
    pub(crate) fn encode(&self, packed: &[u8]) -> Vec<u8> {
        let lengths = self.lengths.as_deref().filter(|lengths| lengths.len() <= LENGTHS_MAX);
        let pairs = lengths.into_iter().flatten().flat_map(|(cells, lines)| [*cells, *lines]);
        let told: Vec<u32> = [self.lines, self.first, self.longest, u32::from(lengths.is_some())]
            .into_iter()
            .chain(pairs)
            .collect();
        let body: Vec<u8> = told.iter().flat_map(|word| word.to_le_bytes()).collect();
        let head = [MAGIC, checksum(&body, packed), u32::try_from(told.len()).unwrap_or(0)];
        head.iter().flat_map(|word| word.to_le_bytes()).chain(body).collect()
    }

    /// The summary at the start of `bytes`, which stand right after `packed`; `None` if there is
    /// none, or if anything of both is damaged.
    pub(crate) fn decode(bytes: &[u8], packed: &[u8]) -> Option<Self> {
        let body = body(bytes)?;
        if word(bytes, 1)? != checksum(body, packed) {
            return None;
        }
        let pair = |pair: &[u8; 8]| Some((word(pair, 0)?, word(pair, 1)?));
        let (pairs, rest) = body
            .get(4 * FIXED_WORDS..)?
            .split_first_chunk::<4>()
            .map(|(_, rest)| rest.as_chunks::<8>())?;
        let lengths = if word(body, FIXED_WORDS)? == 1 && rest.is_empty() {
            Some(pairs.iter().filter_map(pair).collect())
        } else {
            None
        };
        Some(Self {
            lines: word(body, 0)?,
            first: word(body, 1)?,
            longest: word(body, 2)?,
            lengths,
        })
    }

    /// Bytes of the summary at the start of `bytes`; 0 if there is none.
    pub(crate) fn len(bytes: &[u8]) -> u32 {
        body(bytes).and_then(|body| u32::try_from(4 * HEAD_WORDS + body.len()).ok()).unwrap_or(0)
    }
}

/// The bytes after the head, not checked.
fn body(bytes: &[u8]) -> Option<&[u8]> {
    let count =
        word(bytes, 2).filter(|count| *count as usize <= FIXED_WORDS + 1 + 2 * LENGTHS_MAX)?;
    if word(bytes, 0)? != MAGIC {
        return None;
    }
    bytes.get(4 * HEAD_WORDS..)?.get(..4 * count as usize)
}

fn word(bytes: &[u8], at: usize) -> Option<u32> {
    bytes.get(4 * at..)?.first_chunk().map(|bytes| u32::from_le_bytes(*bytes))
}

fn checksum(body: &[u8], packed: &[u8]) -> u32 {
    let mut hasher = crc32fast::Hasher::new();
    hasher.update(body);
    hasher.update(packed);
    hasher.finalize()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;

    use super::{fill_history, pack_segment};
    use crate::base::geom::Size;
    use crate::base::memory::HeapMemory;
    use crate::term::{Options, Terminal};

    fn fresh() -> Terminal {
        Terminal::new(Size::new(60, 6), Options::default(), Box::new(HeapMemory::default()))
    }

    /// The terminal restored from segments that were taken whenever `held` says they had
    /// changed.
    fn carried(screen: &mut Terminal, held: &mut BTreeMap<u64, Vec<u8>>) -> Terminal {
        let changed = screen.take_changed_history();
        held.retain(|sequence, _| {
            *sequence < changed && screen.history_segments().contains(sequence)
        });
        for sequence in screen.history_segments() {
            held.entry(sequence).or_insert_with(|| {
                pack_segment(screen.history_segment(sequence).expect("it is there"))
            });
        }
        let mut memory = HeapMemory::default();
        fill_history(&mut memory, held.values().map(Vec::as_slice)).expect("room");
        Terminal::restore(screen.snapshot(), Options::default(), Box::new(memory))
            .expect("it fits itself")
    }

    fn all(screen: &Terminal) -> Vec<crate::base::row::Row> {
        screen.rows(-100_000..6)
    }

    #[test]
    fn what_is_taken_piece_by_piece_is_the_whole() {
        let (mut screen, mut held) = (fresh(), BTreeMap::new());
        for round in 0..6 {
            for line in 0..900 {
                let text = format!(
                    "\x1b[3{}mround {round} line {line} \x1b[0m{}\r\n",
                    line % 8,
                    "漢x".repeat(line % 40)
                );
                screen.feed(text.as_bytes(), &mut Vec::new());
            }
            if round == 3 {
                while screen.pack_history() {}
            }
            assert_eq!(all(&carried(&mut screen, &mut held)), all(&screen), "round {round}");
        }
        assert!(3 < held.len(), "it was to be more than {} segments", held.len());
        assert!(held.values().all(|bytes| bytes.len() < 40_000), "they are packed");
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(24))]
        #[test]
        fn growing_and_shrinking_takes_rows_back_and_is_noticed(
            steps in prop::collection::vec((0_usize..4, 1_usize..1500), 1..12)
        ) {
            let (mut screen, mut held) = (fresh(), BTreeMap::new());
            for (what, count) in steps {
                match what {
                    0 | 1 => for line in 0..count {
                        let text = format!("{line} {}\r\n", "z".repeat(line % 150));
                        screen.feed(text.as_bytes(), &mut Vec::new());
                    },
                    2 => {
                        let rows = u16::try_from(count.min(900)).unwrap_or(1);
                        screen.resize(Size::new(60, rows), &mut Vec::new());
                        screen.resize(Size::new(60, 6), &mut Vec::new());
                    }
                    _ if count % 5 == 0 => screen.clear_history(),
                    _ => while screen.pack_history() {},
                }
                prop_assert_eq!(all(&carried(&mut screen, &mut held)), all(&screen));
            }
        }
    }
}

#[cfg(test)]
mod summary_tests {
    use super::{LENGTHS_MAX, Summary};

    fn summary(lengths: Option<usize>) -> Summary {
        let lengths = lengths.map(|count| {
            (0..u32::try_from(count).expect("few")).map(|cells| (cells, cells + 1)).collect()
        });
        Summary { lines: 700, first: 32, longest: 160, lengths }
    }

    #[test]
    fn a_summary_is_read_as_it_was_written() {
        for lengths in [None, Some(0), Some(1), Some(LENGTHS_MAX)] {
            let bytes = summary(lengths).encode(b"packed");
            assert_eq!(Summary::len(&[&bytes[..], b"other"].concat()) as usize, bytes.len());
            assert_eq!(
                Summary::decode(&[&bytes[..], b"other"].concat(), b"packed"),
                Some(summary(lengths)),
                "{lengths:?}"
            );
        }
        let many = summary(Some(LENGTHS_MAX + 1)).encode(b"");
        assert_eq!(Summary::decode(&many, b""), Some(summary(None)));
    }

    #[test]
    fn whatever_is_damaged_is_no_summary() {
        let bytes = summary(Some(9)).encode(b"packed");
        for at in 0..bytes.len() {
            let mut flipped = bytes.clone();
            flipped[at] ^= 1 << (at % 8);
            assert_eq!(Summary::decode(&flipped, b"packed"), None, "byte {at}");
            assert_eq!(Summary::decode(&bytes[..at], b"packed"), None, "{at} bytes");
        }
        assert_eq!(Summary::decode(&bytes, b"pecked"), None);
        assert_eq!((Summary::decode(&[], b""), Summary::len(&[])), (None, 0));
    }
}
