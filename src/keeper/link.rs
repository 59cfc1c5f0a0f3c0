//! The connection to the server of the present lease: records out, records in, fds with them. Never
//! waits.

use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::rc::Rc;

use rustix::io::Errno;

use crate::platform::socket;
use crate::platform::socket::FdQueue;
use crate::wire::keeper::{Decoder, FromKeeper, KeeperRecord, ToKeeper, encode};

/// With more records waiting to be sent, no more calls are taken: answers are at most as many as
/// calls and programs.
const PENDING_COUNT_MAX: usize = 256;
const READ_LEN: usize = 64 * 1024;

/// The keeper's end of the socket pair.
#[derive(Debug)]
pub(super) struct ServerLink {
    socket: OwnedFd,
    decoder: Decoder<OwnedFd>,
    pending: FdQueue<Rc<OwnedFd>>,
    /// The kernel lets no more fds be on the way (ETOOMANYREFS in unix(7)): nothing tells when it
    /// does, so this is tried again.
    pub(super) is_stuck: bool,
    /// Every record that is sent carries it, and only records that carry it are obeyed.
    pub(super) lease: u64,
}

impl ServerLink {
    pub(super) fn new(socket: OwnedFd, lease: u64) -> io::Result<Self> {
        rustix::io::ioctl_fionbio(&socket, true)?;
        Ok(Self {
            socket,
            decoder: Decoder::default(),
            pending: FdQueue::default(),
            is_stuck: false,
            lease,
        })
    }

    /// True if there is something to be sent that could not be sent at once.
    pub(super) fn wants_to_write(&self) -> bool {
        !self.pending.is_empty() && !self.is_stuck
    }

    /// True if nothing is on its way, in neither direction.
    pub(super) fn is_quiet(&self) -> bool {
        self.pending.is_empty() && self.decoder.is_empty()
    }

    /// True if more calls can be taken.
    pub(super) fn wants_to_read(&self) -> bool {
        self.pending.len() < PENDING_COUNT_MAX
    }

    /// Sends a record, now or when there is room.
    pub(super) fn send(&mut self, call: u64, message: &FromKeeper, fds: Vec<Rc<OwnedFd>>) {
        let bytes = encode(self.lease, call, message, fds.len());
        self.pending.push(bytes, fds);
        if self.pending.len() == 1 {
            self.flush();
        }
    }

    /// Sends what waits, as far as there is room. An error is no news: the end of the connection is
    /// seen when reading.
    pub(super) fn flush(&mut self) {
        let result = self.pending.send(&self.socket);
        let refused = result.as_ref().err().and_then(io::Error::raw_os_error);
        self.is_stuck = refused == Some(Errno::TOOMANYREFS.raw_os_error());
        if result.is_err() && !self.is_stuck {
            self.pending.clear();
        }
    }

    /// Takes what has come. False if the connection is over, because it was closed or what came
    /// means nothing.
    pub(super) fn fill(&mut self) -> bool {
        let mut buffer = vec![0; READ_LEN];
        let mut fds = Vec::new();
        match socket::receive(&self.socket, &mut buffer, &mut fds) {
            Ok(0) => false,
            Ok(len) => {
                self.decoder.push(&buffer[..len], fds);
                true
            }
            Err(error) => {
                matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::Interrupted)
            }
        }
    }

    /// The next record that is complete.
    ///
    /// # Errors
    /// If what came is no record; the connection is over.
    pub(super) fn next(
        &mut self,
    ) -> Result<Option<KeeperRecord<ToKeeper, OwnedFd>>, crate::wire::keeper::WireError> {
        self.decoder.next()
    }
}

impl AsFd for ServerLink {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.socket.as_fd()
    }
}
