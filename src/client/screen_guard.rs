//! The outer terminal in our hands, and back as it was: at the end, at a panic, while suspended,
//! and when it is gone.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use crate::base::time::{Span, Tick};
use crate::client::terminal;
use crate::platform;
use crate::platform::host_terminal::HostTerminal;

/// The time for which a terminal that does not read is waited for when it is given back, in
/// milliseconds.
const LEAVE_WAIT_MS: u32 = 200;
/// The time for which it is waited for the last answer of a terminal that has answered before.
const ANSWER_WITHIN: Span = Span::seconds(1);
/// The same for one that has not answered yet, from the moment it was taken: one that answers
/// nothing is not waited for again and again.
const FIRST_ANSWER_WITHIN: Span = Span::millis(500);
/// The time after which keys are keys again, whatever was not answered.
const ANSWERS_END: Span = Span::seconds(5);
/// The most that is read of late answers, in bytes.
const LATE_MAX: usize = 1 << 16;

/// Gives the terminal back when dropped.
#[derive(Debug)]
pub(super) struct ScreenGuard {
    held: Arc<TerminalHold>,
}

#[derive(Debug)]
struct TerminalHold {
    terminal: Arc<HostTerminal>,
    is_modern: bool,
    /// The bytes that give the terminal back, made beforehand: a panic only writes them.
    leave: Vec<u8>,
    is_ours: AtomicBool,
    /// True if it has answered anything.
    answers: AtomicBool,
    taken_at: Tick,
}

impl TerminalHold {
    /// Gives the terminal back, once.
    fn leave(&self) {
        if !self.is_ours.swap(false, Ordering::AcqRel) {
            return;
        }
        // A terminal that is gone needs nothing, and there is nobody left to tell.
        let written = self.terminal.write_last(&self.leave, LEAVE_WAIT_MS);
        if self.is_modern && written.is_ok() {
            self.swallow();
        }
        tell_nobody(self.terminal.restore());
    }

    /// Reads what the terminal still has to say to us: answers on their way would be typed into
    /// whatever reads it next. The last answer is the one to a question asked now (DSR 5).
    fn swallow(&self) {
        let deadline = if self.answers.load(Ordering::Acquire) {
            platform::now().tick + ANSWER_WITHIN
        } else {
            self.taken_at + FIRST_ANSWER_WITHIN
        };
        if deadline <= platform::now().tick
            || self.terminal.write_last(terminal::STATUS_QUERY.as_bytes(), LEAVE_WAIT_MS).is_err()
        {
            return;
        }
        let (mut late, mut buffer) = (Vec::new(), [0; 4096]);
        while late.len() < LATE_MAX && !terminal::has_status(&late) {
            let left = deadline - platform::now().tick;
            let wait_ms = u32::try_from(left.0.div_ceil(1_000_000)).unwrap_or(0);
            match self.terminal.read_within(&mut buffer, wait_ms) {
                Ok(len @ 1..) => late.extend_from_slice(&buffer[..len]),
                Err(error) if error.kind() == io::ErrorKind::Interrupted && wait_ms != 0 => {}
                _ => return,
            }
        }
    }
}

/// Drops an error of the last step: a terminal that is gone has no modes to be restored, and nobody
/// is left to be told.
fn tell_nobody(_result: io::Result<()>) {}

impl ScreenGuard {
    /// Takes the terminal in raw mode; what is to be written for the rest is given by
    /// [`ScreenGuard::greeting`]. A panic gives it back before its message is printed.
    ///
    /// # Errors
    /// If the terminal is gone.
    pub(super) fn enter(terminal: Arc<HostTerminal>, is_modern: bool) -> io::Result<Self> {
        terminal.raw()?;
        let held = Arc::new(TerminalHold {
            terminal,
            is_modern,
            leave: terminal::leave(is_modern),
            is_ours: AtomicBool::new(true),
            answers: AtomicBool::new(false),
            taken_at: platform::now().tick,
        });
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

    /// True if no answer to what was asked at the start is to come any more.
    pub(super) fn is_past_answers(&self) -> bool {
        self.held.taken_at + ANSWERS_END < platform::now().tick
    }

    /// The terminal answers when it is asked.
    pub(super) fn note_answer(&self) {
        self.held.answers.store(true, Ordering::Release);
    }

    /// Gives the terminal back.
    pub(super) fn leave(&self) {
        self.held.leave();
    }

    /// The bytes that take the screen: to be written first.
    #[must_use]
    pub(super) fn greeting(&self, wants_mouse: bool) -> Vec<u8> {
        terminal::enter(self.held.is_modern, wants_mouse)
    }
}

impl Drop for ScreenGuard {
    fn drop(&mut self) {
        self.held.leave();
    }
}
