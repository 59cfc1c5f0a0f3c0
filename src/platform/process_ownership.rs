//! The one rule for the question which processes belong to a program or to a command. Keeper and
//! server ask it before they send signals. It judges a snapshot of the process table and reads
//! nothing itself but the environments that [`EnvMarkers`] asks for.
//!
//! A process belongs if one of these holds:
//! 1. The kernel says so: its identity (process id and start time) is known to belong, or it is in
//!    the cgroup, or in a session in which nothing else runs.
//! 2. Its environment carries the marker that is asked for.
//! 3. Its environment names nobody, and it was born with a mark that is asked for
//!    (`platform::origin_mark`): daemons that give up environment, session and parents.
//! 4. It comes from a shared origin, such as the shell of a session, was born in the time in
//!    question, and carries no marker or mark that names another owner.
//! 5. A process above it belongs.
//!
//! Excluded processes never belong. Tests: below, and `tests/it/procs_life.rs`.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::RangeInclusive;

use crate::base::time::Span;

use super::origin_mark::OriginMark;
use super::process::{self, Process};
use super::process_snapshot::{EnvMarkers, ProcessSnapshot};

/// The longest time that KILL is sent to processes that ignore everything.
pub const KILL_FOR: Span = Span::seconds(5);
/// The pause between two passes over the process table.
pub const PASS_PAUSE: Span = Span::millis(5);
/// The certainty that nobody is left which ends a kill: passes in a row that find nobody must prove
/// it, two that nobody can have hidden from, or sixty that he would all have had to hide from.
pub const CERTAINTY_NEEDED: u8 = 60;

/// The beginning of the variable that names the program a process came of.
const JOB_VARIABLE: &str = "ABIDE_JOB=";

/// The question: the evidence that makes a process belong. Evidence that is left empty proves
/// nothing.
#[derive(Debug, Default)]
pub struct Ownership {
    /// Start times, by process id, of processes known to belong: the leader, members seen before.
    pub known: BTreeMap<i32, u64>,
    /// The processes in the cgroup.
    pub in_cgroup: BTreeSet<i32>,
    /// Sessions in which nothing else runs.
    pub sessions: BTreeSet<i32>,
    /// The variables that mark members, as `NAME=value`, all of one name.
    pub markers: Vec<String>,
    /// The marks that members are born with.
    pub marks: Vec<OriginMark>,
    /// The beginning of a variable that all processes of this abide carry, as `NAME=prefix`. With
    /// it the marker counts only beside that variable or in a process of the origin, because an
    /// abide inside of a session numbers its commands as this one does. Empty: the marker is
    /// enough.
    pub family: String,
    /// A source of processes of which only some belong.
    pub origin: Option<SharedOrigin>,
    /// The process that members descend from. Others are judged by what the kernel says alone,
    /// because an environment costs a file per process. None: all environments are read.
    pub ancestor: Option<i32>,
    /// The process that orphans are handed to.
    pub reaper: i32,
    /// The earliest start time of a member, in clock ticks since boot.
    pub since: u64,
    /// Processes that never belong, whatever they look like.
    pub excluded: BTreeSet<i32>,
}

/// Shells that several commands share: a child of one belongs to the command that ran when the
/// child was born, unless the child says otherwise.
#[derive(Debug)]
pub struct SharedOrigin {
    /// The process ids of the shells, which are those of their sessions as well.
    pub shells: BTreeSet<i32>,
    /// The variables that processes of these shells carry, as `NAME=value`.
    pub markers: Vec<Vec<u8>>,
    /// The marks of these shells as a whole.
    pub marks: Vec<OriginMark>,
    /// The start times of children that belong, in clock ticks since boot.
    pub born: RangeInclusive<u64>,
    /// Further parents whose children are judged one by one: the keeper, to which orphans come, the
    /// server, and those above them.
    pub outsiders: BTreeSet<i32>,
}

/// The worth of a snapshot in which no member is found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Confidence {
    /// No member can be hidden.
    Certain,
    /// A process ended while the snapshot was taken, and may have started another one after the
    /// ids were listed.
    Likely,
    /// A process lives whose owner cannot be told yet: it is just becoming another program, for
    /// however long it gets no processor. Such a snapshot proves nothing.
    Unknown,
}

impl Confidence {
    /// The share of a proof of `all` that such a snapshot gives.
    #[must_use]
    pub const fn weight(self, all: u8) -> u8 {
        match self {
            Self::Certain => all / 2,
            Self::Likely => 1,
            Self::Unknown => 0,
        }
    }
}

/// The living processes that came of programs of keepers of these lineages: those that say so, and
/// those that say nothing and have such a mark, with all below them. Only processes that are `ours`
/// are asked.
pub fn of_lineages(
    snapshot: &ProcessSnapshot,
    markers: &mut EnvMarkers,
    lineages: &[u64],
    ours: impl Fn(&Process) -> bool,
) -> Vec<Process> {
    let told: Vec<String> =
        lineages.iter().map(|epoch| format!("{JOB_VARIABLE}{epoch:016x}:")).collect();
    let is_told = |variable: &[u8]| told.iter().any(|told| variable.starts_with(told.as_bytes()));
    let is_marked = |process: &Process| {
        let mark = process.mark();
        lineages.iter().any(|epoch| mark.is_some_and(|mark| mark.is_of_lineage(*epoch)))
    };
    let mut is_member = |process: &Process| {
        let mut variables = markers.of(process).unwrap_or_default().iter();
        let named = variables.find(|variable| variable.starts_with(JOB_VARIABLE.as_bytes()));
        named.map_or_else(|| is_marked(process), |named| is_told(named))
    };
    let all = snapshot.processes().filter(|process| ours(process));
    let tops: Vec<i32> =
        all.filter(|process| is_member(process)).map(|process| process.pid).collect();
    snapshot.living_family(tops).0
}

/// The tags of programs of this lineage that processes name which carry a variable too, given as
/// `NAME=value`.
pub fn tags_saying(
    snapshot: &ProcessSnapshot,
    markers: &mut EnvMarkers,
    lineage: u64,
    variable: &str,
) -> BTreeSet<u64> {
    let prefix = format!("{JOB_VARIABLE}{lineage:016x}:");
    let tag_of = |process: &Process| {
        let variables = markers.of(process)?;
        variables.iter().find(|told| *told == variable.as_bytes())?;
        let mut tags = variables.iter().filter_map(|told| told.strip_prefix(prefix.as_bytes()));
        std::str::from_utf8(tags.next()?).ok()?.parse().ok()
    };
    snapshot.processes().filter_map(tag_of).collect()
}

impl Ownership {
    /// All living members, and the worth of the answer if there are none.
    #[must_use]
    pub fn members(
        &self,
        snapshot: &ProcessSnapshot,
        markers: &mut EnvMarkers,
    ) -> (Vec<Process>, Confidence) {
        let descendants = self.ancestor.map(|ancestor| snapshot.family([ancestor]));
        let is_in_reach =
            |process: &Process| descendants.as_ref().is_none_or(|pids| pids.contains(&process.pid));
        let known = self.known.iter().filter(|(pid, start)| snapshot.has(**pid, **start));
        let mut tops: Vec<i32> = known.map(|(pid, _)| *pid).collect();
        let mut confidence = Confidence::Certain;
        for process in self.candidates(snapshot) {
            if self.is_evident(process) {
                tops.push(process.pid);
            } else if is_in_reach(process) {
                let variables = markers.of(process);
                let is_marked = self.is_marked(process);
                if variables.is_none() && !is_marked && self.may_belong(process) {
                    let is_over = process.is_over();
                    confidence = confidence.max(if is_over {
                        Confidence::Likely
                    } else {
                        Confidence::Unknown
                    });
                }
                if self.is_told(process, variables.unwrap_or_default()) {
                    tops.push(process.pid);
                }
            }
        }
        let (mut members, has_ended) = snapshot.living_family(tops);
        members.retain(|process| !self.excluded.contains(&process.pid));
        let of_ended = if has_ended { Confidence::Likely } else { Confidence::Certain };
        (members, confidence.max(of_ended))
    }

    /// The orphans whose owner nothing tells: they name nobody, have no mark, and were born since;
    /// and all below them.
    /// They may be members that have shed all signs.
    #[must_use]
    pub fn unsure(&self, snapshot: &ProcessSnapshot, markers: &mut EnvMarkers) -> Vec<Process> {
        let is_nameless = |variables: &[Vec<u8>]| {
            !variables.iter().any(|variable| variable.starts_with(JOB_VARIABLE.as_bytes()))
        };
        let is_unsure = |orphan: &&Process| {
            orphan.parent == self.reaper
                && self.since <= orphan.start_time
                && orphan.mark().is_none()
                && !orphan.is_over()
                && !self.excluded.contains(&orphan.pid)
        };
        let orphans = snapshot.processes().filter(is_unsure);
        let tops = orphans
            .filter(|orphan| markers.of(orphan).is_some_and(is_nameless))
            .filter(|orphan| !process::is_keeper(orphan.pid))
            .map(|orphan| orphan.pid);
        let (unsure, _) = snapshot.living_family(tops.collect::<Vec<_>>());
        unsure
    }

    /// The processes that are judged themselves; those below a member follow it. With a shared
    /// origin these are the topmost processes only, so a child of a command stays the command's
    /// whatever becomes of it.
    pub fn candidates<'s>(
        &'s self,
        snapshot: &'s ProcessSnapshot,
    ) -> impl Iterator<Item = &'s Process> {
        snapshot.processes().filter(|process| {
            let is_top = self.origin.as_ref().is_none_or(|origin| {
                origin.shells.contains(&process.parent)
                    || origin.outsiders.contains(&process.parent)
                    || snapshot.process(process.parent).is_none()
            });
            is_top && !self.excluded.contains(&process.pid)
        })
    }

    fn is_evident(&self, process: &Process) -> bool {
        self.known.get(&process.pid) == Some(&process.start_time)
            || self.in_cgroup.contains(&process.pid)
            || self.sessions.contains(&process.session)
    }

    /// The process may be a member although its environment cannot be read: it was born in time,
    /// and is an orphan or a child of the origin.
    fn may_belong(&self, process: &Process) -> bool {
        let is_child =
            self.origin.as_ref().is_some_and(|origin| origin.shells.contains(&process.parent));
        self.since <= process.start_time && (process.parent == self.reaper || is_child)
    }

    /// The process was born with a mark that is asked for.
    fn is_marked(&self, process: &Process) -> bool {
        self.since <= process.start_time
            && process.mark().is_some_and(|mark| self.marks.iter().any(|own| own.covers(mark)))
    }

    /// The process has the mark of another part of the origin, such as another command.
    fn is_of_other_part(&self, process: &Process, origin: &SharedOrigin) -> bool {
        process.mark().is_some_and(|mark| {
            let is_of_origin = origin.marks.iter().any(|whole| whole.covers(mark));
            !mark.is_whole() && is_of_origin && !self.is_marked(process)
        })
    }

    /// The process is a member by its variables, or by its mark or origin where they name no owner.
    fn is_told(&self, process: &Process, variables: &[Vec<u8>]) -> bool {
        let find = |prefix: &str| {
            variables.iter().find(|variable| variable.starts_with(prefix.as_bytes()))
        };
        let is_of_origin = self.origin.as_ref().is_some_and(|origin| {
            origin.shells.contains(&process.parent)
                || origin.shells.contains(&process.session)
                || variables.iter().any(|variable| origin.markers.contains(variable))
        });
        let name = self.markers.first().and_then(|marker| marker.split_inclusive('=').next());
        find(name.unwrap_or_default()).map_or_else(
            || {
                let is_of_time = |origin: &SharedOrigin| {
                    origin.born.contains(&process.start_time)
                        && !self.is_of_other_part(process, origin)
                };
                self.is_marked(process)
                    || is_of_origin && self.origin.as_ref().is_some_and(is_of_time)
            },
            |told| {
                let is_of_ours =
                    self.family.is_empty() || is_of_origin || find(&self.family).is_some();
                self.markers.iter().any(|marker| *told == marker.as_bytes()) && is_of_ours
            },
        )
    }
}

#[cfg(test)]
mod tests {
    use super::{Confidence, Ownership, SharedOrigin};
    use crate::platform::origin_mark::OriginMark;
    use crate::platform::process::Process;
    use crate::platform::process_snapshot::{EnvMarkers, ProcessSnapshot};

    const KEEPER: i32 = 2;
    const SHELL: i32 = 10;

    /// A process with id, parent and session, started at the tick of its id, with its variables.
    type Row = (i32, i32, i32, &'static [&'static str]);

    /// Members by id of a table in which 1 is init and [`KEEPER`] its child.
    fn members(ownership: &Ownership, rows: &[Row]) -> (Vec<i32>, Confidence) {
        let mut markers = EnvMarkers::default();
        let top: [Row; 2] = [(1, 0, 1, &[]), (KEEPER, 1, 2, &[])];
        let all = top.iter().chain(rows);
        let table = all.map(|(pid, parent, session, variables)| {
            let process = Process::idle(*pid, *parent, *session);
            markers.know(&process, variables);
            process
        });
        let snapshot = ProcessSnapshot::of(table.collect());
        let (members, confidence) = ownership.members(&snapshot, &mut markers);
        (members.iter().map(|member| member.pid).collect(), confidence)
    }

    fn program() -> Ownership {
        Ownership {
            known: [(20, 20)].into(),
            sessions: [20].into(),
            markers: vec!["ABIDE_JOB=e:7".into()],
            ancestor: Some(KEEPER),
            reaper: KEEPER,
            since: 20,
            excluded: [0, 1, KEEPER].into(),
            ..Ownership::default()
        }
    }

    fn command() -> Ownership {
        Ownership {
            markers: vec!["ABIDE_COMMAND=5".into()],
            family: "ABIDE_JOB=e:".into(),
            origin: Some(SharedOrigin {
                shells: [SHELL].into(),
                markers: vec![b"ABIDE_JOB=e:1".to_vec()],
                marks: vec![OriginMark::of(0xe, 1)],
                born: 30..=40,
                outsiders: [0, 1, KEEPER].into(),
            }),
            reaper: KEEPER,
            since: 30,
            excluded: [0, 1, KEEPER, SHELL].into(),
            ..Ownership::default()
        }
    }

    #[test]
    fn a_program_has_its_session_its_marked_orphans_and_all_below() {
        let rows: &[Row] = &[
            (20, KEEPER, 20, &[]),
            (21, 20, 21, &[]),
            (22, KEEPER, 22, &["ABIDE_JOB=e:7"]),
            (23, KEEPER, 23, &["ABIDE_JOB=e:8"]),
            (24, KEEPER, 20, &["ABIDE_JOB=e:8"]),
            (25, 1, 25, &["ABIDE_JOB=e:7"]),
        ];
        assert_eq!(members(&program(), rows), (vec![20, 21, 22, 24], Confidence::Certain));
    }

    #[test]
    fn leftovers_say_a_former_lineage_or_have_its_mark() {
        let mut markers = EnvMarkers::default();
        let mark = |epoch| OriginMark::of(epoch, 1).limit();
        let rows: [(i32, i32, &[&str], u64); 6] = [
            (20, 1, &["ABIDE_JOB=000000000000000e:7"], u64::MAX),
            (21, 20, &[], u64::MAX),
            (22, 1, &[], mark(0xe)),
            (23, 1, &["ABIDE_JOB=000000000000000f:7"], mark(0xe)),
            (24, 1, &[], mark(0xf)),
            (25, 1, &["ABIDE_JOB=000000000000000e:7"], u64::MAX),
        ];
        let table = rows.map(|(pid, parent, variables, rss_limit)| {
            let process = Process { rss_limit, ..Process::idle(pid, parent, pid) };
            markers.know(&process, variables);
            process
        });
        let snapshot = ProcessSnapshot::of(table.to_vec());
        let found = super::of_lineages(&snapshot, &mut markers, &[0xe], |one| one.pid != 25);
        assert_eq!(found.iter().map(|one| one.pid).collect::<Vec<_>>(), [20, 21, 22]);
    }

    #[test]
    fn an_orphan_that_nothing_tells_of_is_unsure() {
        let mut markers = EnvMarkers::default();
        let rows: [(i32, i32, &[&str], u64); 6] = [
            (21, i32::MAX, &[], u64::MAX),
            (i32::MAX, KEEPER, &["ABIDE_CGROUP=off"], u64::MAX),
            (19, KEEPER, &[], u64::MAX),
            (22, KEEPER, &[], OriginMark::of(1, 1).limit()),
            (23, KEEPER, &["ABIDE_JOB=e:8"], u64::MAX),
            (24, 1, &[], u64::MAX),
        ];
        let table = rows.map(|(pid, parent, variables, rss_limit)| {
            let process = Process { rss_limit, ..Process::idle(pid, parent, pid) };
            markers.know(&process, variables);
            process
        });
        let snapshot = ProcessSnapshot::of(table.to_vec());
        let found = program().unsure(&snapshot, &mut markers);
        assert_eq!(found.iter().map(|one| one.pid).collect::<Vec<_>>(), [21, i32::MAX]);
    }

    /// Without a word of its own a process is judged by its mark, and a word goes before it.
    #[test]
    fn a_mark_tells_whose_a_process_is_that_names_nobody() {
        let found = |ownership: &Ownership, variables: &[&str], mark: OriginMark| {
            let mut markers = EnvMarkers::default();
            let keeper = Process::idle(KEEPER, 1, 2);
            let daemon = Process { rss_limit: mark.limit(), ..Process::idle(50, KEEPER, 50) };
            markers.know(&keeper, &[]);
            markers.know(&daemon, variables);
            let snapshot = ProcessSnapshot::of(vec![keeper, daemon]);
            ownership.members(&snapshot, &mut markers).0.len() == 1
        };
        let [seven, eight] = [7, 8].map(|tag| OriginMark::of(0xe, tag));
        let program = Ownership { marks: vec![seven], ..program() };
        assert!(found(&program, &[], seven) && found(&program, &[], seven.part(3)));
        assert!(!found(&program, &[], eight) && !found(&program, &["ABIDE_JOB=e:8"], seven));
        let late = Ownership { since: 51, marks: vec![seven], ..Ownership::default() };
        assert!(!found(&late, &[], seven), "born before the program");
        let shell = OriginMark::of(0xe, 1);
        let command = Ownership { marks: vec![shell.part(5)], ..command() };
        assert!(found(&command, &[], shell.part(5)), "born after the command's end too");
        for mark in [shell, shell.part(4), seven.part(5)] {
            assert!(!found(&command, &[], mark), "{mark:?}");
        }
        let mut longer = command;
        longer.origin.as_mut().expect("it has one").born = 30..=60;
        let of_session = ["ABIDE_JOB=e:1"];
        assert!(found(&longer, &of_session, shell) && !found(&longer, &of_session, shell.part(4)));
    }

    #[test]
    fn a_known_process_id_with_another_start_time_is_another_process() {
        let ownership = Ownership { known: [(20, 19)].into(), sessions: [].into(), ..program() };
        assert_eq!(members(&ownership, &[(20, KEEPER, 3, &[])]).0, [0; 0]);
    }

    #[test]
    fn a_command_has_the_children_of_its_time_and_those_that_name_it() {
        let rows: &[Row] = &[
            (SHELL, KEEPER, SHELL, &["ABIDE_JOB=e:1"]),
            (29, SHELL, SHELL, &["ABIDE_JOB=e:1"]),
            (31, SHELL, SHELL, &["ABIDE_JOB=e:1"]),
            (32, SHELL, SHELL, &["ABIDE_JOB=e:1", "ABIDE_COMMAND=4"]),
            (33, KEEPER, 33, &["ABIDE_JOB=e:9", "ABIDE_COMMAND=5"]),
            (34, KEEPER, 34, &["ABIDE_JOB=other:9", "ABIDE_COMMAND=5"]),
            (35, 31, 35, &["ABIDE_COMMAND=4"]),
            (41, SHELL, SHELL, &["ABIDE_JOB=e:1"]),
        ];
        assert_eq!(members(&command(), rows), (vec![31, 33, 35], Confidence::Certain));
    }

    #[test]
    fn an_ended_process_lowers_the_confidence_and_an_unreadable_one_takes_it() {
        let snapshot = |orphan: Process| {
            let mut markers = EnvMarkers::default();
            let keeper = Process::idle(KEEPER, 1, 2);
            markers.know(&keeper, &[]);
            let snapshot = ProcessSnapshot::of(vec![keeper, orphan]);
            program().members(&snapshot, &mut markers)
        };
        let orphan = Process::idle(i32::MAX, KEEPER, 3);
        let zombie = Process { state: b'Z', ..orphan.clone() };
        assert_eq!(snapshot(zombie).1, Confidence::Likely);
        assert_eq!(snapshot(orphan.clone()).1, Confidence::Unknown);
        let older = Process { start_time: 19, ..orphan };
        assert_eq!(snapshot(older).1, Confidence::Certain);
    }
}
