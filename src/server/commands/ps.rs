//! The processes of all sessions as a tree. Gathered when somebody asks, and only then.

use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::Value;

use crate::action::process::list::ProcessItem;
use crate::base::id::{CallId, CommandId, SessionId};
use crate::base::time::Tick;
use crate::platform::process::Process;
use crate::platform::process_cache::ProcessCache;
use crate::platform::{now, process};
use crate::server::commands::event::CommandTaskEvent;
use crate::server::commands::job::JobKind;
use crate::server::commands::{Owner, ProcessSamples, Sample};
use crate::server::edge::Server;
use crate::server::event::Event;
use crate::state::command::{Command, script};

/// The longest command line that is shown.
const LINE_MAX: usize = 4096;
/// How deep the tree is walked.
const DEPTH_MAX: usize = 200;
/// How long a process is looked at anew each time, in milliseconds.
const YOUNG_MS: u64 = 2000;

impl Server {
    /// The first processes of panes, shells and commands.
    pub(super) fn leaders(&self) -> BTreeMap<i32, Owner> {
        let panes = self.panes.iter().filter_map(|(pane, io)| {
            let session = self.core.state.panes.get(pane)?.session;
            Some((io.pid(), Owner { session: Some(session), pane: Some(*pane), command: None }))
        });
        let jobs = self.commands.jobs.values().map(|job| {
            let command =
                if let JobKind::Command(_, command) = job.what { Some(command) } else { None };
            (job.pid(), Owner { session: Some(job.what.session()), pane: None, command })
        });
        panes.chain(jobs).collect()
    }

    /// The same by what their processes have in the environment (`ABIDE_JOB`).
    fn owners(&self) -> BTreeMap<Vec<u8>, Owner> {
        let leaders = self.leaders();
        let panes = self.panes.iter().map(|(pane, io)| (pane.0, io.pid()));
        let tags = panes.chain(self.commands.jobs.iter().map(|(tag, job)| (*tag, job.pid())));
        tags.filter_map(|(tag, pid)| {
            Some((format!("{:016x}:{tag}", self.commands.epoch).into_bytes(), *leaders.get(&pid)?))
        })
        .collect()
    }

    /// Has the process table gathered beside the loop: that reads a file for each process of the
    /// machine, and keys do not wait for it.
    pub(super) fn show_table(
        &mut self,
        call: CallId,
        session: Option<SessionId>,
        (all, line_max): (bool, Option<usize>),
    ) {
        let ended = if all { self.ended() } else { Vec::new() };
        let (leaders, owners, former) =
            (self.leaders(), self.owners(), Arc::clone(&self.commands.listed));
        let strangers =
            [self.core.host.keeper_pid.cast_signed(), self.core.host.server_pid.cast_signed()];
        let line_max = line_max.unwrap_or(LINE_MAX).min(LINE_MAX);
        let events = self.events.clone();
        tokio::task::spawn_blocking(move || {
            let table = ProcessCache::look(&former.table);
            let (items, samples) = (Vec::new(), BTreeMap::new());
            let mut scan = Scan {
                at: now().tick,
                leaders,
                owners,
                strangers,
                former: &former.samples,
                items,
                samples,
            };
            scan.gather(&table);
            let Scan { mut items, samples, .. } = scan;
            items.extend(ended);
            items.retain(|item| session.is_none_or(|session| item.session == Some(session)));
            for item in &mut items {
                item.command_line.truncate(item.command_line.floor_char_boundary(line_max));
            }
            // A loop that is gone needs no events.
            drop(events.blocking_send(Event::Commands(CommandTaskEvent::Table(
                call,
                serde_json::to_string(&items).expect("plain data"),
                ProcessSamples { table, samples },
            ))));
        });
    }

    /// The table was gathered.
    pub(super) fn table_gathered(&mut self, call: CallId, items: String, listed: ProcessSamples) {
        self.commands.listed = Arc::new(listed);
        self.commands.texts.insert(call, items);
        self.served(call, Ok(Value::Null));
        // Who called may have gone.
        self.commands.texts.remove(&call);
    }

    /// Commands that have ended, the latest first.
    fn ended(&self) -> Vec<ProcessItem> {
        let mut ended: Vec<&Command> = self
            .core
            .state
            .commands
            .records
            .values()
            .filter(|command| command.end.is_some())
            .collect();
        ended.sort_by_key(|command| Reverse(command.end.map(|end| end.order)));
        ended.into_iter().map(item_of_ended).collect()
    }
}

/// A look at the processes of this machine.
struct Scan<'a> {
    at: Tick,
    leaders: BTreeMap<i32, Owner>,
    owners: BTreeMap<Vec<u8>, Owner>,
    /// Keeper and server.
    strangers: [i32; 2],
    /// JobKind was seen the last time.
    former: &'a BTreeMap<(i32, u64), Sample>,
    items: Vec<ProcessItem>,
    samples: BTreeMap<(i32, u64), Sample>,
}

impl Scan<'_> {
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
            self.add_tree((top, owner), &children);
        }
    }

    /// To whom an orphan says it belongs, which it is asked once.
    fn owner_of_orphan(&self, orphan: &Process) -> Owner {
        if let Some(former) = self.former.get(&(orphan.pid, orphan.start_time)) {
            return former.owner;
        }
        let env = process::environment(orphan.pid);
        let value = |name: &[u8]| env.iter().find_map(|variable| variable.strip_prefix(name));
        let owner = value(b"ABIDE_JOB=")
            .and_then(|cookie| self.owners.get(cookie))
            .copied()
            .unwrap_or_default();
        Owner {
            command: owner.command.or_else(|| value(b"ABIDE_COMMAND=").and_then(command_id)),
            ..owner
        }
    }

    fn add_tree(
        &mut self,
        (top, owner): (&Process, Owner),
        children: &BTreeMap<i32, Vec<&Process>>,
    ) {
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
        // A young one may be about to run a program, and one that runs another has another name.
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
