//! The stop of a program that the keeper holds, of a command in a session's shell, or of single
//! processes: a first signal, a grace, KILL, and proof that nobody is left.
//!
//! [`StopProgress`] is the one machine. It is fed with evidence, reports of the keeper or scans of
//! the process table, and says what is to be done next. Identity is (process id, start time),
//! checked on a pidfd before each signal; whoever was seen once stays known until it is gone.

use std::collections::{BTreeMap, BTreeSet};

use crate::action::process::stop::{Signalled, StopReport};
use crate::action::table::value;
use crate::base::error::{Code, Refusal};
use crate::base::id::{CallId, CommandId, SessionId};
use crate::base::signal::{CONT, ExitStatus, INT, KILL, TERM};
use crate::base::time::{Span, Tick};
use crate::platform::process::Process;
use crate::platform::process_ownership::{CERTAINTY_NEEDED, Confidence, KILL_FOR};
use crate::platform::{now, pidfd, process};
use crate::server::commands::job::{Job, JobKind, command_tag};
use crate::server::commands::scan::{Question, Seen};
use crate::server::commands::{CommandEnd, Commands, Cx, scan};
use crate::state::command::Captured;
use crate::state::command_effect::Target;
use crate::wire::keeper::{COUNT_UNSURE, KillReport, ToKeeper};

/// The time between two checks whether a stopped program has gone by itself.
const CHECK_EVERY: Span = Span::millis(50);
/// The time between two requests to a shell that does not answer.
pub(super) const ASK_EVERY: Span = Span::millis(50);

/// A request to stop something.
#[derive(Debug, Clone, Copy)]
pub(in crate::server) struct StopRequest {
    /// The first signal.
    pub(in crate::server) signal: i32,
    /// Time to end by itself.
    pub(in crate::server) grace: Span,
    /// The call that is answered once it is over.
    pub(in crate::server) call: Option<CallId>,
}

/// The stage of a stop.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
enum StopStage {
    /// Nobody asked for a stop.
    #[default]
    Idle,
    /// The first signal was sent; KILL follows at the deadline.
    Signalled { deadline: Tick, next_check: Tick },
    /// KILL is sent until nobody is left, or until then.
    Killing { until: Tick },
    /// The stop is over.
    Over,
}

/// Evidence of how far a stop has come.
#[derive(Debug, Clone, Copy)]
pub(in crate::server) enum StopEvidence<'a> {
    /// Time has passed.
    Clock,
    /// The keeper's signal reached so many processes; none if it cannot tell.
    Reached { count: Option<u32>, has_exited: bool },
    /// The keeper has killed, and verified who is left.
    Killed(&'a KillReport),
    /// The process table was scanned. Settled is what starts nothing more by itself; it must have
    /// been so before the scan began.
    Scanned { living: &'a [Process], confidence: Confidence, is_settled: bool, was_settled: bool },
}

impl StopEvidence<'_> {
    /// The evidence in an answer of the keeper to a signal.
    pub(in crate::server) fn reached(count: u32, has_exited: bool) -> Self {
        Self::Reached { count: Some(count).filter(|count| *count != COUNT_UNSURE), has_exited }
    }
}

/// The next step of a stop.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::server) enum StopStep {
    /// More evidence is waited for.
    Wait,
    /// The keeper is to be asked who is left.
    Check,
    /// The first signal goes to those that have not had it.
    Signal,
    /// KILL is to be sent.
    Kill,
    /// Nobody is left, or the rest is given up.
    Over,
}

/// The outcome of a stop.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::server) enum StopOutcome {
    /// All ended by themselves.
    Ended,
    /// All are gone, some by KILL.
    Killed,
    /// Some live on and are named.
    Left,
}

/// The progress of a stop.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(in crate::server) struct StopProgress {
    stage: StopStage,
    /// The certainty that nobody is left.
    certainty: u8,
    signalled: usize,
    killed: usize,
    /// The processes found by the last scan that found any.
    left: Vec<u32>,
}

impl StopProgress {
    /// Begins a stop, or shortens the grace of one under way. True if the first signal is to be
    /// sent.
    pub(in crate::server) fn begin(&mut self, now: Tick, grace: Span) -> bool {
        let deadline = now + grace;
        match &mut self.stage {
            StopStage::Idle => {
                let next_check = deadline.min(now + CHECK_EVERY);
                self.stage = StopStage::Signalled { deadline, next_check };
                true
            }
            StopStage::Signalled { deadline: former, next_check } => {
                *former = deadline.min(*former);
                *next_check = deadline.min(*next_check);
                false
            }
            StopStage::Killing { .. } | StopStage::Over => false,
        }
    }

    /// Takes evidence in, and gives the next step.
    pub(in crate::server) fn advance(&mut self, now: Tick, evidence: StopEvidence<'_>) -> StopStep {
        match evidence {
            StopEvidence::Clock => self.pass_time(now),
            StopEvidence::Reached { count, has_exited } => self.reached(now, count, has_exited),
            StopEvidence::Killed(report) => {
                self.killed = usize::try_from(report.killed_count).unwrap_or(usize::MAX);
                let survivors = report.survivors.iter();
                self.left = survivors.map(|survivor| survivor.pid.unsigned_abs()).collect();
                self.stage = StopStage::Over;
                StopStep::Over
            }
            StopEvidence::Scanned { living, confidence, is_settled, was_settled } => {
                self.pass_time(now);
                if living.is_empty() && is_settled {
                    let weight = if was_settled { confidence.weight(CERTAINTY_NEEDED) } else { 0 };
                    let grown = self.certainty.saturating_add(weight);
                    self.certainty = if was_settled { grown } else { 0 };
                    return self.nobody_found(now);
                }
                self.certainty = 0;
                self.left = living.iter().map(|process| process.pid.unsigned_abs()).collect();
                self.somebody_found(now)
            }
        }
    }

    fn pass_time(&mut self, now: Tick) -> StopStep {
        match &mut self.stage {
            StopStage::Signalled { deadline, .. } if *deadline <= now => {
                self.stage = StopStage::Killing { until: *deadline + KILL_FOR };
                StopStep::Kill
            }
            StopStage::Signalled { deadline, next_check } if *next_check <= now => {
                *next_check = *deadline;
                StopStep::Check
            }
            _ => StopStep::Wait,
        }
    }

    fn reached(&mut self, now: Tick, count: Option<u32>, has_exited: bool) -> StopStep {
        let StopStage::Signalled { deadline, next_check } = &mut self.stage else {
            return StopStep::Wait;
        };
        if count == Some(0) && has_exited {
            // The keeper saw nobody, which is no proof: its kill looks until it is sure.
            self.stage = StopStage::Killing { until: now + KILL_FOR };
            return StopStep::Kill;
        }
        *next_check = (*deadline).min(now + CHECK_EVERY);
        StopStep::Wait
    }

    fn nobody_found(&mut self, now: Tick) -> StopStep {
        if CERTAINTY_NEEDED <= self.certainty {
            self.left.clear();
            self.stage = StopStage::Over;
        } else if self.is_late(now) {
            // Nothing proves that the last ones seen are gone, so they stay named.
            self.stage = StopStage::Over;
        }
        if self.stage == StopStage::Over { StopStep::Over } else { StopStep::Wait }
    }

    fn somebody_found(&mut self, now: Tick) -> StopStep {
        if self.is_late(now) {
            self.stage = StopStage::Over;
            return StopStep::Over;
        }
        if self.is_killing() { StopStep::Kill } else { StopStep::Signal }
    }

    fn is_late(&self, now: Tick) -> bool {
        matches!(self.stage, StopStage::Killing { until } if until <= now)
    }

    /// True if a stop was asked for and is not over.
    pub(in crate::server) const fn is_under_way(&self) -> bool {
        matches!(self.stage, StopStage::Signalled { .. } | StopStage::Killing { .. })
    }

    /// True if nobody asked for a stop.
    pub(in crate::server) const fn is_idle(&self) -> bool {
        matches!(self.stage, StopStage::Idle)
    }

    pub(super) const fn is_killing(&self) -> bool {
        matches!(self.stage, StopStage::Killing { .. })
    }

    /// True if the next scan must not wait: nobody may get away, or the end is near.
    pub(super) const fn is_urgent(&self) -> bool {
        self.is_killing() || 0 < self.certainty
    }

    /// True if the time to end by itself is not over yet.
    pub(in crate::server) const fn is_in_grace(&self) -> bool {
        matches!(self.stage, StopStage::Signalled { .. })
    }

    /// The time at which it moves on by itself.
    pub(in crate::server) fn deadline(&self) -> Option<Tick> {
        match self.stage {
            StopStage::Signalled { deadline, next_check } => Some(deadline.min(next_check)),
            _ => None,
        }
    }

    /// Notes how many processes the first signal reached.
    pub(super) fn note_signalled(&mut self, count: usize) {
        self.signalled = count;
    }

    /// The outcome, once the stop is over.
    pub(in crate::server) fn outcome(&self) -> StopOutcome {
        match (self.left.is_empty(), self.killed) {
            (false, _) => StopOutcome::Left,
            (true, 0) => StopOutcome::Ended,
            (true, _) => StopOutcome::Killed,
        }
    }

    /// True if KILL was needed.
    pub(super) const fn was_killed(&self) -> bool {
        0 < self.killed
    }

    /// Names those of whom nothing tells whether they belong.
    fn add_unsure(&mut self, unsure: Vec<u32>) {
        self.left.extend(unsure);
    }

    /// The survivors, by process id.
    pub(in crate::server) fn left(&self) -> Vec<u32> {
        self.left.clone()
    }

    /// The answer to a call that asked for it.
    fn report(&self) -> StopReport {
        StopReport {
            signalled: self.signalled,
            killed: self.killed,
            left: self.left(),
            ..StopReport::default()
        }
    }
}

/// The message that has the keeper end all that came of a program.
pub(in crate::server) fn kill_order(tag: u64) -> ToKeeper {
    let limit_ms = u32::try_from(KILL_FOR.as_millis()).unwrap_or(u32::MAX);
    ToKeeper::Kill { tag, limit_ms }
}

/// The target of a stop that scans find.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum StopTarget {
    /// All that came of a command in a session's shell.
    Command { id: CommandId, session: SessionId, is_running: bool },
    /// A process, and what it started if the tree is meant.
    Process { pid: i32, start_time: u64, tree: bool },
}

impl StopTarget {
    /// The command that is stopped.
    pub(super) const fn command(self) -> Option<CommandId> {
        match self {
            Self::Command { id, .. } => Some(id),
            Self::Process { .. } => None,
        }
    }

    /// The command that is stopped, and the session in whose shell it was.
    pub(super) const fn shell_command(self) -> Option<(SessionId, CommandId)> {
        match self {
            Self::Command { id, session, .. } => Some((session, id)),
            Self::Process { .. } => None,
        }
    }
}

/// A stop whose processes are found by scans of the process table.
#[derive(Debug)]
pub(super) struct StopOperation {
    pub(super) target: StopTarget,
    pub(super) progress: StopProgress,
    calls: Vec<CallId>,
    /// During a scan: whether the shell had come back when that began.
    pub(super) was_unwound: Option<bool>,
    pub(super) began: Tick,
    asked_at: Tick,
    ask_count: u32,
    /// The start of the target, in clock ticks since boot.
    since: u64,
    /// The shell did not come back and is replaced.
    is_shell_lost: bool,
    signal: i32,
    signalled: BTreeSet<(i32, u64)>,
    /// Children of the shell that got an INT together with it.
    interrupted: BTreeSet<(i32, u64)>,
    is_shell_interrupted: bool,
    killed: BTreeSet<(i32, u64)>,
    /// Everybody that was found so far, by process id and start time.
    pub(super) seen: BTreeMap<i32, u64>,
}

impl Commands {
    /// Stops a command: its time is up, or its caller has gone.
    pub(super) fn stop_command(&mut self, cx: &mut Cx<'_>, id: CommandId, grace: Span) {
        let tag = command_tag(id);
        if self.jobs.contains_key(&tag) || self.is_starting(id) {
            return self.stop_job(cx, tag, StopRequest { signal: TERM, grace, call: None });
        }
        self.interrupt_command(cx, id, StopRequest { signal: INT, grace, call: None });
    }

    fn interrupt_command(&mut self, cx: &mut Cx<'_>, id: CommandId, request: StopRequest) {
        let Some(command) = cx.state.commands.records.get(&id) else { return };
        let (session, is_running) = (command.session, self.runs(cx, id));
        let since = process::ticks_at(command.started, now().tick);
        // A shell unwinds when it is interrupted, not when it is told to end.
        let signal = if request.signal == TERM { INT } else { request.signal };
        let target = StopTarget::Command { id, session, is_running };
        self.start_stop(target, since, StopRequest { signal, ..request });
    }

    fn start_stop(&mut self, target: StopTarget, since: u64, request: StopRequest) {
        let at = now().tick;
        let StopRequest { signal, grace, call } = request;
        if let Some(stop) = self.stops.iter_mut().find(|stop| stop.target == target) {
            stop.calls.extend(call);
            stop.progress.begin(at, grace);
            return;
        }
        let mut stop = StopOperation {
            target,
            progress: StopProgress::default(),
            calls: call.into_iter().collect(),
            was_unwound: None,
            began: at,
            asked_at: at,
            ask_count: 0,
            since,
            is_shell_lost: false,
            signal,
            signalled: BTreeSet::new(),
            interrupted: BTreeSet::new(),
            is_shell_interrupted: false,
            killed: BTreeSet::new(),
            seen: BTreeMap::new(),
        };
        stop.progress.begin(at, grace);
        tracing::info!(?target, signal, "stop asked");
        self.send_first_signal(&mut stop);
        self.stops.push(stop);
        self.scan.next = at;
    }

    /// The first signals. A shell is interrupted before its children: it unwinds its loop, and
    /// starts nothing more. The next scan finds all others.
    fn send_first_signal(&mut self, stop: &mut StopOperation) {
        if let Some(shell) = self.running_shell(stop.target) {
            self.interrupt(stop, shell);
        } else if let StopTarget::Command { session, is_running: true, .. } = stop.target
            && let Some(running) =
                self.shells.get_mut(&session).and_then(|shell| shell.running.as_mut())
        {
            // The shell has not been told the command yet, and is not going to be.
            running.unsent.clear();
            running.status.get_or_insert(128 + u8::try_from(TERM).unwrap_or(0));
        }
    }

    fn interrupt(&mut self, stop: &mut StopOperation, shell_process: ProcessId) {
        if let StopTarget::Command { session, .. } = stop.target
            && let Some(shell) = self.shells.get_mut(&session)
        {
            shell.interrupts.sent = shell.interrupts.sent.wrapping_add(1);
        }
        stop.interrupt(shell_process);
    }

    /// The shell that a command runs in which is being stopped.
    fn running_shell(&self, target: StopTarget) -> Option<ProcessId> {
        let StopTarget::Command { id, session, is_running: true } = target else { return None };
        let shell = self.shells.get(&session)?;
        shell.running.as_ref().filter(|running| running.command == id && running.is_told)?;
        let job = self.jobs.get(&shell.tag?)?;
        job.exit.is_none().then(|| ProcessId { pid: job.pid(), start_time: job.start_time() })
    }

    /// True if a command in a shell has come to its end, or its shell has. A command that was given
    /// up too late to be spared would take the next one along.
    pub(super) fn is_unwound(&self, stop: &StopOperation) -> bool {
        if stop.is_shell_lost {
            return self.running_shell(stop.target).is_none();
        }
        let StopTarget::Command { id, session, is_running: true } = stop.target else {
            return true;
        };
        let shell = self.shells.get(&session);
        let is_reported = shell.is_none_or(|shell| {
            let running = shell.running.as_ref().filter(|running| running.command == id);
            running.is_none_or(|running| running.status.is_some() && shell.interrupts.is_settled())
        });
        is_reported || self.running_shell(stop.target).is_none()
    }

    /// Works on a scan for one stop; true if it is over. A shell that came back only after the scan
    /// began may have started something that the scan did not see.
    pub(super) fn advance_stop(
        &mut self,
        cx: &mut Cx<'_>,
        stop: &mut StopOperation,
        seen: &mut Seen<'_>,
        was_unwound: bool,
    ) -> bool {
        let at = now().tick;
        let is_unwound = self.is_unwound(stop);
        let was_killing = stop.progress.is_killing();
        let owned = scan::members(self, cx, stop, seen);
        for member in &owned.living {
            stop.seen.insert(member.pid, member.start_time);
        }
        let advanced = stop.progress.advance(
            at,
            StopEvidence::Scanned {
                living: &owned.living,
                confidence: owned.confidence,
                is_settled: is_unwound,
                was_settled: was_unwound,
            },
        );
        if stop.progress.is_killing() && !was_killing {
            tracing::info!(target = ?stop.target, is_unwound, "kill");
            if !is_unwound {
                stop.is_shell_lost = true;
                self.replace_shell(cx, stop.target);
            }
        }
        if advanced == StopStep::Signal {
            self.signal_members(cx, stop, &owned.living, is_unwound);
        } else {
            stop.kill(&owned.living);
        }
        if advanced == StopStep::Over {
            stop.progress.add_unsure(scan::unsure(self, cx, stop, seen));
        }
        advanced == StopStep::Over
    }

    /// Sends the first signal to those that have not had it, and asks the shell to come back.
    fn signal_members(
        &mut self,
        cx: &mut Cx<'_>,
        stop: &mut StopOperation,
        members: &[Process],
        is_unwound: bool,
    ) {
        // A child that was forked while its shell was interrupted must die of the same, or the
        // shell goes on to the rest of the command.
        let shell = self.running_shell(stop.target);
        for member in members {
            if !stop.signalled.contains(&(member.pid, member.start_time)) {
                stop.tell(member, shell.is_some_and(|shell| member.parent == shell.pid));
            }
        }
        let at = now().tick;
        let StopTarget::Command { session, .. } = stop.target else { return };
        if is_unwound || at - stop.asked_at < ASK_EVERY {
            return;
        }
        stop.asked_at = at;
        stop.ask_count += 1;
        let shell = self.shells.get(&session);
        let has_ended = shell.and_then(|shell| shell.running.as_ref()?.status).is_some();
        if has_ended || stop.ask_count.is_multiple_of(2) {
            self.ask_for_end(cx, session);
        } else if let Some(shell) = self.running_shell(stop.target) {
            // A child that ended by itself just before the last interrupt may have let its loop go
            // on.
            self.interrupt(stop, shell);
        }
    }

    /// A shell that does not come back is killed alone; the next command gets another.
    fn replace_shell(&mut self, cx: &mut Cx<'_>, target: StopTarget) {
        let StopTarget::Command { session, .. } = target else { return };
        if let Some(shell) = self.shells.get_mut(&session)
            && let Some(tag) = shell.tag
        {
            shell.is_replaced = true;
            self.kill_leader(cx, tag);
        }
    }

    pub(super) fn finish_stop(&mut self, cx: &mut Cx<'_>, mut stop: StopOperation) {
        if let StopTarget::Command { session, .. } = stop.target
            && !self.is_stopping_in(session)
            && let Some(shell) = self.shells.get_mut(&session)
        {
            shell.former.retain(|tag| self.jobs.contains_key(tag));
        }
        // A command that is the shell's own work is one.
        let told = stop.signalled.union(&stop.interrupted).count();
        stop.progress.signalled = told.max(usize::from(stop.is_shell_interrupted));
        stop.progress.killed = stop.killed.len();
        let mut report = stop.progress.report();
        tracing::info!(
            target = ?stop.target,
            outcome = ?stop.progress.outcome(),
            signalled = report.signalled,
            killed = report.killed,
            left = ?report.left,
            "stopped"
        );
        match stop.target {
            StopTarget::Command { id, session, is_running } => {
                if is_running {
                    self.end_stopped_command(cx, &stop, id, session);
                }
                report.command = Some(id);
                self.add_end(cx, &mut report, id);
            }
            StopTarget::Process { pid, .. } => report.pid = Some(pid),
        }
        for call in stop.calls {
            self.served(call, Ok(value(&report)));
        }
    }

    fn end_stopped_command(
        &mut self,
        cx: &mut Cx<'_>,
        stop: &StopOperation,
        id: CommandId,
        session: SessionId,
    ) {
        let shell = self.shells.get(&session);
        let running = shell.and_then(|shell| shell.running.as_ref());
        let exit = running
            .filter(|running| running.command == id)
            .and_then(|running| running.status)
            .map_or(ExitStatus::Signal(9), ExitStatus::Code);
        let lost = shell.filter(|_| stop.is_shell_lost).map(|shell| shell.kind.lost().to_owned());
        let end = CommandEnd { exit, was_killed: stop.progress.was_killed() || stop.is_shell_lost };
        let output =
            Captured { state_lost: lost, left: stop.progress.left(), ..Captured::default() };
        self.end_in_shell(cx, id, end, output);
    }

    fn add_end(&self, cx: &Cx<'_>, report: &mut StopReport, id: CommandId) {
        if let Some(command) = self.record(cx, id) {
            report.state = Some(command.state());
            report.exit_code = command.exit_code();
        }
    }

    /// True if a command that runs in a shell is being stopped.
    pub(super) fn is_stopping_command(&self, wanted: CommandId) -> bool {
        self.stops.iter().any(|stop| {
            matches!(stop.target, StopTarget::Command { id, is_running: true, .. } if id == wanted)
        })
    }

    /// True if something that a session's shell has started is being stopped.
    pub(super) fn is_stopping_in(&self, wanted: SessionId) -> bool {
        self.stops.iter().any(
            |stop| matches!(stop.target, StopTarget::Command { session, .. } if session == wanted),
        )
    }

    /// Stops the target of a call. The next scan tells what a process id means, and whether
    /// anything is left of a command that has ended.
    pub(super) fn stop_target(
        &mut self,
        cx: &mut Cx<'_>,
        target: Target,
        request: StopRequest,
        if_running: bool,
    ) {
        match target {
            Target::Command(id) if self.jobs.contains_key(&command_tag(id)) => {
                self.stop_job(cx, command_tag(id), request);
            }
            Target::Command(id) if self.runs(cx, id) => self.interrupt_command(cx, id, request),
            _ => scan::ask(self, Question::Stop { target, request, if_running }),
        }
    }

    /// Sends one signal to the target of a call.
    pub(super) fn signal_target(
        &mut self,
        cx: &mut Cx<'_>,
        call: CallId,
        target: Target,
        signal: i32,
    ) {
        if let Target::Command(id) = target
            && self.jobs.contains_key(&command_tag(id))
        {
            return self.signal_job(cx, command_tag(id), signal, call);
        }
        scan::ask(self, Question::Signal { call, target, signal });
    }

    /// Answers what a call asked, now that the process table is known.
    pub(super) fn answer_question(
        &mut self,
        cx: &mut Cx<'_>,
        question: Question,
        seen: &mut Seen<'_>,
    ) {
        match question {
            Question::Signal { call, target: Target::Command(id), signal } => {
                let members = scan::command_members(self, cx, id, &BTreeMap::new(), seen).living;
                self.answer_signal(call, Some(id), signal_all(&members, signal));
            }
            Question::Signal {
                call,
                target: Target::Process { pid, start_time, tree },
                signal,
            } => {
                let outcome = scan::find_process(self, cx, seen, pid, start_time).map(|process| {
                    let snapshot = seen.snapshot;
                    let members = if tree {
                        snapshot.living(&snapshot.family([process.pid]))
                    } else {
                        vec![process]
                    };
                    value(&Signalled { command: None, count: signal_all(&members, signal) })
                });
                self.served(call, outcome);
            }
            Question::Stop { target: Target::Command(id), request, if_running } => {
                if !scan::command_members(self, cx, id, &BTreeMap::new(), seen).living.is_empty() {
                    return self.interrupt_command(cx, id, request);
                }
                let mut report = StopReport { command: Some(id), ..StopReport::default() };
                self.add_end(cx, &mut report, id);
                let outcome = if if_running { Ok(value(&report)) } else { Err(has_ended(id)) };
                self.inbox_answer(request.call, outcome);
            }
            Question::Stop {
                target: Target::Process { pid, start_time, tree },
                request,
                if_running,
            } => match scan::find_process(self, cx, seen, pid, start_time) {
                Ok(process) => {
                    let start_time = process.start_time;
                    let target = StopTarget::Process { pid, start_time, tree };
                    self.start_stop(target, start_time, request);
                }
                Err(_) if if_running => {
                    let report = StopReport { pid: Some(pid), ..StopReport::default() };
                    self.inbox_answer(request.call, Ok(value(&report)));
                }
                Err(refusal) => self.inbox_answer(request.call, Err(refusal)),
            },
        }
    }

    fn inbox_answer(&mut self, call: Option<CallId>, outcome: Result<serde_json::Value, Refusal>) {
        if let Some(call) = call {
            self.served(call, outcome);
        }
    }

    pub(super) fn answer_signal(&mut self, call: CallId, command: Option<CommandId>, count: usize) {
        let outcome = match command {
            Some(id) if count == 0 => Err(has_ended(id)),
            _ => Ok(value(&Signalled { command, count })),
        };
        self.served(call, outcome);
    }

    /// Answers the calls that wait for the stop of a program.
    pub(super) fn answer_stops(&mut self, cx: &Cx<'_>, job: &Job) {
        let mut report = job.stop.report();
        if let JobKind::Command(_, id) = job.what {
            report.command = Some(id);
            self.add_end(cx, &mut report, id);
        }
        for call in &job.stop_calls {
            self.served(*call, Ok(value(&report)));
        }
    }
}

/// The identity of a process.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct ProcessId {
    pid: i32,
    start_time: u64,
}

impl StopOperation {
    /// INT to a shell and at once to its children: a shell gives up what it runs only if the child
    /// it waits for dies of the same.
    fn interrupt(&mut self, shell: ProcessId) {
        let children: Vec<Process> = process::children(shell.pid)
            .into_iter()
            .filter_map(process::read)
            .filter(|child| child.parent == shell.pid)
            .collect();
        self.is_shell_interrupted |= send(shell.pid, shell.start_time, INT);
        // An interrupt is not for those that run in the background since before.
        for child in children.iter().filter(|child| self.since <= child.start_time) {
            if send(child.pid, child.start_time, INT) {
                self.interrupted.insert((child.pid, child.start_time));
            }
        }
    }

    /// The first signal to a process, and CONT, so that a stopped one hears it.
    fn tell(&mut self, member: &Process, is_direct: bool) {
        let send = |signal| send(member.pid, member.start_time, signal);
        let is_interrupt = self.signal == INT && matches!(self.target, StopTarget::Command { .. });
        if is_direct && is_interrupt {
            // The shell sees it die of this and gives up the rest of the command.
            send(INT);
        }
        let signal = if is_interrupt { TERM } else { self.signal };
        if send(signal) {
            send(CONT);
        }
        self.signalled.insert((member.pid, member.start_time));
    }

    fn kill(&mut self, members: &[Process]) {
        for member in members {
            self.killed.insert((member.pid, member.start_time));
            send(member.pid, member.start_time, KILL);
        }
    }

    /// Notes an orphan that was killed while the process table was read.
    pub(super) fn note_killed(&mut self, orphan: (i32, u64)) {
        self.killed.insert(orphan);
    }
}

/// Sends a signal to a process, if it is still the same; true if it is.
fn send(pid: i32, start_time: u64, signal: i32) -> bool {
    pidfd::signal_process(pid, start_time, signal).is_ok()
}

fn signal_all(members: &[Process], signal: i32) -> usize {
    members.iter().filter(|member| send(member.pid, member.start_time, signal)).count()
}

fn has_ended(id: CommandId) -> Refusal {
    Refusal::new(Code::NotRunning, format!("command {id} has ended"))
        .hint(format!("abide process status {id}"))
}
