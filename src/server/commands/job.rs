//! A program on pipes that the keeper holds, as data: its fds and rings, and how far its end and
//! its stop have come.

use std::collections::VecDeque;
use std::io;
use std::os::fd::OwnedFd;
use std::sync::Arc;

use crate::base::id::{CallId, CommandId, SessionId};
use crate::platform::memory::SharedMemory;
use crate::server::commands::io::Writer;
use crate::server::panes::pane::StopStage;
use crate::store::log::LogStream;
use crate::store::ring::Consumer;
use crate::wire::keeper::{
    ExitStatus, PART_ERROR_RING, PART_ERROR_SOURCE, PART_INPUT, PART_PIDFD, PART_RING, PART_SOURCE,
    ProgramEntry,
};

/// Tags of session shells.
pub(in crate::server) const SHELL_BIT: u64 = 1 << 62;
/// Tags of commands beside shells.
pub(in crate::server) const COMMAND_BIT: u64 = 1 << 61;
/// How much of one ring is taken in a turn.
pub(in crate::server) const TURN_BYTES_MAX: usize = 64 << 10;

/// Whether a tag is one of ours, not a pane's.
pub(in crate::server) const fn is_job(tag: u64) -> bool {
    tag & (SHELL_BIT | COMMAND_BIT) != 0
}

/// The tag of a shell that is started for a command.
pub(in crate::server) const fn shell_tag(command: CommandId) -> u64 {
    SHELL_BIT | command.0
}

/// The tag of a command beside the shell.
pub(in crate::server) const fn command_tag(command: CommandId) -> u64 {
    COMMAND_BIT | command.0
}

/// JobKind a program is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::server) enum JobKind {
    Shell(SessionId),
    Command(SessionId, CommandId),
}

impl JobKind {
    pub(in crate::server) const fn session(self) -> SessionId {
        match self {
            Self::Shell(session) | Self::Command(session, _) => session,
        }
    }
}

/// A question to the keeper whose answer is not here yet.
#[derive(Debug, Clone, Copy)]
pub(in crate::server) enum PendingReport {
    /// The first signal of a stop.
    First,
    /// How much is left.
    Look,
    /// One signal for a call.
    Signal(CallId),
    /// Nobody wants to know.
    Nothing,
}

/// A program on pipes.
#[derive(Debug)]
pub(in crate::server) struct Job {
    pub(in crate::server) what: JobKind,
    pub(in crate::server) entry: ProgramEntry,
    pub(in crate::server) fds: Vec<Arc<OwnedFd>>,
    pub(in crate::server) rings: [Consumer<SharedMemory>; 2],
    pub(in crate::server) writer: Option<Writer>,
    pub(in crate::server) exit: Option<ExitStatus>,
    /// Whether its end was told.
    pub(in crate::server) is_told: bool,
    pub(in crate::server) stop: StopStage,
    pub(in crate::server) asked: VecDeque<PendingReport>,
    /// JobKind a shell said and was not understood yet.
    pub(in crate::server) said: Vec<u8>,
    /// Calls that wait for its stop.
    pub(in crate::server) stoppers: Vec<CallId>,
    pub(in crate::server) signalled: usize,
    pub(in crate::server) killed: usize,
    pub(in crate::server) left: Vec<u32>,
}

impl Job {
    /// Puts together what rides with the keeper's record.
    pub(in crate::server) fn new(
        what: JobKind,
        entry: ProgramEntry,
        fds: Vec<OwnedFd>,
    ) -> io::Result<Self> {
        let missing = || io::Error::new(io::ErrorKind::InvalidData, "fds are missing");
        let fds: Vec<Arc<OwnedFd>> = fds.into_iter().map(Arc::new).collect();
        let part = |part: u8| {
            let at = (entry.parts & (part - 1)).count_ones() as usize;
            (entry.parts & part != 0).then(|| fds.get(at)).flatten()
        };
        let ring = |of: u8| {
            let memory = SharedMemory::from_fd(part(of).ok_or_else(missing)?.try_clone()?)?;
            Consumer::attach(memory)
                .map_err(|error| io::Error::new(io::ErrorKind::InvalidData, error))
        };
        let rings = [ring(PART_RING)?, ring(PART_ERROR_RING)?];
        let writer = part(PART_INPUT).cloned().map(Writer::new);
        debug_assert!(
            entry.parts & (PART_SOURCE | PART_ERROR_SOURCE | PART_PIDFD) != 0,
            "a program has streams"
        );
        Ok(Self {
            what,
            exit: entry.exit,
            entry,
            fds,
            rings,
            writer,
            is_told: false,
            stop: StopStage::None,
            asked: VecDeque::new(),
            said: Vec::new(),
            stoppers: Vec::new(),
            signalled: 0,
            killed: 0,
            left: Vec::new(),
        })
    }

    pub(in crate::server) const fn pid(&self) -> i32 {
        self.entry.pid
    }

    pub(in crate::server) const fn start_time(&self) -> u64 {
        self.entry.start_time
    }

    /// JobKind a new keeper is told of it.
    pub(in crate::server) fn adoption(&self) -> (ProgramEntry, Vec<Arc<OwnedFd>>) {
        (ProgramEntry { exit: self.exit, ..self.entry }, self.fds.clone())
    }

    pub(in crate::server) fn has_output(&mut self) -> bool {
        self.rings.iter_mut().any(|ring| {
            let done = ring.done();
            ring.head().is_ok_and(|head| done < head)
        })
    }

    /// Passes over what a log holds already.
    pub(in crate::server) fn skip_to(&mut self, stream: LogStream, position: u64) {
        let ring = &mut self.rings[usize::from(stream == LogStream::Error)];
        if ring.head().is_ok_and(|head| ring.done() < position && position <= head) {
            ring.set_done(position);
        }
    }

    /// The next bytes of a ring.
    pub(in crate::server) fn take(&mut self, stream: LogStream) -> Vec<u8> {
        let ring = &mut self.rings[usize::from(stream == LogStream::Error)];
        let from = ring.done();
        ring.read(from, TURN_BYTES_MAX)
            .map(|(first, second)| [first, second].concat())
            .unwrap_or_default()
    }

    /// Gives what was taken free; true if the keeper waits for room.
    pub(in crate::server) fn taken(&mut self, stream: LogStream, len: usize) -> bool {
        let ring = &mut self.rings[usize::from(stream == LogStream::Error)];
        let position = ring.done() + len as u64;
        ring.set_done(position);
        ring.set_tail(position)
    }
}

impl Job {
    /// Lets go of the writing end of its standard input.
    pub(in crate::server) fn close_input(&mut self) {
        if self.entry.parts & PART_INPUT != 0 {
            self.fds.pop();
            self.entry.parts &= !PART_INPUT;
        }
    }
}
