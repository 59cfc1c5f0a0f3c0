//! The server's end of the socket to its keeper: records out, records in, fds with both. It knows
//! no panes.

use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::sync::Arc;

use tokio::io::unix::AsyncFd;
use tokio::io::{Interest, Ready};

use crate::platform::socket::FdQueue;
use crate::platform::{async_fd, socket};
use crate::wire::keeper::{self as wire, Decoder, FromKeeper, KeeperRecord, ToKeeper, WireError};

/// Bytes read from the socket at once.
const READ_LEN: usize = 64 << 10;

/// The keeper is gone, or speaks nonsense.
#[derive(Debug, thiserror::Error)]
pub(in crate::server) enum LinkError {
    /// The socket was closed.
    #[error("the keeper is gone")]
    Closed,
    /// The socket is broken.
    #[error("the socket to the keeper is broken: {0}")]
    Io(#[from] io::Error),
    #[error("the keeper sent nonsense: {0}")]
    Wire(#[from] WireError),
}

/// A record of the keeper, with its fds.
pub(in crate::server) type Record = KeeperRecord<FromKeeper, OwnedFd>;

/// The link to the keeper.
#[derive(Debug)]
pub(in crate::server) struct KeeperLink {
    socket: AsyncFd<OwnedFd>,
    decoder: Decoder<OwnedFd>,
    /// Records that the kernel did not take yet, with the fds that ride with their first byte.
    queue: FdQueue<Arc<OwnedFd>>,
    /// Signals and kills that are not answered yet, for another keeper.
    asked: Vec<ToKeeper>,
    /// The lease of this server: it marks every record.
    pub(in crate::server) lease: u64,
}

impl KeeperLink {
    /// Takes the socket over.
    pub(in crate::server) fn new(socket: OwnedFd) -> io::Result<Self> {
        rustix::io::ioctl_fionbio(&socket, true)?;
        let socket = async_fd(socket, Interest::READABLE | Interest::WRITABLE)?;
        Ok(Self {
            socket,
            decoder: Decoder::default(),
            queue: FdQueue::default(),
            asked: Vec::new(),
            lease: 0,
        })
    }

    /// Says something, with fds if it has any. What cannot be sent now is sent by
    /// [`KeeperLink::writable`].
    pub(in crate::server) fn say(&mut self, message: &ToKeeper, fds: Vec<Arc<OwnedFd>>) {
        let bytes = wire::encode(self.lease, 0, message, fds.len());
        self.queue.push(bytes, fds);
        match message {
            ToKeeper::Signal { .. } | ToKeeper::Kill { .. } | ToKeeper::Spare { .. } => {
                self.asked.push(message.clone());
            }
            ToKeeper::Forget { tag } => self.asked.retain(|asked| asked_of(asked) != Some(*tag)),
            _ => {}
        }
        // An error of the socket shows again when it is read, and is dealt with there.
        if let Err(error) = self.send() {
            tracing::debug!(%error, "the keeper takes no message");
        }
    }

    /// The next record; waits for it, and sends meanwhile what could not be sent before.
    pub(in crate::server) async fn next(&mut self) -> Result<Record, LinkError> {
        loop {
            if let Some(record) = self.decoder.next()? {
                self.answered(&record.message);
                return Ok(record);
            }
            let interest = if self.queue.is_empty() {
                Interest::READABLE
            } else {
                Interest::READABLE | Interest::WRITABLE
            };
            let mut guard = self.socket.ready(interest).await?;
            let ready = guard.ready();
            if ready.is_readable() || ready.is_read_closed() {
                match receive(self.socket.get_ref(), &mut self.decoder) {
                    Ok(0) => return Err(LinkError::Closed),
                    Ok(_) => {}
                    Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                        guard.clear_ready_matching(Ready::READABLE);
                    }
                    Err(error) => return Err(error.into()),
                }
            }
            if ready.is_writable() && !self.queue.is_empty() {
                guard.clear_ready_matching(Ready::WRITABLE);
                drop(guard);
                self.send()?;
            }
        }
    }

    /// The records that are there now; waits for nothing.
    pub(in crate::server) fn take(&mut self) -> Result<Vec<Record>, LinkError> {
        match receive(self.socket.get_ref(), &mut self.decoder) {
            Ok(0) => return Err(LinkError::Closed),
            Ok(_) => {}
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
            Err(error) => return Err(error.into()),
        }
        let mut records = Vec::new();
        while let Some(record) = self.decoder.next()? {
            self.answered(&record.message);
            records.push(record);
        }
        Ok(records)
    }

    /// True if something could not be sent yet.
    pub(in crate::server) fn has_unsent(&self) -> bool {
        !self.queue.is_empty()
    }

    /// Sends what could not be sent yet, as far as there is room.
    pub(in crate::server) fn flush(&mut self) -> io::Result<()> {
        self.send()
    }

    /// Closes what could not be sent.
    pub(in crate::server) fn forget_unsent(&mut self) {
        self.queue.clear();
    }

    /// Requests without an answer; a keeper that died may have carried them out.
    pub(in crate::server) fn unanswered(self) -> Vec<ToKeeper> {
        self.asked
    }

    fn answered(&mut self, message: &FromKeeper) {
        let is_asked = |asked: &ToKeeper| match (asked, message) {
            (ToKeeper::Signal { tag, .. }, FromKeeper::Signalled { tag: of, .. })
            | (ToKeeper::Kill { tag, .. }, FromKeeper::Killed { tag: of, .. }) => tag == of,
            _ => false,
        };
        if let Some(at) = self.asked.iter().position(is_asked) {
            self.asked.remove(at);
        }
    }

    fn send(&mut self) -> io::Result<()> {
        self.queue.send(self.socket.get_ref())
    }
}

impl AsFd for KeeperLink {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.socket.get_ref().as_fd()
    }
}

/// The program that a signal or a kill is for.
const fn asked_of(message: &ToKeeper) -> Option<u64> {
    match message {
        ToKeeper::Signal { tag, .. } | ToKeeper::Kill { tag, .. } | ToKeeper::Spare { tag, .. } => {
            Some(*tag)
        }
        _ => None,
    }
}

fn receive(from: &OwnedFd, decoder: &mut Decoder<OwnedFd>) -> io::Result<usize> {
    let mut bytes = vec![0; READ_LEN];
    let mut fds = Vec::new();
    let count = socket::receive(from, &mut bytes, &mut fds)?;
    decoder.push(&bytes[..count], fds);
    Ok(count)
}
