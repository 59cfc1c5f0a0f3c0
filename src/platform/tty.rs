//! Questions and settings for the holder of a PTY master. Nothing is read or written here.

use std::io;
use std::os::fd::{AsFd, OwnedFd};

use rustix::pty::{OpenptFlags, ioctl_tiocgptpeer};
use rustix::termios::{
    LocalModes, Winsize, tcgetattr, tcgetpgrp, tcgetsid, tcgetwinsize, tcsetwinsize,
};

use crate::base::geom::Size;

/// The line discipline's treatment of what is typed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LineMode {
    /// Lines are collected, and at most 4095 bytes of one are kept (termios(3), ICANON).
    pub is_canonical: bool,
    /// True if what is typed is shown.
    pub is_echoing: bool,
}

/// The line mode of the terminal behind `master`.
///
/// # Errors
/// If it is no terminal.
pub fn line_mode(master: impl AsFd) -> io::Result<LineMode> {
    let modes = tcgetattr(master)?.local_modes;
    Ok(LineMode {
        is_canonical: modes.contains(LocalModes::ICANON),
        is_echoing: modes.contains(LocalModes::ECHO),
    })
}

/// The session whose terminal is the other end of a master (tcgetsid(3)); 0 if there is none.
pub fn session(master: impl AsFd) -> i32 {
    tcgetsid(master).map_or(0, rustix::process::Pid::as_raw_pid)
}

/// The foreground process group of the terminal behind `master`, if it has one.
pub fn foreground_group(master: impl AsFd) -> Option<i32> {
    tcgetpgrp(master).ok().map(rustix::process::Pid::as_raw_pid)
}

/// The size programs on it see.
///
/// # Errors
/// If it is no terminal.
pub fn size(master: impl AsFd) -> io::Result<Size> {
    let size = tcgetwinsize(master)?;
    Ok(Size::new(size.ws_col, size.ws_row))
}

/// Sets the size programs on it see, in cells; its foreground group gets WINCH if it changed.
///
/// # Errors
/// If it is no terminal.
pub fn set_size(master: impl AsFd, size: Size) -> io::Result<()> {
    Ok(tcsetwinsize(
        master,
        Winsize { ws_col: size.cols, ws_row: size.rows, ws_xpixel: 0, ws_ypixel: 0 },
    )?)
}

/// Opens the other end of a master whose last user has closed it, so that it can be read again when
/// a program opens its terminal anew.
///
/// # Errors
/// If the kernel cannot (TIOCGPTPEER, Linux 4.13).
pub fn open_peer(master: impl AsFd) -> io::Result<OwnedFd> {
    Ok(ioctl_tiocgptpeer(master, OpenptFlags::RDWR | OpenptFlags::NOCTTY | OpenptFlags::CLOEXEC)?)
}
