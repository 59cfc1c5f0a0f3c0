//! Waiting for a few fds without a runtime, since between a key and its effect every microsecond is
//! seen, and [`EventFd`], the wake-up of two processes. `async_fd` is for many fds.

use std::io;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd, RawFd};

use rustix::event::{EventfdFlags, PollFd, PollFlags, Timespec, eventfd};
use rustix::io::Errno;

use crate::base::error::ignore_failure;
use crate::base::time::Span;

/// The events awaited on an fd, and those there are: bytes to be read, room to be written to. Its
/// end and its errors are both.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Ready {
    /// Something can be read.
    pub input: bool,
    /// Something can be written.
    pub room: bool,
}

impl Ready {
    /// Input is waited for.
    pub const INPUT: Self = Self { input: true, room: false };
}

/// As ppoll(2) takes it.
#[must_use]
pub fn timespec(span: Span) -> Timespec {
    let (seconds, nanos) = (span.0 / 1_000_000_000, span.0 % 1_000_000_000);
    Timespec {
        tv_sec: i64::try_from(seconds).unwrap_or(i64::MAX),
        tv_nsec: i64::try_from(nanos).unwrap_or(0),
    }
}

/// Waits until something that is wanted is there, at most `limit` (ppoll(2)). Says what there is;
/// of an fd of which nothing is wanted, nothing. A signal ends the wait as well.
///
/// # Errors
/// If the kernel has no memory left.
pub fn poll<const N: usize>(
    fds: [(BorrowedFd<'_>, Ready); N],
    limit: Option<Span>,
) -> io::Result<[Ready; N]> {
    let limit = limit.map(timespec);
    let is_wanted = |wanted: Ready| wanted != Ready::default();
    let mut polled = Vec::with_capacity(N);
    for (fd, wanted) in fds.iter().filter(|(_, wanted)| is_wanted(*wanted)) {
        let mut flags = PollFlags::empty();
        flags.set(PollFlags::IN, wanted.input);
        flags.set(PollFlags::OUT, wanted.room);
        polled.push(PollFd::from_borrowed_fd(*fd, flags));
    }
    match rustix::event::poll(&mut polled, limit.as_ref()) {
        Ok(_) => {}
        Err(Errno::INTR) => return Ok([Ready::default(); N]),
        Err(error) => return Err(error.into()),
    }
    let mut found = polled.iter().map(PollFd::revents);
    Ok(fds.map(|(_, wanted)| {
        if !is_wanted(wanted) {
            return Ready::default();
        }
        let flags = found.next().unwrap_or(PollFlags::empty());
        let has_ended = flags.intersects(PollFlags::HUP | PollFlags::ERR | PollFlags::NVAL);
        Ready {
            input: wanted.input && (has_ended || flags.contains(PollFlags::IN)),
            room: wanted.room && (has_ended || flags.contains(PollFlags::OUT)),
        }
    }))
}

/// Waits until `input` can be read, or nobody reads `output` any more, at most `limit`; true if the
/// latter is so. An output without a reader, such as a file, never loses one. After a signal the
/// limit begins anew.
///
/// # Errors
/// If the kernel has no memory left.
pub fn input_or_reader_gone(
    input: BorrowedFd<'_>,
    output: BorrowedFd<'_>,
    limit: Option<Span>,
) -> io::Result<bool> {
    let limit = limit.map(timespec);
    let mut polled = [
        PollFd::from_borrowed_fd(input, PollFlags::IN),
        PollFd::from_borrowed_fd(output, PollFlags::empty()),
    ];
    rustix::io::retry_on_intr(|| rustix::event::poll(&mut polled, limit.as_ref()))?;
    Ok(polled[1].revents().intersects(PollFlags::HUP | PollFlags::ERR))
}

/// True if nobody holds the writing end of a pipe any more, and all that was written was read.
#[must_use]
pub fn is_at_end(pipe: BorrowedFd<'_>) -> bool {
    let mut polled = [PollFd::from_borrowed_fd(pipe, PollFlags::IN)];
    let zero = timespec(Span::millis(0));
    let looked = rustix::io::retry_on_intr(|| rustix::event::poll(&mut polled, Some(&zero)));
    let flags = polled[0].revents();
    looked.is_ok() && flags.contains(PollFlags::HUP) && !flags.contains(PollFlags::IN)
}

/// A wake-up that two processes share: any number of notifications make it readable until it is
/// drained. A counter in the kernel that is readable while it is not 0 (eventfd(2)); never blocks.
#[derive(Debug)]
pub struct EventFd(OwnedFd);

impl EventFd {
    /// A new one, not notified.
    ///
    /// # Errors
    /// If there is no fd left.
    pub fn new() -> io::Result<Self> {
        Ok(Self(eventfd(0, EventfdFlags::CLOEXEC | EventfdFlags::NONBLOCK)?))
    }

    /// Wraps an fd that came from another process.
    #[must_use]
    pub const fn from_fd(fd: OwnedFd) -> Self {
        Self(fd)
    }

    /// Makes it readable.
    pub fn notify(&self) {
        let written = rustix::io::write(&self.0, &1u64.to_ne_bytes());
        ignore_failure(written, "a counter at its maximum is readable already");
    }

    /// Makes it unreadable until the next notification.
    pub fn drain(&self) {
        let read = rustix::io::read(&self.0, &mut [0u8; 8]);
        ignore_failure(read, "not notified is as good as drained");
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

impl AsRawFd for EventFd {
    fn as_raw_fd(&self) -> RawFd {
        self.0.as_raw_fd()
    }
}

impl From<EventFd> for OwnedFd {
    fn from(event: EventFd) -> Self {
        event.0
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;
    use std::os::unix::net::UnixStream;

    use super::*;

    #[test]
    fn what_is_there_and_wanted_is_said() {
        let (one, mut other) = UnixStream::pair().expect("there are fds");
        let none = Ready::default();
        let look = |wanted| {
            poll([(one.as_fd(), wanted)], Some(Span::millis(0))).expect("there is memory")[0]
        };
        assert_eq!(look(Ready::INPUT), none);
        assert_eq!(look(Ready { input: true, room: true }), Ready { input: false, room: true });
        other.write_all(b"x").expect("it is taken");
        assert_eq!((look(Ready::INPUT), look(none)), (Ready::INPUT, none));
        let both = poll([(other.as_fd(), Ready::INPUT), (one.as_fd(), Ready::INPUT)], None)
            .expect("there is memory");
        assert_eq!(both, [none, Ready::INPUT]);
        drop(other);
        assert_eq!(look(Ready { input: true, room: true }), Ready { input: true, room: true });
    }

    #[test]
    fn a_pipe_is_at_its_end_when_it_is_empty_and_nobody_writes() {
        let (reader, mut writer) = io::pipe().expect("there are fds");
        assert!(!is_at_end(reader.as_fd()));
        writer.write_all(b"x").expect("it is taken");
        drop(writer);
        assert!(!is_at_end(reader.as_fd()), "something is left in it");
        rustix::io::read(&reader, &mut [0; 1]).expect("it was written");
        assert!(is_at_end(reader.as_fd()));
    }

    #[test]
    fn a_reader_that_goes_away_is_seen_without_a_write() {
        let (one, other) = UnixStream::pair().expect("there are fds");
        let (reader, writer) = io::pipe().expect("there are fds");
        let look = |output| {
            input_or_reader_gone(one.as_fd(), output, Some(Span::millis(0))).expect("memory")
        };
        assert!(!look(writer.as_fd()));
        drop(reader);
        assert!(look(writer.as_fd()));
        let file = std::fs::File::open("/dev/null").expect("it is there");
        assert!(!look(file.as_fd()) && !look(other.as_fd()));
    }
}
