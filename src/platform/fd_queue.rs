//! Records on their way through a socket that may take no more at the moment, with the fds that
//! ride with their first bytes. What they say is not known here.

use std::collections::VecDeque;
use std::io;
use std::os::fd::{AsFd, BorrowedFd};

use super::socket;

/// What is to be sent, in order.
#[derive(Debug)]
pub struct FdQueue<F>(VecDeque<Outgoing<F>>);

#[derive(Debug)]
struct Outgoing<F> {
    bytes: Vec<u8>,
    sent: usize,
    fds: Vec<F>,
}

impl<F> Default for FdQueue<F> {
    fn default() -> Self {
        Self(VecDeque::new())
    }
}

impl<F: AsFd> FdQueue<F> {
    /// Puts a record behind the others; [`FdQueue::send`] sends it.
    pub fn push(&mut self, bytes: Vec<u8>, fds: Vec<F>) {
        self.0.push_back(Outgoing { bytes, sent: 0, fds });
    }

    /// How many are not sent yet.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether all are sent.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Forgets what is not sent.
    pub fn clear(&mut self) {
        self.0.clear();
    }

    /// Sends as much as the socket takes; it must not block.
    ///
    /// # Errors
    /// As sendmsg(2), but for a socket that takes no more.
    pub fn send(&mut self, socket: impl AsFd) -> io::Result<()> {
        while let Some(front) = self.0.front_mut() {
            let fds: Vec<BorrowedFd<'_>> = if front.sent == 0 {
                front.fds.iter().map(AsFd::as_fd).collect()
            } else {
                Vec::new()
            };
            match socket::send(&socket, &front.bytes[front.sent..], &fds) {
                Ok(len) => front.sent += len,
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(()),
                Err(error) => return Err(error),
            }
            if front.sent == front.bytes.len() {
                self.0.pop_front();
            }
        }
        Ok(())
    }
}
