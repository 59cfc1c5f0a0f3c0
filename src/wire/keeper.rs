//! The protocol of keeper and server: version 1 for ever, fixed little-endian records, additive
//! only. No socket and no file descriptor lives here.
//!
//! A record is `u32` length of the body, `u16` kind, `u16` number of fds riding with it, `u64`
//! lease, `u64` call, then the body. A reader ignores what follows the fields it knows, and records
//! of a kind it does not know.

mod codec;
mod handoff;

use std::collections::VecDeque;

use crate::base::geom::Size;
use crate::wire::keeper::codec::Fields;

pub use handoff::{HandoffTable, HeldProgram};

/// The version of this protocol.
pub const VERSION: u32 = 1;
/// Bytes before the body of a record.
pub const HEADER_LEN: usize = 24;
/// The longest body of a record: arguments and environment of a program fit in 2 MiB on Linux
/// (execve(2)).
pub const BODY_LEN_MAX: usize = 4 << 20;
/// The most fds that ride with one record.
pub const FD_COUNT_MAX: usize = 8;

/// The PTY master, or the read end of standard output.
pub const PART_SOURCE: u8 = 1;
/// The ring of [`PART_SOURCE`].
pub const PART_RING: u8 = 2;
/// The pidfd of the leader.
pub const PART_PIDFD: u8 = 4;
/// The read end of standard error (pipes only).
pub const PART_ERROR_SOURCE: u8 = 8;
/// The ring of [`PART_ERROR_SOURCE`].
pub const PART_ERROR_RING: u8 = 16;
/// The write end of standard input (pipes only).
pub const PART_INPUT: u8 = 32;

/// Offset in the control page, which [`FromKeeper::Hello`] brings, of the word by which the server
/// asks for a wake.
///
/// The server publishes [`WAITING_FOR_ANY`], looks at all rings once more, and then waits on the
/// `data` eventfd; the keeper sets it back to 0 just before it writes that. With
/// [`WAITING_FOR_AWAITED`] it looks at the ring of [`CONTROL_AWAITED`] only, and waits for nothing
/// else (an older keeper wakes it for all).
pub const CONTROL_WAITING: usize = 0;
/// The server waits for output of any program.
pub const WAITING_FOR_ANY: u64 = 1;
/// The server waits for output of the program somebody types into.
pub const WAITING_FOR_AWAITED: u64 = 2;

/// Offset in the control page of the word that names the program somebody has just typed into, by
/// its tag; 0 for none. What it prints goes before all other output.
pub const CONTROL_AWAITED: usize = 128;

/// The exit status of a server that asks for another.
pub const RESTART_STATUS: u8 = 10;

/// Offset in the control page of the word that tells when the keeper reaps: odd while it does,
/// another number after each time (0 for ever if it is of an older version). Whoever reads the same
/// even number before and after a look at the process table knows that no orphan vanished from it
/// meanwhile.
pub const CONTROL_REAPS: usize = 64;

/// Offset in the control page of the word that is not 0 if the keeper starts the next server beside
/// the present one ([`ToKeeper::Succeed`]). An older keeper, and a page that one has made, say 0.
pub const CONTROL_SUCCEEDS: usize = 192;

/// Offset in the control page of the token of a client whose input a server did not get on with; 0
/// for none. The next server passes that input over.
pub const CONTROL_GIVEN_UP: usize = 256;
/// Offset in the control page of the number of that input.
pub const CONTROL_GIVEN_UP_NUMBER: usize = 264;

/// The name under which the socket from a server to its successor is stashed during a hand-over.
pub const HANDOVER: &[u8] = b"handover";

/// The bits in the tag of a session to which is left what outlives its panes, by which it is told
/// from those of programs; the others are the session's number.
pub const HEIR_BITS: u64 = 0b11 << 61;

/// Stands for how many a signal reached where none was found, but somebody is just ending or
/// becoming another program whose origin cannot be told.
pub const COUNT_UNSURE: u32 = u32::MAX;

/// The variable that marks every process that came of a program, as far as it passes its
/// environment on, as `NAME=value`.
#[must_use]
pub fn cookie(epoch: u64, tag: u64) -> String {
    format!("ABIDE_JOB={epoch:016x}:{tag}")
}

/// Bytes that are no record of this protocol; the connection cannot go on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum WireError {
    /// The body is longer than [`BODY_LEN_MAX`].
    #[error("a record of {0} bytes is over the limit of {BODY_LEN_MAX}")]
    TooLong(usize),
    /// More fds are announced than [`FD_COUNT_MAX`].
    #[error("a record with {0} fds is over the limit of {FD_COUNT_MAX}")]
    TooManyFds(usize),
    /// The body ends before its last field.
    #[error("the body of record kind {0} ends too early")]
    Short(u16),
    /// A field has a value that means nothing.
    #[error("the body of record kind {0} holds an impossible value")]
    Impossible(u16),
    /// The fds that were announced did not come.
    #[error("a record came without its fds")]
    FdsMissing,
}

/// The connection of a program.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wiring {
    /// A PTY of that size.
    Pty(Size),
    /// Three pipes; standard output and standard error have a ring each.
    Pipes,
}

/// A program to be started.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Spawn {
    /// The pane or command id.
    pub tag: u64,
    /// The connection it gets.
    pub wiring: Wiring,
    /// Program and arguments; the first is looked up in the `PATH` of `env`.
    pub argv: Vec<Vec<u8>>,
    /// The whole environment, names and values.
    pub env: Vec<(Vec<u8>, Vec<u8>)>,
    /// The working directory; it has to exist.
    pub cwd: Vec<u8>,
    /// The capacity of each ring in bytes: a power of two.
    pub ring_bytes: u32,
}

/// Whom a signal goes to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Target {
    /// The started process alone.
    Leader,
    /// The process group of the started process.
    LeaderGroup,
    /// The foreground process group of its terminal.
    Foreground,
    /// All that came of it, and CONT after the signal, so that stopped ones hear it.
    Tree,
}

/// The end of a process.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ExitStatus {
    /// By itself, with this status.
    Code(i32),
    /// By this signal.
    Signal(i32),
    /// The process ended, but how cannot be had any more.
    Lost,
}

impl From<ExitStatus> for crate::base::signal::ExitStatus {
    fn from(status: ExitStatus) -> Self {
        match status {
            ExitStatus::Code(code) => u8::try_from(code & 0xff).map_or(Self::Lost, Self::Code),
            ExitStatus::Signal(signal) => u8::try_from(signal).map_or(Self::Lost, Self::Signal),
            ExitStatus::Lost => Self::Lost,
        }
    }
}

/// A program the keeper holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ProgramEntry {
    /// The pane or command id.
    pub tag: u64,
    /// The process id of its leader.
    pub pid: i32,
    /// The moment when the leader started, in clock ticks since boot (field 22 in
    /// `proc_pid_stat(5)`).
    pub start_time: u64,
    /// The connection it has; the size of a PTY is the one it was started with.
    pub wiring: Wiring,
    /// The `PART_*` of which an fd rides with the record, in ascending order of their bits.
    pub parts: u8,
    /// The end, if it has ended.
    pub exit: Option<ExitStatus>,
}

/// The fds that ride with a [`ProgramEntry`], each with its `PART_*`.
#[derive(Debug)]
pub struct Parts<F>([Option<F>; PARTS.len()]);

/// The order in which the parts of an entry ride with it.
const PARTS: [u8; 6] =
    [PART_SOURCE, PART_RING, PART_PIDFD, PART_ERROR_SOURCE, PART_ERROR_RING, PART_INPUT];

impl<F> Parts<F> {
    /// The fds there are, in the order of [`PART_SOURCE`] and so on.
    #[must_use]
    pub const fn new(parts: [Option<F>; PARTS.len()]) -> Self {
        Self(parts)
    }

    /// The fds that came with an entry.
    pub fn of(entry: &ProgramEntry, fds: impl IntoIterator<Item = F>) -> [Option<F>; PARTS.len()] {
        let mut fds = fds.into_iter();
        PARTS.map(|part| (entry.parts & part != 0).then(|| fds.next()).flatten())
    }

    /// The set of `PART_*` there are, and their fds.
    pub fn pack(self) -> (u8, Vec<F>) {
        let parts =
            PARTS.iter().zip(&self.0).filter(|(_, fd)| fd.is_some()).map(|(part, _)| part).sum();
        (parts, self.0.into_iter().flatten().collect())
    }
}

/// A process that could not be ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Survivor {
    /// The process id.
    pub pid: i32,
    /// The state letter as in `proc_pid_stat(5)`; `D` cannot be killed before it wakes.
    pub state: u8,
    /// The user it runs as.
    pub uid: u32,
    /// The name, at most 15 bytes.
    pub name: Vec<u8>,
}

/// The outcome of a kill.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct KillReport {
    /// The number of processes that were sent KILL.
    pub killed_count: u32,
    /// The time it took, in milliseconds.
    pub millis: u32,
    /// The processes that are left; empty if all is gone.
    pub survivors: Vec<Survivor>,
}

/// The part of a server in an upgrade.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Upgrade {
    /// Nothing.
    #[default]
    None,
    /// The server is to take over: should it not, the former program is started again.
    Successor,
    /// The server is the former program, started again, since its successor ended like this before
    /// it had taken over.
    RolledBack(ExitStatus),
}

/// A record from a server to its keeper.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ToKeeper {
    /// Start a program. Answered by `Spawned` or `SpawnFailed`.
    Spawn(Spawn),
    /// Send one signal. Answered by `Signalled`.
    Signal {
        /// The program or command.
        tag: u64,
        /// The processes of it that are meant.
        target: Target,
        /// The signal's number.
        signal: i32,
    },
    /// End everything that came of it with KILL, until it is gone. Answered by `Killed`, after
    /// `Exited` where its leader still lived.
    Kill {
        /// The program or command.
        tag: u64,
        /// The time to try, in milliseconds, at most 5000.
        limit_ms: u32,
    },
    /// Close everything kept for it, its exit status as well. It is not killed. Not answered.
    Forget {
        /// The program or command.
        tag: u64,
    },
    /// Keep the fd that rides with this under a name, in place of an earlier one. Not answered.
    Stash {
        /// The name of the fd, at most 255 bytes.
        name: Vec<u8>,
    },
    /// Close what is kept under a name. Not answered.
    Unstash {
        /// The name of the fd.
        name: Vec<u8>,
    },
    /// Give all back: answered by `ProgramEntry` and `StashEntry` for each, then `Listed`.
    List,
    /// A hand-over to a new keeper begins. Four fds ride with it: the pidfd of the server, control
    /// page, `data` and `room`.
    AdoptBegin {
        /// The epoch of the former keeper: it stays.
        epoch: u64,
        /// The server's process id.
        server_pid: i32,
    },
    /// A program of the hand-over, with its fds.
    Adopt(ProgramEntry),
    /// The hand-over is complete: `Hello` follows, with a higher lease.
    AdoptEnd,
    /// The server owes something, or no more: while it does, the keeper watches that it answers.
    Expect {
        /// True if something is owed.
        owed: bool,
    },
    /// The answer to `Ping`.
    Pong,
    /// The server has taken over and works: should it die from now on, that is no failed start. Not
    /// answered.
    Ready,
    /// Close the writing end of its standard input (pipes only): what it has read was all. Not
    /// answered.
    CloseInput {
        /// The program or command.
        tag: u64,
    },
    /// The next server is to be of this program. If it takes over, the keeper becomes this program
    /// too; if not, the former one is started again. Not answered.
    Upgrade {
        /// The place where it is; absolute.
        program: Vec<u8>,
    },
    /// Start the next server beside this one, which holds all until that says `Ready`. Answered by
    /// `Released` then.
    Succeed,
    /// End, and kill nothing. Closing the terminals hangs up what still runs.
    Quit,
    /// From now on signals to all that came of a program, and kills of it, pass over what has a
    /// session of its own and no terminal. When the program is forgotten, what is left of it is
    /// reached by the other tag. Not answered.
    Spare {
        /// The program.
        tag: u64,
        /// The tag by which what is left is reached; 0 passes over nobody any more.
        heir: u64,
    },
}

/// A record from a keeper to its server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FromKeeper {
    /// The first record, with three fds: control page, `data` and `room`. Its lease is the one to
    /// use.
    Hello {
        /// The version of the protocol.
        version: u32,
        /// The keeper's lineage: the first half of every `ABIDE_JOB`.
        epoch: u64,
        /// True if each program gets a cgroup of its own.
        has_cgroup: bool,
        /// The number of servers that ended in a row soon after their start, without being meant
        /// to.
        crash_count: u32,
        /// The keeper's process id: a server whose connection ends hands over only once this
        /// process is gone.
        keeper_pid: i32,
        /// The part of the server in an upgrade. A keeper of an older version does not say it.
        upgrade: Upgrade,
    },
    /// A program runs. Its fds ride with it.
    Spawned(ProgramEntry),
    /// A program could not be started; nothing is kept of it.
    SpawnFailed {
        /// The program or command.
        tag: u64,
        /// The error number of errno(3).
        errno: i32,
        /// The error in words.
        message: Vec<u8>,
    },
    /// A leader has ended and all its output is in the ring.
    Exited {
        /// The program or command.
        tag: u64,
        /// The end of its process.
        status: ExitStatus,
        /// The head of its ring when this was said.
        end: u64,
    },
    /// A program that is held, with its fds; an answer to `List`.
    Entry(ProgramEntry),
    /// A stashed fd, which rides with this; an answer to `List`.
    StashEntry {
        /// The name of the fd.
        name: Vec<u8>,
    },
    /// The end of the answer to `List`.
    Listed,
    /// A signal was sent.
    Signalled {
        /// The program or command.
        tag: u64,
        /// To how many processes or groups; 0 if there is none any more, [`COUNT_UNSURE`] if none
        /// was found but one may be about to appear.
        count: u32,
    },
    /// A kill is over.
    Killed {
        /// The program or command.
        tag: u64,
        /// The outcome of the kill.
        report: KillReport,
    },
    /// Answer with `Pong`.
    Ping,
    /// The next server works, or there is none to be: this one is no longer needed.
    Released,
    /// The keeper was told to end: save all, and leave with status 0. Nothing is to be started.
    Go,
}

impl FromKeeper {
    /// The program it is about, if it is about one.
    #[must_use]
    pub const fn tag(&self) -> Option<u64> {
        match self {
            Self::Spawned(entry) | Self::Entry(entry) => Some(entry.tag),
            Self::SpawnFailed { tag, .. }
            | Self::Exited { tag, .. }
            | Self::Signalled { tag, .. }
            | Self::Killed { tag, .. } => Some(*tag),
            Self::Hello { .. }
            | Self::StashEntry { .. }
            | Self::Listed
            | Self::Ping
            | Self::Released
            | Self::Go => None,
        }
    }
}

/// A message that has a form as record.
pub trait KeeperMessage: Sized {
    /// Appends the body and gives the kind.
    fn encode(&self, body: &mut Vec<u8>) -> u16;

    /// The message of a record, or none if the kind is unknown to this version.
    ///
    /// # Errors
    /// [`WireError`] if the body is not one of that kind.
    fn decode(kind: u16, body: &[u8]) -> Result<Option<Self>, WireError>;
}

/// A message with what frames it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeeperRecord<M, F> {
    /// Only records of the current lease are obeyed.
    pub lease: u64,
    /// The number a call was given by the server; its answers carry the same. 0 for what nobody
    /// asked.
    pub call: u64,
    /// The message.
    pub message: M,
    /// The fds that ride with it.
    pub fds: Vec<F>,
}

/// Writes a record; `fd_count` fds must be sent with its first byte.
///
/// # Panics
/// If there are more than [`FD_COUNT_MAX`] fds.
pub fn encode<M: KeeperMessage>(lease: u64, call: u64, message: &M, fd_count: usize) -> Vec<u8> {
    assert!(fd_count <= FD_COUNT_MAX, "a record carries at most {FD_COUNT_MAX} fds");
    let mut bytes = vec![0; HEADER_LEN];
    let kind = message.encode(&mut bytes);
    let body_len = u32::try_from(bytes.len() - HEADER_LEN).unwrap_or(u32::MAX);
    bytes[0..4].copy_from_slice(&body_len.to_le_bytes());
    bytes[4..6].copy_from_slice(&kind.to_le_bytes());
    bytes[6] = u8::try_from(fd_count).unwrap_or(u8::MAX);
    bytes[8..16].copy_from_slice(&lease.to_le_bytes());
    bytes[16..24].copy_from_slice(&call.to_le_bytes());
    bytes
}

/// Puts a stream back into records. Bytes and fds are pushed apart, in the order they came.
#[derive(Debug)]
pub struct Decoder<F> {
    bytes: Vec<u8>,
    used: usize,
    fds: VecDeque<F>,
}

impl<F> Default for Decoder<F> {
    fn default() -> Self {
        Self { bytes: Vec::new(), used: 0, fds: VecDeque::new() }
    }
}

impl<F> Decoder<F> {
    /// True if nothing waits in it, not even a part of a record.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.used == self.bytes.len() && self.fds.is_empty()
    }

    /// Takes bytes of the stream.
    pub fn push_bytes(&mut self, bytes: &[u8]) {
        if self.used == self.bytes.len() {
            self.bytes.clear();
            self.used = 0;
        }
        self.bytes.extend_from_slice(bytes);
    }

    /// Takes what was received at once.
    pub fn push(&mut self, bytes: &[u8], fds: Vec<F>) {
        self.fds.extend(fds);
        self.push_bytes(bytes);
    }

    /// Takes an fd that came with the bytes pushed next or last.
    pub fn push_fd(&mut self, fd: F) {
        self.fds.push_back(fd);
    }

    /// Gives the next complete record. Records of an unknown kind are passed over, their fds
    /// dropped.
    ///
    /// # Errors
    /// [`WireError`]; the stream has no meaning after it.
    #[expect(
        clippy::should_implement_trait,
        reason = "what it gives depends on the side that reads"
    )]
    pub fn next<M: KeeperMessage>(&mut self) -> Result<Option<KeeperRecord<M, F>>, WireError> {
        loop {
            let pending = &self.bytes[self.used..];
            let Some(header) = pending.first_chunk::<HEADER_LEN>() else { return Ok(self.wait()) };
            let mut fields = Fields::new(0, header);
            let (body_len, kind, fd_count) =
                (fields.u32()? as usize, fields.u16()?, usize::from(fields.u16()?));
            let (lease, call) = (fields.u64()?, fields.u64()?);
            if body_len > BODY_LEN_MAX {
                return Err(WireError::TooLong(body_len));
            }
            if fd_count > FD_COUNT_MAX {
                return Err(WireError::TooManyFds(fd_count));
            }
            let Some(body) = pending.get(HEADER_LEN..HEADER_LEN + body_len) else {
                return Ok(self.wait());
            };
            if self.fds.len() < fd_count {
                return Err(WireError::FdsMissing);
            }
            let message = M::decode(kind, body)?;
            self.used += HEADER_LEN + body_len;
            let fds: Vec<F> = self.fds.drain(..fd_count).collect();
            if let Some(message) = message {
                return Ok(Some(KeeperRecord { lease, call, message, fds }));
            }
        }
    }

    fn wait<T>(&mut self) -> Option<T> {
        self.bytes.drain(..self.used);
        self.used = 0;
        None
    }
}
