//! A place of its own for one measurement: home, runtime directory and sockets; and what its
//! processes cost.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use anyhow::{Context as _, ensure};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::process::{Pid, PidfdFlags, Signal, kill_process, pidfd_open};
use tempfile::TempDir;

/// How long a killed process may take to be gone.
const END_PATIENCE: Duration = Duration::from_secs(5);

/// A temporary directory in which one peer runs; dropping it ends everything that was started in
/// it.
pub(crate) struct Place {
    folder: TempDir,
}

impl Place {
    pub(crate) fn new() -> anyhow::Result<Self> {
        let folder = tempfile::Builder::new()
            .prefix("cmp-")
            .tempdir_in("/tmp")
            .context("no temporary directory")?;
        for name in ["home", "run", "state", "config"] {
            fs::create_dir(folder.path().join(name))?;
            fs::set_permissions(folder.path().join(name), fs::Permissions::from_mode(0o700))?;
        }
        Ok(Self { folder })
    }

    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }

    pub(crate) fn path(&self, name: &str) -> String {
        self.folder.path().join(name).to_string_lossy().into_owned()
    }

    /// The whole environment of what runs here.
    pub(crate) fn variables(&self) -> Vec<(&'static str, String)> {
        vec![
            ("PATH", "/usr/local/bin:/usr/bin:/bin".to_owned()),
            ("HOME", self.path("home")),
            ("TERM", "xterm-256color".to_owned()),
            ("COLORTERM", "truecolor".to_owned()),
            ("LANG", "C.UTF-8".to_owned()),
            ("SHELL", "/bin/sh".to_owned()),
            ("XDG_RUNTIME_DIR", self.path("run")),
            ("XDG_STATE_HOME", self.path("state")),
            ("XDG_CONFIG_HOME", self.path("config")),
            ("TMUX_TMPDIR", self.path("run")),
            ("SCREENDIR", self.path("run")),
        ]
    }

    /// Runs a command of a peer here, without a terminal.
    pub(crate) fn run(&self, argv: &[String]) -> anyhow::Result<()> {
        let mut command = Command::new(&argv[0]);
        let output = command
            .args(&argv[1..])
            .env_clear()
            .envs(self.variables())
            .current_dir(self.folder())
            .output()?;
        ensure!(
            output.status.success(),
            "{argv:?} failed: {}",
            String::from_utf8_lossy(&output.stderr).trim()
        );
        Ok(())
    }

    /// The processes that run here.
    fn processes(&self) -> Vec<i32> {
        let mark = self.folder.path().to_string_lossy().into_owned();
        let Ok(entries) = fs::read_dir("/proc") else { return Vec::new() };
        let pids = entries.filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok());
        pids.filter(|&pid| holds(pid, "environ", &mark)).collect()
    }

    /// The processes of the multiplexer: all that run here but the measured program.
    fn own(&self) -> Vec<i32> {
        let is_program = |pid| {
            command_line(pid).is_some_and(|line| line.get(1).is_some_and(|word| word == "inner"))
        };
        self.processes().into_iter().filter(|&pid| !is_program(pid)).collect()
    }

    /// Memory of the multiplexer in MiB: the proportional set sizes of all its processes.
    pub(crate) fn memory_mib(&self) -> f64 {
        let kib: f64 = self.own().into_iter().filter_map(pss_kib).sum();
        kib / 1024.0
    }

    /// Processor seconds the multiplexer has used.
    pub(crate) fn cpu_seconds(&self) -> f64 {
        self.own()
            .into_iter()
            .flat_map(threads)
            .filter_map(|thread| first_number(&thread.join("schedstat")))
            .sum::<f64>()
            / 1e9
    }

    /// How often processes of the multiplexer were given the processor after a wait.
    pub(crate) fn wakes(&self) -> f64 {
        self.own().into_iter().flat_map(threads).filter_map(|thread| switches(&thread)).sum()
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        for _ in 0..10 {
            let left = self.processes();
            if left.is_empty() {
                return;
            }
            left.into_iter().for_each(end);
        }
    }
}

fn holds(pid: i32, file: &str, mark: &str) -> bool {
    let bytes = fs::read(format!("/proc/{pid}/{file}")).unwrap_or_default();
    memchr::memmem::find(&bytes, mark.as_bytes()).is_some()
}

fn command_line(pid: i32) -> Option<Vec<String>> {
    let bytes = fs::read(format!("/proc/{pid}/cmdline")).ok()?;
    Some(
        bytes
            .split(|&byte| byte == 0)
            .map(|word| String::from_utf8_lossy(word).into_owned())
            .collect(),
    )
}

fn pss_kib(pid: i32) -> Option<f64> {
    let rollup = fs::read_to_string(format!("/proc/{pid}/smaps_rollup")).ok()?;
    rollup
        .lines()
        .find_map(|line| line.strip_prefix("Pss:"))?
        .trim()
        .trim_end_matches("kB")
        .trim()
        .parse()
        .ok()
}

fn threads(pid: i32) -> Vec<PathBuf> {
    let Ok(entries) = fs::read_dir(format!("/proc/{pid}/task")) else { return Vec::new() };
    entries.filter_map(|entry| Some(entry.ok()?.path())).collect()
}

fn first_number(file: &Path) -> Option<f64> {
    fs::read_to_string(file).ok()?.split_whitespace().next()?.parse().ok()
}

fn switches(thread: &Path) -> Option<f64> {
    let status = fs::read_to_string(thread.join("status")).ok()?;
    status
        .lines()
        .find_map(|line| line.strip_prefix("voluntary_ctxt_switches:"))?
        .trim()
        .parse()
        .ok()
}

/// Kills one process of ours and waits until it is gone.
fn end(pid: i32) {
    let Some(id) = Pid::from_raw(pid) else { return };
    let Ok(handle) = pidfd_open(id, PidfdFlags::empty()) else { return };
    if kill_process(id, Signal::KILL).is_ok() {
        let timeout =
            Timespec { tv_sec: i64::try_from(END_PATIENCE.as_secs()).unwrap_or(1), tv_nsec: 0 };
        poll(&mut [PollFd::new(&handle, PollFlags::IN)], Some(&timeout)).ok();
    }
}
