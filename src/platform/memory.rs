//! Memory that lies in a memfd: [`SharedMemory`], which two processes map, and [`PrivateMemory`],
//! which only this process maps and another one keeps the fd of. The formats in it are those of
//! `store`.
#![allow(
    unsafe_code,
    reason = "one of the three files that may: the mapping, and words in it that another process \
        writes"
)]

use std::ffi::c_void;
use std::io;
use std::ops::Range;
use std::os::fd::{AsFd, AsRawFd as _, BorrowedFd, OwnedFd};
use std::ptr::NonNull;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use rustix::fs::{
    FallocateFlags, MemfdFlags, SealFlags, fallocate, fcntl_add_seals, fcntl_get_seals, fstat,
    ftruncate, memfd_create,
};
use rustix::mm::{MapFlags, MremapFlags, ProtFlags, mmap, mremap, munmap};

use crate::base::memory::{Memory, MemoryFull, SharedBytes};

/// The longest memory that is mapped.
pub const LEN_MAX: usize = 1 << 34;

/// A mapped memfd. It can never shrink, so no access faults; a fixed one cannot grow either.
///
/// The other process may write all of it at any time, so no reference to its bytes is ever made:
/// ranges are copied, words are atomics.
#[derive(Debug)]
pub struct SharedMemory {
    fd: Arc<OwnedFd>,
    start: NonNull<u8>,
    len: usize,
}

// SAFETY: the mapping belongs to this value alone in this process, and the other process is reached
// by copies and atomics only.
unsafe impl Send for SharedMemory {}

impl SharedMemory {
    /// New memory of `len` bytes, all 0, that keeps its length for ever.
    ///
    /// # Errors
    /// If there is no fd or no memory left.
    pub fn fixed(name: &str, len: usize) -> io::Result<Self> {
        Self::create(name, len, SealFlags::SHRINK | SealFlags::GROW | SealFlags::SEAL)
    }

    /// New memory of `len` bytes, all 0, that can grow.
    ///
    /// # Errors
    /// If there is no fd or no memory left.
    pub fn growable(name: &str, len: usize) -> io::Result<Self> {
        Self::create(name, len, SealFlags::SHRINK | SealFlags::SEAL)
    }

    /// Maps memory that came from another process, at its present length.
    ///
    /// # Errors
    /// `InvalidData` if it is no memfd that can never shrink, or is empty or too long.
    pub fn from_fd(fd: OwnedFd) -> io::Result<Self> {
        let refused = |what| io::Error::new(io::ErrorKind::InvalidData, what);
        // Only memfds have seals, so this proves the type as well.
        let seals = fcntl_get_seals(&fd).map_err(|_| refused("the fd is no shared memory"))?;
        if !seals.contains(SealFlags::SHRINK)
            || seals.contains(SealFlags::WRITE)
            || seals.contains(SealFlags::FUTURE_WRITE)
        {
            return Err(refused("the shared memory is not sealed as it must be"));
        }
        let len = file_len(&fd)?;
        if len == 0 || LEN_MAX < len {
            return Err(refused("the shared memory has an impossible length"));
        }
        Self::map(fd, len)
    }

    /// Another handle of the memfd, to be passed on.
    ///
    /// # Errors
    /// If there is no fd left.
    pub fn try_clone_fd(&self) -> io::Result<OwnedFd> {
        self.fd.try_clone()
    }

    /// The memfd, to be passed on.
    #[must_use]
    pub fn fd(&self) -> Arc<OwnedFd> {
        Arc::clone(&self.fd)
    }

    fn create(name: &str, len: usize, seals: SealFlags) -> io::Result<Self> {
        let flags = MemfdFlags::CLOEXEC | MemfdFlags::ALLOW_SEALING;
        // Kernels before 6.3 do not know NOEXEC_SEAL.
        let fd = memfd_create(name, flags | MemfdFlags::NOEXEC_SEAL)
            .or_else(|_| memfd_create(name, flags))?;
        ftruncate(&fd, len as u64)?;
        fcntl_add_seals(&fd, seals)?;
        Self::map(fd, len)
    }

    fn map(fd: OwnedFd, len: usize) -> io::Result<Self> {
        // SAFETY: a fresh mapping at an address of the kernel's choice touches no other memory.
        let start = unsafe {
            mmap(
                std::ptr::null_mut(),
                len,
                ProtFlags::READ | ProtFlags::WRITE,
                MapFlags::SHARED,
                &fd,
                0,
            )
        }?;
        let start = NonNull::new(start.cast::<u8>()).ok_or(io::ErrorKind::OutOfMemory)?;
        Ok(Self { fd: Arc::new(fd), start, len })
    }

    fn atomic(&self, offset: usize) -> &AtomicU64 {
        assert!(
            offset.is_multiple_of(8) && offset + 8 <= self.len,
            "a word lies inside the memory and is aligned"
        );
        // SAFETY: in bounds and aligned (just checked, and mappings start at a page); both sides
        // access words only as atomics.
        unsafe { AtomicU64::from_ptr(self.start.as_ptr().add(offset).cast()) }
    }
}

impl SharedMemory {
    /// Reads from `fd` straight into `range`, without a copy in between that would be lost if this
    /// process were killed (read(2)).
    ///
    /// # Errors
    /// As read(2).
    ///
    /// # Panics
    /// If the range is not inside of the memory.
    pub fn read_from(&mut self, fd: impl AsFd, range: Range<usize>) -> io::Result<usize> {
        let start = self.pointer(range.start, range.len());
        // SAFETY: the range lies inside of the mapping (just checked), and the kernel writes at
        // most its length. Only the kernel uses the pointer.
        let len = unsafe { libc::read(fd.as_fd().as_raw_fd(), start.cast(), range.len()) };
        usize::try_from(len).map_err(|_| io::Error::last_os_error())
    }

    /// The address of `len` bytes at `at`.
    ///
    /// # Panics
    /// If they do not lie inside of the memory.
    fn pointer(&self, at: usize, len: usize) -> *mut u8 {
        let is_inside = at.checked_add(len).is_some_and(|end| end <= self.len);
        assert!(is_inside, "{len} bytes at {at} lie inside of the memory");
        // SAFETY: `at` is at most the length of the mapping (just checked).
        unsafe { self.start.as_ptr().add(at) }
    }
}

impl SharedBytes for SharedMemory {
    fn size(&self) -> usize {
        self.len
    }

    fn read(&self, at: usize, bytes: &mut [u8]) {
        let from = self.pointer(at, bytes.len());
        // SAFETY: both ranges are as long as `bytes`, and a mapping overlaps no Rust object.
        unsafe { std::ptr::copy_nonoverlapping(from, bytes.as_mut_ptr(), bytes.len()) };
    }

    fn write(&mut self, at: usize, bytes: &[u8]) {
        let to = self.pointer(at, bytes.len());
        // SAFETY: as in `read`.
        unsafe { std::ptr::copy_nonoverlapping(bytes.as_ptr(), to, bytes.len()) };
    }

    fn grow(&mut self, len: usize) -> Result<(), MemoryFull> {
        if len <= self.len {
            return Ok(());
        }
        let full = MemoryFull(len);
        if LEN_MAX < len {
            return Err(full);
        }
        if file_len(&self.fd).map_err(|_| full)? < len {
            ftruncate(&self.fd, len as u64).map_err(|_| full)?;
        }
        // SAFETY: `&mut self` proves that nobody holds an address of the old mapping; the file is
        // at least `len` long.
        let start = unsafe {
            mremap(self.start.as_ptr().cast::<c_void>(), self.len, len, MremapFlags::MAYMOVE)
        }
        .map_err(|_| full)?;
        self.start = NonNull::new(start.cast()).ok_or(full)?;
        self.len = len;
        Ok(())
    }

    fn punch(&mut self, range: Range<usize>) {
        let range = range.start.min(self.len)..range.end.min(self.len);
        if range.is_empty() {
            return;
        }
        let flags = FallocateFlags::PUNCH_HOLE | FallocateFlags::KEEP_SIZE;
        if fallocate(&self.fd, flags, range.start as u64, range.len() as u64).is_err() {
            self.write(range.start, &vec![0; range.len()]);
        }
    }

    /// Sequentially consistent: each side publishes its own word and then looks at the other's, and
    /// one of them must see the other.
    fn word(&self, offset: usize) -> u64 {
        u64::from_le(self.atomic(offset).load(Ordering::SeqCst))
    }

    fn publish(&mut self, offset: usize, word: u64) {
        self.atomic(offset).store(word.to_le(), Ordering::SeqCst);
    }
}

/// A memfd whose bytes only this process reads and writes, while others may hold its fd: the
/// scrollback of a pane. The keeper keeps that fd for the next server and never maps it, and a
/// server maps it only after the server before has ended.
#[derive(Debug)]
pub struct PrivateMemory(SharedMemory);

impl PrivateMemory {
    /// Takes the memory over as private. While this value is in use nobody may write through
    /// another mapping of it, neither another process nor this one.
    #[must_use]
    pub const fn new(memory: SharedMemory) -> Self {
        Self(memory)
    }
}

impl Memory for PrivateMemory {
    fn bytes(&self) -> &[u8] {
        // SAFETY: the mapping is `len` long and lives as long as `self`; nobody else writes it, see
        // the contract of `PrivateMemory::new`.
        unsafe { std::slice::from_raw_parts(self.0.start.as_ptr(), self.0.len) }
    }

    fn bytes_mut(&mut self) -> &mut [u8] {
        // SAFETY: as in `bytes`, and `&mut self` proves that no other slice is held.
        unsafe { std::slice::from_raw_parts_mut(self.0.start.as_ptr(), self.0.len) }
    }

    fn grow(&mut self, len: usize) -> Result<(), MemoryFull> {
        SharedBytes::grow(&mut self.0, len)
    }

    fn punch(&mut self, range: Range<usize>) {
        SharedBytes::punch(&mut self.0, range);
    }

    fn word(&self, offset: usize) -> u64 {
        SharedBytes::word(&self.0, offset)
    }

    fn publish(&mut self, offset: usize, word: u64) {
        SharedBytes::publish(&mut self.0, offset, word);
    }
}

impl AsFd for SharedMemory {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.fd.as_fd()
    }
}

impl Drop for SharedMemory {
    fn drop(&mut self) {
        // SAFETY: the mapping is ours and nobody can hold a slice of it any more.
        let unmapped = unsafe { munmap(self.start.as_ptr().cast(), self.len) };
        debug_assert!(unmapped.is_ok(), "a whole mapping can be removed");
    }
}

fn file_len(fd: &OwnedFd) -> io::Result<usize> {
    usize::try_from(fstat(fd)?.st_size).map_err(|_| io::ErrorKind::InvalidData.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn byte(memory: &SharedMemory, at: usize) -> u8 {
        let mut byte = [0];
        memory.read(at, &mut byte);
        byte[0]
    }

    #[test]
    fn both_mappings_are_one_memory() {
        let mut ours = SharedMemory::growable("test", 4096).unwrap();
        let mut theirs = SharedMemory::from_fd(ours.try_clone_fd().unwrap()).unwrap();
        ours.write(9, &[7]);
        ours.publish(16, 5);
        assert_eq!((byte(&theirs, 9), theirs.word(16)), (7, 5));
        ours.grow(3 * 4096).unwrap();
        ours.write(9000, &[1]);
        theirs.grow(3 * 4096).unwrap();
        assert_eq!((byte(&theirs, 9000), byte(&theirs, 9)), (1, 7));
        theirs.punch(8192..12288);
        assert_eq!((byte(&ours, 9000), byte(&ours, 9)), (0, 7));
    }

    #[test]
    fn an_fd_is_read_into_the_memory_and_private_memory_is_borrowed() {
        let mut memory = SharedMemory::growable("test", 4096).unwrap();
        let (reader, mut writer) = std::io::pipe().unwrap();
        std::io::Write::write_all(&mut writer, b"hello").unwrap();
        assert_eq!(memory.read_from(&reader, 10..14).unwrap(), 4);
        let mut memory = PrivateMemory::new(memory);
        assert_eq!(&memory.bytes()[9..15], b"\0hell\0");
        Memory::grow(&mut memory, 8192).unwrap();
        memory.bytes_mut()[8191] = 1;
        assert_eq!(memory.bytes().len(), 8192);
    }

    #[test]
    #[should_panic(expected = "lie inside of the memory")]
    fn a_range_outside_is_refused() {
        SharedMemory::fixed("test", 4096).unwrap().read(4095, &mut [0; 2]);
    }

    #[test]
    fn a_fixed_one_neither_grows_nor_shrinks() {
        let mut memory = SharedMemory::fixed("test", 8192).unwrap();
        assert_eq!(memory.grow(8193), Err(MemoryFull(8193)));
        assert!(ftruncate(&memory, 1).is_err());
        assert_eq!(memory.size(), 8192);
    }

    #[test]
    fn what_is_no_sealed_memfd_is_refused() {
        let unsealed =
            memfd_create("test", MemfdFlags::CLOEXEC | MemfdFlags::ALLOW_SEALING).unwrap();
        ftruncate(&unsealed, 4096).unwrap();
        let pipe = OwnedFd::from(std::io::pipe().unwrap().0);
        for fd in [unsealed, pipe, OwnedFd::from(std::fs::File::open("/proc/self/exe").unwrap())] {
            assert_eq!(SharedMemory::from_fd(fd).unwrap_err().kind(), io::ErrorKind::InvalidData);
        }
    }
}
