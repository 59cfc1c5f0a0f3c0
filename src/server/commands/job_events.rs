//! A program on pipes that the keeper holds: a session's shell, or a command beside it. Its output
//! is taken from the keeper's rings, its end is told, it is stopped.

use std::os::fd::OwnedFd;

use crate::base::id::{CallId, SessionId};
use crate::base::signal::{HUP, KILL};
use crate::base::time::{Span, Tick};
use crate::core::exec::CommandEvent;
use crate::platform::now;
use crate::server::commands::event::CommandTaskEvent;
use crate::server::commands::job::{Job, JobKind, PendingReport, TURN_BYTES_MAX};
use crate::server::commands::shell;
use crate::server::edge::Server;
use crate::server::panes::pane::{StopStage, exit_status, next_stop_check};
use crate::store::log::LogStream;
use crate::wire::keeper::{
    COUNT_UNSURE, ExitStatus, FromKeeper, KeeperRecord, KillReport, Target, ToKeeper,
};

/// How long the keeper tries to end what ignores everything, in milliseconds.
const KILL_LIMIT_MS: u32 = 5000;
/// The most a shell may say without an end.
const REPORT_BYTES_MAX: usize = 16 << 20;

impl Server {
    /// Works on a record of the keeper about a program of ours.
    pub(in crate::server) fn job_record(
        &mut self,
        tag: u64,
        record: KeeperRecord<FromKeeper, OwnedFd>,
    ) {
        match record.message {
            FromKeeper::Spawned(entry) => self.job_spawned(entry, record.fds),
            FromKeeper::SpawnFailed { message, .. } => {
                self.job_not_spawned(tag, &String::from_utf8_lossy(&message))
            }
            FromKeeper::Exited { status, .. } => {
                if let Some(job) = self.commands.jobs.get_mut(&tag) {
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
        for stream in LogStream::ALL {
            let Some(job) = self.commands.jobs.get_mut(&tag) else { return false };
            let bytes = job.take(stream);
            if bytes.is_empty() {
                continue;
            }
            is_more |= bytes.len() == TURN_BYTES_MAX;
            let what = job.what;
            match what {
                JobKind::Shell(_) if stream == LogStream::Output => {
                    job.said.extend_from_slice(&bytes)
                }
                // JobKind the shell itself complains of, such as that it has no terminal.
                JobKind::Shell(_) => {}
                JobKind::Command(_, command) => self.keep_output(command, stream, &bytes),
            }
            if let Some(job) = self.commands.jobs.get_mut(&tag)
                && job.taken(stream, bytes.len())
            {
                self.wake.room.notify();
            }
            if let JobKind::Shell(session) = what {
                self.listen(tag, session);
            }
        }
        is_more
    }

    /// Understands what a shell said.
    fn listen(&mut self, tag: u64, session: SessionId) {
        while let Some(job) = self.commands.jobs.get_mut(&tag) {
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
        let is_told =
            |job: &Job| job.is_told && job.stop == StopStage::None && job.asked.is_empty();
        let tags: Vec<u64> = self
            .commands
            .jobs
            .iter()
            .filter(|(_, job)| is_told(job))
            .map(|(tag, _)| *tag)
            .collect();
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
        self.ask_job(tag, Target::Tree, 0, PendingReport::Look);
    }

    fn ask_job(&mut self, tag: u64, target: Target, signal: i32, asked: PendingReport) {
        if let Some(job) = self.commands.jobs.get_mut(&tag) {
            job.asked.push_back(asked);
            self.link.say(&ToKeeper::Signal { tag, target, signal }, Vec::new());
        }
    }

    /// Sends one signal to a command's tree, for a call.
    pub(super) fn signal_job(&mut self, tag: u64, signal: i32, call: CallId) {
        self.ask_job(tag, Target::Tree, signal, PendingReport::Signal(call));
    }

    /// Kills the process of a shell alone.
    pub(super) fn kill_leader(&mut self, tag: u64) {
        self.ask_job(tag, Target::Leader, KILL, PendingReport::Nothing);
    }

    /// Ends a program and all that came of it in two stages; `call` is answered then.
    pub(super) fn stop_job(
        &mut self,
        tag: u64,
        (signal, grace): (i32, Span),
        call: Option<CallId>,
    ) {
        let Some(job) = self.commands.jobs.get_mut(&tag) else { return };
        job.stoppers.extend(call);
        let at = now().tick;
        let deadline = at + grace;
        match job.stop {
            StopStage::None => {
                job.stop =
                    StopStage::HungUp { deadline, next_check: deadline.min(next_stop_check(at)) };
                let is_shell = matches!(job.what, JobKind::Shell(_));
                tracing::info!(what = ?job.what, pid = job.pid(), signal, "stop asked");
                self.ask_job(tag, Target::Tree, signal, PendingReport::First);
                if is_shell {
                    // An interactive shell ignores TERM.
                    self.ask_job(tag, Target::Leader, HUP, PendingReport::Nothing);
                }
            }
            // Who asks twice wants it sooner.
            StopStage::HungUp { deadline: former, next_check } => {
                job.stop = StopStage::HungUp {
                    deadline: former.min(deadline),
                    next_check: next_check.min(deadline),
                }
            }
            StopStage::Killing | StopStage::Gone => {}
        }
    }

    fn job_signalled(&mut self, tag: u64, count: u32) {
        let Some(job) = self.commands.jobs.get_mut(&tag) else { return };
        let (is_unsure, count) =
            (count == COUNT_UNSURE, if count == COUNT_UNSURE { 0 } else { count });
        let count_usize = usize::try_from(count).unwrap_or(usize::MAX);
        match job.asked.pop_front() {
            Some(PendingReport::First) => job.signalled = count_usize,
            Some(PendingReport::Signal(call)) => {
                let command =
                    if let JobKind::Command(_, command) = job.what { Some(command) } else { None };
                return self.answer_signal(call, command, count_usize);
            }
            Some(PendingReport::Nothing) | None => return,
            Some(PendingReport::Look) => {}
        }
        if job.stop == StopStage::Killing {
            return;
        }
        let StopStage::HungUp { deadline, .. } = job.stop else {
            if count == 0 && job.exit.is_some() {
                self.job_over(tag);
            } else {
                self.tell_end(tag);
            }
            return;
        };
        let at = now().tick;
        if count == 0 && !is_unsure && job.exit.is_some() {
            // That nobody was seen is no proof; the keeper finds out, and ends whom it finds.
            return self.kill_job(tag);
        }
        job.stop = StopStage::HungUp { deadline, next_check: deadline.min(next_stop_check(at)) };
    }

    pub(super) fn pass_job_deadline(&mut self, tag: u64, now: Tick) {
        let Some(job) = self.commands.jobs.get_mut(&tag) else { return };
        let StopStage::HungUp { deadline, next_check } = job.stop else { return };
        if deadline <= now {
            tracing::info!(what = ?job.what, "kill");
            self.kill_job(tag);
        } else if next_check <= now {
            job.stop = StopStage::HungUp { deadline, next_check: deadline };
            self.look_at_job(tag);
        }
    }

    fn kill_job(&mut self, tag: u64) {
        if let Some(job) = self.commands.jobs.get_mut(&tag) {
            job.stop = StopStage::Killing;
            self.link.say(&ToKeeper::Kill { tag, limit_ms: KILL_LIMIT_MS }, Vec::new());
        }
    }

    fn job_killed(&mut self, tag: u64, report: &KillReport) {
        let Some(job) = self.commands.jobs.get_mut(&tag) else { return };
        job.killed = usize::try_from(report.killed_count).unwrap_or(usize::MAX);
        job.left = report.survivors.iter().map(|survivor| survivor.pid.unsigned_abs()).collect();
        job.stop = StopStage::Gone;
        tracing::info!(what = ?job.what, killed = job.killed, left = ?job.left, "killed");
        // A leader that cannot be ended is given up, and named.
        job.exit.get_or_insert(ExitStatus::Lost);
        self.job_over(tag);
    }

    /// The leader has ended, but something that it started lives on, and may print.
    fn tell_end(&mut self, tag: u64) {
        let Some(job) = self.commands.jobs.get_mut(&tag) else { return };
        let Some(status) = job.exit.filter(|_| !job.is_told) else { return };
        job.is_told = true;
        let was_killed = 0 < job.killed;
        tracing::info!(what = ?job.what, ?status, "reaped");
        match job.what {
            JobKind::Shell(session) => self.shell_ended(session, tag, exit_status(status)),
            JobKind::Command(_, command) => {
                let output = Box::default();
                self.command_event(CommandEvent::Ended {
                    command,
                    exit: exit_status(status),
                    was_killed,
                    output,
                });
                self.end_watches(command);
            }
        }
    }

    /// Nothing is left of a program: its end is told, and the keeper may forget it.
    fn job_over(&mut self, tag: u64) {
        while self.job_output(tag) {}
        self.tell_end(tag);
        let Some(job) = self.commands.jobs.remove(&tag) else { return };
        self.link.say(&ToKeeper::Forget { tag }, Vec::new());
        if let JobKind::Command(_, command) = job.what {
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
        let Some(job) = self.commands.jobs.get_mut(&tag) else { return };
        if job
            .writer
            .as_mut()
            .is_some_and(|writer| !writer.flush(CommandTaskEvent::JobWritable(tag), &self.events))
        {
            job.writer = None;
            // The keeper's end of the pipe keeps it open otherwise.
            job.close_input();
            self.link.say(&ToKeeper::CloseInput { tag }, Vec::new());
        }
        self.answer_writes();
    }
}
