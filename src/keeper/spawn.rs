//! Starting a program on a PTY or on three pipes, with exactly the environment, the fds and the
//! limits it should have.
#![allow(
    unsafe_code,
    reason = "one of the three files that may: the fd behind portable-pty's master"
)]

use std::ffi::{OsStr, OsString};
use std::io;
use std::os::fd::{AsRawFd, BorrowedFd, OwnedFd};
use std::os::unix::ffi::OsStringExt;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use portable_pty::{Child, CommandBuilder, PtySize, native_pty_system};
use rustix::io::Errno;

use crate::base::geom::Size;
use crate::platform::origin_mark::OriginMark;
use crate::platform::spawn::{NotStarted, Piped, born_in, piped};
use crate::platform::{ProgramLimits, clear_signal_mask, which};
use crate::wire::keeper::{Spawn, Wiring, cookie};

/// The handles of a program that was started.
#[derive(Debug)]
pub(super) struct Started {
    pub(super) pid: i32,
    /// The master, or the read end of standard output; does not block.
    pub(super) source: OwnedFd,
    /// Standard error and standard input, where they are pipes.
    pub(super) pipes: Option<(OwnedFd, OwnedFd)>,
}

/// Starts a program of this lineage, in `cgroup` if there is one: what comes of it is known by one
/// more variable of its environment and by its mark.
///
/// # Errors
/// [`NotStarted`]; nothing is left behind.
pub(super) fn spawn(
    spawn: &Spawn,
    epoch: u64,
    limit: ProgramLimits,
    cgroup: Option<&OwnedFd>,
) -> Result<Started, NotStarted> {
    let word = |bytes: &Vec<u8>| OsString::from_vec(bytes.clone());
    let argv: Vec<OsString> = spawn.argv.iter().map(word).collect();
    let mut env: Vec<(OsString, OsString)> =
        spawn.env.iter().map(|(name, value)| (word(name), word(value))).collect();
    let cookie = cookie(epoch, spawn.tag);
    env.extend(cookie.split_once('=').map(|(name, value)| (name.into(), value.into())));
    let cwd = PathBuf::from(word(&spawn.cwd));
    if !cwd.is_dir() {
        return Err(failed(Errno::NOENT, format!("there is no directory {}", cwd.display())));
    }
    let path = env
        .iter()
        .rev()
        .find(|(name, _)| name == "PATH")
        .map_or(OsStr::new(""), |(_, value)| value);
    let program = which(argv.first().map_or(OsStr::new(""), OsString::as_os_str), path, &cwd)
        .map_err(|error| failed(error.errno, error.to_string()))?;
    let command = ExecSpec { file: program, argv, env, cwd };
    OriginMark::of(epoch, spawn.tag).around(|| match spawn.wiring {
        Wiring::Pty(size) => on_pty(&command, size, limit, cgroup),
        Wiring::Pipes => on_pipes(&command, limit, cgroup),
    })
}

/// The program that is executed.
struct ExecSpec {
    file: PathBuf,
    argv: Vec<OsString>,
    env: Vec<(OsString, OsString)>,
    cwd: PathBuf,
}

fn failed(errno: Errno, message: String) -> NotStarted {
    NotStarted { errno: errno.raw_os_error(), message }
}

fn from_io(program: &Path, error: &io::Error) -> NotStarted {
    NotStarted {
        errno: error.raw_os_error().unwrap_or(Errno::INVAL.raw_os_error()),
        message: format!("cannot start {}: {error}", program.display()),
    }
}

fn on_pty(
    command: &ExecSpec,
    size: Size,
    limit: ProgramLimits,
    cgroup: Option<&OwnedFd>,
) -> Result<Started, NotStarted> {
    let ExecSpec { file: program, argv, env, cwd } = command;
    let size = PtySize { rows: size.rows, cols: size.cols, pixel_width: 0, pixel_height: 0 };
    let pair = native_pty_system().openpty(size).map_err(|error| {
        let errno = io::Error::last_os_error();
        NotStarted {
            errno: errno.raw_os_error().unwrap_or(Errno::IO.raw_os_error()),
            message: format!("cannot open a terminal: {error}"),
        }
    })?;
    let raw = pair.master.as_raw_fd().unwrap_or(-1);
    if raw < 0 {
        return Err(failed(Errno::IO, "the terminal has no fd".into()));
    }
    // SAFETY: `pair.master` holds the fd open until the end of this function.
    let source = unsafe { BorrowedFd::borrow_raw(raw) }
        .try_clone_to_owned()
        .map_err(|error| from_io(program, &error))?;
    rustix::io::ioctl_fionbio(&source, true).map_err(|error| from_io(program, &error.into()))?;
    let mut builder = CommandBuilder::from_argv(argv.clone());
    // The environment starts as a copy of our own (F34).
    builder.env_clear();
    for (name, value) in env {
        builder.env(name, value);
    }
    builder.cwd(cwd);
    let pid = born_in(cgroup, || {
        let spawned = limit.around(
            source.as_raw_fd(),
            || pair.slave.spawn_command(builder),
            |spawned| spawned.as_ref().ok().and_then(|child| pid_of(&**child)),
        );
        let child = spawned.map_err(|error| {
            match error.chain().find_map(|cause| cause.downcast_ref::<io::Error>()) {
                Some(error) => from_io(program, error),
                None => {
                    failed(Errno::INVAL, format!("cannot start {}: {error}", program.display()))
                }
            }
        })?;
        pid_of(&*child).ok_or_else(|| failed(Errno::CHILD, "the program has no process id".into()))
    })?;
    Ok(Started { pid, source, pipes: None })
}

fn pid_of(child: &(dyn Child + Send + Sync)) -> Option<i32> {
    child.process_id().and_then(|pid| i32::try_from(pid).ok())
}

fn on_pipes(
    command: &ExecSpec,
    limit: ProgramLimits,
    cgroup: Option<&OwnedFd>,
) -> Result<Started, NotStarted> {
    let ExecSpec { file: program, argv, env, cwd } = command;
    let mut command = Command::new(program);
    command
        .arg0(argv.first().map_or(OsStr::new(""), OsString::as_os_str))
        .args(argv.iter().skip(1));
    command.env_clear().envs(env.iter().map(|(name, value)| (name, value))).current_dir(cwd);
    let Piped { input, output: source, error } =
        piped(&mut command).map_err(|error| from_io(program, &error))?;
    clear_signal_mask(&mut command);
    let id = |child: &std::process::Child| i32::try_from(child.id()).ok();
    let pid = born_in(cgroup, || {
        let spawned = limit.around(
            error.as_raw_fd(),
            || command.spawn(),
            |spawned| spawned.as_ref().ok().and_then(id),
        );
        let child = spawned.map_err(|error| from_io(program, &error))?;
        id(&child).ok_or_else(|| failed(Errno::CHILD, "the program has no process id".into()))
    })?;
    Ok(Started { pid, source, pipes: Some((error, input)) })
}
