//! Which processes came of one program, by everything that tells: its session, its terminal, its
//! cgroup, what it passed on in its environment, descent. What is done with them is not known here.

use std::collections::{BTreeMap, BTreeSet};

use crate::base::time::Span;

use super::process::Process;
use super::process_snapshot::{EnvMarkers, ProcessSnapshot};

/// The longest time that KILL is sent to processes that ignore everything.
pub const KILL_FOR: Span = Span::seconds(5);
/// The pause between two passes over the process table.
pub const PASS_PAUSE: Span = Span::millis(5);
/// The certainty that nobody is left which ends a kill: passes in a row that find nobody must prove
/// it, two that nobody can have hidden from, or sixty that he would all have had to hide from.
pub const CERTAINTY_NEEDED: u8 = 60;

/// A program whose processes are looked for by the process that started it, or took it over.
#[derive(Debug)]
pub struct OwnedProgram<'a> {
    /// Process id and start time of its leader.
    pub leader: (i32, u64),
    /// The leader is our child and not reaped: the number of its session is certain.
    pub is_certain: bool,
    /// We have started it, so all that nobody else holds descends from us.
    pub is_ours: bool,
    /// The session whose terminal is the program's, 0 without one. Not the number of that terminal:
    /// where terminals are mounted more than once, as in containers, others have the same.
    pub terminal_session: i32,
    /// The variable that marks its processes, as `NAME=value`.
    pub cookie: &'a str,
    /// Who is in its cgroup.
    pub in_cgroup: BTreeSet<i32>,
    /// Never one of them, whatever it looks like.
    pub spared: i32,
}

/// What a look that finds nobody says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Confidence {
    /// Nobody can have hidden.
    Certain,
    /// Somebody ended during the look, and may have started another after that was listed.
    Likely,
    /// Somebody lives of whom nobody can say yet whose it is: it is just becoming another program,
    /// for however long it gets no processor. Such a look proves nothing.
    Unknown,
}

impl Confidence {
    /// How much of `all` that a certainty takes such a look gives.
    #[must_use]
    pub const fn weight(self, all: u8) -> u8 {
        match self {
            Self::Certain => all / 2,
            Self::Likely => 1,
            Self::Unknown => 0,
        }
    }
}

impl OwnedProgram<'_> {
    /// All living processes that came of it, with who was `seen` before and what descends from
    /// them. And what it says if there are none.
    pub fn members(
        &self,
        snapshot: &ProcessSnapshot,
        markers: &mut EnvMarkers,
        seen: &BTreeMap<i32, u64>,
    ) -> (Vec<Process>, Confidence) {
        let own_pid = rustix::process::getpid().as_raw_pid();
        let (pid, start_time) = self.leader;
        // The number of its session is certain while the leader is not reaped, and after that as
        // long as nobody else has taken it.
        let is_session_ours = self.is_certain
            || snapshot.process(pid).is_none_or(|leader| leader.start_time == start_time);
        // A cookie costs a file per process; programs of ours that nobody else holds descend from
        // us, unless a former keeper has started them.
        let descendants = self.is_ours.then(|| snapshot.family([own_pid]));
        let mut confidence = Confidence::Certain;
        let mut is_marked = |process: &Process| {
            if (process.pid, process.start_time) == self.leader
                || (is_session_ours && process.session == pid)
                || (self.terminal_session != 0 && process.session == self.terminal_session)
                || seen.get(&process.pid) == Some(&process.start_time)
                || self.in_cgroup.contains(&process.pid)
            {
                return true;
            }
            if descendants.as_ref().is_some_and(|descendants| !descendants.contains(&process.pid)) {
                return false;
            }
            let variables = markers.of(process);
            if variables.is_none()
                && process.parent == own_pid
                && start_time <= process.start_time
                && confidence != Confidence::Unknown
            {
                confidence =
                    if process.is_over() { Confidence::Likely } else { Confidence::Unknown };
            }
            variables.is_some_and(|variables| {
                variables.iter().any(|variable| variable == self.cookie.as_bytes())
            })
        };
        let others = snapshot.processes().filter(|process| {
            process.pid > 1 && process.pid != own_pid && process.pid != self.spared
        });
        let tops: Vec<i32> =
            others.filter(|process| is_marked(process)).map(|process| process.pid).collect();
        let (mut members, has_ended) = snapshot.living_family(tops);
        members.retain(|process| process.pid != own_pid && process.pid != self.spared);
        (
            members,
            if has_ended && confidence == Confidence::Certain {
                Confidence::Likely
            } else {
                confidence
            },
        )
    }
}
