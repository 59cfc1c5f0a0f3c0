//! Scans of the process table for stops and signals: read by a task, once for all that wait for
//! one, and judged when they come back to the event loop.

use std::collections::{BTreeMap, BTreeSet};

use crate::base::error::{Code, Refusal};
use crate::base::id::{CallId, CommandId, SessionId};
use crate::base::memory::SharedBytes as _;
use crate::base::signal::KILL;
use crate::base::time::{Span, Tick};
use crate::platform::memory::SharedMemory;
use crate::platform::origin_mark::OriginMark;
use crate::platform::process::Process;
use crate::platform::process_ownership::{Confidence, Ownership, PASS_PAUSE, SharedOrigin};
use crate::platform::process_snapshot::{EnvMarkers, ProcessSnapshot};
use crate::platform::{now, pidfd, process};
use crate::server::commands::job::Job;
use crate::server::commands::stop::{ASK_EVERY, StopOperation, StopRequest, StopTarget};
use crate::server::commands::{CommandTaskEvent, Commands, Cx, ps};
use crate::state::command_effect::Target;
use crate::wire::keeper::CONTROL_REAPS;

/// The pause between two scans once a stop takes longer.
const PAUSE_LONG: Span = Span::millis(25);
/// The most passes over orphans before one scan of the whole process table.
const HOP_COUNT: usize = 32;
/// The longest chain of parents that is followed. It has no circle, but a scan may show one.
const PARENTS_MAX: usize = 1000;

/// The scans that all stops share.
#[derive(Debug, Default)]
pub(super) struct ProcessScan {
    /// The known environments of processes; away while a scan is under way.
    markers: EnvMarkers,
    is_under_way: bool,
    /// The time of the next scan.
    pub(super) next: Tick,
    /// Questions, and whether the scan under way began after they were asked.
    questions: Vec<(Question, bool)>,
}

/// A question of a call that a scan answers.
#[derive(Debug, Clone, Copy)]
pub(super) enum Question {
    /// A call sends one signal.
    Signal { call: CallId, target: Target, signal: i32 },
    /// A process, or the rest of a command that has ended, is to be stopped.
    Stop { target: Target, request: StopRequest, if_running: bool },
}

/// The result of a scan.
#[derive(Debug)]
pub(in crate::server) struct ScanResult {
    snapshot: ProcessSnapshot,
    markers: EnvMarkers,
    /// Orphans that were killed just before, and of what command.
    killed: Vec<(CommandId, (i32, u64))>,
    /// No orphan was reaped while the table was read (`wire::keeper::CONTROL_REAPS`).
    is_whole: bool,
    began: Tick,
}

/// The process table, as a scan shows it.
pub(super) struct Seen<'a> {
    pub(super) snapshot: &'a ProcessSnapshot,
    markers: &'a mut EnvMarkers,
    is_whole: bool,
}

/// The living processes that belong to something, and how much it says if there are none.
pub(super) struct OwnedProcesses {
    pub(super) living: Vec<Process>,
    pub(super) confidence: Confidence,
}

/// Has the next scan answer a question.
pub(super) fn ask(commands: &mut Commands, question: Question) {
    commands.scan.questions.push((question, false));
    commands.scan.next = now().tick;
}

/// The time of the next scan.
pub(super) fn deadline(commands: &Commands) -> Option<Tick> {
    let is_wanted = !commands.stops.is_empty() || !commands.scan.questions.is_empty();
    (!commands.scan.is_under_way && is_wanted).then_some(commands.scan.next)
}

/// Has a task scan the process table, if that is due: it reads a file for each process of the
/// machine, and keys do not wait for it.
pub(super) fn begin(commands: &mut Commands, cx: &Cx<'_>, at: Tick) {
    if deadline(commands).is_none_or(|next| at < next) {
        return;
    }
    let unwound: Vec<bool> = commands.stops.iter().map(|stop| commands.is_unwound(stop)).collect();
    for (stop, is_unwound) in commands.stops.iter_mut().zip(unwound) {
        stop.was_unwound = Some(is_unwound);
    }
    for (_, is_in_scan) in &mut commands.scan.questions {
        *is_in_scan = true;
    }
    commands.scan.is_under_way = true;
    let events = commands.events.clone();
    let control = cx.wake.control.try_clone_fd().and_then(SharedMemory::from_fd).ok();
    let mut markers = std::mem::take(&mut commands.scan.markers);
    let strangers = strangers(cx);
    let mut leaders: BTreeSet<i32> = ps::leaders(commands, cx).into_keys().collect();
    leaders.extend(strangers);
    let parents: BTreeSet<i32> =
        strangers.into_iter().chain(commands.jobs.values().map(Job::pid)).collect();
    let killing = commands.stops.iter().filter(|stop| stop.progress.is_killing());
    let doomed = |(session, id)| (id, marks(commands, session, id));
    let orphans = Orphans {
        keeper: cx.host.keeper_pid.cast_signed(),
        leaders: leaders.clone(),
        ours: job_cookie(commands),
        doomed: killing.filter_map(|stop| stop.target.shell_command()).map(doomed).collect(),
    };
    tokio::task::spawn_blocking(move || {
        let killed = orphans.kill(&mut markers);
        let reaps = || control.as_ref().map(|control| control.word(CONTROL_REAPS));
        let before = reaps();
        let snapshot = ProcessSnapshot::take();
        let is_whole = before.is_some_and(|before| before % 2 == 0) && before == reaps();
        markers.keep_only(&snapshot);
        // The environments are read here, so that the event loop finds them known.
        for top in
            tops(&snapshot, |pid| parents.contains(&pid)).filter(|top| !leaders.contains(&top.pid))
        {
            markers.of(top);
        }
        let result = ScanResult { snapshot, markers, killed, is_whole, began: at };
        events.send_blocking(CommandTaskEvent::Scanned(Box::new(result)));
    });
}

/// Works on the result of a scan.
pub(super) fn scanned(commands: &mut Commands, cx: &mut Cx<'_>, result: ScanResult) {
    let ScanResult { snapshot, mut markers, killed, is_whole, began } = result;
    let at = now().tick;
    let mut seen = Seen { snapshot: &snapshot, markers: &mut markers, is_whole };
    let (mut over, mut rest, mut is_urgent) = (Vec::new(), Vec::new(), false);
    for mut stop in std::mem::take(&mut commands.stops) {
        let was_unwound = stop.was_unwound.take();
        for (command, orphan) in &killed {
            if stop.target.command() == Some(*command) {
                stop.note_killed(*orphan);
            }
        }
        if was_unwound
            .is_some_and(|was_unwound| commands.advance_stop(cx, &mut stop, &mut seen, was_unwound))
        {
            over.push(stop);
            continue;
        }
        is_urgent |= was_unwound.is_none() || stop.progress.is_urgent();
        rest.push(stop);
    }
    let is_young = rest.iter().any(|stop| at - stop.began < ASK_EVERY);
    let pause = if is_young { PASS_PAUSE } else { PAUSE_LONG };
    // On a machine with very many processes a scan takes long, and half of a processor is
    // enough.
    commands.scan.next = if is_urgent { at } else { at + pause.max(at - began) };
    commands.stops.extend(rest);
    for stop in over {
        commands.finish_stop(cx, stop);
    }
    for (question, is_in_scan) in std::mem::take(&mut commands.scan.questions) {
        if is_in_scan {
            commands.answer_question(cx, question, &mut seen);
        } else {
            commands.scan.questions.push((question, false));
            commands.scan.next = at;
        }
    }
    commands.scan.is_under_way = false;
    commands.scan.markers = if commands.stops.is_empty() { EnvMarkers::default() } else { markers };
}

/// The living processes of a stop.
pub(super) fn members(
    commands: &Commands,
    cx: &Cx<'_>,
    stop: &StopOperation,
    seen: &mut Seen<'_>,
) -> OwnedProcesses {
    let snapshot = seen.snapshot;
    let living = match stop.target {
        StopTarget::Command { id, .. } => {
            return command_members(commands, cx, id, &stop.seen, seen);
        }
        StopTarget::Process { pid, start_time, tree: false } => {
            let is_there = snapshot.has(pid, start_time);
            if is_there { snapshot.living(&BTreeSet::from([pid])) } else { Vec::new() }
        }
        StopTarget::Process { pid, start_time, tree: true } => {
            let known =
                known(&stop.seen, snapshot).chain(snapshot.has(pid, start_time).then_some(pid));
            snapshot.living(&snapshot.family(known))
        }
    };
    OwnedProcesses { living, confidence: Confidence::Certain }
}

/// The orphans that may have come of a command in a shell, though nothing tells.
pub(super) fn unsure(
    commands: &Commands,
    cx: &Cx<'_>,
    stop: &StopOperation,
    seen: &mut Seen<'_>,
) -> Vec<u32> {
    let ownership = stop.target.command().and_then(|id| ownership(commands, cx, id, &stop.seen));
    let found = ownership.map(|ownership| ownership.unsure(seen.snapshot, seen.markers));
    found.into_iter().flatten().map(|process| process.pid.unsigned_abs()).collect()
}

/// The living processes that came of a command in a session's shell: the shell's children since
/// it began, those that call themselves part of it, and those that were `known` before.
pub(super) fn command_members(
    commands: &Commands,
    cx: &Cx<'_>,
    id: CommandId,
    known_before: &BTreeMap<i32, u64>,
    seen: &mut Seen<'_>,
) -> OwnedProcesses {
    let Some(ownership) = ownership(commands, cx, id, known_before) else {
        return OwnedProcesses { living: Vec::new(), confidence: Confidence::Certain };
    };
    let (living, confidence) = ownership.members(seen.snapshot, seen.markers);
    // An orphan that was reaped while the table was read may have started another one.
    let of_scan = if seen.is_whole { Confidence::Certain } else { Confidence::Likely };
    OwnedProcesses { living, confidence: confidence.max(of_scan) }
}

/// The question which processes came of a command in a session's shell.
fn ownership(
    commands: &Commands,
    cx: &Cx<'_>,
    id: CommandId,
    known_before: &BTreeMap<i32, u64>,
) -> Option<Ownership> {
    let command = commands.record(cx, id)?;
    let shell = commands.shells.get(&command.session)?;
    let tags = shell.tag.iter().chain(&shell.former);
    let shells: BTreeSet<i32> =
        tags.clone().filter_map(|tag| Some(commands.jobs.get(tag)?.pid())).collect();
    let end = command.end.map(|end| command.started + end.lasted);
    let since = process::ticks_at(command.started, now().tick);
    let until = end.map_or(u64::MAX, |end| process::ticks_at(end, now().tick) + 1);
    let family = job_cookie(commands);
    let markers = tags.clone().map(|tag| format!("{family}{tag}").into_bytes()).collect();
    let origin_marks = tags.map(|tag| OriginMark::of(commands.epoch, *tag)).collect();
    let outsiders: BTreeSet<i32> = strangers(cx).into();
    let mut excluded: BTreeSet<i32> = ps::leaders(commands, cx).into_keys().collect();
    excluded.extend(outsiders.iter().chain(&shells));
    Some(Ownership {
        known: known_before.clone(),
        markers: vec![format!("ABIDE_COMMAND={id}")],
        marks: marks(commands, command.session, id),
        family,
        origin: Some(SharedOrigin {
            shells,
            markers,
            marks: origin_marks,
            born: since..=until,
            outsiders,
        }),
        reaper: cx.host.keeper_pid.cast_signed(),
        since,
        excluded,
        ..Ownership::default()
    })
}

/// The marks of all that came of a command in a session's shell.
pub(super) fn marks(commands: &Commands, session: SessionId, id: CommandId) -> Vec<OriginMark> {
    let shell = commands.shells.get(&session);
    let tags = shell.into_iter().flat_map(|shell| shell.tag.iter().chain(&shell.former));
    tags.map(|tag| OriginMark::of(commands.epoch, *tag).part(id.0)).collect()
}

/// A process of some session, by its id.
pub(super) fn find_process(
    commands: &Commands,
    cx: &Cx<'_>,
    seen: &Seen<'_>,
    pid: i32,
    start_time: Option<u64>,
) -> Result<Process, Refusal> {
    let not_found = || {
        Refusal::new(Code::NotFound, format!("no process {pid} in any session")).hint("abide ps")
    };
    let process = seen.snapshot.process(pid).ok_or_else(not_found)?;
    if start_time.is_some_and(|start_time| start_time != process.start_time) {
        let refusal =
            Refusal::new(Code::StaleHandle, format!("process {pid} is another one by now"));
        return Err(refusal.hint("abide ps"));
    }
    let leaders = ps::leaders(commands, cx);
    let [keeper, server, ..] = strangers(cx);
    let mut at = process;
    for _ in 0..PARENTS_MAX {
        if leaders.contains_key(&at.pid) || (at.parent == keeper && at.pid != server) {
            return Ok(process.clone());
        }
        at = seen.snapshot.process(at.parent).ok_or_else(not_found)?;
    }
    Err(not_found())
}

/// The beginning of the `ABIDE_JOB` of all programs of this server.
fn job_cookie(commands: &Commands) -> String {
    format!("ABIDE_JOB={:016x}:", commands.epoch)
}

/// Keeper, server and the processes above them: as far as the process table shows, none of their
/// children was started by a program of a session.
fn strangers(cx: &Cx<'_>) -> [i32; 4] {
    [cx.host.keeper_pid.cast_signed(), cx.host.server_pid.cast_signed(), 1, 0]
}

/// The processes seen before that are still there.
fn known(seen: &BTreeMap<i32, u64>, snapshot: &ProcessSnapshot) -> impl Iterator<Item = i32> {
    let there = seen.iter().filter(|(pid, start_time)| snapshot.has(**pid, **start_time));
    there.map(|(pid, _)| *pid)
}

/// Orphans of commands that are being killed. Who hops from process to process is another one each
/// time, so these few are ended before the whole table is looked at, which takes longer than a hop.
struct Orphans {
    keeper: i32,
    leaders: BTreeSet<i32>,
    ours: String,
    /// The commands, and the marks of what came of them.
    doomed: Vec<(CommandId, Vec<OriginMark>)>,
}

impl Orphans {
    fn kill(&self, markers: &mut EnvMarkers) -> Vec<(CommandId, (i32, u64))> {
        let mut killed = Vec::new();
        for _ in 0..HOP_COUNT {
            let before = killed.len();
            if !self.doomed.is_empty() {
                let orphans = process::children(self.keeper)
                    .into_iter()
                    .filter(|pid| !self.leaders.contains(pid))
                    .filter_map(process::read)
                    .filter(|orphan| !orphan.is_over());
                killed.extend(orphans.filter_map(|orphan| self.kill_one(&orphan, markers)));
            }
            if killed.len() == before {
                break;
            }
        }
        killed
    }

    fn kill_one(
        &self,
        orphan: &Process,
        markers: &mut EnvMarkers,
    ) -> Option<(CommandId, (i32, u64))> {
        let command = self.command_of(markers.of(orphan)?, orphan.mark())?;
        let is_hit = pidfd::signal_process(orphan.pid, orphan.start_time, KILL).is_ok();
        is_hit.then_some((command, (orphan.pid, orphan.start_time)))
    }

    fn command_of(&self, variables: &[Vec<u8>], mark: Option<OriginMark>) -> Option<CommandId> {
        let is_ours = variables.iter().any(|variable| variable.starts_with(self.ours.as_bytes()));
        let value = variables.iter().find_map(|variable| variable.strip_prefix(b"ABIDE_COMMAND="));
        let Some(value) = value else {
            let mut doomed = self.doomed.iter();
            return doomed
                .find(|(_, marks)| mark.is_some_and(|mark| marks.contains(&mark)))
                .map(|(id, _)| *id);
        };
        let command = std::str::from_utf8(value).ok()?.parse().ok()?;
        let is_doomed = self.doomed.iter().any(|(id, _)| *id == command);
        (is_ours && is_doomed).then_some(command)
    }
}

/// The processes whose parent is one of these, or not to be seen.
fn tops(
    snapshot: &ProcessSnapshot,
    is_parent: impl Fn(i32) -> bool,
) -> impl Iterator<Item = &Process> {
    snapshot.processes().filter(move |process| {
        is_parent(process.parent) || snapshot.process(process.parent).is_none()
    })
}
