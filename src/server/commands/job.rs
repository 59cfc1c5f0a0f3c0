//! A program on pipes that the keeper holds: a session's shell, or a command beside it. Its output
//! is taken from the keeper's rings, its input is written, its end is told, it is stopped.

use std::collections::VecDeque;
use std::io;
use std::os::fd::{AsFd as _, OwnedFd};
use std::sync::Arc;

use crate::action::process::run::Written;
use crate::action::table::value;
use crate::base::error::{Code, Refusal};
use crate::base::id::{CallId, CommandId, SessionId};
use crate::base::signal::ExitStatus as Exit;
use crate::base::signal::{HUP, KILL, TERM};
use crate::base::time::{Span, Tick};
use crate::core::CommandEvent;
use crate::platform::memory::SharedMemory;
use crate::platform::now;
use crate::platform::poll::is_at_end;
use crate::server::commands::io::{CommandIo, OutputSource, Writer};
use crate::server::commands::spared::is_heir;
use crate::server::commands::stop::{
    StopEvidence, StopProgress, StopRequest, StopStep, kill_order,
};
use crate::server::commands::{CommandTaskEvent, Commands, Cx, shell};
use crate::state::command::Captured;
use crate::store::log::LogStream;
use crate::store::ring::Consumer;
use crate::wire::keeper::{
    COUNT_UNSURE, ExitStatus, FromKeeper, KeeperRecord, PART_ERROR_RING, PART_ERROR_SOURCE,
    PART_INPUT, PART_PIDFD, PART_RING, PART_SOURCE, ProgramEntry, Target, ToKeeper,
};

/// The bit in the tags of session shells.
const SHELL_BIT: u64 = 1 << 62;
/// The bit in the tags of commands beside shells.
const COMMAND_BIT: u64 = 1 << 61;
/// The most of one ring that is taken in a turn.
const TURN_BYTES_MAX: usize = 64 << 10;
/// The time between two looks at the pipes of an ended command that is followed.
const LATE_EVERY: Span = Span::millis(50);
/// The most a shell may say without an end.
const REPORT_BYTES_MAX: usize = 16 << 20;

/// True if a tag is one of ours, not a pane's.
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

/// The kind of a program.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum JobKind {
    Shell(SessionId),
    Command(SessionId, CommandId),
}

impl JobKind {
    pub(super) const fn session(self) -> SessionId {
        match self {
            Self::Shell(session) | Self::Command(session, _) => session,
        }
    }

    pub(super) const fn command(self) -> Option<CommandId> {
        match self {
            Self::Shell(_) => None,
            Self::Command(_, command) => Some(command),
        }
    }
}

/// The reason for a signal whose count the keeper has not told yet.
#[derive(Debug, Clone, Copy)]
enum PendingReport {
    /// The first signal of a stop.
    First,
    /// A check of how much is left.
    Check,
    /// A call sends one signal.
    Signal(CallId),
    /// No interest in the count.
    Nothing,
}

/// A program on pipes.
#[derive(Debug)]
pub(super) struct Job {
    pub(super) what: JobKind,
    entry: ProgramEntry,
    fds: Vec<Arc<OwnedFd>>,
    rings: [Consumer<SharedMemory>; 2],
    pub(super) writer: Option<Writer>,
    pub(super) exit: Option<ExitStatus>,
    /// True if its end was told.
    is_told: bool,
    /// Nobody wrote to its pipes at the last look.
    was_at_end: bool,
    pub(super) stop: StopProgress,
    /// The calls that wait for its stop.
    pub(super) stop_calls: Vec<CallId>,
    asked: VecDeque<PendingReport>,
    /// Output of a shell that was not understood yet.
    said: Vec<u8>,
}

impl Job {
    /// Puts together what rides with the keeper's record.
    pub(super) fn new(what: JobKind, entry: ProgramEntry, fds: Vec<OwnedFd>) -> io::Result<Self> {
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
            was_at_end: false,
            stop: StopProgress::default(),
            stop_calls: Vec::new(),
            asked: VecDeque::new(),
            said: Vec::new(),
        })
    }

    /// The descriptor that is a part of it.
    fn part(&self, part: u8) -> Option<&OwnedFd> {
        let at = (self.entry.parts & (part - 1)).count_ones() as usize;
        (self.entry.parts & part != 0).then(|| self.fds.get(at).map(AsRef::as_ref)).flatten()
    }

    /// True if nobody can print any more: all holders of its pipes are gone, and the keeper has
    /// read what was in them.
    fn is_at_end(&self) -> bool {
        let mut sources = [PART_SOURCE, PART_ERROR_SOURCE].into_iter();
        sources.all(|part| self.part(part).is_none_or(|pipe| is_at_end(pipe.as_fd())))
    }

    pub(super) const fn pid(&self) -> i32 {
        self.entry.pid
    }

    pub(super) const fn start_time(&self) -> u64 {
        self.entry.start_time
    }

    /// The entry for a new keeper, and the fds that ride with it.
    pub(super) fn adoption(&self) -> (ProgramEntry, Vec<Arc<OwnedFd>>) {
        (ProgramEntry { exit: self.exit, ..self.entry }, self.fds.clone())
    }

    pub(super) fn has_output(&mut self) -> bool {
        self.rings.iter_mut().any(|ring| {
            let done = ring.done();
            ring.head().is_ok_and(|head| done < head)
        })
    }

    /// Passes over what a log holds already.
    pub(super) fn skip_to(&mut self, stream: LogStream, position: u64) {
        let ring = &mut self.rings[usize::from(stream == LogStream::Error)];
        if ring.head().is_ok_and(|head| ring.done() < position && position <= head) {
            ring.set_done(position);
        }
    }

    /// The next bytes of a ring.
    pub(super) fn take(&mut self, stream: LogStream) -> Vec<u8> {
        let ring = &mut self.rings[usize::from(stream == LogStream::Error)];
        let from = ring.done();
        let (mut bytes, mut past_seam) = (Vec::new(), Vec::new());
        if ring.read(from, TURN_BYTES_MAX, &mut bytes).is_ok() {
            let (next, rest) = (from + bytes.len() as u64, TURN_BYTES_MAX - bytes.len());
            if ring.read(next, rest, &mut past_seam).is_ok() {
                bytes.append(&mut past_seam);
            }
        }
        bytes
    }

    /// Gives what was taken free; true if the keeper waits for room.
    pub(super) fn taken(&mut self, stream: LogStream, len: usize) -> bool {
        let ring = &mut self.rings[usize::from(stream == LogStream::Error)];
        let position = ring.done() + len as u64;
        ring.set_done(position);
        ring.set_tail(position)
    }

    /// Lets go of the writing end of its standard input.
    pub(super) fn close_input(&mut self) {
        if self.entry.parts & PART_INPUT != 0 {
            self.fds.pop();
            self.entry.parts &= !PART_INPUT;
        }
    }
}

/// A signal and which processes of a program get it.
#[derive(Clone, Copy)]
struct ProgramSignal {
    target: Target,
    signal: i32,
}

impl Commands {
    /// Works on a record of the keeper about a program of ours.
    pub(in crate::server) fn job_record(
        &mut self,
        cx: &mut Cx<'_>,
        tag: u64,
        record: KeeperRecord<FromKeeper, OwnedFd>,
    ) {
        match record.message {
            FromKeeper::Spawned(entry) => self.job_spawned(cx, entry, record.fds),
            FromKeeper::SpawnFailed { message, .. } => {
                self.job_not_spawned(cx, tag, &String::from_utf8_lossy(&message));
            }
            FromKeeper::Exited { status, .. } => {
                if let Some(job) = self.jobs.get_mut(&tag) {
                    job.exit = Some(status);
                    job.writer = None;
                }
                while self.job_output(cx, tag) {}
                self.check_job(cx, tag);
            }
            FromKeeper::Signalled { count, .. } if is_heir(tag) => {
                self.spared_evidence(cx, tag, StopEvidence::reached(count, true));
            }
            FromKeeper::Killed { report, .. } if is_heir(tag) => {
                self.spared_evidence(cx, tag, StopEvidence::Killed(&report));
            }
            FromKeeper::Signalled { count, .. } => self.job_signalled(cx, tag, count),
            FromKeeper::Killed { report, .. } => {
                let Some(job) = self.jobs.get_mut(&tag) else { return };
                job.stop.advance(now().tick, StopEvidence::Killed(&report));
                tracing::info!(what = ?job.what, outcome = ?job.stop.outcome(), "killed");
                // A leader that cannot be ended is given up, and named.
                job.exit.get_or_insert(ExitStatus::Lost);
                self.job_over(cx, tag);
            }
            _ => {}
        }
    }

    /// Takes a turn's worth of a program's output. True if there is more.
    pub(super) fn job_output(&mut self, cx: &mut Cx<'_>, tag: u64) -> bool {
        let mut is_more = false;
        for stream in LogStream::ALL {
            let Some(job) = self.jobs.get_mut(&tag) else { return false };
            let bytes = job.take(stream);
            if bytes.is_empty() {
                continue;
            }
            is_more |= bytes.len() == TURN_BYTES_MAX;
            let what = job.what;
            match what {
                JobKind::Shell(_) if stream == LogStream::Output => {
                    job.said.extend_from_slice(&bytes);
                }
                // A shell itself complains here, for example that it has no terminal.
                JobKind::Shell(_) => {}
                JobKind::Command(_, command) => self.keep_output(cx, command, stream, &bytes),
            }
            if let Some(job) = self.jobs.get_mut(&tag)
                && job.taken(stream, bytes.len())
            {
                cx.wake.room.notify();
            }
            if let JobKind::Shell(session) = what {
                self.listen(cx, tag, session);
            }
        }
        is_more
    }

    /// Understands the reports of a shell.
    fn listen(&mut self, cx: &mut Cx<'_>, tag: u64, session: SessionId) {
        while let Some(job) = self.jobs.get_mut(&tag) {
            let Some((report, used)) = shell::report(&job.said) else {
                if REPORT_BYTES_MAX < job.said.len() {
                    job.said.clear();
                }
                return;
            };
            job.said.drain(..used);
            if let Some(report) = report {
                self.reported(cx, session, report);
            }
        }
    }

    /// Checks all programs whose end was told: what their leaders left may have gone.
    pub(super) fn check_told_jobs(&mut self, cx: &mut Cx<'_>) {
        let is_told = |job: &Job| job.is_told && job.stop.is_idle() && job.asked.is_empty();
        let tags: Vec<u64> =
            self.jobs.iter().filter(|(_, job)| is_told(job)).map(|(tag, _)| *tag).collect();
        for tag in tags {
            self.check_job(cx, tag);
        }
    }

    /// Asks the keeper how much is left of the processes that a program started.
    pub(super) fn check_job(&mut self, cx: &mut Cx<'_>, tag: u64) {
        self.signal_program(
            cx,
            tag,
            ProgramSignal { target: Target::Tree, signal: 0 },
            PendingReport::Check,
        );
    }

    fn signal_program(
        &mut self,
        cx: &mut Cx<'_>,
        tag: u64,
        sent: ProgramSignal,
        reason: PendingReport,
    ) {
        if let Some(job) = self.jobs.get_mut(&tag) {
            job.asked.push_back(reason);
            let ProgramSignal { target, signal } = sent;
            cx.link.say(&ToKeeper::Signal { tag, target, signal }, Vec::new());
        }
    }

    /// Sends one signal to a command's tree, for a call.
    pub(super) fn signal_job(&mut self, cx: &mut Cx<'_>, tag: u64, signal: i32, call: CallId) {
        self.signal_program(
            cx,
            tag,
            ProgramSignal { target: Target::Tree, signal },
            PendingReport::Signal(call),
        );
    }

    /// Kills the process of a shell alone.
    pub(super) fn kill_leader(&mut self, cx: &mut Cx<'_>, tag: u64) {
        self.signal_program(
            cx,
            tag,
            ProgramSignal { target: Target::Leader, signal: KILL },
            PendingReport::Nothing,
        );
    }

    /// Ends a program and all that came of it in two stages; its call is answered then.
    pub(super) fn stop_job(&mut self, cx: &mut Cx<'_>, tag: u64, request: StopRequest) {
        let Some(job) = self.jobs.get_mut(&tag) else { return };
        let StopRequest { signal, grace, call } = request;
        job.stop_calls.extend(call);
        if !job.stop.begin(now().tick, grace) {
            return;
        }
        let is_shell = matches!(job.what, JobKind::Shell(_));
        tracing::info!(what = ?job.what, pid = job.pid(), signal, "stop asked");
        self.signal_program(
            cx,
            tag,
            ProgramSignal { target: Target::Tree, signal },
            PendingReport::First,
        );
        if is_shell {
            // An interactive shell ignores TERM.
            self.signal_program(
                cx,
                tag,
                ProgramSignal { target: Target::Leader, signal: HUP },
                PendingReport::Nothing,
            );
        }
    }

    fn job_signalled(&mut self, cx: &mut Cx<'_>, tag: u64, count: u32) {
        let Some(job) = self.jobs.get_mut(&tag) else { return };
        let sure = if count == COUNT_UNSURE { 0 } else { count };
        let reached = usize::try_from(sure).unwrap_or(usize::MAX);
        match job.asked.pop_front() {
            Some(PendingReport::First) => job.stop.note_signalled(reached),
            Some(PendingReport::Signal(call)) => {
                let command = job.what.command();
                return self.answer_signal(call, command, reached);
            }
            Some(PendingReport::Nothing) | None => return,
            Some(PendingReport::Check) => {}
        }
        let has_exited = job.exit.is_some();
        if job.stop.is_idle() {
            return if sure == 0 && has_exited {
                self.job_over(cx, tag);
            } else {
                self.tell_end(cx, tag);
            };
        }
        let step = job.stop.advance(now().tick, StopEvidence::reached(count, has_exited));
        self.take_stop_step(cx, tag, step);
    }

    pub(super) fn pass_job_deadline(&mut self, cx: &mut Cx<'_>, tag: u64, now: Tick) {
        let Some(job) = self.jobs.get_mut(&tag) else { return };
        let step = job.stop.advance(now, StopEvidence::Clock);
        self.take_stop_step(cx, tag, step);
    }

    fn take_stop_step(&mut self, cx: &mut Cx<'_>, tag: u64, step: StopStep) {
        match step {
            StopStep::Check => self.check_job(cx, tag),
            StopStep::Kill => cx.link.say(&kill_order(tag), Vec::new()),
            StopStep::Wait | StopStep::Signal | StopStep::Over => {}
        }
    }

    /// Tells the end of a leader. Something that it started may live on, and print.
    fn tell_end(&mut self, cx: &mut Cx<'_>, tag: u64) {
        let Some(job) = self.jobs.get_mut(&tag) else { return };
        let Some(status) = job.exit.filter(|_| !job.is_told) else { return };
        job.is_told = true;
        let (exit, was_killed) = (status.into(), job.stop.was_killed());
        tracing::info!(what = ?job.what, ?status, "reaped");
        match job.what {
            JobKind::Shell(session) => self.shell_ended(cx, session, tag, exit),
            JobKind::Command(_, command) => {
                let output = Box::default();
                self.command_event(CommandEvent::Ended { command, exit, was_killed, output });
                self.end_waits(cx, command);
                if self.jobs.get(&tag).is_some_and(Job::is_at_end) {
                    self.source_over(command);
                }
            }
        }
    }

    /// Looks whether somebody whom an ended command left behind can still print.
    pub(super) fn look_for_end(&mut self, cx: &mut Cx<'_>, id: CommandId) {
        let tag = command_tag(id);
        let has_ended = |job: &Job| job.is_told && job.is_at_end();
        if self.is_late(id) && self.jobs.get(&tag).is_some_and(has_ended) {
            while self.job_output(cx, tag) {}
            self.source_over(id);
            self.check_job(cx, tag);
        }
    }

    /// True if a command beside the shell has ended and what it left behind may still print.
    pub(super) fn is_late(&self, id: CommandId) -> bool {
        self.jobs.get(&command_tag(id)).is_some_and(|job| job.is_told)
            && self.outputs.get(&id).is_some_and(|io| matches!(io.source, OutputSource::Job))
    }

    /// Looks at the pipes of ended commands that are followed. An end counts from the second look
    /// on: the keeper may be about to tell what it has read.
    pub(super) fn look_at_late(&mut self, cx: &mut Cx<'_>, now: Tick) {
        if now < self.late_at {
            return;
        }
        self.late_at = now + LATE_EVERY;
        for id in self.followed_late() {
            let Some(job) = self.jobs.get_mut(&command_tag(id)) else { continue };
            let is_at_end = job.is_at_end();
            if std::mem::replace(&mut job.was_at_end, is_at_end) && is_at_end {
                self.look_for_end(cx, id);
            }
        }
    }

    /// Nothing is left of a program: its end is told, and the keeper may forget it.
    fn job_over(&mut self, cx: &mut Cx<'_>, tag: u64) {
        while self.job_output(cx, tag) {}
        self.tell_end(cx, tag);
        let Some(job) = self.jobs.remove(&tag) else { return };
        cx.link.say(&ToKeeper::Forget { tag }, Vec::new());
        if let Some(command) = job.what.command() {
            self.source_over(command);
        }
        self.answer_stops(cx, &job);
        self.shell_gone(job.what.session(), tag);
        self.check_ending(cx);
    }

    /// Hands waiting input to a program.
    pub(super) fn flush_job(&mut self, cx: &mut Cx<'_>, tag: u64) {
        let Some(job) = self.jobs.get_mut(&tag) else { return };
        if job
            .writer
            .as_mut()
            .is_some_and(|writer| !writer.flush(CommandTaskEvent::JobWritable(tag), &self.events))
        {
            job.writer = None;
            // The keeper's end of the pipe keeps it open otherwise.
            job.close_input();
            cx.link.say(&ToKeeper::CloseInput { tag }, Vec::new());
        }
        self.answer_writes();
    }

    /// Writes to the standard input of a command; the call is answered once that is on its way.
    pub(super) fn write_to_command(
        &mut self,
        cx: &mut Cx<'_>,
        call: CallId,
        id: CommandId,
        input: &ClosingInput,
    ) {
        let bytes = &input.bytes;
        let runs = self.runs(cx, id);
        let refusal = match self.writer(id).filter(|writer| !writer.is_closing()) {
            None if runs => {
                let message = format!("the standard input of command {id} is closed");
                Refusal::new(Code::NotRunning, message).hint("--stdin keeps it open")
            }
            None => Refusal::new(Code::NotRunning, format!("command {id} has ended"))
                .hint("--stdin keeps it open"),
            Some(writer) => {
                if writer.put(bytes) {
                    if input.is_last {
                        writer.close();
                    }
                    self.writes.push((call, id, bytes.len()));
                    return self.flush_command(cx, id);
                }
                let message = format!("command {id} does not read: 1 MiB waits for it");
                Refusal::new(Code::InputFull, message).hint("write again later")
            }
        };
        self.served(call, Err(refusal));
    }

    fn writer(&mut self, id: CommandId) -> Option<&mut Writer> {
        if let Some(job) = self.jobs.get_mut(&command_tag(id)) {
            return job.writer.as_mut();
        }
        match self.outputs.get_mut(&id) {
            Some(CommandIo { source: OutputSource::Shell { input, .. }, .. }) => input.as_mut(),
            _ => None,
        }
    }

    /// Hands waiting input to a command.
    pub(super) fn flush_command(&mut self, cx: &mut Cx<'_>, id: CommandId) {
        let tag = command_tag(id);
        if self.jobs.contains_key(&tag) {
            return self.flush_job(cx, tag);
        }
        if let Some(CommandIo { source: OutputSource::Shell { input, hold, .. }, .. }) =
            self.outputs.get_mut(&id)
            && input
                .as_mut()
                .is_some_and(|writer| !writer.flush(CommandTaskEvent::Writable(id), &self.events))
            && hold.is_none()
        {
            *input = None;
        }
        self.answer_writes();
    }

    /// Answers calls whose input is on its way, or will never be read.
    fn answer_writes(&mut self) {
        let writes = std::mem::take(&mut self.writes);
        for (call, id, bytes) in writes {
            if self.writer(id).is_some_and(|writer| writer.has_pending()) {
                self.writes.push((call, id, bytes));
            } else {
                self.served(call, Ok(value(&Written { bytes })));
            }
        }
    }

    /// The shell and all commands of a session that is gone are ended.
    pub(super) fn end_session(&mut self, cx: &mut Cx<'_>, session: SessionId, grace: Span) {
        self.ending.push(session);
        let jobs = self.jobs.iter().filter(|(_, job)| job.what.session() == session);
        for tag in jobs.map(|(tag, _)| *tag).collect::<Vec<_>>() {
            self.stop_job(cx, tag, StopRequest { signal: TERM, grace, call: None });
        }
        self.check_ending(cx);
    }

    /// Tells the end of sessions that are gone and of which nothing is left.
    pub(super) fn check_ending(&mut self, cx: &mut Cx<'_>) {
        for session in self.ending.clone() {
            if self.has_programs(cx, session) {
                continue;
            }
            self.ending.retain(|other| *other != session);
            let running = self.shells.remove(&session).and_then(|shell| shell.running);
            if let Some(running) = running {
                self.stops.retain(|stop| stop.target.command() != Some(running.command));
                let output = Box::new(Captured { shell_ended: true, ..Captured::default() });
                self.command_event(CommandEvent::Ended {
                    command: running.command,
                    exit: Exit::Lost,
                    was_killed: true,
                    output,
                });
            }
            self.slots.version += 1;
            self.command_event(CommandEvent::SessionOver { session });
        }
    }

    /// True if a session has programs, or some that are being started.
    fn has_programs(&self, cx: &Cx<'_>, session: SessionId) -> bool {
        let is_of =
            |tag: &u64| self.kind_of(cx, *tag).is_some_and(|kind| kind.session() == session);
        self.jobs.values().any(|job| job.what.session() == session)
            || self.spawning.keys().any(is_of)
            || self.spared.contains_key(&session)
            || self.is_preparing_in(session)
    }
}

/// Bytes for the standard input of a command, and whether it is closed after them.
#[derive(Debug)]
pub(super) struct ClosingInput {
    pub(super) bytes: Vec<u8>,
    pub(super) is_last: bool,
}
