//! Memory as formats see it: [`SharedBytes`] that another process may write at any time, and
//! [`Memory`] that belongs to this process alone. No mapping happens here.

use std::ops::Range;

/// Bytes of the ring through which a pane's output passes from the keeper to the server.
pub const RING_BYTES: usize = 1 << 20;

/// The memory cannot grow.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("no memory for {0} bytes")]
pub struct MemoryFull(pub usize);

/// A range of bytes, from 0, that can grow and that another process may write at any time. Words
/// are little-endian u64 at offsets divisible by 8.
///
/// Bytes are only ever copied in and out: a reference to them would promise the compiler that
/// nobody changes them. A reader treats each copied byte and word as untrusted.
pub trait SharedBytes: Send {
    /// The length in bytes.
    fn size(&self) -> usize;

    /// Copies the bytes from `at` on into `bytes`.
    ///
    /// # Panics
    /// If they do not lie inside of the memory.
    fn read(&self, at: usize, bytes: &mut [u8]);

    /// Copies `bytes` to `at`.
    ///
    /// # Panics
    /// If they do not lie inside of the memory.
    fn write(&mut self, at: usize, bytes: &[u8]);

    /// Makes the memory at least `len` bytes long; new bytes are 0. The old bytes stay.
    ///
    /// # Errors
    /// [`MemoryFull`] if there is no room; nothing has changed.
    fn grow(&mut self, len: usize) -> Result<(), MemoryFull>;

    /// Gives the pages of `range` back; they read as 0 afterwards.
    fn punch(&mut self, range: Range<usize>);

    /// Reads a word such that everything its writer wrote before [`SharedBytes::publish`] is seen
    /// (acquire).
    fn word(&self, offset: usize) -> u64;

    /// Writes a word such that everything written before is seen by whoever reads it (release).
    fn publish(&mut self, offset: usize, word: u64);
}

/// Memory as above that no other process writes while this value lives, so its bytes may be
/// borrowed.
pub trait Memory: Send {
    /// The bytes.
    fn bytes(&self) -> &[u8];

    /// The bytes, to be written.
    fn bytes_mut(&mut self) -> &mut [u8];

    /// Makes the memory at least `len` bytes long, as [`SharedBytes::grow`] does.
    ///
    /// # Errors
    /// [`MemoryFull`] if there is no room; nothing has changed.
    fn grow(&mut self, len: usize) -> Result<(), MemoryFull>;

    /// Gives the pages of `range` back; they read as 0 afterwards.
    fn punch(&mut self, range: Range<usize>);

    /// Reads a word, as [`SharedBytes::word`] does.
    fn word(&self, offset: usize) -> u64;

    /// Writes a word after everything written before: a process that is killed in between leaves
    /// memory in which the word is not there yet.
    fn publish(&mut self, offset: usize, word: u64);
}

/// Private memory can take the place of shared memory: in tests, and where nothing has to outlive
/// the process.
impl<M: Memory> SharedBytes for M {
    fn size(&self) -> usize {
        self.bytes().len()
    }

    fn read(&self, at: usize, bytes: &mut [u8]) {
        bytes.copy_from_slice(&self.bytes()[at..at + bytes.len()]);
    }

    fn write(&mut self, at: usize, bytes: &[u8]) {
        self.bytes_mut()[at..at + bytes.len()].copy_from_slice(bytes);
    }

    fn grow(&mut self, len: usize) -> Result<(), MemoryFull> {
        Memory::grow(self, len)
    }

    fn punch(&mut self, range: Range<usize>) {
        Memory::punch(self, range);
    }

    fn word(&self, offset: usize) -> u64 {
        Memory::word(self, offset)
    }

    fn publish(&mut self, offset: usize, word: u64) {
        Memory::publish(self, offset, word);
    }
}

/// Memory on the heap of this process.
#[derive(Debug, Clone, Default)]
pub struct HeapMemory(pub Vec<u8>);

impl Memory for HeapMemory {
    fn bytes(&self) -> &[u8] {
        &self.0
    }

    fn bytes_mut(&mut self) -> &mut [u8] {
        &mut self.0
    }

    fn grow(&mut self, len: usize) -> Result<(), MemoryFull> {
        if self.0.len() < len {
            self.0.resize(len, 0);
        }
        Ok(())
    }

    fn punch(&mut self, range: Range<usize>) {
        self.0[range].fill(0);
    }

    fn word(&self, offset: usize) -> u64 {
        self.0[offset..].first_chunk().map_or(0, |bytes| u64::from_le_bytes(*bytes))
    }

    fn publish(&mut self, offset: usize, word: u64) {
        self.0[offset..offset + 8].copy_from_slice(&word.to_le_bytes());
    }
}
