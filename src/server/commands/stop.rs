//! Ending what a command in the session's shell has started, or single processes: found in the
//! process table, sent signals one by one, looked for until nobody is left.
//!
//! Identity is (process id, start time), checked on a pidfd before each signal. JobKind earlier
//! commands left running in the background is spared. The process table is read beside the loop,
//! once for all stops; a stop is over after two looks that found nobody and in which nobody can
//! have hidden.

use std::collections::BTreeSet;

use crate::action::process::stop::Signalled;
use crate::action::process::stop::StopReport;
use crate::action::table::value;
use crate::base::error::{Code, Refusal};
use crate::base::exit::ExitStatus;
use crate::base::id::{CallId, CommandId, SessionId};
use crate::base::memory::Memory as _;
use crate::base::signal::{CONT, INT, KILL, TERM};
use crate::base::time::{Span, Tick};
use crate::core::exec::CommandEvent;
use crate::platform::memory::SharedMemory;
use crate::platform::process::Process;
use crate::platform::process_ownership::Confidence;
use crate::platform::process_snapshot::{EnvMarkers, ProcessSnapshot};
use crate::platform::{now, pidfd, process};
use crate::server::commands::event::{CommandTaskEvent, Look};
use crate::server::commands::job::{Job, JobKind, command_tag};
use crate::server::commands::{ProcessScan, StopOperation, StopTarget};
use crate::server::edge::Server;
use crate::server::event::Event;
use crate::state::command::Captured;
use crate::state::command_effect::Target;
use crate::wire::keeper::CONTROL_REAPS;

/// The pause between two looks.
const PAUSE: Span = Span::millis(5);
/// The same once it takes longer.
const PAUSE_LONG: Span = Span::millis(25);
/// How often a shell that does not answer is asked again.
const ASK_EVERY: Span = Span::millis(50);
/// How long what ignores everything is killed again and again.
const KILL_FOR: Span = Span::seconds(5);
/// How often orphans are looked for between two looks at the whole process table.
const HOP_COUNT: usize = 32;
/// How much looks in a row that find nobody must prove: two that nobody can have hidden from, or
/// sixty that he would all have had to hide from.
const CERTAINTY_NEEDED: u8 = 60;

/// The living processes of a stop, and what it says if there are none.
struct OwnedProcesses {
    living: Vec<Process>,
    confidence: Confidence,
}

/// JobKind a look tells of processes.
struct Seen<'a> {
    picture: &'a ProcessSnapshot,
    marks: &'a mut EnvMarkers,
    /// No orphan was reaped meanwhile.
    is_whole: bool,
}

impl Server {
    /// Stops a command: its time is up, or its caller has gone.
    pub(super) fn stop_command(&mut self, id: CommandId, grace: Span) {
        let tag = command_tag(id);
        if self.commands.jobs.contains_key(&tag) || self.commands.spawning.contains_key(&tag) {
            return self.stop_job(tag, (TERM, grace), None);
        }
        self.interrupt_command(id, (INT, grace), None);
    }

    fn interrupt_command(
        &mut self,
        id: CommandId,
        (signal, grace): (i32, Span),
        call: Option<CallId>,
    ) {
        let Some(command) = self.core.state.commands.records.get(&id) else { return };
        let (session, is_running) = (command.session, command.end.is_none());
        // A shell unwinds when it is interrupted, not when it is told to end.
        let signal = if signal == TERM { INT } else { signal };
        self.start_stop(StopTarget::Command { id, session, is_running }, (signal, grace), call);
    }

    fn start_stop(
        &mut self,
        target: StopTarget,
        (signal, grace): (i32, Span),
        call: Option<CallId>,
    ) {
        let at = now().tick;
        let since = match target {
            StopTarget::Command { id, .. } => self
                .core
                .state
                .commands
                .records
                .get(&id)
                .map_or(0, |command| process::ticks_at(command.started, at)),
            StopTarget::Process { start_time, .. } => start_time,
        };
        if let Some(stop) = self.commands.stops.iter_mut().find(|stop| stop.target == target) {
            stop.calls.extend(call);
            // Who asks twice wants it sooner.
            stop.deadline = stop.deadline.min(at + grace);
            return;
        }
        let mut stop = StopOperation {
            target,
            calls: call.into_iter().collect(),
            was_unwound: None,
            last: Vec::new(),
            began: at,
            deadline: at + grace,
            asked_at: at,
            ask_count: 0,
            since,
            is_killing: false,
            is_shell_lost: false,
            certainty: 0,
            signal,
            signalled: BTreeSet::new(),
            killed: BTreeSet::new(),
        };
        tracing::info!(?target, signal, "stop asked");
        self.begin(&mut stop);
        self.commands.stops.push(stop);
    }

    /// The first signals. A shell is interrupted before its children: it unwinds its loop, and
    /// starts nothing more. The next look tells all others.
    fn begin(&mut self, stop: &mut StopOperation) {
        if let Some(shell) = self.running_shell(stop.target) {
            self.interrupt(stop, shell);
        } else if let StopTarget::Command { session, is_running: true, .. } = stop.target {
            // It has not been told the command yet, and is not going to be.
            if let Some(running) =
                self.commands.shells.get_mut(&session).and_then(|shell| shell.running.as_mut())
            {
                running.unsent.clear();
                running.status.get_or_insert(128 + u8::try_from(TERM).unwrap_or(0));
            }
        }
        self.commands.scan.next = now().tick;
    }

    fn interrupt(&mut self, stop: &StopOperation, process: (i32, u64)) {
        if let StopTarget::Command { session, .. } = stop.target
            && let Some(shell) = self.commands.shells.get_mut(&session)
        {
            shell.interrupts.0 = shell.interrupts.0.wrapping_add(1);
        }
        stop.interrupt(process);
    }

    /// The shell that a stopped command runs in.
    fn running_shell(&self, target: StopTarget) -> Option<(i32, u64)> {
        let StopTarget::Command { id, session, is_running: true } = target else { return None };
        let shell = self.commands.shells.get(&session)?;
        shell.running.as_ref().filter(|running| running.command == id)?;
        let job = self.commands.jobs.get(&shell.tag?)?;
        job.exit.is_none().then(|| (job.pid(), job.start_time()))
    }

    /// Whether a command in a shell has come to its end, or its shell has. One that was given up
    /// too late to be spared would take the next command along.
    fn is_unwound(&self, target: StopTarget, is_shell_lost: bool) -> bool {
        if is_shell_lost {
            return self.running_shell(target).is_none();
        }
        let StopTarget::Command { id, session, is_running: true } = target else { return true };
        let shell = self.commands.shells.get(&session);
        let is_reported = shell.is_none_or(|shell| {
            let running = shell.running.as_ref().filter(|running| running.command == id);
            running.is_none_or(|running| running.status.is_some() && shell.is_settled())
        });
        is_reported || self.running_shell(target).is_none()
    }

    /// When the next look is due.
    pub(super) fn stop_deadline(&self) -> Option<Tick> {
        let ProcessScan { next, is_scanning, .. } = self.commands.scan;
        (!is_scanning && !self.commands.stops.is_empty()).then_some(next)
    }

    /// Has the process table looked at, if that is due: that reads a file for each process of the
    /// machine, and keys do not wait for it.
    pub(super) fn scan_for_stops(&mut self, at: Tick) {
        if self.stop_deadline().is_none_or(|next| at < next) {
            return;
        }
        let unwound: Vec<bool> = self
            .commands
            .stops
            .iter()
            .map(|stop| self.is_unwound(stop.target, stop.is_shell_lost))
            .collect();
        for (stop, is_unwound) in self.commands.stops.iter_mut().zip(unwound) {
            stop.was_unwound = Some(is_unwound);
        }
        self.commands.scan.is_scanning = true;
        let (began, events) = (at, self.events.clone());
        let control = self.wake.control.try_clone_fd().and_then(SharedMemory::from_fd).ok();
        let mut marks = std::mem::take(&mut self.commands.scan.marks);
        let mut leaders: BTreeSet<i32> = self.leaders().into_keys().collect();
        leaders.extend(self.strangers());
        let parents: BTreeSet<i32> =
            self.strangers().into_iter().chain(self.commands.jobs.values().map(Job::pid)).collect();
        let killing = self.commands.stops.iter().filter(|stop| stop.is_killing);
        let doomed: Vec<CommandId> = killing.filter_map(|stop| stop.target.command()).collect();
        let orphans = Orphans {
            keeper: self.core.host.keeper_pid.cast_signed(),
            leaders: leaders.clone(),
            ours: self.job_cookie(),
            doomed,
        };
        tokio::task::spawn_blocking(move || {
            let killed = orphans.kill(&mut marks);
            let reaps = || control.as_ref().map(|control| control.word(CONTROL_REAPS));
            let before = reaps();
            let picture = ProcessSnapshot::take();
            let is_whole = before.is_some_and(|before| before % 2 == 0) && before == reaps();
            marks.keep_only(&picture);
            // PendingReport here, known later.
            for top in tops(&picture, |pid| parents.contains(&pid))
                .filter(|top| !leaders.contains(&top.pid))
            {
                let _known = marks.of(top).is_some();
            }
            // A loop that is gone needs no events.
            drop(events.blocking_send(Event::Commands(CommandTaskEvent::Looked(Box::new(Look {
                picture,
                marks,
                killed,
                is_whole,
                began,
            })))));
        });
    }

    /// Works on a look at the process table.
    pub(super) fn looked(&mut self, look: Look) {
        let Look { picture, mut marks, killed, is_whole, began } = look;
        let at = now().tick;
        let mut seen = Seen { picture: &picture, marks: &mut marks, is_whole };
        let (mut over, mut rest, mut is_urgent) = (Vec::new(), Vec::new(), false);
        for mut stop in std::mem::take(&mut self.commands.stops) {
            let was_unwound = stop.was_unwound.take();
            let own = killed.iter().filter(|(command, _)| stop.target.command() == Some(*command));
            stop.killed.extend(own.map(|(_, process)| *process));
            if was_unwound
                .is_some_and(|was_unwound| self.look(&mut stop, &mut seen, (at, was_unwound)))
            {
                over.push(stop);
                continue;
            }
            is_urgent |= was_unwound.is_none() || stop.is_killing || 0 < stop.certainty;
            rest.push(stop);
        }
        let is_young = rest.iter().any(|stop| at - stop.began < ASK_EVERY);
        let pause = if is_young { PAUSE } else { PAUSE_LONG };
        // On a machine with very many processes a look takes long, and half of a processor is
        // enough.
        let next = if is_urgent { at } else { at + pause.max(at - began) };
        self.commands.stops.extend(rest);
        self.commands.scan = ProcessScan { marks, is_scanning: false, next };
        for stop in over {
            self.finish_stop(stop);
        }
        if self.commands.stops.is_empty() {
            self.commands.scan.marks = EnvMarkers::default();
        }
    }

    /// One look; true if it was the last. Who was unwound only after the look began may have
    /// started something that it did not see.
    fn look(
        &mut self,
        stop: &mut StopOperation,
        seen: &mut Seen<'_>,
        (at, was_unwound): (Tick, bool),
    ) -> bool {
        let is_unwound = self.is_unwound(stop.target, stop.is_shell_lost);
        if !stop.is_killing && stop.deadline <= at {
            stop.is_killing = true;
            tracing::info!(target = ?stop.target, is_unwound, "kill");
            if !is_unwound {
                stop.is_shell_lost = true;
                self.replace_shell(stop.target);
            }
        }
        let OwnedProcesses { living: members, confidence } = self.members(stop, seen);
        let is_late = stop.is_killing && stop.deadline + KILL_FOR <= at;
        if members.is_empty() && is_unwound {
            stop.certainty = if was_unwound {
                stop.certainty.saturating_add(confidence.weight(CERTAINTY_NEEDED))
            } else {
                0
            };
            if CERTAINTY_NEEDED <= stop.certainty {
                stop.last.clear();
                return true;
            }
            // Whoever was seen last is named: it is not certain that nobody is left.
            return is_late;
        }
        stop.certainty = 0;
        stop.last = members.iter().map(|member| member.pid.unsigned_abs()).collect();
        if stop.is_killing {
            for member in &members {
                stop.killed.insert((member.pid, member.start_time));
                drop(pidfd::signal_process(member.pid, member.start_time, KILL));
            }
            return is_late;
        }
        // A child that was forked while its shell was interrupted must die of the same, or the
        // shell goes on to the rest of the command.
        let shell = self.running_shell(stop.target);
        for member in &members {
            if !stop.signalled.contains(&(member.pid, member.start_time)) {
                stop.tell(member, shell.is_some_and(|(pid, _)| member.parent == pid));
            }
        }
        if let StopTarget::Command { session, .. } = stop.target
            && !is_unwound
            && ASK_EVERY <= at - stop.asked_at
        {
            stop.asked_at = at;
            stop.ask_count += 1;
            let has_ended = self
                .commands
                .shells
                .get(&session)
                .and_then(|shell| shell.running.as_ref()?.status)
                .is_some();
            if has_ended || stop.ask_count.is_multiple_of(2) {
                self.ask_for_end(session);
            } else if let Some(shell) = self.running_shell(stop.target) {
                // A child that ended by itself just before the last one may have let its loop go
                // on.
                self.interrupt(stop, shell);
            }
        }
        false
    }

    /// A shell that does not come back is killed alone; the next command gets another.
    fn replace_shell(&mut self, target: StopTarget) {
        let StopTarget::Command { session, .. } = target else { return };
        if let Some(shell) = self.commands.shells.get_mut(&session)
            && let Some(tag) = shell.tag
        {
            shell.is_replaced = true;
            self.kill_leader(tag);
        }
    }

    fn finish_stop(&mut self, stop: StopOperation) {
        let left = stop.last;
        if let StopTarget::Command { session, .. } = stop.target
            && !self.is_stopping_in(session)
            && let Some(shell) = self.commands.shells.get_mut(&session)
        {
            shell.former.retain(|tag| self.commands.jobs.contains_key(tag));
        }
        let was_killed = !stop.killed.is_empty() || stop.is_shell_lost;
        tracing::info!(target = ?stop.target, signalled = stop.signalled.len(), killed = stop.killed.len(), ?left, "stopped");
        let mut report = StopReport {
            signalled: stop.signalled.len(),
            killed: stop.killed.len(),
            left: left.clone(),
            ..StopReport::default()
        };
        match stop.target {
            StopTarget::Command { id, session, is_running } => {
                if is_running {
                    let shell = self.commands.shells.get(&session);
                    let running = shell
                        .and_then(|shell| shell.running.as_ref())
                        .filter(|running| running.command == id);
                    let exit = running
                        .and_then(|running| running.status)
                        .map_or(ExitStatus::Signal(9), ExitStatus::Code);
                    let state_lost = shell
                        .filter(|_| stop.is_shell_lost)
                        .map(|shell| shell.kind.lost().to_owned());
                    self.end_in_shell(
                        (session, id),
                        (exit, was_killed),
                        Captured { state_lost, left, ..Captured::default() },
                    );
                }
                report.command = Some(id);
                self.add_end(&mut report, id);
            }
            StopTarget::Process { pid, .. } => report.pid = Some(pid),
        }
        for call in stop.calls {
            self.served(call, Ok(value(&report)));
        }
    }

    fn add_end(&self, report: &mut StopReport, id: CommandId) {
        if let Some(command) = self.core.state.commands.records.get(&id) {
            report.state = Some(command.state());
            report.exit_code = command.exit_code();
        }
    }

    /// Whether a command in a shell is being stopped.
    pub(super) fn is_stopping_command(&self, wanted: CommandId) -> bool {
        self.commands.stops.iter().any(|stop| matches!(stop.target, StopTarget::Command { id, is_running: true, .. } if id == wanted))
    }

    /// Whether something that a session's shell has started is being stopped.
    pub(super) fn is_stopping_in(&self, wanted: SessionId) -> bool {
        self.commands.stops.iter().any(
            |stop| matches!(stop.target, StopTarget::Command { session, .. } if session == wanted),
        )
    }

    /// Stops what a call names.
    pub(super) fn stop_target(
        &mut self,
        call: CallId,
        target: Target,
        (signal, grace, may_have_ended): (i32, Span, bool),
    ) {
        match target {
            Target::Command(id) => {
                let tag = command_tag(id);
                if self.commands.jobs.contains_key(&tag) {
                    return self.stop_job(tag, (signal, grace), Some(call));
                }
                let is_running = self
                    .core
                    .state
                    .commands
                    .records
                    .get(&id)
                    .is_some_and(|command| command.end.is_none());
                if !is_running && self.command_members_now(id).is_empty() {
                    let outcome = if may_have_ended {
                        let mut report = StopReport { command: Some(id), ..StopReport::default() };
                        self.add_end(&mut report, id);
                        Ok(value(&report))
                    } else {
                        Err(ended(id))
                    };
                    return self.served(call, outcome);
                }
                self.interrupt_command(id, (signal, grace), Some(call));
            }
            Target::Process { pid, start_time, tree } => match self.ours(pid, start_time) {
                Ok(process) => self.start_stop(
                    StopTarget::Process { pid, start_time: process.start_time, tree },
                    (signal, grace),
                    Some(call),
                ),
                Err(_) if may_have_ended => self.served(
                    call,
                    Ok(value(&StopReport { pid: Some(pid), ..StopReport::default() })),
                ),
                Err(refusal) => self.served(call, Err(refusal)),
            },
        }
    }

    /// Sends one signal to what a call names.
    pub(super) fn signal_target(&mut self, call: CallId, target: Target, signal: i32) {
        match target {
            Target::Command(id) => {
                let tag = command_tag(id);
                if self.commands.jobs.contains_key(&tag) {
                    return self.signal_job(tag, signal, call);
                }
                let members = self.command_members_now(id);
                let count = members
                    .iter()
                    .filter(|member| {
                        pidfd::signal_process(member.pid, member.start_time, signal).is_ok()
                    })
                    .count();
                self.answer_signal(call, Some(id), count);
            }
            Target::Process { pid, start_time, tree } => {
                let outcome = self.ours(pid, start_time).map(|process| {
                    let members = if tree { with_descendants(&process) } else { vec![process] };
                    members
                        .iter()
                        .filter(|member| {
                            pidfd::signal_process(member.pid, member.start_time, signal).is_ok()
                        })
                        .count()
                });
                match outcome {
                    Ok(count) => self.served(call, Ok(value(&Signalled { command: None, count }))),
                    Err(refusal) => self.served(call, Err(refusal)),
                }
            }
        }
    }

    pub(super) fn answer_signal(&mut self, call: CallId, command: Option<CommandId>, count: usize) {
        let outcome = match command {
            Some(id) if count == 0 => Err(ended(id)),
            _ => Ok(value(&Signalled { command, count })),
        };
        self.served(call, outcome);
    }

    pub(super) fn answer_stop(&mut self, call: CallId, job: &Job) {
        let mut report = StopReport {
            signalled: job.signalled,
            killed: job.killed,
            left: job.left.clone(),
            ..StopReport::default()
        };
        if let JobKind::Command(_, id) = job.what {
            report.command = Some(id);
            self.add_end(&mut report, id);
        }
        self.served(call, Ok(value(&report)));
    }

    /// A process of some session, by its id.
    fn ours(&self, pid: i32, start_time: Option<u64>) -> Result<Process, Refusal> {
        let not_found = || {
            Refusal::new(Code::NotFound, format!("no process {pid} in any session"))
                .hint("abide ps")
        };
        let process = process::read(pid).ok_or_else(not_found)?;
        if start_time.is_some_and(|start_time| start_time != process.start_time) {
            let refusal =
                Refusal::new(Code::StaleHandle, format!("process {pid} is another one by now"));
            return Err(refusal.hint("abide ps"));
        }
        let leaders = self.leaders();
        let keeper = i32::try_from(self.core.host.keeper_pid).unwrap_or(0);
        let mut at = process.clone();
        // A chain of parents has no circle, but it is read while it changes.
        for _ in 0..1000 {
            if leaders.contains_key(&at.pid)
                || (at.parent == keeper && at.pid != self.core.host.server_pid.cast_signed())
            {
                return Ok(process);
            }
            at = process::read(at.parent).ok_or_else(not_found)?;
        }
        Err(not_found())
    }

    /// The living processes of a stop.
    fn members(&self, stop: &StopOperation, seen: &mut Seen<'_>) -> OwnedProcesses {
        let picture = seen.picture;
        let living = match stop.target {
            StopTarget::Command { id, .. } => return self.command_members(id, seen),
            StopTarget::Process { pid, start_time, tree: false } => {
                if picture.has((pid, start_time)) {
                    picture.living(&BTreeSet::from([pid]))
                } else {
                    Vec::new()
                }
            }
            StopTarget::Process { pid, start_time, tree: true } => {
                let known = stop.signalled.iter().copied().chain([(pid, start_time)]);
                picture.living(
                    &picture.family(known.filter(|known| picture.has(*known)).map(|(pid, _)| pid)),
                )
            }
        };
        OwnedProcesses { living, confidence: Confidence::Certain }
    }

    fn command_members_now(&self, id: CommandId) -> Vec<Process> {
        self.command_members(
            id,
            &mut Seen {
                picture: &ProcessSnapshot::take(),
                marks: &mut EnvMarkers::default(),
                is_whole: false,
            },
        )
        .living
    }

    /// Whose children nobody of ours has started, as far as the process table shows: keeper, server
    /// and what is above them.
    fn strangers(&self) -> [i32; 4] {
        [self.core.host.keeper_pid.cast_signed(), self.core.host.server_pid.cast_signed(), 1, 0]
    }

    /// The living processes that came of a command in a session's shell: the shell's children since
    /// it began, and what calls itself part of it.
    fn command_members(&self, id: CommandId, seen: &mut Seen<'_>) -> OwnedProcesses {
        let nobody = OwnedProcesses { living: Vec::new(), confidence: Confidence::Certain };
        let Some(command) = self.core.state.commands.records.get(&id) else { return nobody };
        let Some(shell) = self.commands.shells.get(&command.session) else { return nobody };
        let tags = shell.tag.iter().chain(&shell.former);
        let pids: BTreeSet<i32> =
            tags.clone().filter_map(|tag| Some(self.commands.jobs.get(tag)?.pid())).collect();
        let end = command.end.map(|end| command.started + end.lasted);
        let (since, until) = (
            process::ticks_at(command.started, now().tick),
            end.map(|end| process::ticks_at(end, now().tick) + 1),
        );
        let is_born = |process: &Process| {
            since <= process.start_time && until.is_none_or(|until| process.start_time <= until)
        };
        let own = format!("ABIDE_COMMAND={id}").into_bytes();
        let ours = self.job_cookie();
        let jobs: Vec<Vec<u8>> = tags.map(|tag| format!("{ours}{tag}").into_bytes()).collect();
        let (leaders, strangers) = (self.leaders(), self.strangers());
        let mut confidence = if seen.is_whole { Confidence::Certain } else { Confidence::Likely };
        let mut belongs = |top: &Process| {
            if pids.contains(&top.pid)
                || leaders.contains_key(&top.pid)
                || strangers.contains(&top.pid)
            {
                return false;
            }
            let variables = seen.marks.of(top);
            // JobKind it was before it ended may have started another; and what becomes another
            // program at the moment may be one of them.
            let may_be_ours = since <= top.start_time
                && (top.parent == strangers[0] || pids.contains(&top.parent));
            if variables.is_none() && may_be_ours && confidence != Confidence::Unknown {
                confidence = if top.is_over() { Confidence::Likely } else { Confidence::Unknown };
            }
            let variables = variables.unwrap_or_default();
            let cookie = variables.iter().find(|variable| variable.starts_with(b"ABIDE_COMMAND="));
            let is_of_shell = pids.contains(&top.parent)
                || pids.contains(&top.session)
                || variables.iter().any(|variable| jobs.contains(variable));
            let is_ours = || variables.iter().any(|variable| variable.starts_with(ours.as_bytes()));
            // An abide in a session counts its commands as this one does.
            cookie.map_or_else(
                || is_of_shell && is_born(top),
                |cookie| *cookie == own && (is_of_shell || is_ours()),
            )
        };
        // Whoever is nobody's child but a shell's or the keeper's decides for all below.
        let tops = tops(seen.picture, |pid| pids.contains(&pid) || strangers.contains(&pid));
        let found: Vec<i32> = tops.filter(|top| belongs(top)).map(|top| top.pid).collect();
        let (living, has_ended) = seen.picture.living_family(found);
        OwnedProcesses {
            living,
            confidence: if has_ended && confidence == Confidence::Certain {
                Confidence::Likely
            } else {
                confidence
            },
        }
    }

    /// JobKind the `ABIDE_JOB` of all our programs begins with.
    fn job_cookie(&self) -> String {
        format!("ABIDE_JOB={:016x}:", self.commands.epoch)
    }

    /// The shell and all commands of a session that is gone are ended.
    pub(super) fn end_session(&mut self, session: SessionId, grace: Span) {
        self.commands.ending.push(session);
        let jobs = self.commands.jobs.iter().filter(|(_, job)| job.what.session() == session);
        for tag in jobs.map(|(tag, _)| *tag).collect::<Vec<_>>() {
            self.stop_job(tag, (TERM, grace), None);
        }
        self.look_at_ending();
    }

    /// Sessions that are gone and of which nothing is left.
    pub(super) fn look_at_ending(&mut self) {
        for session in self.commands.ending.clone() {
            let has_job = self.commands.jobs.values().any(|job| job.what.session() == session);
            let is_spawning = self
                .commands
                .spawning
                .keys()
                .any(|tag| self.what(*tag).is_some_and(|what| what.session() == session));
            if has_job || is_spawning {
                continue;
            }
            self.commands.ending.retain(|other| *other != session);
            let running = self.commands.shells.remove(&session).and_then(|shell| shell.running);
            if let Some(running) = running {
                self.commands.stops.retain(|stop| !matches!(stop.target, StopTarget::Command { id, .. } if id == running.command));
                let output = Box::new(Captured { shell_ended: true, ..Captured::default() });
                self.command_event(CommandEvent::Ended {
                    command: running.command,
                    exit: ExitStatus::Lost,
                    was_killed: true,
                    output,
                });
            }
            self.commands.kept.version += 1;
            self.command_event(CommandEvent::SessionOver { session });
        }
    }
}

impl StopOperation {
    /// INT to a shell and at once to its children: a shell gives up what it runs only if the child
    /// it waits for dies of the same.
    fn interrupt(&self, (pid, start_time): (i32, u64)) {
        let children: Vec<Process> = process::children(pid)
            .into_iter()
            .filter_map(process::read)
            .filter(|child| child.parent == pid)
            .collect();
        // One that has just ended is noticed by the next look.
        drop(pidfd::signal_process(pid, start_time, INT));
        for child in children.iter().filter(|child| self.is_own_child(child)) {
            drop(pidfd::signal_process(child.pid, child.start_time, INT));
        }
    }

    /// Whether a child of the shell is no older than the command: an interrupt is not for what runs
    /// in the background since before.
    fn is_own_child(&self, child: &Process) -> bool {
        self.since <= child.start_time
    }

    /// The first signal to a process, and CONT, so that a stopped one hears it.
    fn tell(&mut self, member: &Process, is_direct: bool) {
        let send = |signal| pidfd::signal_process(member.pid, member.start_time, signal).is_ok();
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
}

/// Orphans of commands that are being killed. Who hops from process to process is another one each
/// time, so these few are ended before the whole table is looked at, which takes longer than a hop.
struct Orphans {
    keeper: i32,
    leaders: BTreeSet<i32>,
    ours: String,
    doomed: Vec<CommandId>,
}

impl Orphans {
    fn kill(&self, marks: &mut EnvMarkers) -> Vec<(CommandId, (i32, u64))> {
        let mut killed = Vec::new();
        for _ in 0..HOP_COUNT {
            let before = killed.len();
            if !self.doomed.is_empty() {
                let orphans = process::children(self.keeper)
                    .into_iter()
                    .filter(|pid| !self.leaders.contains(pid));
                killed.extend(
                    orphans
                        .filter_map(process::read)
                        .filter(|orphan| !orphan.is_over())
                        .filter_map(|orphan| {
                            let command = self.command_of(marks.of(&orphan)?)?;
                            let is_hit =
                                pidfd::signal_process(orphan.pid, orphan.start_time, KILL).is_ok();
                            is_hit.then_some((command, (orphan.pid, orphan.start_time)))
                        }),
                );
            }
            if killed.len() == before {
                break;
            }
        }
        killed
    }

    fn command_of(&self, variables: &[Vec<u8>]) -> Option<CommandId> {
        let is_ours = variables.iter().any(|variable| variable.starts_with(self.ours.as_bytes()));
        let value =
            variables.iter().find_map(|variable| variable.strip_prefix(b"ABIDE_COMMAND="))?;
        let command = std::str::from_utf8(value).ok()?.parse().ok()?;
        (is_ours && self.doomed.contains(&command)).then_some(command)
    }
}

fn ended(id: CommandId) -> Refusal {
    Refusal::new(Code::NotRunning, format!("command {id} has ended"))
        .hint(format!("abide process status {id}"))
}

fn with_descendants(process: &Process) -> Vec<Process> {
    let picture = ProcessSnapshot::take();
    picture.living(&picture.family([process.pid]))
}

/// The processes whose parent is one of these, or nobody that is to be seen.
fn tops(
    picture: &ProcessSnapshot,
    is_parent: impl Fn(i32) -> bool,
) -> impl Iterator<Item = &Process> {
    picture.processes().filter(move |process| {
        is_parent(process.parent) || picture.process(process.parent).is_none()
    })
}
