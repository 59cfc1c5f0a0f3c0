//! Commands that read what panes print: started, and fed by a thread through a queue. The queue
//! has a bound, so a slow command delays nobody.

use std::io;
use std::time::{Duration, Instant};

use tokio::sync::mpsc::{Receiver, Sender, channel};

use crate::base::id::PaneId;
use crate::core::{Core, Input, PaneEvent};
use crate::platform::command::Fed;
use crate::server::event::{self, Event};
use crate::server::panes::Panes;
use crate::state::State;

/// A command may go on reading for so long once there will be no more.
const FINISH_WITHIN: Duration = Duration::from_secs(5);

/// The number of pieces that wait for a command at most; one is at most what a pane gives in one
/// turn, 64 KiB.
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

    /// True if nobody reads it any more.
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

impl Panes {
    /// Lets what a pane prints go to the command its state names, or to none. Gives inputs if the
    /// command cannot be started.
    pub(in crate::server) fn start_pipe(
        &mut self,
        core: &Core,
        pane: PaneId,
        events: &Sender<Event>,
    ) -> Vec<Input<'static>> {
        let Some(state) = core.state().panes.get(&pane) else { return Vec::new() };
        let Some(io) = self.io.get_mut(&pane) else { return Vec::new() };
        io.pipe = None;
        let Some(line) = state.pipe.clone() else { return Vec::new() };
        let cwd = state.screen.cwd().unwrap_or(&state.cwd).to_owned();
        let env = vec![
            ("ABIDE_PANE".to_owned(), pane.to_string()),
            ("ABIDE".to_owned(), core.host().socket.clone()),
        ];
        match Fed::start(&line, env, &cwd) {
            Ok(command) => {
                let (pipe, waiting) = Pipe::new(line.clone());
                io.pipe = Some(pipe);
                feed(pane, line, command, waiting, events.clone());
                Vec::new()
            }
            Err(error) => self.end_pipe(core.state(), pane, &line, &error.to_string()),
        }
    }

    /// The inputs for a command that reads no more. None for one that another took the place of.
    pub(in crate::server) fn end_pipe(
        &mut self,
        state: &State,
        pane: PaneId,
        line: &str,
        how: &str,
    ) -> Vec<Input<'static>> {
        let known = state.panes.get(&pane).and_then(|state| state.pipe.as_deref());
        let io = self.io.get_mut(&pane).filter(|_| known == Some(line));
        // The command may have been replaced by another one with the same line.
        let Some(io) = io.filter(|io| io.pipe.as_ref().is_none_or(Pipe::is_closed)) else {
            return Vec::new();
        };
        io.pipe = None;
        let text = format!("what read pane {pane} has ended ({how}): {line}");
        vec![Input::Pane { pane, event: PaneEvent::PipeEnded }, warning(pane, text)]
    }
}

/// The input for a command that does not read as fast as its pane prints.
pub(in crate::server) fn slow(pane: PaneId, line: &str) -> Input<'static> {
    warning(pane, format!("what reads pane {pane} is too slow and misses output: {line}"))
}

fn warning(pane: PaneId, text: String) -> Input<'static> {
    tracing::warn!(%pane, "{text}");
    Input::Pane { pane, event: PaneEvent::Warning(text) }
}

/// Feeds a command until there is no more for it, or it takes no more.
fn feed(
    pane: PaneId,
    line: String,
    mut command: Fed,
    mut waiting: Receiver<Vec<u8>>,
    events: Sender<Event>,
) {
    tokio::task::spawn_blocking(move || {
        let mut end = None;
        while let Some(bytes) = waiting.blocking_recv() {
            let is_over = || {
                if waiting.is_closed() {
                    end.get_or_insert_with(|| Instant::now() + FINISH_WITHIN);
                }
                end.is_some_and(|end| end <= Instant::now())
            };
            if command.write(&bytes, is_over).is_err() {
                waiting.close();
                let how = command
                    .finish(FINISH_WITHIN)
                    .map_or_else(|error: io::Error| error.to_string(), |status| status.to_string());
                event::send_blocking(&events, Event::PipeEnded(pane, line, how));
                return;
            }
        }
        if let Err(error) = command.finish(FINISH_WITHIN) {
            tracing::warn!(%line, %error, "a command that read a pane");
        }
    });
}
