//! Fds in tokio's loop: any fd that its owner registers, the watches of `inotify`, and [`Stream`],
//! a byte stream that is woken for room only while it waits for room.

use std::io;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd, RawFd};

use rustix::event::{PollFd, PollFlags, Timespec};
use rustix::io::{Errno, ioctl_fionbio, read, write};
use rustix::net::{Shutdown, shutdown};
use tokio::io::Interest;
use tokio::io::unix::AsyncFd;

use crate::base::error::ignore_failure;
use crate::platform::{FileChanges, PathPresence};

/// Waits until what is watched was written; for ever where nothing is.
pub async fn changed(changes: Option<&mut AsyncFd<FileChanges>>) {
    let Some(changes) = changes else { return std::future::pending().await };
    loop {
        let Ok(mut ready) = changes.readable_mut().await else {
            return std::future::pending().await;
        };
        let is_written = ready.get_inner_mut().drain();
        ready.clear_ready();
        if is_written {
            return;
        }
    }
}

/// Waits until what is watched is noticed to be no longer in its place; for ever where nothing is.
/// It looks only when there is something to notice.
pub async fn gone(presence: Option<&mut AsyncFd<PathPresence>>) {
    let Some(presence) = presence else { return std::future::pending().await };
    loop {
        let Ok(mut ready) = presence.readable_mut().await else {
            return std::future::pending().await;
        };
        ready.get_inner_mut().drain();
        let is_there = ready.get_inner().is_there();
        ready.clear_ready();
        if !is_there {
            return;
        }
    }
}

/// Registers an fd that `source` owns, so that it stays open for as long as it is registered.
///
/// # Errors
/// If the loop cannot watch it: a regular file, or too many of them (`epoll_ctl(2)`).
#[expect(
    deprecated,
    reason = "the safe form is deprecated for types that do not own their fd; the bound proves \
        that this one does"
)]
pub fn async_fd<T: AsRawFd + Into<OwnedFd>>(
    source: T,
    interest: Interest,
) -> io::Result<AsyncFd<T>> {
    AsyncFd::with_interest(source, interest)
}

/// A socket or a terminal that does not block. Tokio's own stream is woken whenever its peer has
/// read something, and then finds nothing to do: with a terminal, a client and a server in a row
/// that is half of all wakes a key causes.
#[derive(Debug)]
pub struct Stream(AsyncFd<OwnedFd>);

impl Stream {
    /// Takes an fd into the loop.
    ///
    /// # Errors
    /// If the loop cannot watch it (`epoll_ctl(2)`).
    pub fn new(fd: impl Into<OwnedFd>) -> io::Result<Self> {
        let fd = fd.into();
        ioctl_fionbio(&fd, true)?;
        async_fd(fd, Interest::READABLE).map(Self)
    }

    /// Waits until there is something and reads it; 0 at the end.
    ///
    /// # Errors
    /// As read(2), or if the loop is going.
    pub async fn read(&self, buffer: &mut [u8]) -> io::Result<usize> {
        loop {
            let mut ready = self.0.readable().await?;
            match read(&self.0, &mut *buffer) {
                Ok(len) => {
                    // Less than there is room for is all there was, and what comes after it is told
                    // anew (epoll(7)): no need to ask and hear so.
                    if len < buffer.len() {
                        ready.clear_ready();
                    }
                    return Ok(len);
                }
                Err(Errno::AGAIN) => ready.clear_ready(),
                Err(Errno::INTR) => {}
                Err(error) => return Err(error.into()),
            }
        }
    }

    /// Writes what the kernel takes.
    ///
    /// # Errors
    /// `WouldBlock` if that is nothing; else as write(2).
    pub fn try_write(&self, bytes: &[u8]) -> io::Result<usize> {
        Ok(write(&self.0, bytes)?)
    }

    /// Waits until the kernel takes bytes again.
    ///
    /// # Errors
    /// If there is no fd left.
    pub async fn writable(&self) -> io::Result<()> {
        room(&self.0).await
    }

    /// True if the peer has gone altogether.
    #[must_use]
    pub fn is_hung_up(&self) -> bool {
        let mut fds = [PollFd::new(&self.0, PollFlags::empty())];
        rustix::event::poll(&mut fds, Some(&Timespec::default())).is_err()
            || fds[0].revents().contains(PollFlags::HUP)
    }

    /// Waits until the peer has gone altogether; one that only sends nothing more may still read.
    ///
    /// # Errors
    /// If there is no fd left.
    pub async fn hung_up(&self) -> io::Result<()> {
        let again = async_fd(self.0.as_fd().try_clone_to_owned()?, Interest::PRIORITY)?;
        again.ready(Interest::PRIORITY).await.map(drop)
    }

    /// Ends both directions, whoever else holds the fd: the peer reads what was sent, then the end.
    pub fn close(&self) {
        let closed = shutdown(&self.0, Shutdown::Both);
        ignore_failure(closed, "the peer has gone already");
    }
}

/// Waits until the kernel takes bytes again, on another fd of the same file: one fd cannot be
/// watched twice.
///
/// # Errors
/// If there is no fd left.
async fn room(fd: impl AsFd) -> io::Result<()> {
    let fd = fd.as_fd().try_clone_to_owned()?;
    async_fd(fd, Interest::WRITABLE)?.writable().await.map(drop)
}

impl AsFd for Stream {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.as_fd()
    }
}

impl AsRawFd for Stream {
    fn as_raw_fd(&self) -> RawFd {
        self.0.as_raw_fd()
    }
}

#[cfg(test)]
mod tests {
    use std::io::{Read, Write};
    use std::os::unix::net::UnixStream;

    use super::*;

    #[tokio::test]
    async fn it_reads_writes_and_waits_for_room() {
        let (ours, mut theirs) = UnixStream::pair().expect("there are fds");
        let stream = Stream::new(ours).expect("a socket is watched");
        let mut buffer = [0; 4];
        theirs.write_all(b"hello").expect("it is taken");
        for part in [&b"hell"[..], b"o"] {
            let len = stream.read(&mut buffer).await.expect("it is there");
            assert_eq!(&buffer[..len], part);
        }

        let mut sent = 0;
        while let Ok(count) = stream.try_write(&[7; 4096]) {
            sent += count;
        }
        let reader = std::thread::spawn(move || {
            theirs.read_exact(&mut vec![0; sent]).expect("all of it comes");
            theirs.write_all(b"bye").expect("it is taken");
            theirs
        });
        stream.writable().await.expect("there is room again");
        assert!(0 < stream.try_write(b"x").expect("it is taken"));
        let mut theirs = reader.join().expect("it has read");
        theirs.read_exact(&mut [0]).expect("it is there");
        drop(theirs);
        assert_eq!(
            stream.read(&mut buffer).await.expect("the loop runs"),
            3,
            "what came before the end"
        );
        assert_eq!(stream.read(&mut buffer).await.expect("the loop runs"), 0, "the end");
    }
}
