//! One program the keeper holds: its leader, its streams, its exit status. What it is for, only the server knows.

use std::os::fd::{AsFd, OwnedFd};
use std::rc::Rc;

use rustix::pty::ptsname;

use crate::base::time::Tick;
use crate::keeper::spawn::Started;
use crate::keeper::stream::{Flow, Stream};
use crate::platform::memory::SharedMemory;
use crate::platform::{pidfd, process};
use crate::store::ring::{CAPACITY_MAX, Producer, RingError, memory_len};
use crate::wire::keeper::{Entry, ExitStatus, PART_ERROR_RING, PART_ERROR_SOURCE, PART_INPUT, PART_PIDFD, PART_RING, PART_SOURCE, Wiring};

/// How far its end is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Life {
    /// The leader runs, or is not reaped yet.
    Running,
    /// The leader has ended; its last output is waited for until then.
    Ending(ExitStatus, Tick),
    /// The leader has ended and the server has been told.
    Ended(ExitStatus),
}

/// A program.
#[derive(Debug)]
pub(super) struct Job {
    pub(super) tag: u64,
    pub(super) pid: i32,
    pub(super) start_time: u64,
    pub(super) wiring: Wiring,
    pub(super) life: Life,
    /// Its output, and its errors where they come apart.
    pub(super) streams: Vec<Stream>,
    pub(super) pidfd: Option<Rc<OwnedFd>>,
    pub(super) input: Option<Rc<OwnedFd>>,
    /// The device number of its terminal, 0 without one.
    pub(super) tty: u32,
    /// It was started by a former keeper: it is not our child, and its end is seen on its pidfd.
    pub(super) is_adopted: bool,
    /// Its pidfd says that it ended, but not yet how: until then that is asked for.
    pub(super) status_by: Option<Tick>,
}

/// An empty ring of that capacity.
///
/// # Errors
/// If there is no memory or the capacity is impossible.
pub(super) fn new_ring(capacity: u32) -> std::io::Result<Producer<SharedMemory>> {
    let invalid = |error| std::io::Error::new(std::io::ErrorKind::InvalidInput, error);
    let capacity = capacity as usize;
    if !capacity.is_power_of_two() || capacity > CAPACITY_MAX {
        return Err(invalid(RingError::Capacity(capacity as u64)));
    }
    Producer::create(SharedMemory::fixed("abide-ring", memory_len(capacity))?, capacity).map_err(invalid)
}

impl Job {
    /// A program that was just started, with the rings made for it.
    pub(super) fn started(tag: u64, wiring: Wiring, started: Started, rings: Vec<Producer<SharedMemory>>) -> std::io::Result<Self> {
        let pid = started.pid;
        let source = Rc::new(started.source);
        let tty = terminal_number(&source);
        let (error, input) = started.pipes.map_or((None, None), |(error, input)| (Some(Rc::new(error)), Some(Rc::new(input))));
        let sources = std::iter::once(source).chain(error);
        let streams = sources.zip(rings).map(|(source, ring)| Stream::new(source, ring)).collect::<Result<Vec<_>, _>>()?;
        Ok(Self {
            tag,
            pid,
            start_time: process::read(pid).map_or(0, |process| process.start_time),
            wiring,
            life: Life::Running,
            streams,
            pidfd: pidfd::open(pid).ok().map(Rc::new),
            input,
            tty,
            is_adopted: false,
            status_by: None,
        })
    }

    /// A program of a former keeper, with the fds the server kept. None if they are not what they should be.
    pub(super) fn adopted(entry: &Entry, fds: Vec<OwnedFd>) -> Option<Self> {
        let mut fds = fds.into_iter().map(Rc::new);
        let mut part = |part: u8| (entry.parts & part != 0).then(|| fds.next()).flatten();
        let (source, ring, pidfd) = (part(PART_SOURCE), part(PART_RING), part(PART_PIDFD));
        let (error, error_ring, input) = (part(PART_ERROR_SOURCE), part(PART_ERROR_RING), part(PART_INPUT));
        let attach = |source: Rc<OwnedFd>, ring: Rc<OwnedFd>| {
            rustix::io::ioctl_fionbio(&source, true).ok()?;
            let memory = SharedMemory::from_fd(ring.try_clone().ok()?).ok()?;
            Stream::new(source, Producer::attach(memory).ok()?).ok()
        };
        let tty = source.as_deref().map_or(0, terminal_number);
        let mut streams = vec![attach(source?, ring?)?];
        if let (Some(source), Some(ring)) = (error, error_ring) {
            streams.push(attach(source, ring)?);
        }
        Some(Self {
            tag: entry.tag,
            pid: entry.pid,
            start_time: entry.start_time,
            wiring: entry.wiring,
            life: entry.exit.map_or(Life::Running, Life::Ended),
            streams,
            pidfd,
            input,
            tty,
            is_adopted: true,
            status_by: None,
        })
    }

    /// How the server is told of it, and the fds that ride with that.
    pub(super) fn entry(&self) -> (Entry, Vec<Rc<OwnedFd>>) {
        let mut fds = Vec::new();
        let mut parts = 0;
        let mut put = |part: u8, fd: Option<&Rc<OwnedFd>>| {
            if let Some(fd) = fd {
                parts |= part;
                fds.push(Rc::clone(fd));
            }
        };
        let (first, second) = (self.streams.first(), self.streams.get(1));
        put(PART_SOURCE, first.map(|stream| &stream.source));
        put(PART_RING, first.map(|stream| &stream.memory_fd));
        put(PART_PIDFD, self.pidfd.as_ref());
        put(PART_ERROR_SOURCE, second.map(|stream| &stream.source));
        put(PART_ERROR_RING, second.map(|stream| &stream.memory_fd));
        put(PART_INPUT, self.input.as_ref());
        let exit = match self.life {
            Life::Ended(status) => Some(status),
            Life::Running | Life::Ending(..) => None,
        };
        let entry = Entry { tag: self.tag, pid: self.pid, start_time: self.start_time, wiring: self.wiring, parts, exit };
        (entry, fds)
    }

    /// Whether the leader has not been seen to end.
    pub(super) const fn is_running(&self) -> bool {
        matches!(self.life, Life::Running)
    }

    /// Whether its process id cannot mean another process: it is our child and not reaped, since nobody but this thread reaps.
    pub(super) const fn is_own_child(&self) -> bool {
        self.is_running() && !self.is_adopted
    }

    /// The leader has ended: its last output is waited for until `by`.
    pub(super) fn leader_ended(&mut self, status: ExitStatus, by: Tick) {
        if self.is_running() {
            self.life = Life::Ending(status, by);
            self.status_by = None;
            self.streams.iter_mut().for_each(Stream::leader_ended);
        }
    }

    /// Whether nothing comes any more on any stream.
    pub(super) fn is_drained(&self) -> bool {
        self.streams.iter().all(|stream| stream.flow == Flow::Ended)
    }

    /// Whether a full ring keeps output back.
    pub(super) fn is_blocked(&self) -> bool {
        self.streams.iter().any(|stream| stream.flow == Flow::Full)
    }

    /// The position after the last byte of its first stream.
    pub(super) fn end(&self) -> u64 {
        self.streams.first().map_or(0, Stream::head)
    }
}

/// The device number of the other end of a master, as the process table shows it (`tty_nr` in `proc_pid_stat(5)`); 0 if it is no master.
fn terminal_number(master: &OwnedFd) -> u32 {
    const PTY_MAJOR: u32 = 136;
    let name = ptsname(master.as_fd(), Vec::new()).ok();
    let number = name.as_ref().and_then(|name| name.to_str().ok()).and_then(|name| name.rsplit('/').next()?.parse::<u32>().ok());
    number.map_or(0, |number| (number & 0xff) | (PTY_MAJOR << 8) | ((number & !0xff) << 12))
}
