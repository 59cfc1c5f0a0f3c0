//! A history on its way to disk and back: segments, each by itself, and which of them have changed
//! since they were last taken.

use std::ops::Range;

use crate::base::memory::{Memory, MemoryFull};
use crate::term::history::History;
use crate::term::history::segment::{SEGMENT_BYTES, packed};

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
    pub(crate) fn take_changed(&mut self) -> u64 {
        let last = self.sequences().end.saturating_sub(1);
        std::mem::replace(&mut self.changed, last)
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

    /// What a terminal becomes by way of segments that were taken whenever `held` says they had
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
        fn growing_and_shrinking_takes_rows_back_and_is_noticed(steps in prop::collection::vec((0_usize..4, 1_usize..1500), 1..12)) {
            let (mut screen, mut held) = (fresh(), BTreeMap::new());
            for (what, count) in steps {
                match what {
                    0 | 1 => for line in 0..count {
                        screen.feed(format!("{line} {}\r\n", "z".repeat(line % 150)).as_bytes(), &mut Vec::new());
                    },
                    2 => {
                        screen.resize(Size::new(60, u16::try_from(count.min(900)).unwrap_or(1)), &mut Vec::new());
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
