//! A source of output and its ring: bytes go from the one into the other, and nobody looks at
//! them.

use std::io::ErrorKind;
use std::os::fd::{AsFd, OwnedFd};
use std::rc::Rc;

use crate::platform::memory::SharedMemory;
use crate::platform::tty;
use crate::store::ring::Producer;

/// The number of reads one turn takes: 64 KiB, then others get theirs.
pub(super) const READ_COUNT_MAX: usize = 16;
/// The most a PTY master gives in one read; less means that it is empty for now.
const FULL_READ_LEN: usize = 4095;

/// True if more can come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Flow {
    /// The source is read as bytes come.
    Open,
    /// The ring is full; the source is left alone, so the program blocks.
    Full,
    /// Nothing comes any more.
    Ended,
}

/// A PTY master, or the read end of a pipe, and where its bytes go.
#[derive(Debug)]
pub(super) struct OutputStream {
    pub(super) source: Rc<OwnedFd>,
    pub(super) memory_fd: Rc<OwnedFd>,
    pub(super) flow: Flow,
    ring: Producer<SharedMemory>,
    /// The other end of the PTY, held open while its program lives but has closed it: it may open
    /// its terminal again (F30).
    peer: Option<OwnedFd>,
}

impl OutputStream {
    pub(super) fn new(source: Rc<OwnedFd>, ring: Producer<SharedMemory>) -> std::io::Result<Self> {
        let memory_fd = Rc::new(ring.memory().try_clone_fd()?);
        Ok(Self { source, memory_fd, flow: Flow::Open, ring, peer: None })
    }

    /// The position after the last byte.
    pub(super) const fn head(&self) -> u64 {
        self.ring.head()
    }

    /// Reads at most so often, with `published` after each read that brought something; true if
    /// there may be more. A closed terminal may be opened again.
    pub(super) fn pump(
        &mut self,
        is_leader_alive: bool,
        count: usize,
        mut published: impl FnMut(),
    ) -> bool {
        (0..count).all(|_| self.read(is_leader_alive, &mut published))
    }

    fn read(&mut self, is_leader_alive: bool, published: &mut impl FnMut()) -> bool {
        let Some(window) = self.ring.window() else {
            let is_full = self.ring.wait_for_room();
            self.flow = if is_full { Flow::Full } else { self.flow };
            return !is_full;
        };
        match self.ring.memory_mut().read_from(&*self.source, window) {
            Ok(len @ 1..) => {
                self.ring.advance(len);
                published();
                return FULL_READ_LEN <= len;
            }
            Ok(0) => self.flow = Flow::Ended,
            Err(error) if error.kind() == ErrorKind::Interrupted => return true,
            Err(error) if error.kind() == ErrorKind::WouldBlock => {}
            // EIO: the last user of the terminal has closed it.
            Err(_) => self.hung_up(is_leader_alive),
        }
        false
    }

    /// The leader is gone: from now on the end of the terminal's last user is the end.
    pub(super) fn leader_ended(&mut self) {
        self.peer = None;
    }

    /// The server has consumed something, or wants pages back.
    pub(super) fn has_room(&mut self) {
        if self.flow == Flow::Full && self.ring.has_room_again() {
            self.flow = Flow::Open;
        }
        self.ring.trim_if_asked();
    }

    fn hung_up(&mut self, is_leader_alive: bool) {
        if is_leader_alive && self.peer.is_none() {
            self.peer = tty::open_peer(self.source.as_fd()).ok();
        }
        if !is_leader_alive || self.peer.is_none() {
            self.flow = Flow::Ended;
        }
    }
}
