//! The database that outlives a reboot: the structure, and what panes last showed. A thread of its own writes; the loop only hands over.
//!
//! While it cannot be written, live sessions go on from memory: the loop is told once, and it is tried again every two seconds (F6). One that is damaged is put
//! aside and written anew (F7).

mod file;

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, TrySendError, sync_channel};
use std::time::Duration;

use self::file::{Open, ReadError};
use crate::base::id::PaneId;
use crate::base::time::Span;
use crate::platform::now;

/// The most jobs that wait for the disk; what does not fit is tried again with the next change.
const JOBS_MAX: usize = 64;
/// Changes that come within this time are written together.
pub(super) const TOGETHER: Span = Span::millis(250);
/// The longest text kept of a pane, in bytes.
pub(super) const TEXT_MAX: usize = 256 << 10;
/// What could not be written is tried again after this.
const AGAIN_AFTER: Span = Span::seconds(2);

/// How the loop is told; false if it has no room for more at the moment.
pub(super) type Tell = Box<dyn Fn(News) -> bool + Send>;

/// What the loop is told of the disk.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum News {
    /// Nothing can be written, for this reason.
    Failing(String),
    /// It is the other way again: everything that was handed over is written.
    Fine,
    /// The database is a new one: everything is to be handed over again.
    Anew,
}

/// Something to be written.
#[derive(Debug)]
enum Job {
    Structure(Vec<u8>),
    Text(PaneId, Vec<u8>),
    Forget(PaneId),
}

/// The loop's end.
#[derive(Debug)]
pub(super) struct Db {
    jobs: Option<SyncSender<Job>>,
    thread: Option<std::thread::JoinHandle<()>>,
}

/// What was found at the start.
#[derive(Debug, Default)]
pub(super) struct Stored {
    /// The structure's bytes.
    pub(super) structure: Option<Vec<u8>>,
    /// What panes showed, as text with SGR.
    pub(super) texts: BTreeMap<PaneId, Vec<u8>>,
    /// Panes whose text is damaged.
    pub(super) damaged: BTreeSet<PaneId>,
    /// What a person is to know of it.
    pub(super) problem: Option<String>,
}

impl Db {
    /// Starts the thread; the file is opened with the first job.
    pub(super) fn start(path: PathBuf, tell: Tell) -> Self {
        let (jobs, receiver) = sync_channel(JOBS_MAX);
        let writer = Writer { path, tell, open: None, latest: Latest::default(), has_written: false, wants_all: false, is_failing: false };
        let thread = std::thread::Builder::new().name("disk".into()).spawn(move || writer.work(&receiver));
        match thread {
            Ok(thread) => Self { jobs: Some(jobs), thread: Some(thread) },
            Err(error) => {
                tracing::error!(%error, "nothing is written to disk");
                Self::off()
            }
        }
    }

    /// One that writes nothing.
    pub(super) fn off() -> Self {
        Self { jobs: None, thread: None }
    }

    /// Writes the structure soon. False if the disk is too slow at the moment.
    pub(super) fn structure(&self, bytes: Vec<u8>) -> bool {
        self.hand(Job::Structure(bytes))
    }

    /// Writes what a pane shows soon.
    pub(super) fn text(&self, pane: PaneId, text: Vec<u8>) -> bool {
        self.hand(Job::Text(pane, text))
    }

    /// Drops what is kept of a pane.
    pub(super) fn forget(&self, pane: PaneId) -> bool {
        self.hand(Job::Forget(pane))
    }

    fn hand(&self, job: Job) -> bool {
        match self.jobs.as_ref().map(|jobs| jobs.try_send(job)) {
            None | Some(Ok(()) | Err(TrySendError::Disconnected(_))) => true,
            Some(Err(TrySendError::Full(_))) => false,
        }
    }

    /// Writes the structure a last time and waits until everything handed over is written. Only for the end: it blocks.
    pub(super) fn finish(mut self, last: Vec<u8>) {
        if let Some(jobs) = self.jobs.take() {
            // A thread that has given up takes nothing more.
            drop(jobs.send(Job::Structure(last)));
        }
        if let Some(thread) = self.thread.take() {
            // A thread that panicked has written what it could.
            drop(thread.join());
        }
    }
}

/// Takes the database away: there is nothing to restore.
pub(super) fn remove(path: &Path) {
    file::remove(path);
}

/// Puts away what cannot be understood; gives what a person is to know of it.
pub(super) fn put_aside(path: &Path, why: &str) -> String {
    let aside = file::put_aside(path);
    let problem = format!("what was kept of sessions cannot be restored ({why}); it was put aside as {}", aside.display());
    tracing::error!("{problem}");
    problem
}

/// Reads what was kept; empty if there is nothing. What cannot be read is put aside.
pub(super) fn load(path: &Path) -> Stored {
    if !path.exists() {
        return Stored::default();
    }
    let why = match Open::new(path).and_then(|(open, _)| open.read()) {
        Ok(mut stored) if stored.structure.is_some() => {
            if !stored.damaged.is_empty() {
                stored.problem = Some(format!("what {} panes showed is damaged on disk and cannot be restored", stored.damaged.len()));
            }
            return stored;
        }
        Ok(_) => "it names no sessions".to_owned(),
        Err(error) => error.to_string(),
    };
    Stored { problem: Some(put_aside(path, &why)), ..Stored::default() }
}

/// The thread: collects jobs for a moment, writes them in one transaction, waits.
struct Writer {
    path: PathBuf,
    tell: Tell,
    open: Option<Open>,
    /// What is not written yet.
    latest: Latest,
    has_written: bool,
    /// The file is new, and holds less than it should.
    wants_all: bool,
    is_failing: bool,
}

impl Writer {
    fn work(mut self, jobs: &Receiver<Job>) {
        loop {
            let Some(has_ended) = self.collect(jobs) else { return };
            let result = self.write();
            self.report(&result);
            if has_ended {
                return;
            }
            if result.is_ok() {
                self.latest = Latest::default();
            }
        }
    }

    /// Waits for jobs, and for those that come soon after. Says whether they were the last; nothing if there is nothing left to do.
    fn collect(&mut self, jobs: &Receiver<Job>) -> Option<bool> {
        if !self.is_failing {
            self.latest.add(jobs.recv().ok()?);
        }
        let end = now().tick + if self.is_failing { AGAIN_AFTER } else { TOGETHER };
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

    /// Writes what is new. After a failure the file is opened anew; one that is lost is put aside first.
    fn write(&mut self) -> Result<(), ReadError> {
        let open = self.open.take().filter(Open::is_in_place);
        let result = open.map_or_else(|| self.opened(), Ok).and_then(|mut open| open.write(&self.latest).map(|()| open));
        match result {
            Ok(open) => {
                self.open = Some(open);
                self.has_written = true;
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

    fn opened(&mut self) -> Result<Open, ReadError> {
        let (open, is_new) = Open::new(&self.path)?;
        self.wants_all |= is_new && self.has_written;
        Ok(open)
    }

    /// Tells the loop what is other than it knows; what it has no room for is told with the next result.
    fn report(&mut self, result: &Result<(), ReadError>) {
        let say = &self.tell;
        match result {
            Ok(()) if self.is_failing => {
                tracing::info!(path = %self.path.display(), "it is written to disk again");
                self.is_failing = !say(News::Fine);
            }
            Err(error) if !self.is_failing => {
                tracing::error!(path = %self.path.display(), %error, "nothing can be written to disk; it is tried again");
                self.is_failing = say(News::Failing(error.to_string()));
            }
            _ => {}
        }
        self.wants_all = self.wants_all && !say(News::Anew);
    }
}

/// The newest of each thing that is to be written; none for what is to be dropped.
#[derive(Debug, Default)]
struct Latest {
    structure: Option<Vec<u8>>,
    texts: BTreeMap<PaneId, Option<Vec<u8>>>,
}

impl Latest {
    fn add(&mut self, job: Job) {
        match job {
            Job::Structure(bytes) => self.structure = Some(bytes),
            Job::Text(pane, text) => drop(self.texts.insert(pane, Some(text))),
            Job::Forget(pane) => drop(self.texts.insert(pane, None)),
        }
    }
}

#[cfg(test)]
mod tests;
