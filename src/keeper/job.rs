//! A program the keeper holds: its leader, its streams, its exit status. What it is for, only the
//! server knows.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::os::fd::{AsRawFd, OwnedFd};
use std::rc::Rc;

use crate::base::time::Tick;
use crate::keeper::spawn::Started;
use crate::keeper::stream::{Flow, OutputStream};
use crate::platform::memory::SharedMemory;
use crate::platform::{pidfd, process};
use crate::store::ring::{CAPACITY_MAX, Producer, RingError, memory_len};
use crate::wire::keeper::{ExitStatus, HeldProgram, Parts, ProgramEntry, Wiring};

/// The knowledge of its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ProgramLife {
    /// The leader runs, or is not reaped yet.
    Running,
    /// The leader has ended; its last output is waited for until then.
    Ending(ExitStatus, Tick),
    /// The leader has ended and the server has been told.
    Ended(ExitStatus),
}

/// A program.
#[derive(Debug)]
pub(super) struct Program {
    pub(super) tag: u64,
    /// The tags of all programs that it is the rest of; else its own.
    pub(super) tags: Vec<u64>,
    pub(super) pid: i32,
    pub(super) start_time: u64,
    pub(super) wiring: Wiring,
    pub(super) life: ProgramLife,
    /// The streams of its output, and of its errors where they come apart.
    pub(super) streams: Vec<OutputStream>,
    pub(super) pidfd: Option<Rc<OwnedFd>>,
    pub(super) input: Option<Rc<OwnedFd>>,
    /// The program was started by a former keeper: it is not our child, and its end is seen on its
    /// pidfd.
    pub(super) is_adopted: bool,
    /// Members that were found, by process id and start time, until they are gone.
    pub(super) seen: RefCell<BTreeMap<i32, u64>>,
    /// Signals and kills pass over what was detached from it; what is left of it in the end is
    /// reached by this tag.
    pub(super) heir: Option<u64>,
    /// Members that were found not to be detached, by process id and start time.
    pub(super) attached: RefCell<BTreeMap<i32, u64>>,
    /// The pidfd says that the program ended, but not yet how: until then that is asked for.
    pub(super) status_by: Option<Tick>,
}

/// An empty ring of that capacity.
///
/// # Errors
/// If there is no memory or the capacity is impossible.
pub(super) fn new_ring(capacity: u32) -> std::io::Result<Producer<SharedMemory>> {
    let (capacity, invalid) =
        (capacity as usize, |error| std::io::Error::new(std::io::ErrorKind::InvalidInput, error));
    if capacity > CAPACITY_MAX {
        return Err(invalid(RingError::Capacity(capacity as u64)));
    }
    Producer::create(SharedMemory::fixed("abide-ring", memory_len(capacity))?, capacity)
        .map_err(invalid)
}

impl Program {
    /// A program that was just started, with the rings made for it.
    pub(super) fn started(
        tag: u64,
        wiring: Wiring,
        started: Started,
        rings: Vec<Producer<SharedMemory>>,
    ) -> std::io::Result<Self> {
        let pid = started.pid;
        let source = Rc::new(started.source);
        let (error, input) = started
            .pipes
            .map_or((None, None), |(error, input)| (Some(Rc::new(error)), Some(Rc::new(input))));
        let sources = std::iter::once(source).chain(error);
        let streams = sources
            .zip(rings)
            .map(|(source, ring)| OutputStream::new(source, ring))
            .collect::<Result<Vec<_>, _>>()?;
        Ok(Self {
            tag,
            tags: vec![tag],
            pid,
            start_time: process::read(pid).map_or(0, |process| process.start_time),
            wiring,
            life: ProgramLife::Running,
            streams,
            pidfd: pidfd::open(pid).ok().map(Rc::new),
            input,
            is_adopted: false,
            seen: RefCell::default(),
            heir: None,
            attached: RefCell::default(),
            status_by: None,
        })
    }

    /// A program that this process held before it became this program. None if its fds are not what
    /// they should be.
    pub(super) fn inherited(held: &HeldProgram, fds: Vec<OwnedFd>, by: Tick) -> Option<Self> {
        let mut job = Self::adopted(&held.entry, fds)?;
        job.is_adopted = held.is_adopted;
        if let (Some(status), false) = (held.entry.exit, held.is_told) {
            job.life = ProgramLife::Ending(status, by);
        }
        Some(job)
    }

    /// A program of a former keeper, with the fds the server kept. None if they are not what they
    /// should be.
    pub(super) fn adopted(entry: &ProgramEntry, fds: Vec<OwnedFd>) -> Option<Self> {
        let [source, ring, pidfd, error, error_ring, input] =
            Parts::of(entry, fds.into_iter().map(Rc::new));
        let attach = |source: Rc<OwnedFd>, ring: Rc<OwnedFd>| {
            rustix::io::ioctl_fionbio(&source, true).ok()?;
            let memory = SharedMemory::from_fd(ring.try_clone().ok()?).ok()?;
            OutputStream::new(source, Producer::attach(memory).ok()?).ok()
        };
        let mut streams = vec![attach(source?, ring?)?];
        if let (Some(source), Some(ring)) = (error, error_ring) {
            streams.push(attach(source, ring)?);
        }
        Some(Self {
            tag: entry.tag,
            tags: vec![entry.tag],
            pid: entry.pid,
            start_time: entry.start_time,
            wiring: entry.wiring,
            life: entry.exit.map_or(ProgramLife::Running, ProgramLife::Ended),
            streams,
            pidfd,
            input,
            is_adopted: true,
            seen: RefCell::default(),
            heir: None,
            attached: RefCell::default(),
            status_by: None,
        })
    }

    /// The rest of programs that are forgotten, none yet.
    pub(super) fn rest(tag: u64) -> Self {
        Self {
            tag,
            tags: Vec::new(),
            pid: i32::MAX,
            start_time: 0,
            wiring: Wiring::Pipes,
            life: ProgramLife::Ended(ExitStatus::Lost),
            streams: Vec::new(),
            pidfd: None,
            input: None,
            is_adopted: true,
            seen: RefCell::default(),
            heir: None,
            attached: RefCell::default(),
            status_by: None,
        }
    }

    /// The message that tells the server of it, and the fds that ride with that.
    pub(super) fn entry(&self) -> (ProgramEntry, Vec<Rc<OwnedFd>>) {
        let stream = |idx: usize| {
            self.streams
                .get(idx)
                .map(|stream| (Rc::clone(&stream.source), Rc::clone(&stream.memory_fd)))
                .unzip()
        };
        let ((source, ring), (error, error_ring)) = (stream(0), stream(1));
        let (parts, fds) =
            Parts::new([source, ring, self.pidfd.clone(), error, error_ring, self.input.clone()])
                .pack();
        let exit = if let ProgramLife::Ended(status) = self.life { Some(status) } else { None };
        let entry = ProgramEntry {
            tag: self.tag,
            pid: self.pid,
            start_time: self.start_time,
            wiring: self.wiring,
            parts,
            exit,
        };
        (entry, fds)
    }

    /// The record of it for the program that this process becomes. Its fds stay open.
    pub(super) fn held(&self) -> HeldProgram {
        let (entry, fds) = self.entry();
        let (exit, is_told) = match self.life {
            ProgramLife::Running => (None, false),
            ProgramLife::Ending(status, _) => (Some(status), false),
            ProgramLife::Ended(status) => (Some(status), true),
        };
        let fds = fds.iter().map(|fd| AsRawFd::as_raw_fd(&**fd)).collect();
        HeldProgram {
            entry: ProgramEntry { exit, ..entry },
            is_adopted: self.is_adopted,
            is_told,
            fds,
        }
    }

    /// True if the leader has not been seen to end.
    pub(super) const fn is_running(&self) -> bool {
        matches!(self.life, ProgramLife::Running)
    }

    /// True if the leader's id cannot mean another process: it is our child and not reaped, since
    /// nobody but this thread reaps.
    pub(super) const fn is_own_child(&self) -> bool {
        self.is_running() && !self.is_adopted
    }

    /// The leader has ended: its last output is waited for until `by`.
    pub(super) fn leader_ended(&mut self, status: ExitStatus, by: Tick) {
        if self.is_running() {
            self.life = ProgramLife::Ending(status, by);
            self.status_by = None;
            self.streams.iter_mut().for_each(OutputStream::leader_ended);
        }
    }

    /// True if nothing comes any more on any stream.
    pub(super) fn is_drained(&self) -> bool {
        self.streams.iter().all(|stream| stream.flow == Flow::Ended)
    }

    /// True if a full ring keeps output back.
    pub(super) fn is_blocked(&self) -> bool {
        self.streams.iter().any(|stream| stream.flow == Flow::Full)
    }

    /// The position after the last byte of its first stream.
    pub(super) fn end(&self) -> u64 {
        self.streams.first().map_or(0, OutputStream::head)
    }
}
