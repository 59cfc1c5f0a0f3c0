//! The processes of all sessions as a tree. Gathered when somebody asks, and only then.

use std::collections::BTreeMap;

use crate::action::process::ps::ProcessItem;
use crate::action::table::value;
use crate::base::id::{CallId, CommandId, PaneId, SessionId};
use crate::platform::process::Process;
use crate::platform::{now, process};
use crate::server::edge::Server;
use crate::server::jobs::Sample;
use crate::server::jobs::job::What;
use crate::state::command::{Command, script};

/// The longest command line that is shown.
const LINE_MAX: usize = 4096;
/// How deep the tree is walked.
const DEPTH_MAX: usize = 200;

/// To whom a process belongs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Owner {
    pub(super) session: Option<SessionId>,
    pub(super) pane: Option<PaneId>,
    pub(super) command: Option<CommandId>,
}

impl Server {
    /// The first processes of panes, shells and commands.
    pub(super) fn leaders(&self) -> BTreeMap<i32, Owner> {
        let panes = self.panes.iter().filter_map(|(pane, io)| {
            let session = self.core.state.panes.get(pane)?.session;
            Some((io.pid(), Owner { session: Some(session), pane: Some(*pane), command: None }))
        });
        let jobs = self.procs.jobs.values().map(|job| {
            let command = if let What::Command(_, command) = job.what { Some(command) } else { None };
            (job.pid(), Owner { session: Some(job.what.session()), pane: None, command })
        });
        panes.chain(jobs).collect()
    }

    /// Answers with the process table.
    pub(super) fn show_table(&mut self, call: CallId, session: Option<SessionId>, all: bool) {
        let mut items = self.table();
        if all {
            let ended = self.core.state.commands.records.values().filter(|command| command.end.is_some());
            let mut ended: Vec<&Command> = ended.collect();
            ended.sort_by_key(|command| std::cmp::Reverse(command.end.map(|end| end.order)));
            items.extend(ended.into_iter().map(item_of_ended));
        }
        items.retain(|item| session.is_none_or(|session| item.session == Some(session)));
        self.served(call, Ok(value(&items)));
    }

    /// The living processes of all sessions, each below its parent.
    fn table(&mut self) -> Vec<ProcessItem> {
        let at = now().tick;
        let leaders = self.leaders();
        let strangers = [self.core.host.keeper_pid.cast_signed(), self.core.host.server_pid.cast_signed()];
        let all = process::all();
        let mut children: BTreeMap<i32, Vec<&Process>> = BTreeMap::new();
        for process in &all {
            children.entry(process.parent).or_default().push(process);
        }
        // Leaders first, then orphans that came to the keeper.
        let orphans = children.get(&strangers[0]).into_iter().flatten().filter(|process| !strangers.contains(&process.pid));
        let tops = all.iter().filter(|process| leaders.contains_key(&process.pid));
        let mut tops: Vec<&Process> = tops.chain(orphans.filter(|process| !leaders.contains_key(&process.pid)).copied()).collect();
        tops.sort_by_key(|process| (leaders.get(&process.pid).is_none_or(|owner| owner.pane.is_none()), process.start_time, process.pid));
        let mut items = Vec::new();
        let mut samples = BTreeMap::new();
        for top in tops {
            let owner = leaders.get(&top.pid).copied().or_else(|| leaders.get(&top.session).copied()).unwrap_or_default();
            self.add_tree((top, owner), &children, &mut items, &mut samples);
        }
        self.procs.samples = samples;
        let ticks = process::ticks_at(at, at);
        for item in &mut items {
            item.age_ms = ticks.saturating_sub(item.start_time) * 1000 / process::ticks_per_second().max(1);
            if item.cpu < 0.0 {
                item.cpu = share(-item.cpu - 1.0, item.age_ms);
            }
        }
        items
    }

    fn add_tree(
        &self,
        (top, owner): (&Process, Owner),
        children: &BTreeMap<i32, Vec<&Process>>,
        items: &mut Vec<ProcessItem>,
        samples: &mut BTreeMap<(i32, u64), Sample>,
    ) {
        let mut stack = vec![(top, owner, 0_usize)];
        while let Some((process, owner, depth)) = stack.pop() {
            let (item, sample) = self.item(process, owner, depth);
            let owner = Owner { command: item.command, ..owner };
            samples.insert((process.pid, process.start_time), sample);
            items.push(item);
            let mut below: Vec<&Process> = children.get(&process.pid).cloned().unwrap_or_default();
            below.sort_by_key(|child| std::cmp::Reverse((child.start_time, child.pid)));
            if depth < DEPTH_MAX {
                stack.extend(below.into_iter().map(|child| (child, owner, depth + 1)));
            }
        }
    }

    fn item(&self, process: &Process, owner: Owner, depth: usize) -> (ProcessItem, Sample) {
        let at = now().tick;
        let former = self.procs.samples.get(&(process.pid, process.start_time));
        let is_shell_child = owner.pane.is_none() && owner.command.is_none() && depth > 0;
        let command = owner
            .command
            .or_else(|| former.map_or_else(|| if is_shell_child { command_of(process.pid) } else { None }, |former| former.command));
        // A program may have replaced itself since: then it is young enough to be looked at again.
        let command_line = former.map_or_else(|| command_line(process), |former| former.command_line.clone());
        let cpu = former.map_or_else(
            // Marked: the share over its whole life, worked out once its age is known.
            || -1.0 - as_millis(process.cpu_ticks),
            |former| share(as_millis(process.cpu_ticks.saturating_sub(former.cpu_ticks)), (at - former.at).as_millis()),
        );
        let is_old = former.is_some_and(|former| (at - former.at).as_millis() < 200);
        let sample = match former.filter(|_| is_old) {
            Some(former) => former.clone(),
            None => Sample { at, cpu_ticks: process.cpu_ticks, command_line: command_line.clone(), command },
        };
        let item = ProcessItem {
            pid: process.pid,
            parent: (depth > 0).then_some(process.parent),
            session: owner.session,
            pane: owner.pane,
            command,
            state: state(process.state).into(),
            cpu,
            rss: process.rss_bytes,
            age_ms: 0,
            depth,
            command_line,
            start_time: process.start_time,
        };
        (item, sample)
    }
}

/// The command that a process says it is part of.
fn command_of(pid: i32) -> Option<CommandId> {
    let env = process::environment(pid);
    let value = env.iter().find_map(|variable| variable.strip_prefix(b"ABIDE_COMMAND="))?;
    std::str::from_utf8(value).ok()?.parse().ok()
}

fn command_line(process: &Process) -> String {
    let words = process::arguments(process.pid);
    if words.is_empty() {
        return format!("[{}]", String::from_utf8_lossy(&process.name));
    }
    let mut line = words.iter().map(|word| String::from_utf8_lossy(word)).collect::<Vec<_>>().join(" ");
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
