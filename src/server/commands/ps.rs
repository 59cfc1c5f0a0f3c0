//! The processes of all sessions as a tree. A task gathers it when a call asks, and only then.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::action::process::list::ProcessItem;
use crate::base::id::{CallId, CommandId, PaneId, SessionId};
use crate::base::time::Tick;
use crate::platform::origin_mark::OriginMark;
use crate::platform::process::Process;
use crate::platform::process_snapshot::ProcessCache;
use crate::platform::{now, process};
use crate::server::commands::{CommandTaskEvent, Commands, Cx, scan};
use crate::state::command::{Command, script};

/// The longest command line that is shown.
const LINE_MAX: usize = 4096;
/// The deepest level of the tree that is walked.
const DEPTH_MAX: usize = 200;
/// The age up to which the command line of a process is read anew each time, in milliseconds.
const YOUNG_MS: u64 = 2000;

/// A call for the table.
#[derive(Debug)]
pub(super) struct TableRequest {
    pub(super) call: CallId,
    /// Only processes of this session are meant.
    pub(super) session: Option<SessionId>,
    /// Commands that have ended are shown too.
    pub(super) all: bool,
    pub(super) line_max: Option<usize>,
}

/// The tables that calls asked for.
#[derive(Debug, Default)]
pub(super) struct ProcessTables {
    pub(super) samples: Arc<ProcessSamples>,
    /// Answers that are JSON already: thousands of processes as a value would cost more than the
    /// scan.
    pub(super) texts: BTreeMap<CallId, String>,
}

/// The samples of the last table.
#[derive(Debug, Default)]
pub(in crate::server) struct ProcessSamples {
    table: ProcessCache,
    samples: BTreeMap<(i32, u64), Sample>,
}

/// A sample of a process.
#[derive(Debug, Clone)]
struct Sample {
    at: Tick,
    cpu_ticks: u64,
    /// The short name: a program that took its place has another.
    name: Vec<u8>,
    command_line: String,
    /// The owner that the environment names, looked for once.
    owner: Owner,
}

/// The owner of a process.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Owner {
    session: Option<SessionId>,
    pane: Option<PaneId>,
    command: Option<CommandId>,
}

/// The first processes of panes, shells and commands.
pub(super) fn leaders(commands: &Commands, cx: &Cx<'_>) -> BTreeMap<i32, Owner> {
    let panes = cx.rest.panes().into_iter().filter_map(|(pane, pid)| {
        let session = cx.state.panes.get(&pane)?.session;
        Some((pid, Owner { session: Some(session), pane: Some(pane), command: None }))
    });
    let jobs = commands.jobs.values().map(|job| {
        let session = Some(job.what.session());
        (job.pid(), Owner { session, pane: None, command: job.what.command() })
    });
    panes.chain(jobs).collect()
}

/// The same owners by the value of `ABIDE_JOB` in the environment of their processes.
fn owners(commands: &Commands, cx: &Cx<'_>) -> BTreeMap<Vec<u8>, Owner> {
    let leaders = leaders(commands, cx);
    let panes = cx.rest.panes().into_iter().map(|(pane, pid)| (pane.0, pid));
    let tags = panes.chain(commands.jobs.iter().map(|(tag, job)| (*tag, job.pid())));
    tags.filter_map(|(tag, pid)| {
        Some((format!("{:016x}:{tag}", commands.epoch).into_bytes(), *leaders.get(&pid)?))
    })
    .collect()
}

/// The same owners by the mark of their processes, and the commands in shells by theirs.
fn owners_by_mark(commands: &Commands, cx: &Cx<'_>) -> BTreeMap<OriginMark, Owner> {
    let leaders = leaders(commands, cx);
    let panes = cx.rest.panes().into_iter().map(|(pane, pid)| (pane.0, pid));
    let tags = panes.chain(commands.jobs.iter().map(|(tag, job)| (*tag, job.pid())));
    let programs = tags
        .filter_map(|(tag, pid)| Some((OriginMark::of(commands.epoch, tag), *leaders.get(&pid)?)));
    let records = cx.state.commands.records.values().filter(|command| command.in_shell);
    let parts = records.flat_map(|command| {
        let owner = Owner { session: Some(command.session), pane: None, command: Some(command.id) };
        scan::marks(commands, command.session, command.id)
            .into_iter()
            .map(move |mark| (mark, owner))
    });
    programs.chain(parts).collect()
}

/// Has a task gather the process table: it reads a file for each process of the machine, and keys
/// do not wait for it.
pub(super) fn gather(commands: &Commands, cx: &Cx<'_>, request: &TableRequest) {
    let &TableRequest { call, session, all, line_max } = request;
    let ended = if all { ended(cx) } else { Vec::new() };
    let (leaders, owners) = (leaders(commands, cx), owners(commands, cx));
    let marks = owners_by_mark(commands, cx);
    let sessions = cx.state.sessions.keys().copied().collect();
    let lineage = format!("{:016x}:", commands.epoch).into_bytes();
    let former = Arc::clone(&commands.tables.samples);
    let strangers = [cx.host.keeper_pid.cast_signed(), cx.host.server_pid.cast_signed()];
    let line_max = line_max.unwrap_or(LINE_MAX).min(LINE_MAX);
    let events = commands.events.clone();
    tokio::task::spawn_blocking(move || {
        let table = ProcessCache::look(&former.table);
        let (items, samples) = (Vec::new(), BTreeMap::new());
        let at = now().tick;
        let former = &former.samples;
        let mut tree = ProcessTree {
            at,
            leaders,
            owners,
            marks,
            sessions,
            lineage,
            strangers,
            former,
            items,
            samples,
        };
        tree.gather(&table);
        let ProcessTree { mut items, samples, .. } = tree;
        items.extend(ended);
        items.retain(|item| session.is_none_or(|session| item.session == Some(session)));
        for item in &mut items {
            item.command_line.truncate(item.command_line.floor_char_boundary(line_max));
        }
        let text = serde_json::to_string(&items).expect("items are plain data");
        events.send_blocking(CommandTaskEvent::Table(
            call,
            text,
            ProcessSamples { table, samples },
        ));
    });
}

/// Commands that have ended, the latest first.
fn ended(cx: &Cx<'_>) -> Vec<ProcessItem> {
    let mut ended: Vec<&Command> =
        cx.state.commands.records.values().filter(|command| command.end.is_some()).collect();
    ended.sort_by_key(|command| Reverse(command.end.map(|end| end.order)));
    ended.into_iter().map(item_of_ended).collect()
}

/// The tree of processes while it is gathered.
struct ProcessTree<'a> {
    at: Tick,
    leaders: BTreeMap<i32, Owner>,
    owners: BTreeMap<Vec<u8>, Owner>,
    marks: BTreeMap<OriginMark, Owner>,
    /// The sessions, and how all that came of this lineage of keepers begins to say so.
    sessions: BTreeSet<SessionId>,
    lineage: Vec<u8>,
    /// Keeper and server.
    strangers: [i32; 2],
    /// The samples of the last time.
    former: &'a BTreeMap<(i32, u64), Sample>,
    items: Vec<ProcessItem>,
    samples: BTreeMap<(i32, u64), Sample>,
}

impl ProcessTree<'_> {
    /// The living processes of all sessions, each below its parent.
    fn gather(&mut self, table: &ProcessCache) {
        let mut all: Vec<&Process> = table.processes().collect();
        // In the order of their start, so that each parent's children are too.
        all.sort_by_key(|process| (process.start_time, process.pid));
        let mut children: BTreeMap<i32, Vec<&Process>> = BTreeMap::new();
        for process in all.iter().copied() {
            children.entry(process.parent).or_default().push(process);
        }
        // Leaders first, then orphans that came to the keeper.
        let (leaders, strangers) = (&self.leaders, self.strangers);
        let orphans = children
            .get(&strangers[0])
            .into_iter()
            .flatten()
            .filter(|process| !strangers.contains(&process.pid));
        let tops = all.iter().copied().filter(|process| leaders.contains_key(&process.pid));
        let mut tops: Vec<&Process> = tops
            .chain(orphans.filter(|process| !leaders.contains_key(&process.pid)).copied())
            .collect();
        tops.sort_by_key(|process| {
            (
                leaders.get(&process.pid).is_none_or(|owner| owner.pane.is_none()),
                process.start_time,
                process.pid,
            )
        });
        for top in tops {
            let known =
                self.leaders.get(&top.pid).or_else(|| self.leaders.get(&top.session)).copied();
            let owner = known.unwrap_or_else(|| self.owner_of_orphan(top));
            self.add_tree(top, owner, &children);
        }
    }

    /// The owner that an orphan names in its environment, which is read once.
    fn owner_of_orphan(&self, orphan: &Process) -> Owner {
        if let Some(former) = self.former.get(&(orphan.pid, orphan.start_time)) {
            return former.owner;
        }
        let env = process::environment(orphan.pid);
        let value = |name: &[u8]| env.iter().find_map(|variable| variable.strip_prefix(name));
        let named = value(b"ABIDE_JOB=");
        let marked = orphan.mark().filter(|_| named.is_none());
        let owner = named
            .and_then(|cookie| self.owners.get(cookie))
            .or_else(|| self.marks.get(&marked?))
            .copied()
            .or_else(|| {
                // A program that outlived its pane is left to the session.
                named.filter(|cookie| cookie.starts_with(&self.lineage))?;
                let session = std::str::from_utf8(value(b"ABIDE_SESSION=")?).ok()?.parse().ok()?;
                let session = Some(session).filter(|session| self.sessions.contains(session));
                Some(Owner { session, ..Owner::default() })
            })
            .unwrap_or_default();
        Owner {
            command: owner.command.or_else(|| value(b"ABIDE_COMMAND=").and_then(command_id)),
            ..owner
        }
    }

    fn add_tree(&mut self, top: &Process, owner: Owner, children: &BTreeMap<i32, Vec<&Process>>) {
        let mut stack = vec![(top, owner, 0_usize)];
        while let Some((process, owner, depth)) = stack.pop() {
            let item = self.item(process, owner, depth);
            let owner = Owner { command: item.command, ..owner };
            self.items.push(item);
            if depth < DEPTH_MAX {
                let below = children.get(&process.pid).into_iter().flatten().rev();
                stack.extend(below.map(|child| (*child, owner, depth + 1)));
            }
        }
    }

    fn item(&mut self, process: &Process, owner: Owner, depth: usize) -> ProcessItem {
        let key = (process.pid, process.start_time);
        let former = self.former.get(&key);
        let ticks = process::ticks_at(self.at, self.at).saturating_sub(process.start_time);
        let age_ms = ticks * 1000 / process::ticks_per_second().max(1);
        let is_shell_child = owner.pane.is_none() && owner.command.is_none() && depth > 0;
        let command = owner.command.or_else(|| {
            former.map_or_else(
                || if is_shell_child { command_of(process.pid) } else { None },
                |former| former.owner.command,
            )
        });
        // A young process may be about to run a program, and then has another name.
        let known = former.filter(|former| former.name == process.name && YOUNG_MS < age_ms);
        let command_line =
            known.map_or_else(|| command_line(process), |former| former.command_line.clone());
        let cpu = former.map_or_else(
            || share(as_millis(process.cpu_ticks), age_ms),
            |former| {
                share(
                    as_millis(process.cpu_ticks.saturating_sub(former.cpu_ticks)),
                    (self.at - former.at).as_millis(),
                )
            },
        );
        let base = former
            .filter(|former| (self.at - former.at).as_millis() < 200)
            .map(|former| (former.at, former.cpu_ticks));
        let (at, cpu_ticks) = base.unwrap_or((self.at, process.cpu_ticks));
        self.samples.insert(
            key,
            Sample {
                at,
                cpu_ticks,
                name: process.name.clone(),
                command_line: command_line.clone(),
                owner: Owner { command, ..owner },
            },
        );
        ProcessItem {
            pid: process.pid,
            parent: (depth > 0).then_some(process.parent),
            session: owner.session,
            pane: owner.pane,
            command,
            state: state(process.state).into(),
            cpu,
            rss: process.rss_bytes,
            age_ms,
            depth,
            command_line,
            start_time: process.start_time,
        }
    }
}

/// The command that a process says it is part of.
fn command_of(pid: i32) -> Option<CommandId> {
    let env = process::environment(pid);
    command_id(env.iter().find_map(|variable| variable.strip_prefix(b"ABIDE_COMMAND="))?)
}

fn command_id(text: &[u8]) -> Option<CommandId> {
    std::str::from_utf8(text).ok()?.parse().ok()
}

fn command_line(process: &Process) -> String {
    let words = process::arguments(process.pid);
    if words.is_empty() {
        return format!("[{}]", String::from_utf8_lossy(&process.name));
    }
    let mut line =
        words.iter().map(|word| String::from_utf8_lossy(word)).collect::<Vec<_>>().join(" ");
    line.truncate(line.floor_char_boundary(LINE_MAX));
    line
}

fn item_of_ended(command: &Command) -> ProcessItem {
    ProcessItem {
        session: Some(command.session),
        command: Some(command.id),
        state: command.state().into(),
        age_ms: command.end.map_or(0, |end| end.lasted.as_millis()),
        command_line: script(&command.words),
        ..ProcessItem::default()
    }
}

const fn state(letter: u8) -> &'static str {
    match letter {
        b'R' => "running",
        b'S' | b'I' => "sleeping",
        b'D' => "waiting",
        b'T' | b't' => "stopped",
        b'Z' | b'X' => "zombie",
        _ => "unknown",
    }
}

#[expect(clippy::cast_precision_loss, reason = "a share is shown with one digit")]
fn as_millis(ticks: u64) -> f64 {
    ticks as f64 * 1000.0 / process::ticks_per_second().max(1) as f64
}

/// Hundredths of one processor, to a tenth.
#[expect(clippy::cast_precision_loss, reason = "a share is shown with one digit")]
fn share(cpu_ms: f64, over_ms: u64) -> f64 {
    (cpu_ms * 1000.0 / over_ms.max(1) as f64).round() / 10.0
}
