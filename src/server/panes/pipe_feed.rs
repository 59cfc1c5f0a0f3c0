//! Commands that read what panes print: started, fed by a thread, and their end told.

use std::io;
use std::time::{Duration, Instant};

use tokio::sync::mpsc::{Receiver, Sender};

use crate::base::id::PaneId;
use crate::core::{Input, PaneEvent};
use crate::platform::command::Fed;
use crate::server::edge::Server;
use crate::server::event::{self, Event, Origin};
use crate::server::inbox::Stepper as _;
use crate::server::panes::pipe::Pipe;

/// How long a command may go on reading once there will be no more.
const FINISH_WITHIN: Duration = Duration::from_secs(5);

impl Server {
    /// Lets what a pane prints go to the command its state names, or to none.
    pub(in crate::server) fn pipe(&mut self, pane: PaneId) {
        let Some(state) = self.core.state().panes.get(&pane) else { return };
        let Some(io) = self.panes.get_mut(&pane) else { return };
        io.pipe = None;
        let Some(line) = state.pipe.clone() else { return };
        let cwd = state.screen.cwd().unwrap_or(&state.cwd).to_owned();
        let env = vec![
            ("ABIDE_PANE".to_owned(), pane.to_string()),
            ("ABIDE".to_owned(), self.core.host().socket.clone()),
        ];
        match Fed::start(&line, env, &cwd) {
            Ok(command) => {
                let (pipe, waiting) = Pipe::new(line.clone());
                io.pipe = Some(pipe);
                feed(pane, line, command, waiting, self.events.clone());
            }
            Err(error) => self.pipe_ended(pane, &line, &error.to_string()),
        }
    }

    /// After a restart: the commands of the former server have ended with it.
    pub(in crate::server) fn resume_pipes(&mut self) {
        for pane in self.panes.keys().copied().collect::<Vec<_>>() {
            self.pipe(pane);
        }
    }

    /// A command reads no more.
    pub(in crate::server) fn pipe_ended(&mut self, pane: PaneId, line: &str, how: &str) {
        if self
            .core
            .state()
            .panes
            .get(&pane)
            .is_none_or(|state| state.pipe.as_deref() != Some(line))
        {
            return;
        }
        // It may be another one with the same line by now.
        let Some(io) =
            self.panes.get_mut(&pane).filter(|io| io.pipe.as_ref().is_none_or(Pipe::is_closed))
        else {
            return;
        };
        io.pipe = None;
        self.post(Input::Pane { pane, event: PaneEvent::PipeEnded }, Origin::None);
        self.warn(pane, &format!("what read pane {pane} has ended ({how}): {line}"));
    }

    /// A command does not read as fast as its pane prints.
    pub(in crate::server) fn pipe_is_slow(&mut self, pane: PaneId, line: &str) {
        self.warn(pane, &format!("what reads pane {pane} is too slow and misses output: {line}"));
    }

    fn warn(&mut self, pane: PaneId, text: &str) {
        tracing::warn!(%pane, "{text}");
        let event = PaneEvent::Warning(text.to_owned());
        self.post(Input::Pane { pane, event }, Origin::None);
    }
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
