//! Whom a program's signals reach, and ending all that came of it for certain (reliability: kill
//! semantics). Nothing waits: a kill goes on in passes.
//!
//! Identity is (process id, start time), checked on a pidfd before each signal. A kill is over
//! after two passes in a row that found nobody, in which nobody can have hidden either: the cgroup
//! is empty, or no orphan of unknown origin had ended (`platform::process_snapshot`; only this
//! process reaps them).

use std::cell::RefCell;
use std::collections::BTreeSet;

use crate::base::error::ignore_failure;
use crate::base::id::SessionId;
use crate::base::signal::{CONT, KILL};
use crate::base::time::{Span, Tick};
use crate::keeper::Keeper;
use crate::keeper::job::{Program, ProgramLife};
use crate::platform::cgroup::Cgroups;
use crate::platform::origin_mark::OriginMark;
use crate::platform::process::Process;
use crate::platform::process_ownership::{
    CERTAINTY_NEEDED, Confidence, KILL_FOR, Ownership, PASS_PAUSE, of_lineages, tags_saying,
};
use crate::platform::process_snapshot::{EnvMarkers, ProcessSnapshot};
use crate::platform::{now, pidfd, process, tty};
use crate::wire::keeper::{COUNT_UNSURE, HEIR_BITS, KillReport, Survivor, Target, cookie};

/// The evidence that tells the processes of one program from all others.
#[derive(Debug, Clone, Copy)]
pub(super) struct Scope<'a> {
    pub(super) epoch: u64,
    pub(super) cgroups: Option<&'a Cgroups>,
    /// Never touched, whatever they look like: the servers.
    pub(super) server_pids: [i32; 2],
    pub(super) snapshot: &'a ProcessSnapshot,
    pub(super) markers: &'a RefCell<EnvMarkers>,
}

/// Sends a signal; gives how many processes it reached.
pub(super) fn signal(job: &Program, scope: Scope<'_>, target: Target, number: i32) -> u32 {
    match target {
        Target::Leader => u32::from(signal_leader(job, number)),
        Target::LeaderGroup => signal_some(job, scope, number, |member| member.group == job.pid),
        Target::Foreground => {
            let group =
                job.streams.first().and_then(|stream| tty::foreground_group(&*stream.source));
            group.map_or(0, |group| signal_some(job, scope, number, |member| member.group == group))
        }
        Target::Tree => {
            let (members, confidence) = members(job, scope);
            let reached = members.iter().filter(|member| send(member, number)).count();
            if reached == 0 && confidence != Confidence::Certain {
                return COUNT_UNSURE;
            }
            // Stopped ones hear it only now.
            if number != KILL && number != CONT {
                for member in &members {
                    send(member, CONT);
                }
            }
            u32::try_from(reached).unwrap_or(u32::MAX)
        }
    }
}

fn signal_leader(job: &Program, number: i32) -> bool {
    match &job.pidfd {
        Some(fd) => job.is_running() && pidfd::signal(&**fd, number).is_ok(),
        None => {
            job.is_own_child() && pidfd::signal_process(job.pid, job.start_time, number).is_ok()
        }
    }
}

/// Members are signalled one by one: a group's number could come to mean another group, a member's
/// identity cannot.
fn signal_some(
    job: &Program,
    scope: Scope<'_>,
    number: i32,
    belongs: impl Fn(&Process) -> bool,
) -> u32 {
    let (found, _) = members(job, scope);
    let reached = found.iter().filter(|member| belongs(member) && send(member, number)).count();
    u32::try_from(reached).unwrap_or(u32::MAX)
}

fn send(member: &Process, number: i32) -> bool {
    pidfd::signal_process(member.pid, member.start_time, number).is_ok()
}

/// All living processes that came of a program and are not spared, and what it says if there are
/// none. The program remembers them, so that none is lost that gives up its environment or outlives
/// its parents.
pub(super) fn members(job: &Program, scope: Scope<'_>) -> (Vec<Process>, Confidence) {
    let mut found = ownership(job, scope).members(scope.snapshot, &mut scope.markers.borrow_mut());
    let identity = |member: &Process| (member.pid, member.start_time);
    let mut seen = job.seen.borrow_mut();
    seen.retain(|pid, start_time| scope.snapshot.has(*pid, *start_time));
    seen.extend(found.0.iter().map(identity));
    if job.heir.is_some() {
        let mut attached = job.attached.borrow_mut();
        let detached = scope.snapshot.detached(&found.0, job.pid, &attached);
        found.0.retain(|member| !detached.contains(&member.pid));
        attached.extend(found.0.iter().map(identity));
    }
    found
}

fn ownership(job: &Program, scope: Scope<'_>) -> Ownership {
    let own_pid = rustix::process::getpid().as_raw_pid();
    // The session id is certain while the leader is not reaped, and after that as long
    // as nobody else has taken it.
    let is_session_its_own = job.is_own_child()
        || scope.snapshot.process(job.pid).is_none_or(|leader| leader.start_time == job.start_time);
    // The session whose terminal is the program's, 0 without one. The number of that terminal would
    // not do: where terminals are mounted more than once, as in containers, others have the same.
    let terminal = job.streams.first().map_or(0, |stream| tty::session(&*stream.source));
    let sessions = [(job.pid, is_session_its_own), (terminal, terminal != 0)];
    let mut known = job.seen.borrow().clone();
    known.insert(job.pid, job.start_time);
    Ownership {
        known,
        in_cgroup: scope
            .cgroups
            .map(|cgroups| job.tags.iter().flat_map(|tag| cgroups.members(*tag)).collect())
            .unwrap_or_default(),
        sessions: sessions.into_iter().filter_map(|(id, is_its)| is_its.then_some(id)).collect(),
        markers: job.tags.iter().map(|tag| cookie(scope.epoch, *tag)).collect(),
        marks: job.tags.iter().map(|tag| OriginMark::of(scope.epoch, *tag)).collect(),
        // Programs of ours that nobody else holds descend from us, unless a former keeper has
        // started them.
        ancestor: (!job.is_adopted).then_some(own_pid),
        reaper: own_pid,
        since: job.start_time,
        excluded: [0, 1, own_pid].into_iter().chain(scope.server_pids).collect(),
        ..Ownership::default()
    }
}

/// The rests of programs that are forgotten: what a user detached on purpose, so that it outlives
/// its pane. It is reached by the tag of the session to which it is left, and ends with the server.
impl Keeper {
    /// The program, or the rest of some, with a tag.
    pub(super) fn program(&self, tag: u64) -> Option<&Program> {
        self.jobs.get(&tag).or_else(|| self.rests.get(&tag))
    }

    /// Keeps what is left of a program that is forgotten, if somebody lives.
    pub(super) fn keep_rest(&mut self, mut job: Program) {
        let Some(heir) = job.heir.take() else { return };
        self.snapshots.take();
        let Some(scope) = self.scope() else { return };
        if members(&job, scope).0.is_empty() {
            return;
        }
        let rest = self.rests.entry(heir).or_insert_with(|| Program::rest(heir));
        rest.tags.push(job.tag);
        rest.seen.get_mut().extend(job.seen.take());
    }

    /// Adds what says itself to which session it is left: after an upgrade or the end of a former
    /// keeper nobody else knows.
    pub(super) fn find_rest(&mut self, heir: u64) {
        if heir & HEIR_BITS != HEIR_BITS {
            return;
        }
        self.snapshots.take();
        let Some(snapshot) = &self.snapshots.snapshot else { return };
        let variable = format!("ABIDE_SESSION={}", SessionId(heir & !HEIR_BITS));
        let mut markers = self.snapshots.markers.borrow_mut();
        let mut tags = tags_saying(snapshot, &mut markers, self.epoch, &variable);
        let known = self.rests.get(&heir).map(|rest| rest.tags.clone()).unwrap_or_default();
        tags.retain(|tag| !self.jobs.contains_key(tag) && !known.contains(tag));
        if !tags.is_empty() {
            let rest = self.rests.entry(heir).or_insert_with(|| Program::rest(heir));
            rest.tags.extend(tags);
        }
    }

    /// Ends what former keepers have started and is left to anybody: the server was told to stop,
    /// and all else is over. All that descends from this keeper it ends as its children.
    pub(super) fn end_rests(&mut self) {
        let own = rustix::process::geteuid().as_raw();
        self.snapshots.snapshot = None;
        self.snapshots.take();
        let Some(snapshot) = &self.snapshots.snapshot else { return };
        let mut markers = self.snapshots.markers.borrow_mut();
        let is_ours = |process: &Process| process::user(process.pid) == Some(own);
        let below = snapshot.family([rustix::process::getpid().as_raw_pid()]);
        for process in of_lineages(snapshot, &mut markers, &[self.epoch], is_ours) {
            if !below.contains(&process.pid) {
                let sent = pidfd::signal_process(process.pid, process.start_time, KILL);
                ignore_failure(sent, "who is gone by now needs no signal");
            }
        }
    }
}

/// A kill under way.
#[derive(Debug)]
pub(super) struct Kill {
    pub(super) tag: u64,
    /// The server's call that asked for it.
    pub(super) call: u64,
    /// The moment when the next pass is due.
    pub(super) next: Tick,
    started: Tick,
    limit: Tick,
    certainty: u8,
    killed: BTreeSet<(i32, u64)>,
    /// Whom the last pass found that found anybody.
    last: Vec<Process>,
}

impl Kill {
    pub(super) fn new(tag: u64, call: u64, now: Tick, limit_ms: u32) -> Self {
        let limit = now + Span::millis(limit_ms.into()).min(KILL_FOR);
        let killed = BTreeSet::new();
        Self { tag, call, next: now, started: now, limit, certainty: 0, killed, last: Vec::new() }
    }

    /// Makes a pass. The report comes with the last.
    pub(super) fn pass(&mut self, job: &Program, scope: Scope<'_>) -> Option<KillReport> {
        // The cgroup as a whole neither ends nor proves anything if some in it are spared.
        let cgroups = scope.cgroups.filter(|_| job.heir.is_none());
        let populated = cgroups.and_then(|cgroups| cgroups.is_populated(job.tag));
        let (found, confidence) = members(job, scope);
        if populated == Some(true) {
            let _is_killed = cgroups.is_some_and(|cgroups| cgroups.kill(job.tag));
        }
        signal_leader(job, KILL);
        for member in &found {
            self.killed.insert((member.pid, member.start_time));
            send(member, KILL);
        }
        // The exit is told first, and what it printed before that.
        let is_unseen = found.is_empty()
            && matches!(job.life, ProgramLife::Ended(_))
            && populated != Some(true);
        let weight = if populated.is_some() {
            CERTAINTY_NEEDED / 2
        } else {
            confidence.weight(CERTAINTY_NEEDED)
        };
        self.certainty = if is_unseen { self.certainty.saturating_add(weight) } else { 0 };
        if !found.is_empty() {
            self.last = found;
        }
        let at = now().tick;
        self.next = at + PASS_PAUSE;
        if self.certainty >= CERTAINTY_NEEDED {
            self.last =
                ownership(job, scope).unsure(scope.snapshot, &mut scope.markers.borrow_mut());
        }
        (self.certainty >= CERTAINTY_NEEDED || at >= self.limit)
            .then(|| self.report(&self.last, at))
    }

    fn report(&self, found: &[Process], now: Tick) -> KillReport {
        let survivor = |member: &Process| Survivor {
            pid: member.pid,
            state: member.state,
            uid: process::user(member.pid).unwrap_or(u32::MAX),
            name: member.name.clone(),
        };
        KillReport {
            killed_count: u32::try_from(self.killed.len()).unwrap_or(u32::MAX),
            millis: u32::try_from((now - self.started).as_millis()).unwrap_or(u32::MAX),
            survivors: found.iter().map(survivor).collect(),
        }
    }
}
