//! Ending what a command in the session's shell has started, or single processes: found in the process table, sent signals one by one, looked for until nobody is left.
//!
//! Identity is (process id, start time), checked on a pidfd before each signal. What earlier commands left running in the background is spared.

use std::collections::{BTreeMap, BTreeSet};

use crate::action::process::signal::Signalled;
use crate::action::process::stop::StopReport;
use crate::action::table::value;
use crate::base::code::{Code, Refusal};
use crate::base::exit::ExitStatus;
use crate::base::id::{CallId, CommandId, SessionId};
use crate::base::time::{Span, Tick};
use crate::core::exec::CommandEvent;
use crate::platform::process::Process;
use crate::platform::{now, pidfd, process};
use crate::server::edge::Server;
use crate::server::jobs::job::{Job, What, command_tag};
use crate::server::jobs::{Hunt, Quarry};
use crate::state::command::Captured;
use crate::state::request::Target;

const INT: i32 = 2;
const KILL: i32 = 9;
const TERM: i32 = 15;
const CONT: i32 = if cfg!(target_os = "linux") { 18 } else { 19 };
/// The pause between two looks.
const PAUSE: Span = Span::millis(5);
/// The same once it takes longer.
const PAUSE_LONG: Span = Span::millis(25);
/// How often a shell that does not answer is asked again.
const ASK_EVERY: Span = Span::millis(50);
/// How long what ignores everything is killed again and again.
const KILL_FOR: Span = Span::seconds(5);
/// How many looks in a row must find nobody.
const EMPTY_COUNT: u8 = 2;

impl Server {
    /// Stops a command: its time is up, or its caller has gone.
    pub(super) fn stop_command(&mut self, id: CommandId, grace: Span) {
        let tag = command_tag(id);
        if self.procs.jobs.contains_key(&tag) || self.procs.spawning.contains_key(&tag) {
            return self.stop_job(tag, (TERM, grace), None);
        }
        self.hunt_command(id, (INT, grace), None);
    }

    fn hunt_command(&mut self, id: CommandId, (signal, grace): (i32, Span), call: Option<CallId>) {
        let Some(command) = self.core.state.commands.records.get(&id) else { return };
        let (session, is_running) = (command.session, command.end.is_none());
        // A shell unwinds when it is interrupted, not when it is told to end.
        let signal = if signal == TERM { INT } else { signal };
        self.hunt(Quarry::Command { id, session, is_running }, (signal, grace), call);
    }

    fn hunt(&mut self, quarry: Quarry, (signal, grace): (i32, Span), call: Option<CallId>) {
        let at = now().tick;
        let since = match quarry {
            Quarry::Command { id, .. } => {
                self.core.state.commands.records.get(&id).map_or(0, |command| process::ticks_at(command.started, at))
            }
            Quarry::Process { start_time, .. } => start_time,
        };
        if let Some(hunt) = self.procs.hunts.iter_mut().find(|hunt| hunt.quarry == quarry) {
            hunt.calls.extend(call);
            // Who asks twice wants it sooner.
            hunt.deadline = hunt.deadline.min(at + grace);
            return;
        }
        let mut hunt = Hunt {
            quarry,
            calls: call.into_iter().collect(),
            next: at + PAUSE,
            began: at,
            deadline: at + grace,
            asked_at: at,
            ask_count: 0,
            since,
            is_killing: false,
            is_shell_lost: false,
            empty_count: 0,
            signal,
            signalled: BTreeSet::new(),
            killed: BTreeSet::new(),
        };
        tracing::info!(?quarry, signal, "stop asked");
        self.begin(&mut hunt);
        self.procs.hunts.push(hunt);
    }

    /// The first signals. A shell is interrupted before its children: it unwinds its loop, and starts nothing more.
    fn begin(&mut self, hunt: &mut Hunt) {
        let shell = self.running_shell(hunt.quarry);
        if let Some(shell) = shell {
            hunt.interrupt(shell);
        } else if let Quarry::Command { session, is_running: true, .. } = hunt.quarry {
            // It has not been told the command yet, and is not going to be.
            if let Some(running) = self.procs.shells.get_mut(&session).and_then(|shell| shell.running.as_mut()) {
                running.unsent.clear();
                running.status.get_or_insert(128 + u8::try_from(TERM).unwrap_or(0));
            }
        }
        let members = self.members(hunt);
        for member in &members {
            let is_direct = shell.is_some_and(|(pid, _)| member.parent == pid);
            hunt.tell(member, is_direct);
        }
    }

    /// The shell that a hunted command runs in.
    fn running_shell(&self, quarry: Quarry) -> Option<(i32, u64)> {
        let Quarry::Command { id, session, is_running: true } = quarry else { return None };
        let shell = self.procs.shells.get(&session)?;
        shell.running.as_ref().filter(|running| running.command == id)?;
        let job = self.procs.jobs.get(&shell.tag?)?;
        job.exit.is_none().then(|| (job.pid(), job.start_time()))
    }

    /// Whether a command in a shell has come to its end, or its shell has.
    fn is_unwound(&self, quarry: Quarry) -> bool {
        let Quarry::Command { id, session, is_running: true } = quarry else { return true };
        let shell = self.procs.shells.get(&session);
        let is_reported =
            shell.and_then(|shell| shell.running.as_ref()).is_none_or(|running| running.command != id || running.status.is_some());
        is_reported || self.running_shell(quarry).is_none()
    }

    /// Looks that are due.
    pub(super) fn go_hunting(&mut self, at: Tick) {
        let mut hunts = std::mem::take(&mut self.procs.hunts);
        let mut over = Vec::new();
        let mut rest = Vec::new();
        for mut hunt in hunts.drain(..) {
            if hunt.next <= at && self.look(&mut hunt, at) {
                over.push(hunt);
            } else {
                rest.push(hunt);
            }
        }
        self.procs.hunts.extend(rest);
        for hunt in over {
            self.hunt_over(hunt);
        }
    }

    /// One look; true if it was the last.
    fn look(&mut self, hunt: &mut Hunt, at: Tick) -> bool {
        let is_unwound = self.is_unwound(hunt.quarry);
        if !hunt.is_killing && hunt.deadline <= at {
            hunt.is_killing = true;
            tracing::info!(quarry = ?hunt.quarry, is_unwound, "kill");
            if !is_unwound {
                hunt.is_shell_lost = true;
                self.replace_shell(hunt.quarry);
            }
        }
        let members = self.members(hunt);
        hunt.next = at + if at - hunt.began < ASK_EVERY { PAUSE } else { PAUSE_LONG };
        if members.is_empty() && is_unwound {
            hunt.empty_count += 1;
            return EMPTY_COUNT <= hunt.empty_count;
        }
        hunt.empty_count = 0;
        if hunt.is_killing {
            for member in &members {
                hunt.killed.insert((member.pid, member.start_time));
                drop(pidfd::signal_process(member.pid, member.start_time, KILL));
            }
            hunt.next = at + PAUSE;
            return hunt.deadline + KILL_FOR <= at;
        }
        for member in &members {
            if !hunt.signalled.contains(&(member.pid, member.start_time)) {
                hunt.tell(member, false);
            }
        }
        if let Quarry::Command { session, .. } = hunt.quarry
            && !is_unwound
            && ASK_EVERY <= at - hunt.asked_at
        {
            hunt.asked_at = at;
            hunt.ask_count += 1;
            if hunt.ask_count.is_multiple_of(2) {
                self.ask_for_end(session);
            } else if let Some((pid, start_time)) = self.running_shell(hunt.quarry) {
                // A child that ended by itself just before the last one may have let its loop go on.
                hunt.interrupt((pid, start_time));
            }
        }
        false
    }

    /// A shell that does not come back is killed alone; the next command gets another.
    fn replace_shell(&mut self, quarry: Quarry) {
        let Quarry::Command { session, .. } = quarry else { return };
        if let Some(shell) = self.procs.shells.get_mut(&session)
            && let Some(tag) = shell.tag
        {
            shell.is_replaced = true;
            self.kill_leader(tag);
        }
    }

    fn hunt_over(&mut self, hunt: Hunt) {
        let left: Vec<u32> = self.members(&hunt).iter().map(|member| member.pid.unsigned_abs()).collect();
        let was_killed = !hunt.killed.is_empty() || hunt.is_shell_lost;
        tracing::info!(quarry = ?hunt.quarry, signalled = hunt.signalled.len(), killed = hunt.killed.len(), ?left, "stopped");
        let mut report =
            StopReport { signalled: hunt.signalled.len(), killed: hunt.killed.len(), left: left.clone(), ..StopReport::default() };
        match hunt.quarry {
            Quarry::Command { id, session, is_running } => {
                if is_running {
                    let shell = self.procs.shells.get(&session);
                    let running = shell.and_then(|shell| shell.running.as_ref()).filter(|running| running.command == id);
                    let exit = running.and_then(|running| running.status).map_or(ExitStatus::Signal(9), ExitStatus::Code);
                    let state_lost = shell.filter(|_| hunt.is_shell_lost).map(|shell| shell.kind.lost().to_owned());
                    self.end_in_shell((session, id), (exit, was_killed), Captured { state_lost, left, ..Captured::default() });
                }
                report.command = Some(id);
                self.add_end(&mut report, id);
            }
            Quarry::Process { pid, .. } => report.pid = Some(pid),
        }
        for call in hunt.calls {
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
    pub(super) fn hunts_command(&self, wanted: CommandId) -> bool {
        self.procs.hunts.iter().any(|hunt| matches!(hunt.quarry, Quarry::Command { id, is_running: true, .. } if id == wanted))
    }

    /// Stops what a call names.
    pub(super) fn stop_target(&mut self, call: CallId, target: Target, (signal, grace, may_have_ended): (i32, Span, bool)) {
        match target {
            Target::Command(id) => {
                let tag = command_tag(id);
                if self.procs.jobs.contains_key(&tag) {
                    return self.stop_job(tag, (signal, grace), Some(call));
                }
                let is_running = self.core.state.commands.records.get(&id).is_some_and(|command| command.end.is_none());
                if !is_running && self.command_members(id).is_empty() {
                    let outcome = if may_have_ended {
                        let mut report = StopReport { command: Some(id), ..StopReport::default() };
                        self.add_end(&mut report, id);
                        Ok(value(&report))
                    } else {
                        Err(ended(id))
                    };
                    return self.served(call, outcome);
                }
                self.hunt_command(id, (signal, grace), Some(call));
            }
            Target::Process { pid, start_time, tree } => match self.ours(pid, start_time) {
                Ok(process) => self.hunt(Quarry::Process { pid, start_time: process.start_time, tree }, (signal, grace), Some(call)),
                Err(_) if may_have_ended => self.served(call, Ok(value(&StopReport { pid: Some(pid), ..StopReport::default() }))),
                Err(refusal) => self.served(call, Err(refusal)),
            },
        }
    }

    /// Sends one signal to what a call names.
    pub(super) fn signal_target(&mut self, call: CallId, target: Target, signal: i32) {
        match target {
            Target::Command(id) => {
                let tag = command_tag(id);
                if self.procs.jobs.contains_key(&tag) {
                    return self.signal_job(tag, signal, call);
                }
                let members = self.command_members(id);
                let count = members.iter().filter(|member| pidfd::signal_process(member.pid, member.start_time, signal).is_ok()).count();
                self.answer_signal(call, Some(id), count);
            }
            Target::Process { pid, start_time, tree } => {
                let outcome = self.ours(pid, start_time).map(|process| {
                    let members = if tree { with_descendants(&process) } else { vec![process] };
                    members.iter().filter(|member| pidfd::signal_process(member.pid, member.start_time, signal).is_ok()).count()
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
        let mut report = StopReport { signalled: job.signalled, killed: job.killed, left: job.left.clone(), ..StopReport::default() };
        if let What::Command(_, id) = job.what {
            report.command = Some(id);
            self.add_end(&mut report, id);
        }
        self.served(call, Ok(value(&report)));
    }

    /// A process of some session, by its id.
    fn ours(&self, pid: i32, start_time: Option<u64>) -> Result<Process, Refusal> {
        let not_found = || Refusal::new(Code::NotFound, format!("no process {pid} in any session")).hint("abide ps");
        let process = process::read(pid).ok_or_else(not_found)?;
        if start_time.is_some_and(|start_time| start_time != process.start_time) {
            let refusal = Refusal::new(Code::StaleHandle, format!("process {pid} is another one by now"));
            return Err(refusal.hint("abide ps"));
        }
        let leaders = self.leaders();
        let keeper = i32::try_from(self.core.host.keeper_pid).unwrap_or(0);
        let mut at = process.clone();
        // A chain of parents has no circle, but it is read while it changes.
        for _ in 0..1000 {
            if leaders.contains_key(&at.pid) || (at.parent == keeper && at.pid != self.core.host.server_pid.cast_signed()) {
                return Ok(process);
            }
            at = process::read(at.parent).ok_or_else(not_found)?;
        }
        Err(not_found())
    }

    /// The living processes of a hunt.
    fn members(&self, hunt: &Hunt) -> Vec<Process> {
        match hunt.quarry {
            Quarry::Command { id, .. } => self.command_members(id),
            Quarry::Process { pid, start_time, tree: false } => {
                let own = process::read(pid).filter(|process| process.start_time == start_time);
                living(own.into_iter().collect(), &BTreeSet::from([pid]))
            }
            Quarry::Process { pid, start_time, tree: true } => {
                let all = process::all();
                let mut found: BTreeSet<i32> =
                    all.iter().filter(|other| other.pid == pid && other.start_time == start_time).map(|other| other.pid).collect();
                let seen = all.iter().filter(|other| hunt.signalled.contains(&(other.pid, other.start_time)));
                found.extend(seen.map(|other| other.pid));
                found = closure(&all, found);
                living(all, &found)
            }
        }
    }

    /// The living processes that came of a command in a session's shell: the shell's children since it began, and what calls itself part of it.
    fn command_members(&self, id: CommandId) -> Vec<Process> {
        let Some(command) = self.core.state.commands.records.get(&id) else { return Vec::new() };
        let Some(shell) = self.procs.shells.get(&command.session) else { return Vec::new() };
        let tags = shell.tag.iter().chain(&shell.former);
        let pids: BTreeMap<i32, u64> = tags.filter_map(|tag| Some((self.procs.jobs.get(tag)?.pid(), *tag))).collect();
        let end = command.end.map(|end| command.started + end.lasted);
        let (since, until) = (process::ticks_at(command.started, now().tick), end.map(|end| process::ticks_at(end, now().tick) + 1));
        let is_born = |process: &Process| since <= process.start_time && until.is_none_or(|until| process.start_time <= until);
        let own = format!("ABIDE_COMMAND={id}").into_bytes();
        let all = process::all();
        let by_pid: BTreeMap<i32, &Process> = all.iter().map(|process| (process.pid, process)).collect();
        let leaders = self.leaders();
        let strangers = [self.core.host.keeper_pid.cast_signed(), self.core.host.server_pid.cast_signed(), 1, 0];
        let belongs = |top: &Process| {
            if pids.contains_key(&top.pid) || leaders.contains_key(&top.pid) || strangers.contains(&top.pid) {
                return false;
            }
            let env = process::environment(top.pid);
            let cookie = env.iter().find(|variable| variable.starts_with(b"ABIDE_COMMAND="));
            let is_of_shell = pids.contains_key(&top.parent) || pids.contains_key(&top.session) || {
                let jobs: Vec<Vec<u8>> =
                    pids.values().map(|tag| format!("ABIDE_JOB={:016x}:{tag}", self.procs.epoch).into_bytes()).collect();
                env.iter().any(|variable| jobs.contains(variable))
            };
            is_of_shell && cookie.map_or_else(|| is_born(top), |cookie| *cookie == own)
        };
        // Whoever is nobody's child but a shell's or the keeper's decides for all below.
        let tops = all.iter().filter(|process| {
            pids.contains_key(&process.parent) || strangers.contains(&process.parent) || !by_pid.contains_key(&process.parent)
        });
        let found: BTreeSet<i32> = tops.filter(|top| belongs(top)).map(|top| top.pid).collect();
        let found = closure(&all, found);
        living(all, &found)
    }

    /// The shell and all commands of a session that is gone are ended.
    pub(super) fn end_session(&mut self, session: SessionId, grace: Span) {
        self.procs.ending.push(session);
        let jobs = self.procs.jobs.iter().filter(|(_, job)| job.what.session() == session);
        for tag in jobs.map(|(tag, _)| *tag).collect::<Vec<_>>() {
            self.stop_job(tag, (TERM, grace), None);
        }
        self.look_at_ending();
    }

    /// Sessions that are gone and of which nothing is left.
    pub(super) fn look_at_ending(&mut self) {
        for session in self.procs.ending.clone() {
            let has_job = self.procs.jobs.values().any(|job| job.what.session() == session);
            let is_spawning = self.procs.spawning.keys().any(|tag| self.what(*tag).is_some_and(|what| what.session() == session));
            if has_job || is_spawning {
                continue;
            }
            self.procs.ending.retain(|other| *other != session);
            let running = self.procs.shells.remove(&session).and_then(|shell| shell.running);
            if let Some(running) = running {
                self.procs.hunts.retain(|hunt| !matches!(hunt.quarry, Quarry::Command { id, .. } if id == running.command));
                let output = Box::new(Captured { shell_ended: true, ..Captured::default() });
                self.command_event(CommandEvent::Ended { command: running.command, exit: ExitStatus::Lost, was_killed: true, output });
            }
            self.procs.kept.version += 1;
            self.command_event(CommandEvent::SessionOver { session });
        }
    }
}

impl Hunt {
    /// INT to a shell and at once to its children: a shell gives up what it runs only if the child it waits for dies of the same.
    fn interrupt(&self, (pid, start_time): (i32, u64)) {
        let children: Vec<Process> =
            process::children(pid).into_iter().filter_map(process::read).filter(|child| child.parent == pid).collect();
        // One that has just ended is noticed by the next look.
        drop(pidfd::signal_process(pid, start_time, INT));
        for child in children.iter().filter(|child| self.is_own_child(child)) {
            drop(pidfd::signal_process(child.pid, child.start_time, INT));
        }
    }

    /// Whether a child of the shell is no older than the command: an interrupt is not for what runs in the background since before.
    fn is_own_child(&self, child: &Process) -> bool {
        self.since <= child.start_time
    }

    /// The first signal to a process, and CONT, so that a stopped one hears it.
    fn tell(&mut self, member: &Process, is_direct: bool) {
        let send = |signal| pidfd::signal_process(member.pid, member.start_time, signal).is_ok();
        let is_interrupt = self.signal == INT && matches!(self.quarry, Quarry::Command { .. });
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

fn ended(id: CommandId) -> Refusal {
    Refusal::new(Code::NotRunning, format!("command {id} has ended")).hint(format!("abide process status {id}"))
}

fn with_descendants(process: &Process) -> Vec<Process> {
    let all = process::all();
    let found = closure(&all, BTreeSet::from([process.pid]));
    living(all, &found)
}

fn living(mut all: Vec<Process>, found: &BTreeSet<i32>) -> Vec<Process> {
    all.retain(|process| found.contains(&process.pid) && !matches!(process.state, b'Z' | b'X'));
    all
}

/// These processes and all their descendants.
fn closure(all: &[Process], mut found: BTreeSet<i32>) -> BTreeSet<i32> {
    loop {
        let before = found.len();
        found.extend(all.iter().filter(|process| found.contains(&process.parent)).map(|process| process.pid).collect::<Vec<_>>());
        if found.len() == before {
            return found;
        }
    }
}
