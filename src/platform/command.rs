//! Shell commands that run aside, with a limit of time, and with all they started ended by then.
//! What they are for is not known here.

use std::io::{self, Read, Write};
use std::os::fd::{AsFd, BorrowedFd};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::process::{Pid, Signal, kill_process_group};

use crate::base::error::ignore_failure;
use crate::platform::{EventFd, ProgramLimits};

/// The most that is read of what a command prints, in bytes.
const OUTPUT_MAX: usize = 16 << 10;

/// The first line that a shell command prints; none if it printed nothing within that time, or
/// before `is_over` became readable. It waits: not for a loop.
///
/// # Errors
/// If no shell can be started.
pub fn first_line(command: &str, within: Duration, is_over: &EventFd) -> io::Result<String> {
    let mut child = shell(command).stdout(Stdio::piped()).spawn()?;
    let mut text = Vec::new();
    if let Some(mut stdout) = child.stdout.take() {
        let end = Instant::now() + within;
        let mut buffer = [0; 4096];
        while !text.contains(&b'\n')
            && text.len() < OUTPUT_MAX
            && is_any_readable([stdout.as_fd(), is_over.as_fd()], end)
            && !is_readable(is_over, Instant::now())
        {
            match stdout.read(&mut buffer)? {
                0 => break,
                len => text.extend_from_slice(&buffer[..len]),
            }
        }
    }
    end(&mut child)?;
    let text = String::from_utf8_lossy(&text);
    Ok(text.lines().next().unwrap_or_default().trim_end().to_owned())
}

/// Runs a program and gives what it prints and how it ended; what has not ended by then is ended.
/// It waits: not for a loop.
///
/// # Errors
/// If it cannot be started.
pub fn output(program: &Path, args: &[&str], within: Duration) -> io::Result<(String, ExitStatus)> {
    let mut command = Command::new(program);
    command
        .args(args)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .process_group(0);
    ProgramLimits::give_to(&mut command);
    let mut child = command.spawn()?;
    let mut text = Vec::new();
    if let Some(mut stdout) = child.stdout.take() {
        let end = Instant::now() + within;
        let mut buffer = [0; 4096];
        while text.len() < OUTPUT_MAX && is_readable(&stdout, end) {
            match stdout.read(&mut buffer)? {
                0 => break,
                len => text.extend_from_slice(&buffer[..len]),
            }
        }
    }
    let status = end(&mut child)?;
    Ok((String::from_utf8_lossy(&text).into_owned(), status))
}

/// Runs a shell command with these variables besides our own, and waits for its end, at most that
/// long. It waits: not for a loop.
///
/// # Errors
/// If no shell can be started, or with how it ended if that was no success.
pub fn run(command: &str, env: Vec<(String, String)>, within: Duration) -> io::Result<()> {
    // Only the command and what it started write to this pipe: its end is the end of all of
    // them.
    let mut child = shell(command).envs(env).stdout(Stdio::piped()).spawn()?;
    if let Some(mut stdout) = child.stdout.take() {
        let end = Instant::now() + within;
        let mut buffer = [0; 4096];
        while is_readable(&stdout, end) && stdout.read(&mut buffer)? != 0 {}
    }
    let status = end(&mut child)?;
    if status.success() { Ok(()) } else { Err(io::Error::other(format!("it ended with {status}"))) }
}

/// A shell command that is fed on its standard input.
#[derive(Debug)]
pub struct Fed {
    child: Child,
}

impl Fed {
    /// Starts it with these variables besides our own, in that directory if there is one of that
    /// name.
    ///
    /// # Errors
    /// If no shell can be started.
    pub fn start(command: &str, env: Vec<(String, String)>, cwd: &str) -> io::Result<Self> {
        let mut shell = shell(command);
        shell.envs(env).stdin(Stdio::piped()).stdout(Stdio::null());
        if Path::new(cwd).is_dir() {
            shell.current_dir(cwd);
        }
        let child = shell.spawn()?;
        if let Some(stdin) = &child.stdin {
            rustix::io::ioctl_fionbio(stdin, true)?;
        }
        Ok(Self { child })
    }

    /// Gives it bytes; it waits until they are taken, or `is_over` says that nobody waits any more.
    /// Not for a loop.
    ///
    /// # Errors
    /// If it reads no more, or it is over.
    pub fn write(&mut self, mut bytes: &[u8], mut is_over: impl FnMut() -> bool) -> io::Result<()> {
        const LOOK_EVERY: Timespec = Timespec { tv_sec: 0, tv_nsec: 100_000_000 };
        let Some(stdin) = &mut self.child.stdin else {
            return Err(io::ErrorKind::BrokenPipe.into());
        };
        while !bytes.is_empty() {
            match stdin.write(bytes) {
                Ok(len) => bytes = &bytes[len..],
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) if error.kind() == io::ErrorKind::WouldBlock && !is_over() => {
                    let ready = poll(&mut [PollFd::new(stdin, PollFlags::OUT)], Some(&LOOK_EVERY));
                    ignore_failure(ready, "the next write finds out if there is room");
                }
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    /// Tells it that there is no more and waits for its end, at most that long; then it is ended.
    /// Not for a loop.
    ///
    /// # Errors
    /// If it cannot be waited for.
    pub fn finish(mut self, within: Duration) -> io::Result<ExitStatus> {
        self.child.stdin = None;
        let limit = Timespec {
            tv_sec: i64::try_from(within.as_secs()).unwrap_or(i64::MAX),
            tv_nsec: i64::from(within.subsec_nanos()),
        };
        if let Ok(fd) = crate::platform::pidfd::open(i32::try_from(self.child.id()).unwrap_or(-1)) {
            let ended = poll(&mut [PollFd::new(&fd, PollFlags::IN)], Some(&limit));
            ignore_failure(ended, "`end` finds out if it has ended");
        }
        end(&mut self.child)
    }
}

fn shell(command: &str) -> Command {
    let mut shell = Command::new("/bin/sh");
    shell.arg("-c").arg(command).stdin(Stdio::null()).stderr(Stdio::null()).process_group(0);
    ProgramLimits::give_to(&mut shell);
    shell
}

fn is_readable(fd: &impl AsFd, end: Instant) -> bool {
    is_any_readable([fd.as_fd()], end)
}

fn is_any_readable<const N: usize>(fds: [BorrowedFd<'_>; N], end: Instant) -> bool {
    loop {
        let left = end.saturating_duration_since(Instant::now());
        let limit = Timespec {
            tv_sec: i64::try_from(left.as_secs()).unwrap_or(i64::MAX),
            tv_nsec: i64::from(left.subsec_nanos()),
        };
        let mut polled = fds.map(|fd| PollFd::from_borrowed_fd(fd, PollFlags::IN));
        match poll(&mut polled, Some(&limit)) {
            Ok(count) => return count != 0,
            Err(rustix::io::Errno::INTR) => {}
            Err(_) => return false,
        }
    }
}

/// Ends what is left of a command's group, and reaps it.
fn end(child: &mut Child) -> io::Result<ExitStatus> {
    if let Some(status) = child.try_wait()? {
        return Ok(status);
    }
    if let Some(group) = i32::try_from(child.id()).ok().and_then(Pid::from_raw) {
        let killed = kill_process_group(group, Signal::KILL);
        ignore_failure(killed, "a group that is gone by now needs no signal");
    }
    child.wait()
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};

    use super::{Fed, first_line, run};
    use crate::platform::EventFd;

    const LONG: Duration = Duration::from_secs(20);

    #[test]
    fn the_first_line_is_given_and_the_rest_is_ended() {
        let is_over = EventFd::new().unwrap();
        let first_line = |command, within| first_line(command, within, &is_over).unwrap();
        assert_eq!(first_line("printf 'a b  \\nc\\n'", LONG), "a b");
        assert_eq!(first_line("true", LONG), "");
        let start = Instant::now();
        assert_eq!(first_line("echo first; sleep 600", LONG), "first");
        assert_eq!(first_line("sleep 600", Duration::from_millis(1)), "");
        is_over.notify();
        assert_eq!(first_line("sleep 600", LONG), "");
        assert!(start.elapsed() < LONG);
    }

    #[test]
    fn a_command_is_fed_to_its_end_and_one_that_does_not_read_is_given_up() {
        let folder = tempfile::tempdir().unwrap();
        let cwd = folder.path().to_str().unwrap();
        let mut fed = Fed::start("cat > got", Vec::new(), cwd).unwrap();
        let text = "0123456789".repeat(20_000);
        fed.write(text.as_bytes(), || false).unwrap();
        assert!(fed.finish(LONG).unwrap().success());
        assert_eq!(std::fs::read_to_string(folder.path().join("got")).unwrap(), text);
        let mut deaf = Fed::start("exec sleep 600", Vec::new(), cwd).unwrap();
        assert!(deaf.write(text.as_bytes(), || true).is_err());
        assert!(!deaf.finish(Duration::from_millis(1)).unwrap().success());
        let mut gone = Fed::start("exit 3", Vec::new(), cwd).unwrap();
        assert!(gone.write(text.as_bytes(), || false).is_err());
        assert_eq!(gone.finish(LONG).unwrap().code(), Some(3));
    }

    #[test]
    fn a_command_has_its_variables_and_its_end_is_told() {
        let env = vec![("ABIDE_TEXT".to_owned(), "it's".to_owned())];
        assert!(run("test \"$ABIDE_TEXT\" = \"it's\"", env, LONG).is_ok());
        assert!(run("exit 3", Vec::new(), LONG).is_err());
    }
}
