//! Waiting for whatever comes first on a few fds, without a runtime: between a key and what it
//! causes every microsecond is seen. Who has many fds uses `watch`.

use std::io;
use std::os::fd::BorrowedFd;

use rustix::event::{PollFd, PollFlags, Timespec};
use rustix::io::Errno;

use crate::base::time::Span;

/// What is waited for on an fd, and what there is: bytes to be read, room to be written to. Its end
/// and its errors are both.
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

#[cfg(test)]
mod tests {
    use std::io::Write;
    use std::os::fd::AsFd;
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
}
