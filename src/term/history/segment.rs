//! The memory of a history, cut into segments of 64 KiB that are taken, given back and found again after a crash. It knows no rows.
//!
//! A segment starts with four words: a magic number, its sequence number, the number of the first line that starts in it, and the commit word (end of
//! records, entries of the dictionary), written last. Records grow upwards from there; the dictionary of looks, 16 bytes each, grows downwards from the end.

use crate::base::memory::Memory;
use crate::term::look::Look;

/// Bytes of a segment.
pub(crate) const SEGMENT_BYTES: usize = 1 << 16;
/// Bytes before the first record.
pub(crate) const HEAD_BYTES: usize = 32;
const MAGIC: u64 = u64::from_le_bytes(*b"abidehi1");
/// Memory grows by an eighth, at most by this many segments at once.
const GROW_SEGMENTS_MAX: usize = 16;
pub(crate) const LOOK_BYTES: usize = 16;

/// The words at the start of a segment, as found.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Head {
    pub(crate) slot: u32,
    pub(crate) sequence: u64,
    pub(crate) end: u32,
    pub(crate) looks: u16,
}

/// Segments in a growable memory; a slot is a place for one.
pub(crate) struct Slots {
    memory: Box<dyn Memory>,
    count: u32,
    free: Vec<u32>,
}

impl Slots {
    pub(crate) fn new(memory: Box<dyn Memory>) -> Self {
        let count = u32::try_from(memory.bytes().len() / SEGMENT_BYTES).unwrap_or(u32::MAX);
        Self { memory, count, free: (0..count).rev().collect() }
    }

    /// Every slot that looks like a segment, in no order.
    pub(crate) fn heads(&self) -> Vec<Head> {
        (0..self.count).filter_map(|slot| self.head(slot)).collect()
    }

    fn head(&self, slot: u32) -> Option<Head> {
        let at = slot as usize * SEGMENT_BYTES;
        if self.memory.word(at) != MAGIC {
            return None;
        }
        let commit = self.memory.word(at + 24);
        let end = u32::try_from(commit & 0xffff_ffff).ok()?;
        let looks = u16::try_from(commit >> 32 & 0xffff).ok()?;
        let fits = HEAD_BYTES <= end as usize && end as usize + usize::from(looks) * LOOK_BYTES <= SEGMENT_BYTES;
        fits.then_some(Head { slot, sequence: self.memory.word(at + 8), end, looks })
    }

    /// Marks a slot as taken, which it is not after [`Slots::new`].
    pub(crate) fn claim(&mut self, slot: u32) {
        self.free.retain(|free| *free != slot);
    }

    /// Takes a slot and writes its head; `None` if there is no memory.
    pub(crate) fn take(&mut self, sequence: u64, first_line: u64) -> Option<u32> {
        if self.free.is_empty() {
            let more = (self.count as usize / 8).clamp(1, GROW_SEGMENTS_MAX);
            let count = self.count as usize + more;
            self.memory.grow(count * SEGMENT_BYTES).ok()?;
            let count = u32::try_from(count).ok()?;
            self.free.extend((self.count..count).rev());
            self.count = count;
        }
        let slot = self.free.pop()?;
        let at = slot as usize * SEGMENT_BYTES;
        self.memory.publish(at + 8, sequence);
        self.memory.publish(at + 16, first_line);
        self.memory.publish(at + 24, HEAD_BYTES as u64);
        self.memory.publish(at, MAGIC);
        Some(slot)
    }

    /// Gives a slot back with its pages.
    pub(crate) fn give(&mut self, slot: u32) {
        let at = slot as usize * SEGMENT_BYTES;
        self.memory.publish(at, 0);
        self.memory.punch(at..at + SEGMENT_BYTES);
        self.free.push(slot);
    }

    /// Gives back the pages of every slot that is not taken.
    pub(crate) fn punch_free(&mut self) {
        for slot in &self.free {
            let at = *slot as usize * SEGMENT_BYTES;
            self.memory.punch(at..at + SEGMENT_BYTES);
        }
    }

    /// Writes the commit word.
    pub(crate) fn commit(&mut self, slot: u32, end: u32, looks: u16) {
        self.memory.publish(slot as usize * SEGMENT_BYTES + 24, u64::from(end) | u64::from(looks) << 32);
    }

    #[inline]
    pub(crate) fn bytes(&self, slot: u32) -> &[u8] {
        &self.memory.bytes()[slot as usize * SEGMENT_BYTES..][..SEGMENT_BYTES]
    }

    #[inline]
    pub(crate) fn bytes_mut(&mut self, slot: u32) -> &mut [u8] {
        &mut self.memory.bytes_mut()[slot as usize * SEGMENT_BYTES..][..SEGMENT_BYTES]
    }

    /// Entry `idx` of the dictionary.
    pub(crate) fn look(&self, slot: u32, idx: u16) -> Look {
        let at = SEGMENT_BYTES - (usize::from(idx) + 1) * LOOK_BYTES;
        let word = |at: usize| self.bytes(slot)[at..].first_chunk().map_or(0, |bytes| u64::from_le_bytes(*bytes));
        Look::from_words([word(at), word(at + 8)])
    }

    pub(crate) fn set_look(&mut self, slot: u32, idx: u16, look: Look) {
        let at = SEGMENT_BYTES - (usize::from(idx) + 1) * LOOK_BYTES;
        let [a, b] = look.words();
        let bytes = self.bytes_mut(slot);
        bytes[at..at + 8].copy_from_slice(&a.to_le_bytes());
        bytes[at + 8..at + 16].copy_from_slice(&b.to_le_bytes());
    }
}
