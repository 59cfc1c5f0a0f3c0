//! The database that outlives a reboot: the structure, and the screens and scrollback of panes. A
//! thread of its own writes; the loop only hands over.
//!
//! While it cannot be written, live sessions go on from memory: the loop is told once, and it is
//! tried again every two seconds (F6). One that is damaged is put aside and written anew (F7).
//!
//! `writer` and the start after a reboot use it. Tests: `tests`, `tests/it/e2e_disk.rs`.

mod file;

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, TrySendError, sync_channel};
use std::thread::JoinHandle;
use std::time::Duration;

use self::file::{OpenDatabase, ReadError};
use crate::base::id::PaneId;
use crate::base::time::{Span, Tick};
use crate::platform::{now, process};

/// The most jobs that wait for the disk; what does not fit is tried again with the next change.
const JOBS_MAX: usize = 32;
/// Changes that come within this time are written together.
pub(in crate::server) const TOGETHER: Span = Span::millis(250);
/// The longest text that a former version kept of a pane, in bytes.
const TEXT_MAX: usize = 256 << 10;
/// The longest screen kept of a pane, in bytes.
pub(in crate::server) const SCREEN_MAX: usize = 64 << 20;
/// A write that failed is tried again after this.
const AGAIN_AFTER: Span = Span::seconds(2);
/// After so long without a write it is quiet.
const QUIET: Duration = Duration::from_secs(2);
/// A disk that has not taken a write for so long does not answer.
const STUCK_AFTER: Span = Span::seconds(5);
/// The end of a server waits no longer for one write.
const LAST_WITHIN: Span = Span::seconds(5);
/// The pause between two looks whether a last write is done.
const LOOK_EVERY: Duration = Duration::from_millis(5);

/// Tells the loop; false if it has no room for more at the moment.
pub(in crate::server) type Tell = Arc<dyn Fn(News) -> bool + Send + Sync>;

/// News of the disk for the loop.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::server) enum News {
    /// Nothing can be written, for this reason.
    Failing(String),
    /// Writing works again: everything that was handed over is written.
    Fine,
    /// The database is a new one: everything is to be handed over again.
    Anew,
}

/// Something to be written.
#[derive(Debug)]
enum WriteJob {
    SessionState(Vec<u8>),
    Commands(Vec<u8>),
    Show(PaneId, Shown),
    Forget(PaneId),
    ForgetAll,
}

/// The screen and the scrollback of a pane that go to disk at one moment.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(in crate::server) struct Shown {
    /// The screen, as `server::screen` encodes it.
    pub(in crate::server) screen: Vec<u8>,
    /// Segments of the scrollback that are new or have changed, by sequence number; when it is
    /// read, all that are there.
    pub(in crate::server) segments: BTreeMap<u64, Vec<u8>>,
    /// The sequence numbers of the segments that are to be there with it: none of these may be
    /// missing.
    pub(in crate::server) whole: Range<u64>,
    /// From which on segments are kept at all.
    pub(in crate::server) oldest: u64,
}

impl Shown {
    /// Takes the newer screen; segments stay unless they are replaced or out of its range.
    fn succeed(&mut self, next: Self) {
        let mut segments = std::mem::take(&mut self.segments);
        segments.retain(|sequence, _| next.has_room_for(*sequence));
        segments.extend(next.segments);
        *self = Self { segments, ..next };
    }

    /// True if a segment is in the range that is kept.
    fn has_room_for(&self, sequence: u64) -> bool {
        (self.oldest..self.whole.end).contains(&sequence)
    }
}

/// The loop's end.
#[derive(Debug)]
pub(in crate::server) struct Db {
    jobs: Option<SyncSender<WriteJob>>,
    /// The thread, and what is closed at its end.
    thread: Option<(JoinHandle<()>, Receiver<()>)>,
    watch: Arc<DiskWatch>,
}

/// The content of the database at the start.
#[derive(Debug, Default)]
pub(in crate::server) struct Stored {
    /// The structure's bytes.
    pub(in crate::server) structure: Option<Vec<u8>>,
    /// The bytes of the records of commands.
    pub(in crate::server) commands: Option<Vec<u8>>,
    /// The records of commands are damaged.
    pub(in crate::server) has_bad_commands: bool,
    pub(in crate::server) shown: BTreeMap<PaneId, Shown>,
    /// Screens as a former version kept them: text with SGR.
    pub(in crate::server) texts: BTreeMap<PaneId, Vec<u8>>,
    /// Panes whose screen is damaged.
    pub(in crate::server) damaged: BTreeSet<PaneId>,
    /// Panes of whose scrollback something is missing.
    pub(in crate::server) torn: BTreeSet<PaneId>,
    /// The part that should be there and is not, for a person.
    pub(in crate::server) shortfall: Option<String>,
    /// The damage, for a person.
    pub(in crate::server) problem: Option<String>,
}

impl Db {
    /// Starts the thread; the file is opened with the first job.
    pub(in crate::server) fn start(path: PathBuf, tell: Tell) -> Self {
        let (jobs, receiver) = sync_channel(JOBS_MAX);
        let watch = Arc::new(DiskWatch { tell: Arc::clone(&tell), ..DiskWatch::off() });
        let (end, is_over) = sync_channel(1);
        let writer = Writer {
            path,
            tell,
            watch: Arc::clone(&watch),
            open: None,
            latest: Latest::default(),
            has_written: false,
            is_logged: false,
            wants_all: false,
            is_failing: false,
        };
        let thread = std::thread::Builder::new().name("disk".into()).spawn(move || {
            // Work that a person waits for goes before writes.
            process::make_way();
            writer.work(&receiver);
            drop::<SyncSender<()>>(end);
        });
        match thread {
            Ok(thread) => Self { jobs: Some(jobs), thread: Some((thread, is_over)), watch },
            Err(error) => {
                tracing::error!(%error, "nothing is written to disk");
                Self::off()
            }
        }
    }

    /// A database that writes nothing.
    pub(in crate::server) fn off() -> Self {
        Self { jobs: None, thread: None, watch: Arc::new(DiskWatch::off()) }
    }

    /// Writes the structure soon. False if the disk is too slow at the moment.
    pub(in crate::server) fn structure(&self, bytes: Vec<u8>) -> bool {
        self.hand(WriteJob::SessionState(bytes))
    }

    /// Writes what a pane shows soon.
    pub(in crate::server) fn show(&self, pane: PaneId, shown: Shown) -> bool {
        self.hand(WriteJob::Show(pane, shown))
    }

    /// Writes the records of commands soon. False if the disk is too slow at the moment.
    pub(in crate::server) fn commands(&self, bytes: Vec<u8>) -> bool {
        self.hand(WriteJob::Commands(bytes))
    }

    /// Drops what is kept of a pane.
    pub(in crate::server) fn forget(&self, pane: PaneId) -> bool {
        self.hand(WriteJob::Forget(pane))
    }

    /// Drops what is kept of all panes.
    pub(in crate::server) fn forget_all(&self) -> bool {
        self.hand(WriteJob::ForgetAll)
    }

    fn hand(&self, job: WriteJob) -> bool {
        self.watch.look();
        match self.jobs.as_ref().map(|jobs| jobs.try_send(job)) {
            None | Some(Ok(()) | Err(TrySendError::Disconnected(_))) => true,
            Some(Err(TrySendError::Full(_))) => false,
        }
    }

    /// Writes what panes show a last time, and the structure if it is to be, and waits until
    /// everything handed over is written. Only for the end: it blocks.
    pub(in crate::server) fn finish(
        mut self,
        last: Option<Vec<u8>>,
        shown: impl Iterator<Item = (PaneId, Shown)>,
    ) {
        let (Some(jobs), Some((thread, is_over))) = (self.jobs.take(), self.thread.take()) else {
            return;
        };
        let last = last.map(WriteJob::SessionState);
        let shown = shown.map(|(pane, shown)| WriteJob::Show(pane, shown));
        let is_taken = shown.chain(last).all(|job| self.send_last(&jobs, &is_over, job));
        drop(jobs);
        while is_taken && is_over.recv_timeout(LOOK_EVERY) == Err(RecvTimeoutError::Timeout) {
            if self.watch.waits_for() > LAST_WITHIN {
                tracing::error!("the last state is not written: the disk does not answer");
                return;
            }
        }
        // A thread that panicked has written what it could.
        if is_taken && thread.join().is_err() {
            tracing::error!("the thread that writes the database has panicked");
        }
    }

    /// Hands over a last job. False if the disk does not answer, or the thread has given up, which
    /// has said why.
    fn send_last(
        &self,
        jobs: &SyncSender<WriteJob>,
        is_over: &Receiver<()>,
        mut job: WriteJob,
    ) -> bool {
        loop {
            match jobs.try_send(job) {
                Ok(()) => return true,
                Err(TrySendError::Disconnected(_)) => return false,
                Err(TrySendError::Full(back)) => job = back,
            }
            let over = is_over.recv_timeout(LOOK_EVERY);
            if over != Err(RecvTimeoutError::Timeout) || self.watch.waits_for() > LAST_WITHIN {
                return false;
            }
        }
    }
}

/// The disk as the loop sees it: how long the thread has waited for it.
struct DiskWatch {
    tell: Tell,
    /// The moment since when it waits; 0 while it does not.
    since: AtomicU64,
    /// The loop knows that the disk does not answer.
    is_told: AtomicBool,
}

impl DiskWatch {
    fn off() -> Self {
        Self { tell: Arc::new(|_| true), since: AtomicU64::new(0), is_told: AtomicBool::new(false) }
    }

    fn waits_for(&self) -> Span {
        match self.since.load(Ordering::Relaxed) {
            0 => Span::default(),
            since => now().tick - Tick(since),
        }
    }

    /// Tells the loop, once, that the disk does not answer.
    fn look(&self) {
        if STUCK_AFTER <= self.waits_for() && !self.is_told.swap(true, Ordering::Relaxed) {
            let is_told = (self.tell)(News::Failing("the disk does not answer".into()));
            self.is_told.store(is_told, Ordering::Relaxed);
        }
    }
}

impl std::fmt::Debug for DiskWatch {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("DiskWatch").field("since", &self.since).finish_non_exhaustive()
    }
}

/// Takes the database away: there is nothing to restore.
pub(in crate::server) fn remove(path: &Path) {
    file::remove(path);
}

/// Puts away what cannot be understood; gives what a person is to know of it.
pub(in crate::server) fn put_aside(path: &Path, why: &str) -> String {
    let aside = file::put_aside(path);
    let problem = format!(
        "what was kept of sessions cannot be restored ({why}); it was put aside as {}",
        aside.display()
    );
    tracing::error!("{problem}");
    problem
}

/// Reads what was kept; empty if there is nothing. What cannot be read is put aside.
pub(in crate::server) fn load(path: &Path) -> Stored {
    if !path.exists() {
        return Stored::default();
    }
    let why = match OpenDatabase::new(path).and_then(|(open, _)| open.read()) {
        Ok(mut stored) if stored.structure.is_some() => {
            stored.problem = damage(&stored);
            return stored;
        }
        Ok(_) => "it names no sessions".to_owned(),
        Err(error) => match file::read_copy(path).filter(|_| !file::is_lost(&error)) {
            Some(mut stored) if stored.structure.is_some() => {
                stored.problem = damage(&stored);
                return stored;
            }
            _ => error.to_string(),
        },
    };
    Stored { problem: Some(put_aside(path, &why)), ..Stored::default() }
}

/// The damage that was found, for a person.
fn damage(stored: &Stored) -> Option<String> {
    let panes =
        |set: &BTreeSet<PaneId>| set.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
    let damaged = (!stored.damaged.is_empty()).then(|| {
        format!("what {} showed is damaged on disk and cannot be restored", panes(&stored.damaged))
    });
    let torn = (!stored.torn.is_empty()).then(|| {
        format!(
            "scrollback of {} is damaged on disk, what came after it is there",
            panes(&stored.torn)
        )
    });
    let commands = stored.has_bad_commands.then(|| {
        "what is known of former commands is damaged on disk and cannot be restored".to_owned()
    });
    let shortfall = stored.shortfall.clone();
    let told: Vec<String> =
        damaged.into_iter().chain(torn).chain(commands).chain(shortfall).collect();
    (!told.is_empty()).then(|| told.join("; "))
}

/// The thread: collects jobs for a moment, writes them in one transaction, waits.
struct Writer {
    path: PathBuf,
    tell: Tell,
    watch: Arc<DiskWatch>,
    open: Option<OpenDatabase>,
    latest: Latest,
    has_written: bool,
    /// Something is in SQLite's log that is not in the file.
    is_logged: bool,
    /// The file is new, and holds less than it should.
    wants_all: bool,
    is_failing: bool,
}

impl Writer {
    fn work(mut self, jobs: &Receiver<WriteJob>) {
        loop {
            let Some(has_ended) = self.collect(jobs) else { return };
            self.watch.since.store(now().tick.0.max(1), Ordering::Relaxed);
            let result = self.write();
            self.watch.since.store(0, Ordering::Relaxed);
            self.is_failing |= self.watch.is_told.swap(false, Ordering::Relaxed);
            self.report(&result);
            if has_ended {
                return;
            }
            // Segments are much: while they cannot be written they are in the panes only, and asked
            // for again.
            self.wants_all |= result.is_err();
            let Latest { structure, commands, .. } = std::mem::take(&mut self.latest);
            self.latest = if result.is_err() {
                Latest { structure, commands, ..Latest::default() }
            } else {
                Latest::default()
            };
        }
    }

    /// Waits for jobs, and for those that come soon after. Says whether they were the last; nothing
    /// if there is nothing left to do.
    fn collect(&mut self, jobs: &Receiver<WriteJob>) -> Option<bool> {
        let is_pending = self.is_failing || self.wants_all;
        if !is_pending {
            let job = self.next_job(jobs)?;
            self.latest.add(job);
        }
        let end = now().tick + if is_pending { AGAIN_AFTER } else { TOGETHER };
        loop {
            let left = Duration::from_nanos((end - now().tick).0);
            match jobs.recv_timeout(left) {
                // Under a constant stream there is always a next one, but the time is up.
                Ok(job) if left.is_zero() => {
                    self.latest.add(job);
                    return Some(false);
                }
                Ok(job) => self.latest.add(job),
                Err(RecvTimeoutError::Timeout) => return Some(false),
                Err(RecvTimeoutError::Disconnected) => return Some(true),
            }
        }
    }

    /// The next job, none at the end. Once it is quiet, nothing is left in SQLite's log, where a
    /// flipped bit would take along all that comes after it.
    fn next_job(&mut self, jobs: &Receiver<WriteJob>) -> Option<WriteJob> {
        if self.is_logged {
            match jobs.recv_timeout(QUIET) {
                Ok(job) => return Some(job),
                Err(RecvTimeoutError::Disconnected) => return None,
                Err(RecvTimeoutError::Timeout) => {}
            }
            self.is_logged = false;
            self.watch.since.store(now().tick.0.max(1), Ordering::Relaxed);
            self.open.iter().for_each(OpenDatabase::checkpoint);
            self.watch.since.store(0, Ordering::Relaxed);
        }
        jobs.recv().ok()
    }

    /// Writes what is new. After a failure the file is opened anew; one that is lost is put aside
    /// first.
    fn write(&mut self) -> Result<(), ReadError> {
        let open = self.open.take().filter(OpenDatabase::is_in_place);
        let result = open
            .map_or_else(|| self.opened(), Ok)
            .and_then(|mut open| open.write(&self.latest).map(|()| open));
        match result {
            Ok(open) => {
                self.open = Some(open);
                (self.has_written, self.is_logged) = (true, true);
                Ok(())
            }
            Err(error) => {
                if file::is_lost(&error) {
                    put_aside(&self.path, &error.to_string());
                    self.has_written = true;
                }
                Err(error)
            }
        }
    }

    fn opened(&mut self) -> Result<OpenDatabase, ReadError> {
        let (open, is_new) = OpenDatabase::new(&self.path)?;
        self.wants_all |= is_new && self.has_written;
        Ok(open)
    }

    /// Tells the loop what is other than it knows; what it has no room for is told with the next
    /// result.
    fn report(&mut self, result: &Result<(), ReadError>) {
        let say = &self.tell;
        match result {
            Ok(()) if self.is_failing => {
                tracing::info!(path = %self.path.display(), "it is written to disk again");
                self.is_failing = !say(News::Fine);
            }
            Err(error) if !self.is_failing => {
                tracing::error!(path = %self.path.display(), %error, "nothing can be written to \
                    disk; it is tried again");
                self.is_failing = say(News::Failing(error.to_string()));
            }
            _ => {}
        }
        self.wants_all = self.wants_all && !(result.is_ok() && say(News::Anew));
    }
}

/// The newest of each thing that is to be written; none for what is to be dropped.
#[derive(Debug, Default)]
struct Latest {
    structure: Option<Vec<u8>>,
    commands: Option<Vec<u8>>,
    shown: BTreeMap<PaneId, Option<Shown>>,
    /// Before that everything about panes is dropped.
    forgets_all: bool,
}

impl Latest {
    fn add(&mut self, job: WriteJob) {
        match job {
            WriteJob::SessionState(bytes) => self.structure = Some(bytes),
            WriteJob::Commands(bytes) => self.commands = Some(bytes),
            WriteJob::Show(pane, shown) => {
                self.shown.entry(pane).or_default().get_or_insert_default().succeed(shown);
            }
            WriteJob::Forget(pane) => self.shown.extend([(pane, None)]),
            WriteJob::ForgetAll => {
                *self =
                    Self { structure: self.structure.take(), forgets_all: true, ..Self::default() }
            }
        }
    }
}

#[cfg(test)]
mod tests;
