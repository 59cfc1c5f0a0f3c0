//! The programs that outlive keeper and server when both are killed at once: commands without a
//! terminal, which nothing hangs up. They belong to nobody any more, so the next server ends them.
//!
//! The file of the lock, which one server of a place has at a time, names the lineages of keepers
//! whose programs may live on. Whoever has the lock knows that the keepers of all others are gone.

use std::collections::BTreeSet;
use std::os::fd::OwnedFd;
use std::sync::Arc;

use crate::base::error::ignore_failure;
use crate::base::signal::{CONT, KILL, TERM};
use crate::base::time::Span;
use crate::platform::process::{self, Process};
use crate::platform::process_ownership::of_lineages;
use crate::platform::process_snapshot::{EnvMarkers, ProcessSnapshot};
use crate::platform::{now, pidfd};
use crate::server::event_loop::pause;

/// The time they have to end by themselves.
const GRACE: Span = Span::millis(500);
/// They are looked for so long.
const GIVE_UP_AFTER: Span = Span::seconds(10);
/// The pause between two looks.
const LOOK_AGAIN: Span = Span::millis(25);
/// The number of looks in a row that find nobody, after which nobody is left.
const EMPTY_LOOKS: u32 = 3;
/// The most of the file that is read.
const NOTE_LEN_MAX: usize = 4096;

/// Notes the present lineage, and has a task end what lives of former ones.
pub(super) fn end(lock: &Arc<OwnedFd>, epoch: u64, keeper_pid: i32) {
    let former: Vec<u64> = noted(lock).into_iter().filter(|noted| *noted != epoch).collect();
    if noted(lock).last() != Some(&epoch) {
        note(lock, former.iter().copied().chain([epoch]));
    }
    if former.is_empty() {
        return;
    }
    let lock = Arc::clone(lock);
    tokio::spawn(async move {
        let began = now().tick;
        let (mut told, mut empty_looks) = (BTreeSet::new(), 0);
        while empty_looks < EMPTY_LOOKS && now().tick < began + GIVE_UP_AFTER {
            let lineages = former.clone();
            let table = tokio::task::spawn_blocking(move || living(&lineages, keeper_pid));
            let Ok(living) = table.await else { return };
            empty_looks = if living.is_empty() { empty_looks + 1 } else { 0 };
            let is_late = began + GRACE <= now().tick;
            for process in &living {
                tell(process, is_late, &mut told);
            }
            pause(Some(now().tick + LOOK_AGAIN)).await;
        }
        tracing::info!(count = told.len(), "what former servers left was ended");
        if empty_looks == EMPTY_LOOKS {
            note(&lock, [epoch]);
        }
    });
}

/// TERM once, KILL when it is late.
fn tell(process: &Process, is_late: bool, told: &mut BTreeSet<(i32, u64)>) {
    let send = |signal| pidfd::signal_process(process.pid, process.start_time, signal);
    let outcome = match (is_late, told.insert((process.pid, process.start_time))) {
        (true, _) => send(KILL),
        (false, true) => send(TERM).and_then(|()| send(CONT)),
        (false, false) => return,
    };
    ignore_failure(outcome, "who is gone by now needs no signal, and who cannot be ended stays");
}

/// The processes of these lineages that live, all that they started included.
fn living(lineages: &[u64], keeper_pid: i32) -> Vec<Process> {
    let own = rustix::process::geteuid().as_raw();
    let snapshot = ProcessSnapshot::take();
    let ours = |process: &Process| process::user(process.pid) == Some(own);
    let mut found = of_lineages(&snapshot, &mut EnvMarkers::default(), lineages, ours);
    let spared = [rustix::process::getpid().as_raw_pid(), keeper_pid];
    found.retain(|process| !spared.contains(&process.pid));
    found
}

/// Notes in a lock that was made anew what was in the former one.
pub(super) fn hand_on(former: &OwnedFd, lock: &OwnedFd) {
    note(lock, noted(former));
}

fn noted(lock: &OwnedFd) -> Vec<u64> {
    let mut bytes = [0; NOTE_LEN_MAX];
    let len = rustix::io::pread(lock, &mut bytes, 0).unwrap_or(0);
    let text = String::from_utf8_lossy(&bytes[..len]);
    text.lines().filter_map(|line| u64::from_str_radix(line, 16).ok()).collect()
}

fn note(lock: &OwnedFd, lineages: impl IntoIterator<Item = u64>) {
    let lines: Vec<String> = lineages.into_iter().map(|epoch| format!("{epoch:016x}\n")).collect();
    let text = lines.concat();
    let written = rustix::fs::ftruncate(lock, 0)
        .and_then(|()| rustix::io::pwrite(lock, text.as_bytes(), 0).map(drop));
    ignore_failure(written, "then the next server does not know of this lineage");
}
