//! Unix sockets: connecting, knowing the peer, passing fds, and [`FdQueue`] for what the socket
//! does not take yet. The messages are those of `wire`.

use std::collections::VecDeque;
use std::io::{self, IoSlice, IoSliceMut};
use std::mem::MaybeUninit;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::net::UnixStream;
use std::path::Path;

use rustix::io::{FdFlags, ioctl_fionbio};
use rustix::net::{
    AddressFamily, RecvAncillaryBuffer, RecvAncillaryMessage, RecvFlags, SendAncillaryBuffer,
    SendAncillaryMessage, SendFlags, SocketAddrUnix, SocketFlags, SocketType, recvmsg, sendmsg,
};

/// The most fds that one [`send`] passes.
pub const FD_COUNT_MAX: usize = 8;
/// A reset connection (`ECONNRESET`) means that its other end left something unread: Linux tells so
/// (unix(7)).
pub const RESET_MEANS_UNREAD: bool = true;
/// The most fds the kernel lets ride with one message (`SCM_MAX_FD`).
const RECEIVED_FD_COUNT_MAX: usize = 253;

/// Two connected stream sockets, closed on exec and blocking.
///
/// # Errors
/// If there is no fd left.
pub fn pair() -> io::Result<(OwnedFd, OwnedFd)> {
    let flags = SocketFlags::CLOEXEC;
    Ok(rustix::net::socketpair(AddressFamily::UNIX, SocketType::STREAM, flags, None)?)
}

/// Connects to the server of the same user at `path`.
///
/// # Errors
/// If nobody listens there, or somebody else does (`PermissionDenied`).
pub fn connect(path: &Path) -> io::Result<UnixStream> {
    let stream = UnixStream::connect(path)?;
    check_peer(&stream)?;
    Ok(stream)
}

/// The same, and nothing about it ever waits: neither this, though the listener may have no room
/// for one more (`WouldBlock`), nor reading and writing.
///
/// # Errors
/// As [`connect`], and if there is no room.
pub fn connect_at_once(path: &Path) -> io::Result<UnixStream> {
    let socket = rustix::net::socket(AddressFamily::UNIX, SocketType::STREAM, None)?;
    rustix::io::fcntl_setfd(&socket, FdFlags::CLOEXEC)?;
    ioctl_fionbio(&socket, true)?;
    rustix::net::connect(&socket, &SocketAddrUnix::new(path)?)?;
    check_peer(&socket)?;
    Ok(UnixStream::from(socket))
}

/// Refuses a peer that is not this user. To be called before the first byte is read.
///
/// # Errors
/// `PermissionDenied`, naming the uid.
pub fn check_peer(socket: impl AsFd) -> io::Result<()> {
    let (peer, own) = (peer_uid(socket)?, rustix::process::geteuid().as_raw());
    if peer == own {
        return Ok(());
    }
    Err(io::Error::new(
        io::ErrorKind::PermissionDenied,
        format!("the other end of the socket belongs to uid {peer}, not to {own}"),
    ))
}

/// The user at the other end of a connected socket (`SO_PEERCRED` in unix(7)).
///
/// # Errors
/// If it is not connected.
pub fn peer_uid(socket: impl AsFd) -> io::Result<u32> {
    Ok(rustix::net::sockopt::socket_peercred(socket)?.uid.as_raw())
}

/// Sends bytes, and `fds` with the first of them. Gives how many bytes were taken; never raises
/// PIPE. Blocks or not as the socket does.
///
/// # Errors
/// As sendmsg(2); nothing was sent.
///
/// # Panics
/// If there are more than [`FD_COUNT_MAX`] fds.
pub fn send(socket: impl AsFd, bytes: &[u8], fds: &[BorrowedFd<'_>]) -> io::Result<usize> {
    let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(FD_COUNT_MAX))];
    let mut control = SendAncillaryBuffer::new(&mut space);
    if !fds.is_empty() {
        assert!(
            control.push(SendAncillaryMessage::ScmRights(fds)),
            "at most {FD_COUNT_MAX} fds ride with one message"
        );
    }
    let flags = SendFlags::NOSIGNAL;
    Ok(sendmsg(socket, &[IoSlice::new(bytes)], &mut control, flags)?)
}

/// Receives bytes into `buffer`, and appends the fds that came with them, closed on exec. 0 bytes:
/// the other end is closed.
///
/// # Errors
/// As recvmsg(2); nothing was received.
pub fn receive(socket: impl AsFd, buffer: &mut [u8], fds: &mut Vec<OwnedFd>) -> io::Result<usize> {
    let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(RECEIVED_FD_COUNT_MAX))];
    let mut control = RecvAncillaryBuffer::new(&mut space);
    let flags = RecvFlags::CMSG_CLOEXEC;
    let len = recvmsg(socket, &mut [IoSliceMut::new(buffer)], &mut control, flags)?.bytes;
    for message in control.drain() {
        if let RecvAncillaryMessage::ScmRights(received) = message {
            fds.extend(received);
        }
    }
    Ok(len)
}

/// Records on their way through a socket that may take no more at the moment, each with the fds
/// that ride with its first bytes.
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

    /// The number of records that are not sent yet.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// True if all are sent.
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
            match send(&socket, &front.bytes[front.sent..], &fds) {
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

#[cfg(test)]
mod tests {
    use std::io::{Read, Write};

    use super::*;

    #[test]
    fn an_fd_arrives_with_its_byte_and_works() {
        let (a, b) = pair().unwrap();
        let (mut reader, mut writer) = std::io::pipe().unwrap();
        assert_eq!(send(&a, b"xy", &[reader.as_fd()]).unwrap(), 2);
        let (mut fds, mut buffer) = (Vec::new(), [0; 8]);
        assert_eq!(receive(&b, &mut buffer, &mut fds).unwrap(), 2);
        reader = std::io::PipeReader::from(fds.pop().unwrap());
        writer.write_all(b"!").unwrap();
        reader.read_exact(&mut buffer[..1]).unwrap();
        assert_eq!((&buffer[..2], fds.len()), (&b"!y"[..], 0));
        drop(a);
        assert_eq!(receive(&b, &mut buffer, &mut fds).unwrap(), 0);
        check_peer(&b).unwrap();
    }
}
