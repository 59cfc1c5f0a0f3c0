//! The handles behind commands and shells: pipes to their standard input, FIFOs and rings from
//! their output, and the log that keeps it.

use std::fs;
use std::io;
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustix::fs::{FileType, Mode, OFlags, mknodat, openat};
use rustix::io::Errno;
use tokio::io::Interest;
use tokio::sync::mpsc::Sender;
use tokio::task::JoinHandle;

use crate::base::id::CommandId;
use crate::platform::async_fd;
use crate::platform::memory::SharedMemory;
use crate::server::commands::event::CommandTaskEvent;
use crate::server::event::Event;
use crate::store::log::{self, Log, LogStream};

/// How much is read from a FIFO in one turn.
pub(in crate::server) const READ_BYTES_MAX: usize = 256 << 10;
/// The most that waits for a program to read it.
pub(in crate::server) const INPUT_BYTES_MAX: usize = 1 << 20;

/// A task that ends with its owner.
#[derive(Debug)]
pub(in crate::server) struct Task(JoinHandle<()>);

impl Task {
    pub(in crate::server) fn new(handle: JoinHandle<()>) -> Self {
        Self(handle)
    }
}

impl Drop for Task {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// Sends an event once an fd is ready.
pub(in crate::server) fn when_ready(
    fd: &OwnedFd,
    interest: Interest,
    event: CommandTaskEvent,
    events: &Sender<Event>,
) -> Option<Task> {
    let fd = fd.try_clone().and_then(|fd| async_fd(fd, interest)).ok()?;
    let events = events.clone();
    Some(Task::new(tokio::spawn(async move {
        drop(fd.ready(interest).await);
        // A loop that is gone needs no events.
        drop(events.send(Event::Commands(event)).await);
    })))
}

/// The reading end of a FIFO that a command writes to.
#[derive(Debug)]
pub(in crate::server) struct Fifo {
    pub(in crate::server) fd: Arc<OwnedFd>,
    /// Waits until there is something to read.
    pub(in crate::server) waiter: Option<Task>,
    /// Whether somebody has opened it for writing: from then on its end is its end.
    pub(in crate::server) was_open: bool,
}

/// JobKind one turn of reading brought.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::server) enum Pulled {
    /// There may be more at once.
    More,
    /// Nothing more for now.
    Nothing,
    /// Nobody writes any more.
    End,
}

impl Fifo {
    /// Reads into a log, at most [`READ_BYTES_MAX`].
    pub(in crate::server) fn pull(
        &mut self,
        stream: LogStream,
        wall: u64,
        log: &mut Log<SharedMemory>,
        buffer: &mut [u8],
    ) -> Pulled {
        let mut count = 0;
        while count < READ_BYTES_MAX {
            match rustix::io::read(&*self.fd, &mut *buffer) {
                Ok(0) => return Pulled::End,
                Ok(len) => {
                    self.was_open = true;
                    log.append(stream, wall, &buffer[..len]);
                    count += len;
                }
                Err(Errno::INTR) => {}
                Err(Errno::AGAIN) => return Pulled::Nothing,
                Err(_) => return Pulled::End,
            }
        }
        Pulled::More
    }
}

/// The writing end of a standard input.
#[derive(Debug)]
pub(in crate::server) struct Writer {
    fd: Arc<OwnedFd>,
    pending: Vec<u8>,
    is_closing: bool,
    waiter: Option<Task>,
}

impl Writer {
    pub(in crate::server) fn new(fd: Arc<OwnedFd>) -> Self {
        Self { fd, pending: Vec::new(), is_closing: false, waiter: None }
    }

    /// Takes bytes to be written. False if too many wait already.
    pub(in crate::server) fn put(&mut self, bytes: &[u8]) -> bool {
        if INPUT_BYTES_MAX < self.pending.len() + bytes.len() && !self.pending.is_empty() {
            return false;
        }
        self.pending.extend_from_slice(bytes);
        true
    }

    /// Nothing more follows what was put.
    pub(in crate::server) fn close(&mut self) {
        self.is_closing = true;
    }

    pub(in crate::server) fn is_closing(&self) -> bool {
        self.is_closing
    }

    pub(in crate::server) fn has_pending(&self) -> bool {
        !self.pending.is_empty()
    }

    /// Writes what the kernel takes, and waits for the rest. False if it is over: closed, or nobody
    /// reads.
    pub(in crate::server) fn flush(
        &mut self,
        event: CommandTaskEvent,
        events: &Sender<Event>,
    ) -> bool {
        while !self.pending.is_empty() {
            match rustix::io::write(&*self.fd, &self.pending) {
                Ok(count) => drop(self.pending.drain(..count)),
                Err(Errno::INTR) => {}
                Err(Errno::AGAIN) => {
                    self.waiter = when_ready(&self.fd, Interest::WRITABLE, event, events);
                    return true;
                }
                Err(_) => return false,
            }
        }
        self.waiter = None;
        !self.is_closing
    }
}

/// Where a command's output comes from.
#[derive(Debug)]
pub(in crate::server) enum OutputSource {
    /// It runs in the session's shell and writes to FIFOs; those that ended are gone.
    Shell { fifos: [Option<Fifo>; 2], input: Option<Writer>, hold: Option<OwnedFd> },
    /// The keeper reads its pipes.
    Job,
    /// It has ended, and nobody writes any more.
    Over,
}

/// The handles of a command.
#[derive(Debug)]
pub(in crate::server) struct CommandIo {
    pub(in crate::server) log: Log<SharedMemory>,
    pub(in crate::server) source: OutputSource,
    /// Whether its first output was told to the log of the server.
    pub(in crate::server) has_spoken: bool,
}

impl CommandIo {
    /// A new log.
    pub(in crate::server) fn create(id: CommandId, source: OutputSource) -> io::Result<Self> {
        let memory = SharedMemory::fixed(
            &format!("abide-{id}-log"),
            log::HEADER_LEN + log::CAPACITY_DEFAULT,
        )?;
        let log =
            Log::create(memory).map_err(|full| io::Error::new(io::ErrorKind::OutOfMemory, full))?;
        Ok(Self { log, source, has_spoken: false })
    }
}

/// A thing of a command that is stashed with the keeper, by its name there.
pub(in crate::server) fn stash_name(id: CommandId, part: &str) -> Vec<u8> {
    format!("{id}.{part}").into_bytes()
}

/// The parts of a command that are stashed.
pub(in crate::server) const PARTS: [&str; 3] = ["log", "out", "err"];

/// The command and part that a stashed name means.
pub(in crate::server) fn stashed(name: &[u8]) -> Option<(CommandId, &'static str)> {
    let (id, part) = std::str::from_utf8(name).ok()?.split_once('.')?;
    Some((id.parse().ok()?, PARTS.into_iter().find(|known| *known == part)?))
}

/// The path of a file of a command in the runtime directory.
pub(in crate::server) fn path(dir: &Path, id: CommandId, part: &str) -> PathBuf {
    dir.join(format!("{id}.{part}"))
}

/// The files a command may have in the runtime directory.
pub(in crate::server) const FILES: [&str; 5] = ["sh", "in", "out", "err", "rc"];

/// Removes the files of a command.
pub(in crate::server) fn remove_files(dir: &Path, id: CommandId, parts: &[&str]) {
    for part in parts {
        // Most have only some of them.
        drop(fs::remove_file(path(dir, id, part)));
    }
}

/// Removes files that commands of former servers left.
pub(in crate::server) fn remove_stale(dir: &Path, is_known: impl Fn(CommandId) -> bool) {
    for entry in fs::read_dir(dir).into_iter().flatten().flatten() {
        let name = entry.file_name();
        let Some((id, part)) = name.to_str().and_then(|name| name.split_once('.')) else {
            continue;
        };
        let id: Option<CommandId> = id.parse().ok();
        if FILES.contains(&part) && id.is_some_and(|id| !is_known(id)) {
            drop(fs::remove_file(entry.path()));
        }
    }
}

/// Writes a file that only the user can read.
pub(in crate::server) fn write_file(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let flags =
        OFlags::WRONLY | OFlags::CREATE | OFlags::TRUNC | OFlags::CLOEXEC | OFlags::NOFOLLOW;
    let fd = openat(rustix::fs::CWD, path, flags, Mode::RUSR | Mode::WUSR)?;
    let mut rest = bytes;
    while !rest.is_empty() {
        let count = rustix::io::write(&fd, rest)?;
        rest = &rest[count..];
    }
    Ok(())
}

/// Makes a FIFO and opens its reading end, which does not block.
pub(in crate::server) fn make_fifo(path: &Path) -> io::Result<OwnedFd> {
    // One that a former server left is not read any more.
    drop(fs::remove_file(path));
    mknodat(rustix::fs::CWD, path, FileType::Fifo, Mode::RUSR | Mode::WUSR, 0)?;
    Ok(openat(
        rustix::fs::CWD,
        path,
        OFlags::RDONLY | OFlags::NONBLOCK | OFlags::CLOEXEC,
        Mode::empty(),
    )?)
}

/// Opens the writing end of a FIFO whose reading end is open.
pub(in crate::server) fn open_writer(path: &Path) -> io::Result<OwnedFd> {
    Ok(openat(
        rustix::fs::CWD,
        path,
        OFlags::WRONLY | OFlags::NONBLOCK | OFlags::CLOEXEC,
        Mode::empty(),
    )?)
}
