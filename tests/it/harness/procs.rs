//! Processes as the kernel shows them: who carries a mark, who is alive, how much one takes.

use std::fs;
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::process::{Pid, PidfdFlags, Signal, kill_process, pidfd_open};

/// The processes whose environment, command line or working directory holds `mark`, ourselves
/// excepted.
pub(crate) fn marked(mark: &str) -> Vec<i32> {
    let own = i32::try_from(std::process::id()).unwrap_or_default();
    let Ok(entries) = fs::read_dir("/proc") else { return Vec::new() };
    let pids = entries.filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok());
    pids.filter(|&pid| pid != own && is_alive(pid) && carries(pid, mark)).collect()
}

fn carries(pid: i32, mark: &str) -> bool {
    let holds = |file: &str| {
        fs::read(format!("/proc/{pid}/{file}"))
            .is_ok_and(|bytes| bytes.windows(mark.len()).any(|part| part == mark.as_bytes()))
    };
    let there = fs::read_link(format!("/proc/{pid}/cwd"))
        .is_ok_and(|cwd| cwd.to_string_lossy().contains(mark));
    there || holds("environ") || holds("cmdline")
}

/// What a process is, for a message about it.
pub(super) fn describe(pid: i32) -> String {
    let command =
        fs::read_to_string(format!("/proc/{pid}/cmdline")).unwrap_or_default().replace('\0', " ");
    format!("{pid} ({})", command.trim_end())
}

/// Whether the process runs; a zombie does not.
pub(crate) fn is_alive(pid: i32) -> bool {
    let state = status_field(pid, "State").unwrap_or_default();
    !state.is_empty() && !state.starts_with(['Z', 'X'])
}

/// A field of `/proc/PID/status`; none when the process is gone.
pub(crate) fn status_field(pid: i32, field: &str) -> Option<String> {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).ok()?;
    let line = status.lines().find(|line| line.split(':').next() == Some(field))?;
    Some(line.split_once(':')?.1.trim().to_owned())
}

/// Whether the process has ended before `patience` is over.
pub(crate) fn gone_within(pid: i32, patience: Duration) -> bool {
    let Some(id) = Pid::from_raw(pid).filter(|_| is_alive(pid)) else { return true };
    let Ok(handle) = pidfd_open(id, PidfdFlags::empty()) else { return !is_alive(pid) };
    let end = Instant::now() + patience;
    while let Some(left) = end.checked_duration_since(Instant::now()) {
        let timeout = Timespec {
            tv_sec: i64::try_from(left.as_secs()).unwrap_or(i64::MAX),
            tv_nsec: left.subsec_nanos().into(),
        };
        if poll(&mut [PollFd::new(&handle, PollFlags::IN)], Some(&timeout))
            .is_ok_and(|ready| ready > 0)
        {
            return true;
        }
    }
    !is_alive(pid)
}

/// Sends a signal to one process that this test started.
pub(crate) fn signal(pid: i32, signal: Signal) {
    if let Some(id) = Pid::from_raw(pid).filter(|_| is_alive(pid)) {
        let sent = kill_process(id, signal);
        assert!(sent.is_ok() || !is_alive(pid), "no signal to {}: {sent:?}", describe(pid));
    }
}
