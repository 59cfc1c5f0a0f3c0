//! The terminal this process was started in: raw mode, size, reading and writing without ever
//! waiting. It knows no control sequence.

use std::io;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd, RawFd};

use crossterm::terminal::{disable_raw_mode, enable_raw_mode, window_size};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::fs::{Mode, OFlags, fcntl_getfl, fcntl_setfl};
use rustix::process::{Signal, getpid, kill_process};
use rustix::stdio::{stdin, stdout};
use rustix::termios::{isatty, ttyname};

use crate::base::geom::Size;

/// The terminal of this process's standard input.
#[derive(Debug)]
pub struct HostTerminal {
    fd: OwnedFd,
    /// The flags to put back, where they are shared with whoever started us.
    shared_flags: Option<OFlags>,
}

impl HostTerminal {
    /// Opens the terminal anew, so that not waiting is our affair alone; where that cannot be done,
    /// shares the standard input.
    ///
    /// # Errors
    /// If standard input and output are no terminal.
    pub fn open() -> io::Result<Self> {
        if !isatty(stdin()) || !isatty(stdout()) {
            return Err(io::Error::other("standard input and output have to be a terminal"));
        }
        if let Some(fd) = reopened() {
            return Ok(Self { fd, shared_flags: None });
        }
        let fd = rustix::io::fcntl_dupfd_cloexec(stdin(), 3)?;
        let flags = fcntl_getfl(&fd)?;
        fcntl_setfl(&fd, flags | OFlags::NONBLOCK)?;
        Ok(Self { fd, shared_flags: Some(flags) })
    }

    /// Every byte as it is typed, nothing echoed, no signals from keys (cfmakeraw(3)). A terminal
    /// that is raw already is made so again: a shell may have changed it while this process was
    /// stopped.
    ///
    /// # Errors
    /// If the terminal is gone.
    pub fn raw(&self) -> io::Result<()> {
        if let Some(flags) = self.shared_flags {
            fcntl_setfl(&self.fd, flags | OFlags::NONBLOCK)?;
        }
        disable_raw_mode()?;
        enable_raw_mode()
    }

    /// The modes it had.
    ///
    /// # Errors
    /// If the terminal is gone.
    pub fn restore(&self) -> io::Result<()> {
        if let Some(flags) = self.shared_flags {
            fcntl_setfl(&self.fd, flags)?;
        }
        disable_raw_mode()
    }

    /// The size in cells, at least 1×1, and of a cell in pixels, 0 where unknown.
    ///
    /// # Errors
    /// If the terminal is gone.
    pub fn size(&self) -> io::Result<(Size, (u16, u16))> {
        let size = window_size()?;
        let cells = Size::new(size.columns, size.rows);
        // A terminal that does not know its size says 0.
        let cells = if cells.is_empty() { Size::default() } else { cells.clamped() };
        Ok((cells, (size.width / cells.cols, size.height / cells.rows)))
    }

    /// Reads what there is.
    ///
    /// # Errors
    /// `WouldBlock` if there is nothing; anything else means that the terminal is gone.
    pub fn read(&self, buffer: &mut [u8]) -> io::Result<usize> {
        Ok(rustix::io::read(&self.fd, buffer)?)
    }

    /// Reads what comes within `wait_ms`; 0 if nothing does.
    ///
    /// # Errors
    /// If the terminal is gone.
    pub fn read_within(&self, buffer: &mut [u8], wait_ms: u32) -> io::Result<usize> {
        let limit = Timespec {
            tv_sec: i64::from(wait_ms / 1000),
            tv_nsec: i64::from(wait_ms % 1000) * 1_000_000,
        };
        if poll(&mut [PollFd::new(&self.fd, PollFlags::IN)], Some(&limit))? == 0 {
            return Ok(0);
        }
        self.read(buffer)
    }

    /// Writes what fits now.
    ///
    /// # Errors
    /// `WouldBlock` if nothing does; anything else means that the terminal is gone.
    pub fn write(&self, bytes: &[u8]) -> io::Result<usize> {
        Ok(rustix::io::write(&self.fd, bytes)?)
    }

    /// Writes all of it if the terminal takes it within `wait_ms`: for the last words of a process,
    /// where nothing else waits.
    ///
    /// # Errors
    /// If the terminal is gone or does not read.
    pub fn write_last(&self, mut bytes: &[u8], wait_ms: u32) -> io::Result<()> {
        let limit = Timespec {
            tv_sec: i64::from(wait_ms / 1000),
            tv_nsec: i64::from(wait_ms % 1000) * 1_000_000,
        };
        while !bytes.is_empty() {
            match self.write(bytes) {
                Ok(written) => bytes = &bytes[written..],
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                    if poll(&mut [PollFd::new(&self.fd, PollFlags::OUT)], Some(&limit))? == 0 {
                        return Err(io::ErrorKind::TimedOut.into());
                    }
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }
}

impl AsFd for HostTerminal {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.fd.as_fd()
    }
}

impl AsRawFd for HostTerminal {
    fn as_raw_fd(&self) -> RawFd {
        self.fd.as_raw_fd()
    }
}

/// The terminal of standard input, opened a second time.
fn reopened() -> Option<OwnedFd> {
    let name = ttyname(stdin(), Vec::new()).ok()?;
    let flags = OFlags::RDWR | OFlags::NOCTTY | OFlags::NONBLOCK | OFlags::CLOEXEC;
    rustix::fs::open(name.as_c_str(), flags, Mode::empty()).ok().filter(|fd| isatty(fd))
}

/// Stops this process as Ctrl-Z stops a job; returns when it goes on.
///
/// # Errors
/// Never in practice: a process may signal itself.
pub fn stop_self() -> io::Result<()> {
    Ok(kill_process(getpid(), Signal::STOP)?)
}
