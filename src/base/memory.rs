//! Memory that may be shared with another process: the seam between what a ring, a slot or a
//! segment means and where it lives. No mapping happens here.

use std::ops::Range;

/// Bytes of the ring through which a pane's output passes from the keeper to the server.
pub const RING_BYTES: usize = 1 << 20;

/// The memory cannot grow.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("no memory for {0} bytes")]
pub struct MemoryFull(pub usize);

/// A range of bytes, from 0, that can grow. Words are little-endian u64 at offsets divisible by 8.
///
/// Another process may write what it owns of it at any time, so whoever reads a foreign word treats
/// it as untrusted.
pub trait Memory: Send {
    /// The bytes.
    fn bytes(&self) -> &[u8];

    /// The bytes, to be written.
    fn bytes_mut(&mut self) -> &mut [u8];

    /// Makes it at least `len` bytes long; new bytes are 0. What was there stays.
    ///
    /// # Errors
    /// [`MemoryFull`] if there is no room; nothing has changed.
    fn grow(&mut self, len: usize) -> Result<(), MemoryFull>;

    /// Gives the pages of `range` back; they read as 0 afterwards.
    fn punch(&mut self, range: Range<usize>);

    /// Reads a word such that everything its writer wrote before [`Memory::publish`] is seen
    /// (acquire).
    fn word(&self, offset: usize) -> u64;

    /// Writes a word such that everything written before is seen by whoever reads it (release).
    fn publish(&mut self, offset: usize, word: u64);
}

/// Memory of this process alone: for tests, and where nothing has to outlive the process.
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
