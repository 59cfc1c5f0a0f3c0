//! A program on pipes that the keeper holds: a session's shell, or a command beside it. Its output is taken from the keeper's rings, its end is told, it is stopped.

use std::collections::VecDeque;
use std::io;
use std::os::fd::OwnedFd;
use std::sync::Arc;

use crate::base::id::{CallId, CommandId, SessionId};
use crate::base::time::{Span, Tick};
use crate::core::exec::CommandEvent;
use crate::platform::memory::SharedMemory;
use crate::platform::now;
use crate::server::edge::Server;
use crate::server::event::ProcEvent;
use crate::server::pane::{STOP_LOOK, Stop, exit_status};
use crate::server::procs::io::Writer;
use crate::server::procs::{Asked, Job, What, shell};
use crate::store::log::Stream;
use crate::store::ring::Consumer;
use crate::wire::keeper::{
    Entry, ExitStatus, FromKeeper, KillReport, PART_ERROR_RING, PART_ERROR_SOURCE, PART_INPUT, PART_PIDFD, PART_RING, PART_SOURCE, Record,
    Target, ToKeeper,
};

/// Tags of session shells.
const SHELL_BIT: u64 = 1 << 62;
/// Tags of commands beside shells.
const COMMAND_BIT: u64 = 1 << 61;
/// How long the keeper tries to end what ignores everything, in milliseconds.
const KILL_LIMIT_MS: u32 = 5000;
/// How much of one ring is taken in a turn.
const TURN_BYTES_MAX: usize = 64 << 10;
/// The most a shell may say without an end.
const REPORT_BYTES_MAX: usize = 16 << 20;
const HUP: i32 = 1;

/// Whether a tag is one of ours, not a pane's.
pub(in crate::server) const fn is_job(tag: u64) -> bool {
    tag & (SHELL_BIT | COMMAND_BIT) != 0
}

/// The tag of a shell that is started for a command.
pub(super) const fn shell_tag(command: CommandId) -> u64 {
    SHELL_BIT | command.0
}

/// The tag of a command beside the shell.
pub(super) const fn command_tag(command: CommandId) -> u64 {
    COMMAND_BIT | command.0
}

impl What {
    pub(super) const fn session(self) -> SessionId {
        match self {
            Self::Shell(session) | Self::Command(session, _) => session,
        }
    }
}

impl Job {
    /// Puts together what rides with the keeper's record.
    pub(super) fn new(what: What, entry: Entry, fds: Vec<OwnedFd>) -> io::Result<Self> {
        let missing = || io::Error::new(io::ErrorKind::InvalidData, "fds are missing");
        let fds: Vec<Arc<OwnedFd>> = fds.into_iter().map(Arc::new).collect();
        let part = |part: u8| {
            let at = (entry.parts & (part - 1)).count_ones() as usize;
            (entry.parts & part != 0).then(|| fds.get(at)).flatten()
        };
        let ring = |of: u8| {
            let memory = SharedMemory::from_fd(part(of).ok_or_else(missing)?.try_clone()?)?;
            Consumer::attach(memory).map_err(|error| io::Error::new(io::ErrorKind::InvalidData, error))
        };
        let rings = [ring(PART_RING)?, ring(PART_ERROR_RING)?];
        let writer = part(PART_INPUT).cloned().map(Writer::new);
        debug_assert!(entry.parts & (PART_SOURCE | PART_ERROR_SOURCE | PART_PIDFD) != 0, "a program has streams");
        Ok(Self {
            what,
            exit: entry.exit,
            entry,
            fds,
            rings,
            writer,
            is_told: false,
            stop: Stop::None,
            asked: VecDeque::new(),
            said: Vec::new(),
            stoppers: Vec::new(),
            signalled: 0,
            killed: 0,
            left: Vec::new(),
        })
    }

    pub(super) const fn pid(&self) -> i32 {
        self.entry.pid
    }

    pub(super) const fn start_time(&self) -> u64 {
        self.entry.start_time
    }

    /// What a new keeper is told of it.
    pub(super) fn adoption(&self) -> (Entry, Vec<Arc<OwnedFd>>) {
        (Entry { exit: self.exit, ..self.entry }, self.fds.clone())
    }

    pub(super) fn has_output(&mut self) -> bool {
        self.rings.iter_mut().any(|ring| {
            let done = ring.done();
            ring.head().is_ok_and(|head| done < head)
        })
    }

    /// Passes over what a log holds already.
    pub(super) fn skip_to(&mut self, stream: Stream, position: u64) {
        let ring = &mut self.rings[usize::from(stream == Stream::Error)];
        if ring.head().is_ok_and(|head| ring.done() < position && position <= head) {
            ring.set_done(position);
        }
    }

    /// The next bytes of a ring.
    fn take(&mut self, stream: Stream) -> Vec<u8> {
        let ring = &mut self.rings[usize::from(stream == Stream::Error)];
        let from = ring.done();
        ring.read(from, TURN_BYTES_MAX).map(|(first, second)| [first, second].concat()).unwrap_or_default()
    }

    /// Gives what was taken free; true if the keeper waits for room.
    fn taken(&mut self, stream: Stream, len: usize) -> bool {
        let ring = &mut self.rings[usize::from(stream == Stream::Error)];
        let position = ring.done() + len as u64;
        ring.set_done(position);
        ring.set_tail(position)
    }
}

impl Server {
    /// Works on a record of the keeper about a program of ours.
    pub(in crate::server) fn job_record(&mut self, tag: u64, record: Record<FromKeeper, OwnedFd>) {
        match record.message {
            FromKeeper::Spawned(entry) => self.job_spawned(entry, record.fds),
            FromKeeper::SpawnFailed { message, .. } => self.job_not_spawned(tag, &String::from_utf8_lossy(&message)),
            FromKeeper::Exited { status, .. } => {
                if let Some(job) = self.procs.jobs.get_mut(&tag) {
                    job.exit = Some(status);
                    job.writer = None;
                }
                while self.job_output(tag) {}
                self.look_at_job(tag);
            }
            FromKeeper::Signalled { count, .. } => self.job_signalled(tag, count),
            FromKeeper::Killed { report, .. } => self.job_killed(tag, &report),
            _ => {}
        }
    }

    /// Takes a turn's worth of a program's output. True if there is more.
    pub(super) fn job_output(&mut self, tag: u64) -> bool {
        let mut is_more = false;
        for stream in Stream::ALL {
            let Some(job) = self.procs.jobs.get_mut(&tag) else { return false };
            let bytes = job.take(stream);
            if bytes.is_empty() {
                continue;
            }
            is_more |= bytes.len() == TURN_BYTES_MAX;
            let what = job.what;
            match what {
                What::Shell(_) if stream == Stream::Output => job.said.extend_from_slice(&bytes),
                // What the shell itself complains of, such as that it has no terminal.
                What::Shell(_) => {}
                What::Command(_, command) => self.keep_output(command, stream, &bytes),
            }
            if let Some(job) = self.procs.jobs.get_mut(&tag)
                && job.taken(stream, bytes.len())
            {
                self.wake.room.notify();
            }
            if let What::Shell(session) = what {
                self.listen(tag, session);
            }
        }
        is_more
    }

    /// Understands what a shell said.
    fn listen(&mut self, tag: u64, session: SessionId) {
        while let Some(job) = self.procs.jobs.get_mut(&tag) {
            let Some((report, used)) = shell::report(&job.said) else {
                if REPORT_BYTES_MAX < job.said.len() {
                    job.said.clear();
                }
                return;
            };
            job.said.drain(..used);
            if let Some(report) = report {
                self.reported(session, report);
            }
        }
    }

    /// The same for all whose end was told: what their leaders left may have gone.
    pub(super) fn look_at_told_jobs(&mut self) {
        let is_told = |job: &Job| job.is_told && job.stop == Stop::None && job.asked.is_empty();
        let tags: Vec<u64> = self.procs.jobs.iter().filter(|(_, job)| is_told(job)).map(|(tag, _)| *tag).collect();
        for tag in tags {
            self.look_at_job(tag);
        }
    }

    /// The same for one that had ended when this server started.
    pub(super) fn look_again(&mut self, tag: u64) {
        self.look_at_job(tag);
    }

    /// Asks how much is left of what a program started.
    fn look_at_job(&mut self, tag: u64) {
        self.ask_job(tag, Target::Tree, 0, Asked::Look);
    }

    fn ask_job(&mut self, tag: u64, target: Target, signal: i32, asked: Asked) {
        if let Some(job) = self.procs.jobs.get_mut(&tag) {
            job.asked.push_back(asked);
            self.link.say(&ToKeeper::Signal { tag, target, signal }, Vec::new());
        }
    }

    /// Sends one signal to a command's tree, for a call.
    pub(super) fn signal_job(&mut self, tag: u64, signal: i32, call: CallId) {
        self.ask_job(tag, Target::Tree, signal, Asked::Signal(call));
    }

    /// Kills the process of a shell alone.
    pub(super) fn kill_leader(&mut self, tag: u64) {
        const KILL: i32 = 9;
        self.ask_job(tag, Target::Leader, KILL, Asked::Nothing);
    }

    /// Ends a program and all that came of it in two stages; `call` is answered then.
    pub(super) fn stop_job(&mut self, tag: u64, (signal, grace): (i32, Span), call: Option<CallId>) {
        let Some(job) = self.procs.jobs.get_mut(&tag) else { return };
        job.stoppers.extend(call);
        let at = now().tick;
        let deadline = at + grace;
        match job.stop {
            Stop::None => {
                job.stop = Stop::Hung { deadline, look: deadline.min(at + STOP_LOOK) };
                let is_shell = matches!(job.what, What::Shell(_));
                tracing::info!(what = ?job.what, pid = job.pid(), signal, "stop asked");
                self.ask_job(tag, Target::Tree, signal, Asked::First);
                if is_shell {
                    // An interactive shell ignores TERM.
                    self.ask_job(tag, Target::Leader, HUP, Asked::Nothing);
                }
            }
            // Who asks twice wants it sooner.
            Stop::Hung { deadline: former, look } => job.stop = Stop::Hung { deadline: former.min(deadline), look: look.min(deadline) },
            Stop::Killing | Stop::Gone => {}
        }
    }

    fn job_signalled(&mut self, tag: u64, count: u32) {
        let Some(job) = self.procs.jobs.get_mut(&tag) else { return };
        let count_usize = usize::try_from(count).unwrap_or(usize::MAX);
        match job.asked.pop_front() {
            Some(Asked::First) => job.signalled = count_usize,
            Some(Asked::Signal(call)) => {
                let command = if let What::Command(_, command) = job.what { Some(command) } else { None };
                return self.answer_signal(call, command, count_usize);
            }
            Some(Asked::Nothing) | None => return,
            Some(Asked::Look) => {}
        }
        let Stop::Hung { deadline, .. } = job.stop else {
            if count == 0 && job.exit.is_some() {
                self.job_over(tag);
            } else {
                self.tell_end(tag);
            }
            return;
        };
        if count == 0 && job.exit.is_some() {
            job.stop = Stop::Gone;
            return self.job_over(tag);
        }
        job.stop = Stop::Hung { deadline, look: deadline.min(now().tick + STOP_LOOK) };
    }

    pub(super) fn pass_job_deadline(&mut self, tag: u64, now: Tick) {
        let Some(job) = self.procs.jobs.get_mut(&tag) else { return };
        let Stop::Hung { deadline, look } = job.stop else { return };
        if deadline <= now {
            job.stop = Stop::Killing;
            tracing::info!(what = ?job.what, "kill");
            self.link.say(&ToKeeper::Kill { tag, limit_ms: KILL_LIMIT_MS }, Vec::new());
        } else if look <= now {
            job.stop = Stop::Hung { deadline, look: deadline };
            self.look_at_job(tag);
        }
    }

    fn job_killed(&mut self, tag: u64, report: &KillReport) {
        let Some(job) = self.procs.jobs.get_mut(&tag) else { return };
        job.killed = usize::try_from(report.killed_count).unwrap_or(usize::MAX);
        job.left = report.survivors.iter().map(|survivor| survivor.pid.unsigned_abs()).collect();
        job.stop = Stop::Gone;
        tracing::info!(what = ?job.what, killed = job.killed, left = ?job.left, "killed");
        // A leader that cannot be ended is given up, and named.
        job.exit.get_or_insert(ExitStatus::Lost);
        self.job_over(tag);
    }

    /// The leader has ended, but something that it started lives on, and may print.
    fn tell_end(&mut self, tag: u64) {
        let Some(job) = self.procs.jobs.get_mut(&tag) else { return };
        let Some(status) = job.exit.filter(|_| !job.is_told) else { return };
        job.is_told = true;
        let was_killed = 0 < job.killed;
        tracing::info!(what = ?job.what, ?status, "reaped");
        match job.what {
            What::Shell(session) => self.shell_ended(session, tag, exit_status(status)),
            What::Command(_, command) => {
                let output = Box::default();
                self.command_event(CommandEvent::Ended { command, exit: exit_status(status), was_killed, output });
                self.end_watches(command);
            }
        }
    }

    /// Nothing is left of a program: its end is told, and the keeper may forget it.
    fn job_over(&mut self, tag: u64) {
        while self.job_output(tag) {}
        self.tell_end(tag);
        let Some(job) = self.procs.jobs.remove(&tag) else { return };
        self.link.say(&ToKeeper::Forget { tag }, Vec::new());
        if let What::Command(_, command) = job.what {
            self.source_over(command);
        }
        for call in &job.stoppers {
            self.answer_stop(*call, &job);
        }
        self.shell_gone(job.what.session(), tag);
        self.look_at_ending();
    }

    /// Hands waiting input to a program.
    pub(super) fn flush_job(&mut self, tag: u64) {
        let Some(job) = self.procs.jobs.get_mut(&tag) else { return };
        if job.writer.as_mut().is_some_and(|writer| !writer.flush(ProcEvent::JobWritable(tag), &self.events)) {
            job.writer = None;
            // The keeper's end of the pipe keeps it open otherwise.
            job.close_input();
            self.link.say(&ToKeeper::CloseInput { tag }, Vec::new());
        }
        self.answer_writes();
    }
}

impl Job {
    /// Lets go of the writing end of its standard input.
    fn close_input(&mut self) {
        if self.entry.parts & PART_INPUT != 0 {
            self.fds.pop();
            self.entry.parts &= !PART_INPUT;
        }
    }
}
