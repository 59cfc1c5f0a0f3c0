//! The log of the server: lines go to a queue of fixed length and a thread of their own writes
//! them. A line for which there is no room, in the queue or on the disk, is dropped and counted;
//! nothing here waits for a disk, or tells the log that the log fails.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::{Duration, SystemTime};

use rustix::io::Errno;
use tokio::sync::mpsc::Sender;
use tracing_subscriber::fmt::MakeWriter;

use crate::base::error::ignore_failure;
use crate::base::time::{Span, Tick};
use crate::platform::paths::{Paths, identity};
use crate::platform::{last_words, now, plain_file};
use crate::server::event::Event;
use crate::settings::{Keep, LogOptions, Settings};

/// Lines that may wait to be written.
const QUEUE_MAX: usize = 1024;
/// The longest line, in bytes; the rest of it is left out.
const LINE_BYTES_MAX: usize = 4096;
/// The pause before a log that cannot be written is tried again.
const AGAIN_AFTER: Span = Span::seconds(1);
/// A disk that has not taken a line for so long does not answer.
const STUCK_AFTER: Span = Span::seconds(5);
/// The time the last lines have to be written when the server ends.
const LAST_WITHIN: Duration = Duration::from_millis(250);

/// The one log of this process.
static LOG: OnceLock<LogQueue> = OnceLock::new();

/// Work for the thread that writes.
enum LogEntry {
    Line(Vec<u8>),
    /// Something was said on standard error.
    Said,
    /// Everything before this is to be written; nobody hears if it is not.
    Last(SyncSender<()>),
}

/// The way to the thread that writes.
#[derive(Debug, Clone)]
pub(super) struct LogQueue {
    entries: SyncSender<LogEntry>,
    shared: Arc<LogShared>,
}

/// Known on both sides of the queue.
#[derive(Debug, Default)]
struct LogShared {
    lost: AtomicU64,
    /// None before the configuration was read.
    bounds: Mutex<Option<LogBounds>>,
    /// The way to the loop.
    events: OnceLock<Sender<Event>>,
    /// The moment since when the thread waits for the disk; 0 while it does not.
    waits_since: AtomicU64,
    /// The loop knows that the disk does not answer.
    is_stuck: AtomicBool,
}

impl LogShared {
    /// Tells the loop; false if it has no room for more at the moment.
    fn tell(&self, why: Option<String>) -> bool {
        self.events.get().is_some_and(|events| events.try_send(Event::Log(why)).is_ok())
    }
}

/// The limits of the log, and whether it may name directories.
#[derive(Debug, Clone, Default)]
struct LogBounds {
    options: LogOptions,
    is_private: bool,
}

impl LogQueue {
    fn start(path: PathBuf) -> io::Result<Self> {
        let (entries, queue) = sync_channel(QUEUE_MAX);
        let shared = Arc::<LogShared>::default();
        let mut writer = LogWriter::new(path, Arc::clone(&shared));
        std::thread::Builder::new().name("log".into()).spawn(move || writer.run(&queue))?;
        Ok(Self { entries, shared })
    }

    fn send(&self, entry: LogEntry) {
        if self.entries.try_send(entry).is_err() {
            self.shared.lost.fetch_add(1, Ordering::Relaxed);
        }
        let shared = &self.shared;
        let since = shared.waits_since.load(Ordering::Relaxed);
        if since != 0
            && STUCK_AFTER <= now().tick - Tick(since)
            && !shared.is_stuck.swap(true, Ordering::Relaxed)
        {
            let is_told = shared.tell(Some("the disk does not answer".to_owned()));
            shared.is_stuck.store(is_told, Ordering::Relaxed);
        }
    }
}

impl Write for LogQueue {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        let mut kept = line[..line.len().min(LINE_BYTES_MAX)].to_vec();
        if kept.len() < line.len() {
            kept.push(b'\n');
        }
        self.send(LogEntry::Line(kept));
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl MakeWriter<'_> for LogQueue {
    type Writer = Self;

    fn make_writer(&self) -> Self {
        self.clone()
    }
}

/// Begins the log of this process. Without a place or a thread for it there is none.
pub(super) fn start() {
    let Ok(places) = Paths::current() else { return };
    let Ok(log) = LogQueue::start(places.log()) else { return };
    let filter =
        tracing_subscriber::EnvFilter::try_from_env("ABIDE_LOG").unwrap_or_else(|_| "info".into());
    let subscriber = tracing_subscriber::fmt()
        .with_writer(log.clone())
        .with_ansi(false)
        .with_env_filter(filter)
        .log_internal_errors(false)
        .finish();
    let is_first = LOG.set(log).is_ok();
    if is_first && tracing::subscriber::set_global_default(subscriber).is_ok() {
        let usual = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |panic| {
            usual(panic);
            move_last_words();
        }));
    }
}

/// From now on the log has the bounds of these settings.
pub(super) fn configure(settings: &Settings) {
    if let Some(log) = LOG.get() {
        let is_private = settings.persist.keep == Keep::Nothing;
        *log.shared.bounds.lock().unwrap_or_else(PoisonError::into_inner) =
            Some(LogBounds { options: settings.log.clone(), is_private });
        // A server before this one may have left last words.
        log.send(LogEntry::Said);
    }
}

/// From now on the loop hears when the log cannot be written.
pub(super) fn report_to(events: Sender<Event>) {
    if let Some(log) = LOG.get() {
        ignore_failure(log.shared.events.set(events), "there is one loop");
    }
}

/// The keeper may have said something on standard error.
pub(super) fn move_last_words() {
    if let Some(log) = LOG.get() {
        log.send(LogEntry::Said);
    }
}

/// Waits until everything is written, but not for a disk that hangs.
pub(super) fn finish() {
    let Some(log) = LOG.get() else { return };
    let (done, is_done) = sync_channel(1);
    log.send(LogEntry::Last(done));
    ignore_failure(is_done.recv_timeout(LAST_WITHIN), "lines that are not written by now are lost");
}

/// The thread that writes.
struct LogWriter {
    path: PathBuf,
    shared: Arc<LogShared>,
    file: Option<OpenLog>,
    again_at: Option<Tick>,
    /// The last line that was written has no end.
    is_torn: bool,
    is_told_failing: bool,
}

/// The file that is written.
struct OpenLog {
    file: File,
    id: Option<(u64, u64)>,
    len: u64,
    begun: SystemTime,
}

impl LogWriter {
    const fn new(path: PathBuf, shared: Arc<LogShared>) -> Self {
        Self { path, shared, file: None, again_at: None, is_torn: false, is_told_failing: false }
    }

    fn run(&mut self, queue: &Receiver<LogEntry>) {
        while let Ok(entry) = queue.recv() {
            // Words of a keeper that has died come without a sign.
            if matches!(entry, LogEntry::Last(_)) || self.bounds().is_some() {
                self.move_last_words();
            }
            match entry {
                LogEntry::Line(line) => {
                    self.write(&line);
                }
                LogEntry::Said => {}
                LogEntry::Last(done) => drop(done),
            }
        }
    }

    /// Moves what was said on standard error here; what cannot be written stays there.
    fn move_last_words(&mut self) {
        if self.again_at.is_some_and(|at| now().tick < at) {
            return;
        }
        let said = last_words::read(rustix::stdio::stderr());
        let is_moved = said.split_inclusive(|byte| *byte == b'\n').all(|line| self.write(line));
        if is_moved && !said.is_empty() {
            last_words::forget(rustix::stdio::stderr());
        }
    }

    fn bounds(&self) -> Option<LogBounds> {
        self.shared.bounds.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Writes a line, or counts it. True if it is written.
    fn write(&mut self, line: &[u8]) -> bool {
        let now = now().tick;
        if self.again_at.is_some_and(|at| now < at) {
            self.shared.lost.fetch_add(1, Ordering::Relaxed);
            return false;
        }
        let unknown = || LogBounds { is_private: true, ..LogBounds::default() };
        let bounds = self.bounds().unwrap_or_else(unknown);
        let line = if bounds.is_private { without_paths(line) } else { line.to_vec() };
        self.shared.waits_since.store(now.0.max(1), Ordering::Relaxed);
        let written = self.try_write(&line, &bounds.options);
        self.shared.waits_since.store(0, Ordering::Relaxed);
        self.is_told_failing |= self.shared.is_stuck.swap(false, Ordering::Relaxed);
        self.again_at = written.is_err().then(|| now + AGAIN_AFTER);
        if let Err(error) = written {
            self.file = None;
            self.shared.lost.fetch_add(1, Ordering::Relaxed);
            self.is_told_failing =
                self.is_told_failing || self.shared.tell(Some(error.to_string()));
            return false;
        }
        self.is_told_failing = self.is_told_failing && !self.shared.tell(None);
        let lost = self.shared.lost.swap(0, Ordering::Relaxed);
        if 0 < lost {
            tracing::warn!(lines = lost, "lines of the log were lost");
        }
        true
    }

    fn try_write(&mut self, line: &[u8], options: &LogOptions) -> io::Result<()> {
        let is_in_place = |open: &OpenLog| open.id.is_some() && open.id == identity(&self.path);
        if !self.file.as_ref().is_some_and(is_in_place) {
            self.file = Some(OpenLog::new(&self.path)?);
        }
        let is_full = |open: &OpenLog| {
            0 < open.len
                && (options.bytes < open.len + line.len() as u64
                    || is_older(open.begun, options.days))
        };
        if self.file.as_ref().is_some_and(is_full) {
            rotate(&self.path, options)?;
            self.file = Some(OpenLog::new(&self.path)?);
        }
        let Some(open) = &mut self.file else { return Ok(()) };
        if self.is_torn {
            open.append(b"\n")?;
            self.is_torn = false;
        }
        let written = open.append(line)?;
        if written < line.len() {
            self.is_torn = 0 < written;
            return Err(Errno::NOSPC.into());
        }
        Ok(())
    }
}

impl OpenLog {
    fn new(path: &Path) -> io::Result<Self> {
        let file = plain_file::append(path)?;
        let metadata = file.metadata()?;
        let begun = metadata.created().or_else(|_| metadata.modified())?;
        Ok(Self { file, id: identity(path), len: metadata.len(), begun })
    }

    /// Hands bytes to write(2) once, which may take less.
    fn append(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.file.write(bytes)?;
        self.len += written as u64;
        Ok(written)
    }
}

fn numbered(path: &Path, number: usize) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    if 0 < number {
        name.push(format!(".{number}"));
    }
    name.into()
}

fn is_older(since: SystemTime, days: u32) -> bool {
    let span = Duration::from_hours(24 * u64::from(days));
    0 < days && since.elapsed().is_ok_and(|age| span < age)
}

/// Each file gets the next number; what is too much or too old goes.
fn rotate(path: &Path, options: &LogOptions) -> io::Result<()> {
    let mut excess = options.files.max(1);
    // Files of a former, higher limit.
    while excess < 100 && numbered(path, excess).exists() {
        excess += 1;
    }
    for number in (0..excess).rev() {
        let file = numbered(path, number);
        let Ok(metadata) = fs::symlink_metadata(&file) else { continue };
        let is_old =
            0 < number && metadata.modified().is_ok_and(|changed| is_older(changed, options.days));
        if options.files <= number + 1 || is_old {
            fs::remove_file(&file)?;
        } else {
            fs::rename(&file, numbered(path, number + 1))?;
        }
    }
    Ok(())
}

/// The line up to its first path: where a name ends that may hold spaces cannot be told.
fn without_paths(line: &[u8]) -> Vec<u8> {
    let Some(at) = line.iter().position(|byte| *byte == b'/') else { return line.to_vec() };
    [&line[..at], "…\n".as_bytes()].concat()
}
