//! The process table as proc(5) shows it. A scan is a picture, never a certainty: processes come
//! and go while it is taken.

use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::MetadataExt;
use std::path::PathBuf;

use rustix::buffer::spare_capacity;
use rustix::event::{Timespec, poll};
use rustix::fs::{Mode, OFlags, open};
use rustix::io::retry_on_intr;
use rustix::process::{Pid, Signal, WaitOptions, kill_process};

use super::origin_mark::OriginMark;
use crate::base::error::ignore_failure;

/// A process of the table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Process {
    /// The process id; together with `start_time` its identity.
    pub pid: i32,
    /// The parent's process id.
    pub parent: i32,
    /// The process group.
    pub group: i32,
    /// The session id.
    pub session: i32,
    /// The device number of its controlling terminal; 0 if it has none.
    pub tty: u32,
    /// The foreground group of that terminal; -1 if it has none.
    pub foreground: i32,
    /// R running, S sleeping, D disk sleep, Z zombie, T stopped, t traced, I idle, X dead.
    pub state: u8,
    /// The number of its threads that have not ended, and the main one in any case.
    pub thread_count: u32,
    /// The moment when it started, in clock ticks since boot.
    pub start_time: u64,
    /// User and system time together, in clock ticks.
    pub cpu_ticks: u64,
    /// Resident memory in bytes.
    pub rss_bytes: u64,
    /// The soft limit of that, which may hold an [`OriginMark`].
    pub rss_limit: u64,
    /// The short name, at most 15 bytes.
    pub name: Vec<u8>,
}

impl Process {
    /// A sleeping process that started at the tick of its id.
    #[cfg(test)]
    pub(super) fn idle(pid: i32, parent: i32, session: i32) -> Self {
        Self {
            pid,
            parent,
            group: session,
            session,
            tty: 0,
            foreground: -1,
            state: b'S',
            thread_count: 1,
            start_time: u64::from(pid.unsigned_abs()),
            cpu_ticks: 0,
            rss_bytes: 0,
            rss_limit: u64::MAX,
            name: b"idle".to_vec(),
        }
    }

    /// The mark that it was born with, if it has one.
    #[must_use]
    pub const fn mark(&self) -> Option<OriginMark> {
        OriginMark::from_limit(self.rss_limit)
    }

    /// True if it has ended, reaped or not. A main thread may end before the others: that shows as
    /// a zombie, and the process goes on.
    #[must_use]
    pub const fn is_over(&self) -> bool {
        matches!(self.state, b'X') || matches!(self.state, b'Z') && self.thread_count <= 1
    }
}

/// Room for a line of `proc_pid_stat(5)`: 52 numbers and a name.
pub(super) const STAT_LEN: usize = 2048;

/// The number of clock ticks a second has.
#[must_use]
pub fn ticks_per_second() -> u64 {
    rustix::param::clock_ticks_per_second()
}

/// A moment in clock ticks since boot, as start times are counted; `now` is the present.
#[must_use]
pub fn ticks_at(moment: crate::base::time::Tick, now: crate::base::time::Tick) -> u64 {
    let boot = rustix::time::clock_gettime(rustix::time::ClockId::Boottime);
    let nanos = u64::try_from(boot.tv_sec).unwrap_or(0) * 1_000_000_000
        + u64::try_from(boot.tv_nsec).unwrap_or(0);
    let ago = (now - moment).0;
    nanos.saturating_sub(ago) / (1_000_000_000 / ticks_per_second().max(1))
}

/// All processes that can be seen, in no order.
#[must_use]
pub fn all() -> Vec<Process> {
    let mut bytes = Vec::with_capacity(STAT_LEN);
    ids().into_iter().filter_map(|pid| read_into(pid, &mut bytes)).collect()
}

/// The ids of all processes that can be seen.
#[must_use]
pub fn ids() -> Vec<i32> {
    let Ok(entries) = fs::read_dir("/proc") else { return Vec::new() };
    entries.filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok()).collect()
}

/// The ids of a process's children, without a look at all others (`proc_tid_children(5)`); empty
/// where the kernel does not list them.
#[must_use]
pub fn children(pid: i32) -> Vec<i32> {
    let list = fs::read_to_string(format!("/proc/{pid}/task/{pid}/children")).unwrap_or_default();
    list.split_ascii_whitespace().filter_map(|child| child.parse().ok()).collect()
}

/// True if this process is a keeper, of whichever server.
#[must_use]
pub fn is_keeper(pid: i32) -> bool {
    arguments(pid).get(1).is_some_and(|word| word == b"keeper")
}

/// Ends the children of this process, and theirs as they come to it: TERM, then KILL. Other keepers
/// stay: they are their own masters. For a process whose children nobody else reaps.
pub fn end_children() {
    const GRACE_COUNT: u32 = 100;
    const COUNT_MAX: u32 = 400;
    let pause = Timespec { tv_sec: 0, tv_nsec: 5_000_000 };
    for count in 0..COUNT_MAX {
        while let Ok(Some(_)) = rustix::process::wait(WaitOptions::NOHANG) {}
        let mut left = children(rustix::process::getpid().as_raw_pid());
        left.retain(|pid| !is_keeper(*pid));
        if left.is_empty() {
            return;
        }
        let signal = if count < GRACE_COUNT { Signal::TERM } else { Signal::KILL };
        for pid in left.into_iter().filter_map(Pid::from_raw) {
            // A child that is not reaped has its number to itself.
            ignore_failure(kill_process(pid, signal), "whoever may not be ended stays");
        }
        ignore_failure(poll(&mut [], Some(&pause)), "a pause that is cut short is none the worse");
    }
}

/// The process with this id, if there is one.
#[must_use]
pub fn read(pid: i32) -> Option<Process> {
    read_into(pid, &mut Vec::with_capacity(STAT_LEN))
}

/// Reads into a buffer that is used again: `fs::read` would ask for the size, which is 0, and read
/// once more to see the end.
pub(super) fn read_into(pid: i32, bytes: &mut Vec<u8>) -> Option<Process> {
    let file =
        open(format!("/proc/{pid}/stat"), OFlags::RDONLY | OFlags::CLOEXEC, Mode::empty()).ok()?;
    bytes.clear();
    // The kernel makes this file in one piece, so one read gives all of it.
    retry_on_intr(|| rustix::io::read(&file, spare_capacity(bytes))).ok()?;
    parse(bytes)
}

/// The status of a process that has ended and is not reaped, as wait(2) would give it (field 52 of
/// `proc_pid_stat(5)`).
#[must_use]
pub fn zombie_status(pid: i32) -> Option<i32> {
    let stat = fs::read(format!("/proc/{pid}/stat")).ok()?;
    (parse(&stat)?.state == b'Z').then(|| {
        std::str::from_utf8(stat.trim_ascii().rsplit(|byte| *byte == b' ').next()?)
            .ok()?
            .parse()
            .ok()
    })?
}

/// The arguments of a process; empty for a zombie or a kernel thread.
#[must_use]
pub fn arguments(pid: i32) -> Vec<Vec<u8>> {
    strings(&fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default())
}

/// The name a person calls a process: the file of a script, else the first word it was started
/// with, without folders.
#[must_use]
pub fn label(pid: i32) -> Option<String> {
    let short = String::from_utf8(read(pid)?.name).ok()?;
    let words: Vec<String> = arguments(pid)
        .into_iter()
        .take(4)
        .map(|word| String::from_utf8_lossy(&word).into_owned())
        .collect();
    let file =
        |word: &String| word.rsplit('/').next().unwrap_or(word).trim_start_matches('-').to_owned();
    let found = words.iter().map(file).find(|file| !file.is_empty() && file.starts_with(&short));
    Some(found.or_else(|| words.first().map(file)).filter(|name| !name.is_empty()).unwrap_or(short))
}

/// The environment it was started with, as `NAME=value`; empty if it is not ours to see.
#[must_use]
pub fn environment(pid: i32) -> Vec<Vec<u8>> {
    strings(&fs::read(format!("/proc/{pid}/environ")).unwrap_or_default())
}

/// The environment it was started with, if that can be told: none for one that has ended or is just
/// becoming another program (execve(2)). What is not ours to see is empty.
#[must_use]
pub fn settled_environment(pid: i32) -> Option<Vec<Vec<u8>>> {
    match fs::read(format!("/proc/{pid}/environ")) {
        Ok(bytes) if !bytes.is_empty() => Some(strings(&bytes)),
        Ok(_) => has_no_environment(&fs::read(format!("/proc/{pid}/stat")).ok()?)?.then(Vec::new),
        Err(error) => (error.kind() == std::io::ErrorKind::PermissionDenied).then(Vec::new),
    }
}

/// True if the environment of a process is empty: start and end are the same (fields 50 and 51 of
/// `proc_pid_stat(5)`). Both are 0 while it has none yet, or none any more; and when this is read
/// it may have the one that it had not when it was asked for.
fn has_no_environment(line: &[u8]) -> Option<bool> {
    let close = line.iter().rposition(|byte| *byte == b')')?;
    let mut fields =
        std::str::from_utf8(line.get(close + 1..)?).ok()?.split_ascii_whitespace().skip(50 - 3);
    let (start, end) = (fields.next()?, fields.next()?);
    Some(start == end && end != "0")
}

/// The working directory of a process, if it is ours to see and still exists.
#[must_use]
pub fn working_directory(pid: i32) -> Option<PathBuf> {
    let path = fs::read_link(format!("/proc/{pid}/cwd")).ok()?;
    (!path.as_os_str().as_bytes().ends_with(b" (deleted)") || path.exists()).then_some(path)
}

/// The effective user of a process.
#[must_use]
pub fn user(pid: i32) -> Option<u32> {
    Some(fs::metadata(format!("/proc/{pid}")).ok()?.uid())
}

fn strings(bytes: &[u8]) -> Vec<Vec<u8>> {
    let bytes = bytes.strip_suffix(b"\0").unwrap_or(bytes);
    if bytes.is_empty() {
        Vec::new()
    } else {
        bytes.split(|byte| *byte == 0).map(<[u8]>::to_vec).collect()
    }
}

/// Reads a line of `proc_pid_stat(5)`. The name stands in parentheses and may hold any byte, so the
/// last parenthesis ends it.
fn parse(stat: &[u8]) -> Option<Process> {
    let open = stat.iter().position(|byte| *byte == b'(')?;
    let close = stat.iter().rposition(|byte| *byte == b')')?;
    let pid = std::str::from_utf8(stat.get(..open)?).ok()?.trim().parse().ok()?;
    let rest = std::str::from_utf8(stat.get(close + 1..)?).ok()?;
    // Field 3 of the manual is the first here, 25 the last that is looked at.
    let mut fields = [""; 23];
    for (field, text) in fields.iter_mut().zip(rest.split_ascii_whitespace()) {
        *field = text;
    }
    let number = |field: usize| fields.get(field - 3)?.parse::<i64>().ok();
    let unsigned = |field: usize| fields.get(field - 3)?.parse::<u64>().ok();
    Some(Process {
        pid,
        parent: i32::try_from(number(4)?).ok()?,
        group: i32::try_from(number(5)?).ok()?,
        session: i32::try_from(number(6)?).ok()?,
        tty: u32::try_from(number(7)?).unwrap_or(0),
        foreground: i32::try_from(number(8)?).ok()?,
        state: *fields.first()?.as_bytes().first()?,
        thread_count: u32::try_from(unsigned(20)?).unwrap_or(u32::MAX),
        start_time: unsigned(22)?,
        cpu_ticks: unsigned(14)?.saturating_add(unsigned(15)?),
        rss_bytes: unsigned(24)?.saturating_mul(rustix::param::page_size() as u64),
        rss_limit: unsigned(25).unwrap_or(u64::MAX),
        name: stat.get(open + 1..close)?.to_vec(),
    })
}

/// Lets the threads of others run before this one where there are too few processors
/// (`setpriority(2)`: on Linux a thread has its own nice value).
pub fn make_way() {
    const NICE: i32 = 5;
    let lowered = rustix::process::setpriority_process(None, NICE);
    ignore_failure(lowered, "everything works without, only less evenly");
}

/// Makes this process one that the kernel ends before others when no memory is left
/// (`proc_pid_oom_score_adj(5)`): `by` more than it was, at most 1000. Where it cannot be said,
/// nothing changes.
pub fn offer_as_victim(by: i32) {
    const PATH: &str = "/proc/self/oom_score_adj";
    let present: i32 =
        std::fs::read_to_string(PATH).ok().and_then(|text| text.trim().parse().ok()).unwrap_or(0);
    let raised = std::fs::write(PATH, (present + by).min(1000).to_string());
    ignore_failure(raised, "it may always be raised, where the system has it");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_may_hold_anything() {
        let line =
            b"42 (a) b (c\n) S 1 2 3 34817 5 6 7 8 9 10 11 12 13 14 15 16 17 18 99 20 2 22 23";
        let process = parse(line).unwrap();
        assert_eq!(
            (process.pid, process.name.as_slice(), process.state),
            (42, &b"a) b (c\n"[..], b'S')
        );
        assert_eq!((process.parent, process.group, process.session, process.tty), (1, 2, 3, 34817));
        assert_eq!((process.cpu_ticks, process.start_time), (11 + 12, 99));
        for cut in 0..line.len() {
            // Nothing to hold but that it does not panic.
            let _process = parse(&line[..cut]);
        }
    }

    #[test]
    fn a_process_whose_main_thread_has_ended_goes_on() {
        let idle = Process::idle(5, 1, 5);
        let over = |state, thread_count| Process { state, thread_count, ..idle.clone() }.is_over();
        assert!(over(b'Z', 1) && over(b'X', 2) && !over(b'Z', 2) && !over(b'S', 1));
    }

    /// A process that had become another program between the two questions was taken for one
    /// without an environment, and for nobody's.
    #[test]
    fn an_environment_is_empty_only_where_it_is_said_to_be() {
        let line = |start: u64, end: u64| {
            let fields: Vec<String> = (4..50).map(|field| field.to_string()).collect();
            has_no_environment(
                format!("42 (a) b) S {} {start} {end} 0", fields.join(" ")).as_bytes(),
            )
        };
        assert_eq!((line(0, 0), line(7, 7), line(7, 9)), (Some(false), Some(true), Some(false)));
        assert_eq!(has_no_environment(b"42 (a) S 1"), None);
        let mut child = std::process::Command::new("sleep").arg("60").env_clear().spawn().unwrap();
        let found = loop {
            if let Some(found) = settled_environment(child.id().cast_signed()).filter(Vec::is_empty)
            {
                break found;
            }
            std::thread::yield_now();
        };
        assert!(found.is_empty());
        child.kill().unwrap();
        child.wait().unwrap();
        assert!(
            settled_environment(rustix::process::getpid().as_raw_pid())
                .is_some_and(|variables| !variables.is_empty())
        );
    }

    #[test]
    fn this_process_is_in_the_table() {
        let pid = rustix::process::getpid().as_raw_pid();
        let process = all().into_iter().find(|process| process.pid == pid).unwrap();
        assert!(process.rss_bytes > 0 && process.start_time > 0);
        assert_eq!(user(pid), Some(rustix::process::geteuid().as_raw()));
        assert_eq!(working_directory(pid), std::env::current_dir().ok());
        assert!(!arguments(pid).is_empty());
    }
}
