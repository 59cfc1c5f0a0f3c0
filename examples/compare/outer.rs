//! The outer terminal: a PTY that is drained as fast as possible, on one thread, with the clock
//! beside it.

use std::fs::OpenOptions;
use std::os::fd::OwnedFd;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail, ensure};
use memchr::memmem::Finder;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::{Errno, read, write};
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use rustix::termios::{Winsize, tcsetwinsize};

use crate::place::Place;

/// The size of the outer terminal in all measurements.
pub(crate) const COLS: u16 = 160;
pub(crate) const ROWS: u16 = 50;

/// How long anything may take before the measurement is given up.
const PATIENCE: Duration = Duration::from_mins(1);

/// A program in a terminal, seen from the terminal's side.
pub(crate) struct Outer {
    master: OwnedFd,
    child: Child,
    buffer: Vec<u8>,
    /// When the program was started.
    pub(crate) started: Instant,
}

impl Outer {
    /// Starts `argv` in a terminal of its own, in the environment of `place`.
    pub(crate) fn start(place: &Place, argv: &[String]) -> anyhow::Result<Self> {
        let master = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY | OpenptFlags::CLOEXEC)
            .context("no terminal left")?;
        grantpt(&master)?;
        unlockpt(&master)?;
        tcsetwinsize(&master, Winsize { ws_row: ROWS, ws_col: COLS, ws_xpixel: 0, ws_ypixel: 0 })?;
        let name = ptsname(&master, Vec::new())?.into_string()?;
        let slave = OpenOptions::new().read(true).write(true).open(name)?;
        let mut command = Command::new(std::env::current_exe()?);
        command
            .args(["inner", "exec"])
            .args(argv)
            .env_clear()
            .envs(place.variables())
            .current_dir(place.folder());
        command
            .stdin(Stdio::from(slave.try_clone()?))
            .stdout(Stdio::from(slave.try_clone()?))
            .stderr(Stdio::from(slave));
        let started = Instant::now();
        let child = command.spawn().with_context(|| format!("{argv:?} cannot be started"))?;
        drop(command);
        Ok(Self { master, child, buffer: vec![0; 64 * 1024], started })
    }

    /// Types bytes.
    pub(crate) fn send(&self, bytes: &[u8]) -> anyhow::Result<()> {
        ensure!(write(&self.master, bytes)? == bytes.len(), "the terminal takes no more input");
        Ok(())
    }

    /// Drains until `mark` is seen; the moment at which it was.
    pub(crate) fn until(&mut self, mark: &str) -> anyhow::Result<Instant> {
        let (finder, end) = (Finder::new(mark.as_bytes()), Instant::now() + PATIENCE);
        let mut tail: Vec<u8> = Vec::new();
        loop {
            let Some(count) = self.chunk(end.saturating_duration_since(Instant::now()))? else {
                bail!(
                    "no {mark:?} within {PATIENCE:?}; the end of the output was {:?}",
                    String::from_utf8_lossy(&tail)
                )
            };
            let seen = Instant::now();
            let head = self.buffer.get(..count.min(mark.len())).unwrap_or_default();
            tail.extend_from_slice(head);
            if finder.find(&tail).is_some() || finder.find(&self.buffer[..count]).is_some() {
                return Ok(seen);
            }
            tail.clear();
            tail.extend_from_slice(&self.buffer[count.saturating_sub(mark.len())..count]);
            self.answer(count)?;
        }
    }

    /// Drains until the letter is seen outside escape sequences; the moment at which it was.
    pub(crate) fn until_letter(&mut self, letter: u8) -> anyhow::Result<Instant> {
        let end = Instant::now() + PATIENCE;
        while let Some(count) = self.chunk(end.saturating_duration_since(Instant::now()))? {
            let seen = Instant::now();
            if memchr::memchr(letter, &self.buffer[..count]).is_some() {
                return Ok(seen);
            }
        }
        bail!("the letter {:?} did not come back", char::from(letter))
    }

    /// Drains until nothing has come for `quiet`, but no longer than `most`.
    pub(crate) fn until_quiet(&mut self, quiet: Duration, most: Duration) -> anyhow::Result<()> {
        let end = Instant::now() + most;
        while Instant::now() < end {
            let Some(count) = self.chunk(quiet)? else { return Ok(()) };
            self.answer(count)?;
        }
        Ok(())
    }

    /// Drains for a fixed span.
    pub(crate) fn for_a_span(&mut self, span: Duration) -> anyhow::Result<()> {
        let end = Instant::now() + span;
        while let Some(left) =
            end.checked_duration_since(Instant::now()).filter(|left| !left.is_zero())
        {
            self.chunk(left)?;
        }
        Ok(())
    }

    /// One read into the buffer; none when nothing came in time.
    fn chunk(&mut self, patience: Duration) -> anyhow::Result<Option<usize>> {
        let timeout = Timespec {
            tv_sec: i64::try_from(patience.as_secs())?,
            tv_nsec: patience.subsec_nanos().into(),
        };
        if poll(&mut [PollFd::new(&self.master, PollFlags::IN)], Some(&timeout))? == 0 {
            return Ok(None);
        }
        match read(&self.master, &mut self.buffer[..]) {
            Ok(0) | Err(Errno::IO) => bail!("the program has closed the terminal"),
            Ok(count) => Ok(Some(count)),
            Err(fault) => Err(fault).context("the terminal cannot be read"),
        }
    }

    /// Answers what a terminal is asked at start, its kind and where its cursor is, in the order of
    /// the questions.
    fn answer(&self, count: usize) -> anyhow::Result<()> {
        const ANSWERS: [(&[u8], &[u8]); 3] = [
            (b"\x1b[c", b"\x1b[?62;22c"),
            (b"\x1b[0c", b"\x1b[?62;22c"),
            (b"\x1b[6n", b"\x1b[1;1R"),
        ];
        let asked = |(query, answer): (&[u8], &'static [u8])| {
            Finder::new(query)
                .find_iter(&self.buffer[..count])
                .map(|at| (at, answer))
                .collect::<Vec<_>>()
        };
        let mut answers: Vec<(usize, &[u8])> = ANSWERS.into_iter().flat_map(asked).collect();
        answers.sort_unstable();
        answers.into_iter().try_for_each(|(_, answer)| self.send(answer))
    }

    /// Types what detaches and waits for the program's end; one that stays is ended.
    pub(crate) fn leave(mut self, keys: &[u8]) -> anyhow::Result<()> {
        self.send(keys)?;
        let end = Instant::now() + Duration::from_secs(2);
        while Instant::now() < end && self.chunk(Duration::from_millis(100)).is_ok() {}
        Ok(())
    }
}

impl Drop for Outer {
    fn drop(&mut self) {
        if self.child.kill().is_ok() {
            drop(self.child.wait());
        }
    }
}
