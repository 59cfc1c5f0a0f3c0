//! The memory of a history, cut into segments of 64 KiB that are taken, given back and found again
//! after a crash. It knows no rows.
//!
//! A cold segment is packed: its slot then holds the words below with another magic number, the
//! length of what follows, and records and dictionary as one zstd frame with a checksum; the other
//! pages of the slot are not there. It is written to a slot of its own before the one it replaces
//! is given back. After the frame stands its summary, so that a server that takes over need not
//! unpack it; where there is none, it does.
//!
//! A segment starts with four words: a magic number, its sequence number, the number of the first
//! line that starts in it, and the commit word (end of records, entries of the dictionary), written
//! last. Records grow upwards from there; the dictionary of styles, 16 bytes each, grows downwards
//! from the end.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::ops::Deref;
use std::sync::Arc;

use crate::base::memory::Memory;
use crate::term::history::compress::Summary;
use crate::term::style_table::CellStyle;

/// Bytes of a segment.
pub(crate) const SEGMENT_BYTES: usize = 1 << 16;
/// Bytes before the first record.
pub(crate) const HEAD_BYTES: usize = 32;
const MAGIC: u64 = u64::from_le_bytes(*b"abidehi1");
const MAGIC_PACKED: u64 = u64::from_le_bytes(*b"abidehz1");
/// Bytes before the frame of a packed segment.
const PACKED_HEAD_BYTES: usize = 40;
/// A segment that does not get smaller than this stays as it is.
const PACKED_BYTES_MAX: usize = SEGMENT_BYTES / 4 * 3;
/// zstd's fastest: rows are compressed while nobody waits, but by one thread.
const PACK_LEVEL: i32 = 1;
/// Packed segments that are kept unpacked beside, for whoever looks at them.
const UNPACKED_MAX: usize = 2;
const PAGE_BYTES: usize = 4096;
/// Slots that are given back with their pages later; by then most are taken again.
const SPARE_MAX: usize = 2;
/// Memory grows by an eighth, at most by this many segments at once.
const GROW_SEGMENTS_MAX: usize = 16;
pub(crate) const STYLE_BYTES: usize = 16;

/// The words at the start of a segment, as found.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Head {
    pub(crate) slot: u32,
    pub(crate) sequence: u64,
    pub(crate) end: u32,
    pub(crate) styles: u16,
    /// Bytes it takes packed; 0 if it is not.
    pub(crate) packed: u32,
}

/// The bytes of a segment, packed or not; none if they are damaged.
pub(crate) enum Bytes<'a> {
    Here(&'a [u8]),
    Unpacked(Arc<Vec<u8>>),
}

impl Deref for Bytes<'_> {
    type Target = [u8];

    #[inline]
    fn deref(&self) -> &[u8] {
        match self {
            Self::Here(bytes) => bytes,
            Self::Unpacked(bytes) => bytes,
        }
    }
}

/// Entry `idx` of the dictionary of a segment with these bytes.
pub(crate) fn style(bytes: &[u8], idx: u16) -> CellStyle {
    let at = SEGMENT_BYTES - (usize::from(idx) + 1) * STYLE_BYTES;
    let word = |at: usize| {
        bytes.get(at..).and_then(<[u8]>::first_chunk).map_or(0, |bytes| u64::from_le_bytes(*bytes))
    };
    CellStyle::from_words([word(at), word(at + 8)])
}

/// Segments in a growable memory; a slot is a place for one.
pub(crate) struct SegmentSlots {
    memory: Box<dyn Memory>,
    count: u32,
    /// Slots without pages.
    free: Vec<u32>,
    /// Slots that are free too, but may have pages of what they held.
    spare: Vec<u32>,
    /// Slots and what they hold unpacked, the latest last.
    unpacked: RefCell<VecDeque<(u32, Arc<Vec<u8>>)>>,
}

impl SegmentSlots {
    pub(crate) fn new(memory: Box<dyn Memory>) -> Self {
        let count = u32::try_from(memory.bytes().len() / SEGMENT_BYTES).unwrap_or(u32::MAX);
        Self {
            memory,
            count,
            free: Vec::new(),
            spare: (0..count).rev().collect(),
            unpacked: RefCell::default(),
        }
    }

    /// Every slot that looks like a segment, in no order.
    pub(crate) fn heads(&self) -> Vec<Head> {
        (0..self.count).filter_map(|slot| self.head(slot)).collect()
    }

    fn head(&self, slot: u32) -> Option<Head> {
        let at = slot as usize * SEGMENT_BYTES;
        let packed = match self.memory.word(at) {
            MAGIC => 0,
            MAGIC_PACKED => {
                let frame = u32::try_from(self.memory.word(at + 32))
                    .ok()
                    .filter(|len| *len as usize <= PACKED_BYTES_MAX)?
                    .max(1);
                frame + Summary::len(self.raw(slot).get(PACKED_HEAD_BYTES + frame as usize..)?)
            }
            _ => return None,
        };
        let commit = self.memory.word(at + 24);
        let end = u32::try_from(commit & 0xffff_ffff).ok()?;
        let styles = u16::try_from(commit >> 32 & 0xffff).ok()?;
        let fits = HEAD_BYTES <= end as usize
            && end as usize + usize::from(styles) * STYLE_BYTES <= SEGMENT_BYTES;
        fits.then_some(Head { slot, sequence: self.memory.word(at + 8), end, styles, packed })
    }

    /// Marks a slot as taken, which it is not after [`SegmentSlots::new`].
    pub(crate) fn claim(&mut self, slot: u32) {
        self.spare.retain(|spare| *spare != slot);
    }

    /// Takes a slot and writes its head; `None` if there is no memory.
    pub(crate) fn take(&mut self, sequence: u64, first_line: u64) -> Option<u32> {
        // Pages that are there need not be had anew.
        let slot = self.spare.pop().or_else(|| self.reserve())?;
        let at = slot as usize * SEGMENT_BYTES;
        self.memory.publish(at + 8, sequence);
        self.memory.publish(at + 16, first_line);
        self.memory.publish(at + 24, HEAD_BYTES as u64);
        self.memory.publish(at, MAGIC);
        Some(slot)
    }

    /// A slot that is no segment yet and has no pages.
    fn reserve(&mut self) -> Option<u32> {
        if self.free.is_empty() && !self.spare.is_empty() {
            self.punch_spare();
        } else if self.free.is_empty() {
            let more = (self.count as usize / 8).clamp(1, GROW_SEGMENTS_MAX);
            let count = self.count as usize + more;
            self.memory.grow(count * SEGMENT_BYTES).ok()?;
            let count = u32::try_from(count).ok()?;
            self.free.extend((self.count..count).rev());
            self.count = count;
        }
        self.free.pop()
    }

    /// Packs a finished segment into a slot of its own, and gives the old one back. Tells where it
    /// is and its bytes; `None` if that saves nothing.
    pub(crate) fn pack(&mut self, slot: u32, summary: &Summary) -> Option<(u32, u32)> {
        let head = self.head(slot).filter(|head| head.packed == 0)?;
        let frame = frame(self.raw(slot), head.end, head.styles)?;
        let line = self.memory.word(slot as usize * SEGMENT_BYTES + 16);
        let to = self.reserve()?;
        let at = to as usize * SEGMENT_BYTES;
        self.memory.publish(at + 8, head.sequence);
        self.memory.publish(at + 16, line);
        self.commit(to, head.end, head.styles);
        self.memory.publish(at + 32, frame.len() as u64);
        self.raw_mut(to)[PACKED_HEAD_BYTES..][..frame.len()].copy_from_slice(&frame);
        let mut packed = PACKED_HEAD_BYTES + frame.len();
        let summary = summary.encode(&self.raw(to)[8..packed]);
        self.raw_mut(to)[packed..packed + summary.len()].copy_from_slice(&summary);
        packed += summary.len();
        self.memory.publish(at, MAGIC_PACKED);
        self.give(slot);
        Some((to, u32::try_from(packed - PACKED_HEAD_BYTES).ok()?))
    }

    /// The summary beside a packed segment; `None` if there is none, or anything of the segment
    /// is damaged.
    pub(crate) fn summary(&self, slot: u32) -> Option<Summary> {
        let bytes = self.raw(slot);
        let frame = usize::try_from(self.memory.word(slot as usize * SEGMENT_BYTES + 32)).ok()?;
        let (packed, summary) = bytes.split_at_checked(PACKED_HEAD_BYTES.checked_add(frame)?)?;
        Summary::decode(summary, &packed[8..])
    }

    /// Unpacks a segment into a slot of its own, to be written again from `end` on, and gives the
    /// packed one back. `None` if there is no memory, or damage.
    pub(crate) fn unpack(&mut self, slot: u32, end: u32, styles: u16) -> Option<u32> {
        let bytes = self.bytes(slot, 1);
        let at = slot as usize * SEGMENT_BYTES;
        let (sequence, line) = (self.memory.word(at + 8), self.memory.word(at + 16));
        let bytes = match bytes {
            Bytes::Unpacked(bytes) if bytes.len() == SEGMENT_BYTES => bytes,
            _ => return None,
        };
        let to = self.reserve()?;
        let at = to as usize * SEGMENT_BYTES;
        self.raw_mut(to)[HEAD_BYTES..].copy_from_slice(&bytes[HEAD_BYTES..]);
        self.memory.publish(at + 8, sequence);
        self.memory.publish(at + 16, line);
        self.commit(to, end, styles);
        self.memory.publish(at, MAGIC);
        self.give(slot);
        Some(to)
    }

    /// The bytes of a segment, packed to so many bytes or, if 0, as it was written.
    #[inline]
    pub(crate) fn bytes(&self, slot: u32, packed: u32) -> Bytes<'_> {
        if packed == 0 { Bytes::Here(self.raw(slot)) } else { Bytes::Unpacked(self.unpacked(slot)) }
    }

    /// The bytes of a segment that go to disk: all, or only its packed form.
    pub(crate) fn carried(&self, slot: u32, packed: u32) -> &[u8] {
        let len = if packed == 0 { SEGMENT_BYTES } else { PACKED_HEAD_BYTES + packed as usize };
        &self.raw(slot)[..len.min(SEGMENT_BYTES)]
    }

    fn unpacked(&self, slot: u32) -> Arc<Vec<u8>> {
        let mut kept = self.unpacked.borrow_mut();
        if let Some((_, bytes)) = kept.iter().rev().find(|(of, _)| *of == slot) {
            return Arc::clone(bytes);
        }
        let bytes = Arc::new(self.read_packed(slot).unwrap_or_default());
        if kept.len() == UNPACKED_MAX {
            kept.pop_front();
        }
        kept.push_back((slot, Arc::clone(&bytes)));
        bytes
    }

    fn read_packed(&self, slot: u32) -> Option<Vec<u8>> {
        let head = self.head(slot).filter(|head| 0 < head.packed)?;
        let frame = usize::try_from(self.memory.word(slot as usize * SEGMENT_BYTES + 32)).ok()?;
        let frame = self.raw(slot).get(PACKED_HEAD_BYTES..)?.get(..frame)?;
        let (end, dictionary) =
            (head.end as usize, SEGMENT_BYTES - usize::from(head.styles) * STYLE_BYTES);
        let content = zstd::bulk::decompress(frame, SEGMENT_BYTES).ok()?;
        let (records, styles) = content.split_at_checked(end - HEAD_BYTES)?;
        let mut bytes = vec![0; SEGMENT_BYTES];
        bytes[HEAD_BYTES..end].copy_from_slice(records);
        bytes.get_mut(dictionary..).filter(|to| to.len() == styles.len())?.copy_from_slice(styles);
        Some(bytes)
    }

    /// Forgets what is kept unpacked.
    pub(crate) fn forget_unpacked(&mut self) {
        self.unpacked.get_mut().clear();
    }

    /// Gives a slot back. Of some the pages stay for now: in a flood the next segment is begun as
    /// soon as the first one is dropped.
    pub(crate) fn give(&mut self, slot: u32) {
        self.unpacked.get_mut().retain(|(of, _)| *of != slot);
        self.memory.publish(slot as usize * SEGMENT_BYTES, 0);
        self.spare.push(slot);
        if SPARE_MAX < self.spare.len() {
            self.punch_spare();
        }
    }

    /// Gives back the pages of every slot that is not taken.
    pub(crate) fn punch_spare(&mut self) {
        for slot in self.spare.drain(..) {
            let at = slot as usize * SEGMENT_BYTES;
            self.memory.punch(at..at + SEGMENT_BYTES);
            self.free.push(slot);
        }
    }

    /// Makes sure that no slot that is not taken looks like a segment.
    pub(crate) fn deface_spare(&mut self) {
        for slot in &self.spare {
            let at = *slot as usize * SEGMENT_BYTES;
            if self.memory.word(at) != 0 {
                self.memory.publish(at, 0);
            }
        }
    }

    /// Writes the commit word.
    pub(crate) fn commit(&mut self, slot: u32, end: u32, styles: u16) {
        self.memory
            .publish(slot as usize * SEGMENT_BYTES + 24, u64::from(end) | u64::from(styles) << 32);
    }

    #[inline]
    fn raw(&self, slot: u32) -> &[u8] {
        &self.memory.bytes()[slot as usize * SEGMENT_BYTES..][..SEGMENT_BYTES]
    }

    #[inline]
    pub(crate) fn raw_mut(&mut self, slot: u32) -> &mut [u8] {
        &mut self.memory.bytes_mut()[slot as usize * SEGMENT_BYTES..][..SEGMENT_BYTES]
    }

    pub(crate) fn set_style(&mut self, slot: u32, idx: u16, cell_style: CellStyle) {
        let at = SEGMENT_BYTES - (usize::from(idx) + 1) * STYLE_BYTES;
        let [a, b] = cell_style.words();
        let bytes = self.raw_mut(slot);
        bytes[at..at + 8].copy_from_slice(&a.to_le_bytes());
        bytes[at + 8..at + 16].copy_from_slice(&b.to_le_bytes());
    }
}

/// Records and dictionary of a whole segment as one frame; `None` if that saves nothing.
fn frame(bytes: &[u8], end: u32, styles: u16) -> Option<Vec<u8>> {
    let dictionary = SEGMENT_BYTES.checked_sub(usize::from(styles) * STYLE_BYTES)?;
    let content = [bytes.get(HEAD_BYTES..end as usize)?, bytes.get(dictionary..)?].concat();
    let mut compressor = zstd::bulk::Compressor::new(PACK_LEVEL).ok()?;
    compressor.include_checksum(true).ok()?;
    compressor.compress(&content).ok().filter(|frame| frame.len() <= PACKED_BYTES_MAX)
}

/// The packed form of the bytes of a whole segment; `None` if they are none, or that saves nothing.
pub(crate) fn packed(bytes: &[u8]) -> Option<Vec<u8>> {
    let word = |at: usize| {
        bytes.get(at..).and_then(<[u8]>::first_chunk).map(|bytes| u64::from_le_bytes(*bytes))
    };
    if bytes.len() != SEGMENT_BYTES || word(0) != Some(MAGIC) {
        return None;
    }
    let commit = word(24)?;
    let frame = frame(
        bytes,
        u32::try_from(commit & 0xffff_ffff).ok()?,
        u16::try_from(commit >> 32 & 0xffff).ok()?,
    )?;
    let words = [MAGIC_PACKED, word(8)?, word(16)?, commit, frame.len() as u64];
    Some(words.iter().flat_map(|word| word.to_le_bytes()).chain(frame).collect())
}

/// Memory that a packed segment takes, in whole pages.
pub(crate) fn packed_memory(packed: u32) -> usize {
    (PACKED_HEAD_BYTES + packed as usize).next_multiple_of(PAGE_BYTES)
}
