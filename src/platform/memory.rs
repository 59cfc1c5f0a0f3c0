//! Memory that two processes share: a memfd, mapped. What lies in it is not known here.
#![allow(
    unsafe_code,
    reason = "one of the three files that may: the mapping, and words in it that another process \
        writes"
)]

use std::ffi::c_void;
use std::io;
use std::ops::Range;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::ptr::NonNull;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use rustix::fs::{
    FallocateFlags, MemfdFlags, SealFlags, fallocate, fcntl_add_seals, fcntl_get_seals, fstat,
    ftruncate, memfd_create,
};
use rustix::mm::{MapFlags, MremapFlags, ProtFlags, mmap, mremap, munmap};

use crate::base::memory::{Memory, MemoryFull};

/// The longest memory that is mapped.
pub const LEN_MAX: usize = 1 << 34;

/// A mapped memfd. It can never shrink, so no access faults; a fixed one cannot grow either.
#[derive(Debug)]
pub struct SharedMemory {
    fd: Arc<OwnedFd>,
    start: NonNull<u8>,
    len: usize,
}

// SAFETY: the mapping belongs to this value alone in this process; what the other process does is
// dealt with by `Memory`'s contract.
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

impl Memory for SharedMemory {
    fn bytes(&self) -> &[u8] {
        // SAFETY: the mapping is `len` long and lives as long as `self`; bytes the other side may
        // still write are behind the published words.
        unsafe { std::slice::from_raw_parts(self.start.as_ptr(), self.len) }
    }

    fn bytes_mut(&mut self) -> &mut [u8] {
        // SAFETY: as in `bytes`; the other side does not write what this side owns.
        unsafe { std::slice::from_raw_parts_mut(self.start.as_ptr(), self.len) }
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
        // SAFETY: `&mut self` proves that nobody holds a slice of the old mapping; the file is at
        // least `len` long.
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
            self.bytes_mut()[range].fill(0);
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

impl AsFd for SharedMemory {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.fd.as_fd()
    }
}

impl Drop for SharedMemory {
    fn drop(&mut self) {
        // SAFETY: the mapping is ours and nobody can hold a slice of it any more. It cannot fail
        // for a valid mapping.
        unsafe { munmap(self.start.as_ptr().cast(), self.len) }.ok();
    }
}

fn file_len(fd: &OwnedFd) -> io::Result<usize> {
    usize::try_from(fstat(fd)?.st_size).map_err(|_| io::ErrorKind::InvalidData.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_mappings_are_one_memory() {
        let mut ours = SharedMemory::growable("test", 4096).unwrap();
        let mut theirs = SharedMemory::from_fd(ours.try_clone_fd().unwrap()).unwrap();
        ours.bytes_mut()[9] = 7;
        ours.publish(16, 5);
        assert_eq!((theirs.bytes()[9], theirs.word(16)), (7, 5));
        ours.grow(3 * 4096).unwrap();
        ours.bytes_mut()[9000] = 1;
        theirs.grow(3 * 4096).unwrap();
        assert_eq!((theirs.bytes()[9000], theirs.bytes()[9]), (1, 7));
        theirs.punch(8192..12288);
        assert_eq!((ours.bytes()[9000], ours.bytes()[9]), (0, 7));
    }

    #[test]
    fn a_fixed_one_neither_grows_nor_shrinks() {
        let mut memory = SharedMemory::fixed("test", 8192).unwrap();
        assert_eq!(memory.grow(8193), Err(MemoryFull(8193)));
        assert!(ftruncate(&memory, 1).is_err());
        assert_eq!(memory.bytes().len(), 8192);
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
