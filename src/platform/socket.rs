//! Unix sockets: connecting, knowing the peer, and passing fds. What is said on them is not known
//! here.

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
/// The most fds the kernel lets ride with one message (`SCM_MAX_FD`).
const RECEIVED_FD_COUNT_MAX: usize = 253;

/// Two connected stream sockets, closed on exec and blocking.
///
/// # Errors
/// If there is no fd left.
pub fn pair() -> io::Result<(OwnedFd, OwnedFd)> {
    #[cfg(target_os = "linux")]
    let flags = SocketFlags::CLOEXEC;
    #[cfg(not(target_os = "linux"))]
    let flags = SocketFlags::empty();
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
#[cfg(target_os = "linux")]
pub fn peer_uid(socket: impl AsFd) -> io::Result<u32> {
    Ok(rustix::net::sockopt::socket_peercred(socket)?.uid.as_raw())
}

/// The user at the other end of a connected socket (getpeereid(3)).
///
/// # Errors
/// If it is not connected.
#[cfg(target_os = "macos")]
pub fn peer_uid(socket: impl AsFd) -> io::Result<u32> {
    super::sys::peer_uid(socket.as_fd())
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
    #[cfg(target_os = "linux")]
    let flags = SendFlags::NOSIGNAL;
    #[cfg(not(target_os = "linux"))]
    let flags = SendFlags::empty();
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
    #[cfg(target_os = "linux")]
    let flags = RecvFlags::CMSG_CLOEXEC;
    #[cfg(not(target_os = "linux"))]
    let flags = RecvFlags::empty();
    let len = recvmsg(socket, &mut [IoSliceMut::new(buffer)], &mut control, flags)?.bytes;
    for message in control.drain() {
        if let RecvAncillaryMessage::ScmRights(received) = message {
            fds.extend(received);
        }
    }
    Ok(len)
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
