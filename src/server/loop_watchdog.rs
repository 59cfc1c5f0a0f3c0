//! The watch over the event loop: a thread that sees whether the loop goes on, while it has
//! something to do. While the loop waits, so does the thread, without an end.
//!
//! A loop that stays in one step is a fault that no keeper can tell from work: the process ends by
//! itself, and the keeper starts the next one. The input in hand is not worked on again.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};
use std::thread::Thread;
use std::time::Duration;

use rustix::process::{Signal, getpid, kill_process};

use crate::base::error::ignore_failure;
use crate::base::memory::SharedBytes as _;
use crate::platform::last_words;
use crate::platform::memory::SharedMemory;
use crate::wire::keeper::{CONTROL_GIVEN_UP, CONTROL_GIVEN_UP_NUMBER};

/// The time between two looks at a loop that has something to do.
const LOOK_EVERY: Duration = Duration::from_secs(2);
/// So many looks in a row at the same step are a fault: ten seconds.
const LOOKS_MAX: u32 = 5;

/// The loop, as the watch sees it.
#[derive(Debug, Default)]
pub(super) struct LoopWatchdog {
    /// Grows with every turn.
    turns: AtomicU64,
    /// The loop waits for something to happen.
    is_waiting: AtomicBool,
    /// The process is about to end, which may take as long as the disk does.
    is_over: AtomicBool,
    /// The thread looks from time to time, so nobody needs to wake it.
    is_looking: AtomicBool,
    thread: OnceLock<Thread>,
    /// Token and number of the input that is worked on; 0 for none.
    client: AtomicU64,
    number: AtomicU64,
}

impl LoopWatchdog {
    /// Nothing is left to do.
    pub(super) fn waits(&self) {
        self.is_waiting.store(true, Ordering::SeqCst);
    }

    /// Something happened.
    pub(super) fn goes_on(&self) {
        self.is_waiting.store(false, Ordering::SeqCst);
        if !self.is_looking.load(Ordering::SeqCst)
            && let Some(thread) = self.thread.get()
        {
            thread.unpark();
        }
    }

    /// Another turn begins.
    pub(super) fn turn(&self) {
        self.turns.fetch_add(1, Ordering::Relaxed);
    }

    /// The process is about to end.
    pub(super) fn over(&self) {
        self.is_over.store(true, Ordering::SeqCst);
    }

    /// An input of a client is worked on.
    pub(super) fn begin(&self, token: u64, number: u64) {
        self.number.store(number, Ordering::Relaxed);
        self.client.store(token, Ordering::SeqCst);
    }

    /// The input that was worked on is done.
    pub(super) fn done(&self) {
        self.client.store(0, Ordering::SeqCst);
    }

    /// Starts the thread. Without one a loop that does not go on is found by the keeper where it
    /// owes output.
    pub(super) fn start(self: &Arc<Self>, control: SharedMemory) {
        let watch = Arc::clone(self);
        let thread = std::thread::Builder::new()
            .name("watch".into())
            .stack_size(64 << 10)
            .spawn(move || watch.look(control));
        match thread {
            Ok(thread) => ignore_failure(
                self.thread.set(thread.thread().clone()),
                "a server has one watch: it is started once",
            ),
            Err(error) => tracing::error!(%error, "nothing watches whether the loop goes on"),
        }
    }

    /// Looks for as long as the process lives.
    fn look(&self, mut control: SharedMemory) {
        loop {
            self.is_looking.store(false, Ordering::SeqCst);
            while self.is_waiting.load(Ordering::SeqCst) {
                std::thread::park();
            }
            self.is_looking.store(true, Ordering::SeqCst);
            let (mut turns, mut same) = (self.turns.load(Ordering::Relaxed), 0);
            while !self.is_waiting.load(Ordering::SeqCst) && same < LOOKS_MAX {
                std::thread::park_timeout(LOOK_EVERY);
                let now = self.turns.load(Ordering::Relaxed);
                let is_same = now == turns && !self.is_over.load(Ordering::SeqCst);
                same = if is_same { same + 1 } else { 0 };
                turns = now;
            }
            if same == LOOKS_MAX && !self.is_waiting.load(Ordering::SeqCst) {
                self.end(&mut control);
            }
        }
    }

    /// Ends the process; the keeper sees a fault, and the next server passes over what this one did
    /// not get on with.
    fn end(&self, control: &mut SharedMemory) {
        last_words::say(
            "server: a step of its loop took longer than ten seconds; another server takes over",
        );
        let client = self.client.load(Ordering::SeqCst);
        if client != 0 {
            control.publish(CONTROL_GIVEN_UP_NUMBER, self.number.load(Ordering::Relaxed));
            control.publish(CONTROL_GIVEN_UP, client);
        }
        ignore_failure(kill_process(getpid(), Signal::ABORT), "the next look tries it again");
    }
}
