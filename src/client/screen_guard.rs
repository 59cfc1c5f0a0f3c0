//! The outer terminal in our hands, and back as it was: at the end, at a panic, while suspended, and when it is gone.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use crate::client::terminal;
use crate::platform::outer::OuterTerminal;

/// How long a terminal that does not read is waited for when it is given back, in milliseconds.
const LEAVE_WAIT_MS: u32 = 200;

/// Gives the terminal back when dropped.
#[derive(Debug)]
pub(super) struct ScreenGuard {
    held: Arc<Held>,
}

#[derive(Debug)]
struct Held {
    terminal: Arc<OuterTerminal>,
    is_modern: bool,
    is_ours: AtomicBool,
}

impl Held {
    /// Gives the terminal back, once.
    fn leave(&self) {
        if !self.is_ours.swap(false, Ordering::AcqRel) {
            return;
        }
        let bytes = if self.is_modern { terminal::LEAVE } else { terminal::LEAVE_PLAIN };
        // A terminal that is gone needs nothing, and there is nobody left to tell.
        drop(self.terminal.write_last(bytes.as_bytes(), LEAVE_WAIT_MS));
        drop(self.terminal.restore());
    }
}

impl ScreenGuard {
    /// Takes the terminal in raw mode; what is to be written for the rest is given by [`ScreenGuard::greeting`]. A panic gives it back before its message is printed.
    ///
    /// # Errors
    /// If the terminal is gone.
    pub(super) fn enter(terminal: Arc<OuterTerminal>, is_modern: bool) -> io::Result<Self> {
        terminal.raw()?;
        let held = Arc::new(Held { terminal, is_modern, is_ours: AtomicBool::new(true) });
        let of_hook = Arc::clone(&held);
        let before = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |info| {
            of_hook.leave();
            before(info);
        }));
        Ok(Self { held })
    }

    /// Takes the terminal again after [`ScreenGuard::leave`].
    ///
    /// # Errors
    /// If the terminal is gone.
    pub(super) fn enter_again(&self) -> io::Result<()> {
        self.held.is_ours.store(true, Ordering::Release);
        self.held.terminal.raw()
    }

    /// Gives the terminal back.
    pub(super) fn leave(&self) {
        self.held.leave();
    }

    /// What takes the screen: to be written first.
    #[must_use]
    pub(super) fn greeting(&self, wants_mouse: bool) -> Vec<u8> {
        if !self.held.is_modern {
            return terminal::ENTER_PLAIN.as_bytes().to_vec();
        }
        let mouse = if wants_mouse { terminal::MOUSE_ON } else { "" };
        [terminal::ENTER, mouse, terminal::KEYS_ON].concat().into_bytes()
    }
}

impl Drop for ScreenGuard {
    fn drop(&mut self) {
        self.held.leave();
    }
}
