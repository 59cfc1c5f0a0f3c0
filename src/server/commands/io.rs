//! The handles behind commands and shells: pipes to their standard input, FIFOs from their output,
//! the log that keeps it, and the files in the runtime directory, which a task makes and removes.

use std::fs;
use std::io::{self, Write as _};
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustix::fs::{FileType, Mode, OFlags, mknodat, openat};
use rustix::io::Errno;
use tokio::io::Interest;
use tokio::sync::mpsc::Sender;
use tokio::task::JoinHandle;

use crate::base::error::ignore_failure;
use crate::base::id::CommandId;
use crate::base::path_trace;
use crate::platform::memory::SharedMemory;
use crate::platform::paths::make_private;
use crate::platform::{async_fd, plain_file};
use crate::server::commands::CommandTaskEvent;
use crate::server::event::Event;
use crate::store::log::{self, Log, LogStream};

/// The most that is read from a FIFO in one turn.
pub(super) const READ_BYTES_MAX: usize = 256 << 10;
/// The most that waits for a program to read it.
pub(super) const INPUT_BYTES_MAX: usize = 1 << 20;

/// The way of tasks to the event loop.
#[derive(Debug, Clone)]
pub(in crate::server) struct TaskSender(Sender<Event>);

impl TaskSender {
    pub(in crate::server) const fn new(sender: Sender<Event>) -> Self {
        Self(sender)
    }

    /// Sends news from a task. A loop that is gone needs none.
    pub(super) async fn send(&self, event: CommandTaskEvent) {
        if self.0.send(Event::Commands(event)).await.is_err() {
            tracing::debug!("the event loop is gone");
        }
    }

    /// The same from a thread that may wait.
    pub(super) fn send_blocking(&self, event: CommandTaskEvent) {
        if self.0.blocking_send(Event::Commands(event)).is_err() {
            tracing::debug!("the event loop is gone");
        }
    }
}

/// A task that ends with its owner.
#[derive(Debug)]
pub(super) struct Task(JoinHandle<()>);

impl Task {
    pub(super) fn spawn(work: impl Future<Output = ()> + Send + 'static) -> Self {
        Self(tokio::spawn(work))
    }
}

impl Drop for Task {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// Sends an event once an fd is ready.
fn when_ready(
    fd: &OwnedFd,
    interest: Interest,
    event: CommandTaskEvent,
    events: &TaskSender,
) -> Option<Task> {
    let fd = fd.try_clone().and_then(|fd| async_fd(fd, interest)).ok()?;
    let events = events.clone();
    Some(Task::spawn(async move {
        // An error shows when the fd is read or written.
        if fd.ready(interest).await.is_err() {
            tracing::debug!("an fd cannot be waited for");
        }
        events.send(event).await;
    }))
}

/// The reading end of a FIFO that a command writes to.
#[derive(Debug)]
pub(super) struct Fifo {
    pub(super) fd: Arc<OwnedFd>,
    /// The task that waits until there is something to read.
    pub(super) waiter: Option<Task>,
    /// A writer has opened it, so that from then on its end is the end of the output.
    pub(super) was_open: bool,
}

/// The result of one turn of reading.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Pulled {
    /// There may be more at once.
    More,
    /// Nothing more for now.
    Nothing,
    /// Nobody writes any more.
    End,
}

impl Fifo {
    pub(super) fn new(fd: OwnedFd) -> Self {
        Self { fd: Arc::new(fd), waiter: None, was_open: false }
    }

    /// Sends the event once there is something to read, unless that is waited for.
    pub(super) fn wait(&mut self, event: CommandTaskEvent, events: &TaskSender) {
        if self.waiter.is_none() {
            self.waiter = when_ready(&self.fd, Interest::READABLE, event, events);
        }
    }

    /// Reads into a log, at most [`READ_BYTES_MAX`].
    pub(super) fn pull(
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
                    path_trace::note("exec");
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
pub(super) struct Writer {
    fd: Arc<OwnedFd>,
    pending: Vec<u8>,
    is_closing: bool,
    waiter: Option<Task>,
}

impl Writer {
    pub(super) fn new(fd: Arc<OwnedFd>) -> Self {
        Self { fd, pending: Vec::new(), is_closing: false, waiter: None }
    }

    /// Takes bytes to be written. False if too many wait already.
    pub(super) fn put(&mut self, bytes: &[u8]) -> bool {
        if INPUT_BYTES_MAX < self.pending.len() + bytes.len() && !self.pending.is_empty() {
            return false;
        }
        self.pending.extend_from_slice(bytes);
        true
    }

    /// Nothing more follows what was put.
    pub(super) fn close(&mut self) {
        self.is_closing = true;
    }

    pub(super) fn is_closing(&self) -> bool {
        self.is_closing
    }

    pub(super) fn has_pending(&self) -> bool {
        !self.pending.is_empty()
    }

    /// Writes what the kernel takes, and waits for the rest. False if it is over: closed, or nobody
    /// reads.
    pub(super) fn flush(&mut self, event: CommandTaskEvent, events: &TaskSender) -> bool {
        while !self.pending.is_empty() {
            path_trace::note("exec");
            match rustix::io::write(&*self.fd, &self.pending) {
                Ok(count) => {
                    self.pending.drain(..count);
                }
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

/// The source of a command's output.
#[derive(Debug)]
pub(super) enum OutputSource {
    /// The command runs in the session's shell and writes to FIFOs; those that ended are gone.
    Shell { fifos: [Option<Fifo>; 2], input: Option<Writer>, hold: Option<OwnedFd> },
    /// The keeper reads its pipes.
    Job,
    /// The command has ended, and nobody writes any more.
    Over,
}

/// The handles of a command.
#[derive(Debug)]
pub(super) struct CommandIo {
    pub(super) log: Log<SharedMemory>,
    pub(super) source: OutputSource,
    /// The first output was noted in the log of the server.
    pub(super) has_spoken: bool,
}

impl CommandIo {
    /// A new log.
    pub(super) fn create(id: CommandId, source: OutputSource) -> io::Result<Self> {
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
pub(super) fn stash_name(id: CommandId, part: &str) -> Vec<u8> {
    format!("{id}.{part}").into_bytes()
}

/// The parts of a command that are stashed.
pub(super) const PARTS: [&str; 3] = ["log", "out", "err"];

/// The command and part that a stashed name means.
pub(super) fn stashed(name: &[u8]) -> Option<(CommandId, &'static str)> {
    let (id, part) = std::str::from_utf8(name).ok()?.split_once('.')?;
    Some((id.parse().ok()?, PARTS.into_iter().find(|known| *known == part)?))
}

/// The path of a file of a command in the runtime directory.
pub(super) fn path(dir: &Path, id: CommandId, part: &str) -> PathBuf {
    dir.join(format!("{id}.{part}"))
}

/// The files a command may have in the runtime directory.
pub(super) const FILES: [&str; 5] = ["sh", "in", "out", "err", "rc"];

/// Has a task remove files of a command, wherever they are.
pub(super) fn remove_files(dirs: &[PathBuf], id: CommandId, parts: &'static [&'static str]) {
    let dirs = dirs.to_owned();
    tokio::task::spawn_blocking(move || {
        for (dir, part) in dirs.iter().flat_map(|dir| parts.iter().map(move |part| (dir, part))) {
            remove(&path(dir, id, part));
        }
        for spare in dirs.iter().skip(1) {
            ignore_failure(fs::remove_dir(spare), "it holds files of others, or is not there");
        }
    });
}

/// Removes a file that may not be there.
fn remove(path: &Path) {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            tracing::warn!(path = %path.display(), %error, "a file stays behind");
        }
        Ok(()) | Err(_) => {}
    }
}

/// Removes files that commands of former servers left.
pub(super) fn remove_stale(dirs: &[PathBuf], is_known: impl Fn(CommandId) -> bool) {
    let entries = dirs.iter().flat_map(|dir| fs::read_dir(dir).into_iter().flatten().flatten());
    for entry in entries {
        let name = entry.file_name();
        let Some((id, part)) = name.to_str().and_then(|name| name.split_once('.')) else {
            continue;
        };
        let id: Option<CommandId> = id.parse().ok();
        if FILES.contains(&part) && id.is_some_and(|id| !is_known(id)) {
            remove(&entry.path());
        }
    }
}

/// The files that a command needs before it starts. They are made by a task.
#[derive(Debug, Clone)]
pub(super) struct FilePlan {
    /// The directories to make them in: the first that has room is taken.
    pub(super) dirs: Vec<PathBuf>,
    pub(super) id: CommandId,
    /// Files with their contents, by part.
    pub(super) contents: Vec<(&'static str, Vec<u8>)>,
    /// Output comes through FIFOs.
    pub(super) has_output: bool,
    /// Input goes through a FIFO that stays open.
    pub(super) has_open_input: bool,
    /// Directories to start in; the first that exists is taken.
    pub(super) directories: Vec<String>,
}

/// The files that were made.
#[derive(Debug, Default)]
pub(super) struct MadeFiles {
    /// The reading ends of output and errors.
    pub(super) fifos: Option<[OwnedFd; 2]>,
    /// Both ends of the input. The reading end is held until the command has opened it.
    pub(super) input: Option<InputEnds>,
    /// The directory that they are in.
    pub(super) dir: PathBuf,
    /// The directory to start in.
    pub(super) directory: String,
}

/// Both ends of a FIFO for input.
#[derive(Debug)]
pub(super) struct InputEnds {
    pub(super) hold: OwnedFd,
    pub(super) writer: OwnedFd,
}

impl FilePlan {
    /// Makes the files. This blocks.
    pub(super) fn make(&self) -> io::Result<MadeFiles> {
        let mut made = Err(io::ErrorKind::NotFound.into());
        for (at, dir) in self.dirs.iter().enumerate() {
            // The first is the server's own and there; others are made where they are needed.
            if 0 < at && make_private(dir).is_err() {
                continue;
            }
            made = self.make_in(dir);
            if made.as_ref().err().is_none_or(|error| !is_for_want_of_room(error)) {
                break;
            }
            for part in FILES {
                remove(&path(dir, self.id, part));
            }
        }
        made
    }

    fn make_in(&self, dir: &Path) -> io::Result<MadeFiles> {
        let at = |part| path(dir, self.id, part);
        for (part, bytes) in &self.contents {
            // A file that a former server left may be of any kind.
            remove(&at(part));
            plain_file::create(&at(part))?.write_all(bytes)?;
        }
        let mut made = MadeFiles { dir: dir.to_owned(), ..MadeFiles::default() };
        if self.has_open_input {
            let hold = make_fifo(&at("in"))?;
            made.input = Some(InputEnds { hold, writer: open_writer(&at("in"))? });
        }
        if self.has_output {
            made.fifos = Some([make_fifo(&at("out"))?, make_fifo(&at("err"))?]);
        }
        let mut directories = self.directories.iter();
        let found = directories.find(|directory| Path::new(directory).is_dir());
        made.directory = found.map_or_else(|| "/".to_owned(), Clone::clone);
        Ok(made)
    }
}

/// True if a file could not be made because its disk is full, read-only, gone or broken: another
/// may take it.
fn is_for_want_of_room(error: &io::Error) -> bool {
    use rustix::io::Errno;
    let errno = error.raw_os_error().map(Errno::from_raw_os_error);
    [Errno::NOSPC, Errno::DQUOT, Errno::ROFS, Errno::FBIG, Errno::IO, Errno::NOENT, Errno::STALE]
        .into_iter()
        .any(|known| errno == Some(known))
}

/// Makes a FIFO and opens its reading end, which does not block.
fn make_fifo(path: &Path) -> io::Result<OwnedFd> {
    // A FIFO that a former server left is not read any more.
    remove(path);
    mknodat(rustix::fs::CWD, path, FileType::Fifo, Mode::RUSR | Mode::WUSR, 0)?;
    Ok(openat(
        rustix::fs::CWD,
        path,
        OFlags::RDONLY | OFlags::NONBLOCK | OFlags::CLOEXEC,
        Mode::empty(),
    )?)
}

/// Opens the writing end of a FIFO whose reading end is open.
fn open_writer(path: &Path) -> io::Result<OwnedFd> {
    Ok(openat(
        rustix::fs::CWD,
        path,
        OFlags::WRONLY | OFlags::NONBLOCK | OFlags::CLOEXEC,
        Mode::empty(),
    )?)
}
