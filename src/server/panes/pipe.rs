//! The queue of what a pane printed to a command beside. It has a bound: a slow command delays
//! nobody.

use tokio::sync::mpsc::{Receiver, Sender, channel};

/// How many pieces wait for a command at most; one is at most what a pane gives in one turn, 64
/// KiB.
const WAITING_MAX: usize = 64;

/// The queue to a command.
#[derive(Debug)]
pub(in crate::server) struct Pipe {
    line: String,
    queue: Sender<Vec<u8>>,
    /// Bytes that found no room.
    lost: u64,
}

impl Pipe {
    /// A queue for the command of this line, and its other end.
    pub(in crate::server) fn new(line: String) -> (Self, Receiver<Vec<u8>>) {
        let (queue, waiting) = channel(WAITING_MAX);
        (Self { line, queue, lost: 0 }, waiting)
    }

    /// Whether nobody reads it any more.
    pub(in crate::server) fn is_closed(&self) -> bool {
        self.queue.is_closed()
    }

    /// Gives bytes to the command. Gives its line if these are the first that it is too slow for.
    pub(in crate::server) fn put(&mut self, bytes: &[u8]) -> Option<String> {
        if self.queue.try_send(bytes.to_vec()).is_ok() || self.queue.is_closed() {
            return None;
        }
        let is_first = self.lost == 0;
        self.lost += bytes.len() as u64;
        is_first.then(|| self.line.clone())
    }
}

impl Drop for Pipe {
    fn drop(&mut self) {
        if 0 < self.lost {
            tracing::warn!(line = %self.line, lost = self.lost, "a command did not read all that \
                its pane printed");
        }
    }
}
