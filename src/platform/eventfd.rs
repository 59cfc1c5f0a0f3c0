//! A wake-up that two processes share: any number of notifications make it readable until it is
//! drained.

use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

/// A counter in the kernel that is readable while it is not 0 (eventfd(2)); never blocks.
#[derive(Debug)]
pub struct EventFd(OwnedFd);

impl EventFd {
    /// A new one, not notified.
    ///
    /// # Errors
    /// If there is no fd left.
    #[cfg(target_os = "linux")]
    pub fn new() -> io::Result<Self> {
        use rustix::event::{EventfdFlags, eventfd};
        Ok(Self(eventfd(0, EventfdFlags::CLOEXEC | EventfdFlags::NONBLOCK)?))
    }

    /// One that came from another process.
    #[must_use]
    pub const fn from_fd(fd: OwnedFd) -> Self {
        Self(fd)
    }

    /// Makes it readable.
    pub fn notify(&self) {
        // The only failure is a counter at its maximum: then it is readable already.
        rustix::io::write(&self.0, &1u64.to_ne_bytes()).ok();
    }

    /// Makes it unreadable until the next notification.
    pub fn drain(&self) {
        // Not notified is as good as drained.
        rustix::io::read(&self.0, &mut [0u8; 8]).ok();
    }

    /// Another handle of the same.
    ///
    /// # Errors
    /// If there is no fd left.
    pub fn try_clone_fd(&self) -> io::Result<OwnedFd> {
        self.0.try_clone()
    }
}

impl AsFd for EventFd {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.as_fd()
    }
}

impl std::os::fd::AsRawFd for EventFd {
    fn as_raw_fd(&self) -> std::os::fd::RawFd {
        self.0.as_raw_fd()
    }
}

impl From<EventFd> for OwnedFd {
    fn from(event: EventFd) -> Self {
        event.0
    }
}
