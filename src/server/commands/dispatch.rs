//! Commands, session shells and processes: what `exec`, `start`, `stop` and `ps` do outside of the
//! core. Whose turn it is and what is answered, the core decides.

use std::os::fd::OwnedFd;
use std::sync::Arc;

use crate::base::error::Refusal;
use crate::base::id::CallId;
use crate::base::time::Tick;
use crate::core::Input;
use crate::core::exec::CommandEvent;
use crate::server::commands::event::CommandTaskEvent;
use crate::server::commands::io;
use crate::server::commands::job::Job;
use crate::server::edge::Server;
use crate::server::event::Origin;
use crate::server::inbox::{Pending, Stepper as _};
use crate::state::command_effect::{CommandEffect, Request};
use crate::wire::keeper::Spawn;

impl Server {
    /// Carries out what a step wants of commands.
    pub(in crate::server) fn perform_command(&mut self, effect: CommandEffect) {
        match effect {
            CommandEffect::Run { command, call, order, shell } => {
                self.run_in_shell(command, call, *order, &shell)
            }
            CommandEffect::Start { command, order, shell } => {
                self.start_beside(command, &order, &shell)
            }
            CommandEffect::Stop { command, grace } => self.stop_command(command, grace),
            CommandEffect::Drop { command } => self.drop_command(command),
            CommandEffect::EndSession { session, grace } => self.end_session(session, grace),
            CommandEffect::Serve { call, request } => self.serve(call, request),
        }
    }

    fn serve(&mut self, call: CallId, request: Request) {
        match request {
            Request::Logs { command, since, follow } => {
                self.show_logs(call, command, (since.as_deref(), follow))
            }
            Request::Write { command, bytes, close } => {
                self.write_to_command(call, command, &bytes, close)
            }
            Request::Await { command, until } => self.await_ready(call, command, until),
            Request::Stop { target, signal, grace, if_running } => {
                self.stop_target(call, target, (signal, grace, if_running))
            }
            Request::Signal { target, signal } => self.signal_target(call, target, signal),
            Request::Table { session, all, line_max } => {
                self.show_table(call, session, (all, line_max))
            }
        }
    }

    /// Answers a call that waits for the edge.
    pub(super) fn served(&mut self, call: CallId, outcome: Result<serde_json::Value, Refusal>) {
        self.post(Pending::Input(Input::Answered { call, outcome }), Origin::None);
    }

    /// Tells the core what happened to a command.
    pub(super) fn command_event(&mut self, event: CommandEvent) {
        self.post(Pending::Command(event), Origin::None);
    }

    /// Works on what a task brought.
    pub(in crate::server) fn proc_event(&mut self, event: CommandTaskEvent) {
        match event {
            CommandTaskEvent::Readable(command, stream) => {
                if let Some(fifo) = self.fifo(command, stream) {
                    (fifo.waiter, fifo.was_open) = (None, true);
                }
                self.pull(command);
            }
            CommandTaskEvent::Writable(command) => self.flush_command(command),
            CommandTaskEvent::JobWritable(tag) => self.flush_job(tag),
            CommandTaskEvent::Ready(call, by) => self.is_ready(call, by),
            CommandTaskEvent::Looked(look) => self.looked(*look),
            CommandTaskEvent::Table(call, items, listed) => {
                self.table_gathered(call, items, listed)
            }
        }
    }

    /// Whether a keeper's ring of a command or shell has something.
    pub(in crate::server) fn has_command_output(&mut self) -> bool {
        self.commands.jobs.values_mut().any(Job::has_output) || self.has_follower_work()
    }

    /// Takes what commands and shells have printed, and passes it on. True if there is more.
    pub(in crate::server) fn command_output(&mut self) -> bool {
        let mut is_more = false;
        let tags: Vec<u64> = self.commands.jobs.keys().copied().collect();
        for tag in tags {
            is_more |= self.job_output(tag);
        }
        self.feed_followers();
        is_more
    }

    /// When something about commands is due.
    pub(in crate::server) fn command_deadline(&self) -> Option<Tick> {
        let jobs = self.commands.jobs.values().filter_map(|job| job.stop.deadline());
        jobs.chain(self.stop_deadline()).min()
    }

    /// Does what is due.
    pub(in crate::server) fn pass_command_deadlines(&mut self, now: Tick) {
        let tags: Vec<u64> = self.commands.jobs.keys().copied().collect();
        for tag in tags {
            self.pass_job_deadline(tag, now);
        }
        self.scan_for_stops(now);
    }

    /// Everything a new keeper is to hold.
    pub(in crate::server) fn adoptable(&self) -> Adoptable {
        let jobs = self.commands.jobs.values().map(Job::adoption).collect();
        let mut stash =
            vec![(crate::server::commands::handoff::COMMANDS.to_vec(), self.commands.kept.fd())];
        for (id, io) in &self.commands.outputs {
            stash.push((io::stash_name(*id, "log"), io.log.memory().fd()));
            if let io::OutputSource::Shell { fifos, .. } = &io.source {
                let open = ["out", "err"]
                    .into_iter()
                    .zip(fifos)
                    .filter_map(|(part, fifo)| Some((part, fifo.as_ref()?)));
                stash.extend(
                    open.map(|(part, fifo)| (io::stash_name(*id, part), Arc::clone(&fifo.fd))),
                );
            }
        }
        Adoptable { jobs, stash, spawning: self.commands.spawning.values().cloned().collect() }
    }
}

/// JobKind a keeper holds for commands.
#[derive(Debug)]
pub(in crate::server) struct Adoptable {
    pub(in crate::server) jobs: Vec<(crate::wire::keeper::ProgramEntry, Vec<Arc<OwnedFd>>)>,
    pub(in crate::server) stash: Vec<(Vec<u8>, Arc<OwnedFd>)>,
    pub(in crate::server) spawning: Vec<Spawn>,
}
