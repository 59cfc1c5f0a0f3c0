//! A byte stream in tokio's loop that is woken for room only while it waits for room. Tokio's own is woken whenever its peer has read something, and then finds
//! nothing to do: with a terminal, a client and a server in a row that is half of all wakes a key causes.

use std::io;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd, RawFd};

use rustix::io::{ioctl_fionbio, read, write};
use tokio::io::Interest;
use tokio::io::unix::AsyncFd;

use super::watch;

/// A socket or a terminal that does not block.
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
        watch(fd, Interest::READABLE).map(Self)
    }

    /// Waits until there is something to read, or the end of it.
    ///
    /// # Errors
    /// If the loop is going.
    pub async fn readable(&self) -> io::Result<()> {
        self.0.readable().await.map(drop)
    }

    /// Reads what is there; 0 at the end.
    ///
    /// # Errors
    /// `WouldBlock` if there is nothing; else as read(2).
    pub fn try_read(&self, buffer: &mut [u8]) -> io::Result<usize> {
        self.0.try_io(Interest::READABLE, |fd| Ok(read(fd, buffer)?))
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
}

/// Waits until the kernel takes bytes again, on another fd of the same file: one fd cannot be watched twice.
///
/// # Errors
/// If there is no fd left.
pub async fn room(fd: impl AsFd) -> io::Result<()> {
    let fd = fd.as_fd().try_clone_to_owned()?;
    watch(fd, Interest::WRITABLE)?.writable().await.map(drop)
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
        let mut buffer = [0; 16];
        assert_eq!(stream.try_read(&mut buffer).expect_err("nothing is there").kind(), io::ErrorKind::WouldBlock);
        theirs.write_all(b"hello").expect("it is taken");
        stream.readable().await.expect("the loop runs");
        assert_eq!(stream.try_read(&mut buffer).expect("it is there"), 5);

        let mut sent = 0;
        while let Ok(count) = stream.try_write(&[7; 4096]) {
            sent += count;
        }
        let reader = std::thread::spawn(move || {
            theirs.read_exact(&mut vec![0; sent]).expect("all of it comes");
            theirs
        });
        stream.writable().await.expect("there is room again");
        assert!(0 < stream.try_write(b"x").expect("it is taken"));
        drop(reader.join().expect("it has read"));
        stream.readable().await.expect("the loop runs");
        while stream.try_read(&mut buffer).is_err() {
            stream.readable().await.expect("the loop runs");
        }
        assert_eq!(stream.try_read(&mut buffer).expect("the end"), 0);
    }
}
