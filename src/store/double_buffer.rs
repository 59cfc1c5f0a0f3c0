//! A pair of slots in one memory: the newest whole content is always there, whenever its writer is
//! killed. It knows no content.
//!
//! Header words (little-endian u64): 0 magic, 8 the slot in force (0 none, 1, 2), then from 64 and
//! from 128 on a slot's offset, capacity, length and checksum. A slot is written while the other is
//! in force; the word at 8 flips last.

use crate::base::memory::{MemoryFull, SharedBytes};

/// Bytes before the slots.
pub const HEADER_LEN: usize = 4096;

const MAGIC: u64 = u64::from_le_bytes(*b"abidslt1");
const IN_FORCE: usize = 8;
const SLOT_WORDS: [usize; 2] = [64, 128];
const PAGE: usize = 4096;

/// The place where a slot lies and what is in it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Extent {
    offset: usize,
    capacity: usize,
    len: usize,
    checksum: u64,
}

/// The pair.
pub struct DoubleBuffer {
    memory: Box<dyn SharedBytes>,
}

impl std::fmt::Debug for DoubleBuffer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("DoubleBuffer")
            .field("in_force", &self.memory.word(IN_FORCE))
            .finish_non_exhaustive()
    }
}

impl DoubleBuffer {
    /// An empty pair in fresh memory.
    ///
    /// # Errors
    /// [`MemoryFull`] if there is no room for the header.
    pub fn create(mut memory: Box<dyn SharedBytes>) -> Result<Self, MemoryFull> {
        memory.grow(HEADER_LEN)?;
        memory.publish(IN_FORCE, 0);
        memory.publish(0, MAGIC);
        Ok(Self { memory })
    }

    /// The pair that is in this memory; none if it is not one. What is in a slot is checked when it
    /// is read.
    #[must_use]
    pub fn open(memory: Box<dyn SharedBytes>) -> Option<Self> {
        (HEADER_LEN <= memory.size() && memory.word(0) == MAGIC).then_some(Self { memory })
    }

    /// Puts `content` into the idle slot and flips.
    ///
    /// # Errors
    /// [`MemoryFull`] if it does not fit; the slot in force stays.
    pub fn write(&mut self, content: &[u8]) -> Result<(), MemoryFull> {
        let in_force = self.in_force();
        let idle = usize::from(in_force == Some(0));
        let kept = in_force.map(|slot| self.extent(slot)).unwrap_or_default();
        let mut extent = self.extent(idle);
        if extent.offset < HEADER_LEN || extent.capacity < content.len() {
            extent = self.place(extent, kept, content.len())?;
        }
        extent.len = content.len();
        extent.checksum = u64::from(crc32fast::hash(content));
        self.memory.write(extent.offset, content);
        let words = SLOT_WORDS[idle];
        self.memory.publish(words, extent.offset as u64);
        self.memory.publish(words + 8, extent.capacity as u64);
        self.memory.publish(words + 16, extent.len as u64);
        self.memory.publish(words + 24, extent.checksum);
        self.memory.publish(IN_FORCE, idle as u64 + 1);
        Ok(())
    }

    /// A copy of the newest whole content; none if there is none or the memory is damaged.
    #[must_use]
    pub fn read(&self) -> Option<Vec<u8>> {
        let newest = self.in_force()?;
        [newest, 1 - newest].into_iter().find_map(|slot| self.content(slot))
    }

    /// True if there is a whole content, without a copy of all of it.
    #[must_use]
    pub fn has_content(&self) -> bool {
        self.in_force().is_some_and(|newest| self.is_whole(newest) || self.is_whole(1 - newest))
    }

    /// Gives the pages of the idle slot back.
    pub fn trim(&mut self) {
        let idle = usize::from(self.in_force() == Some(0));
        let extent = self.extent(idle);
        if self.fits(extent) && 0 < extent.capacity {
            self.memory.punch(extent.offset..extent.offset + extent.capacity);
        }
    }

    fn in_force(&self) -> Option<usize> {
        match self.memory.word(IN_FORCE) {
            1 => Some(0),
            2 => Some(1),
            _ => None,
        }
    }

    fn extent(&self, slot: usize) -> Extent {
        let word = |at: usize| {
            usize::try_from(self.memory.word(SLOT_WORDS[slot] + at)).unwrap_or(usize::MAX)
        };
        let extent = Extent {
            offset: word(0),
            capacity: word(8),
            len: word(16),
            checksum: self.memory.word(SLOT_WORDS[slot] + 24),
        };
        if self.fits(extent) { extent } else { Extent::default() }
    }

    fn fits(&self, extent: Extent) -> bool {
        let end = extent.offset.checked_add(extent.capacity);
        HEADER_LEN <= extent.offset
            && extent.len <= extent.capacity
            && end.is_some_and(|end| end <= self.memory.size())
    }

    /// The checksum is that of the copy, so a content that is changed while it is read is refused.
    fn content(&self, slot: usize) -> Option<Vec<u8>> {
        let extent = self.extent(slot);
        if extent.offset < HEADER_LEN {
            return None;
        }
        let mut content = vec![0; extent.len];
        self.memory.read(extent.offset, &mut content);
        (u64::from(crc32fast::hash(&content)) == extent.checksum).then_some(content)
    }

    fn is_whole(&self, slot: usize) -> bool {
        let extent = self.extent(slot);
        let (mut hasher, mut page) = (crc32fast::Hasher::new(), [0; PAGE]);
        for at in (0..extent.len).step_by(PAGE) {
            let part = &mut page[..PAGE.min(extent.len - at)];
            self.memory.read(extent.offset + at, part);
            hasher.update(part);
        }
        HEADER_LEN <= extent.offset && u64::from(hasher.finalize()) == extent.checksum
    }

    /// A place for `len` bytes that does not touch the slot that is kept: before it if there is
    /// room, else behind it.
    fn place(&mut self, old: Extent, kept: Extent, len: usize) -> Result<Extent, MemoryFull> {
        let capacity = (len + len / 2).max(1).next_multiple_of(PAGE);
        let before = kept.offset.saturating_sub(HEADER_LEN);
        let offset = if capacity <= before {
            HEADER_LEN
        } else {
            HEADER_LEN.max(kept.offset + kept.capacity).next_multiple_of(PAGE)
        };
        self.memory.grow(offset + capacity)?;
        if 0 < old.capacity {
            self.memory.punch(old.offset..old.offset + old.capacity);
        }
        Ok(Extent { offset, capacity, len: 0, checksum: 0 })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::{any, prop, prop_assert_eq, proptest};

    use super::{DoubleBuffer, HEADER_LEN, IN_FORCE};
    use crate::base::memory::HeapMemory;

    fn reopened(slots: DoubleBuffer) -> DoubleBuffer {
        DoubleBuffer::open(slots.memory).expect("still a pair")
    }

    #[test]
    fn the_newest_content_is_read_whatever_its_size() {
        let mut slots = DoubleBuffer::create(Box::new(HeapMemory::default())).expect("room");
        assert_eq!(slots.read(), None);
        for len in [0, 5, 9000, 10, 200_000, 100, 300_000, 4096] {
            let content = vec![u8::try_from(len % 251).expect("small"); len];
            slots.write(&content).expect("room");
            slots = reopened(slots);
            assert_eq!(slots.read(), Some(content));
        }
    }

    #[test]
    fn a_writer_killed_half_way_leaves_the_former_content() {
        let mut slots = DoubleBuffer::create(Box::new(HeapMemory::default())).expect("room");
        slots.write(b"one").expect("room");
        slots.write(b"two").expect("room");
        let before = slots.memory.word(IN_FORCE);
        slots.write(b"six").expect("room");
        slots.memory.publish(IN_FORCE, before);
        assert_eq!(slots.read(), Some(b"two".to_vec()));
    }

    proptest! {
        #[test]
        fn damage_is_never_a_panic_nor_a_wrong_content(
            at in 0..HEADER_LEN + 4096,
            byte in any::<u8>(),
            first in prop::collection::vec(any::<u8>(), 1..300),
        ) {
            let mut slots = DoubleBuffer::create(Box::new(HeapMemory::default())).expect("room");
            slots.write(&first).expect("room");
            slots.write(b"second").expect("room");
            slots.memory.write(at, &[byte]);
            if let Some(mut slots) = DoubleBuffer::open(slots.memory) {
                prop_assert_eq!(slots.has_content(), slots.read().is_some());
                if let Some(content) = slots.read() {
                    assert!(content == first || content == b"second");
                }
                slots.write(b"third").expect("room");
                prop_assert_eq!(slots.read(), Some(b"third".to_vec()));
                slots.trim();
                prop_assert_eq!(slots.read(), Some(b"third".to_vec()));
            }
        }
    }
}
