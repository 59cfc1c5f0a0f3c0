//! Calls: who may make them, who carries them out, and that each is answered exactly once; and
//! the lives of the commands that calls run: they start, end, are given up and run out of time.

use std::path::Path;

use crate::action::exec::Ran;
use crate::action::process::run::StartedCommand;
use crate::action::server::Upgraded;
use crate::action::table::{Call, value};
use crate::action::{Access, Answer, Cx, Json, Outcome, Role, completion, table};
use crate::base::error::{Code, Refusal};
use crate::base::id::{CallId, ClientId, CommandId, SessionId};
use crate::base::signal::ExitStatus;
use crate::base::time::Now;
use crate::core::Core;
use crate::state::call::{Caller, CommandWait, OpenCall, Pending};
use crate::state::command::{Captured, End, StopReason};
use crate::state::command_effect::CommandEffect;
use crate::state::effect::{Effect, Effects, Fact};
use crate::state::session::ExecContext;
use crate::state::{Leaving, target};

/// A call as it comes in, not checked yet.
pub(super) struct IncomingCall {
    pub(super) call: CallId,
    pub(super) caller: Caller,
    pub(super) action: Call,
}

impl Core {
    pub(super) fn call(&mut self, now: Now, incoming: IncomingCall, fx: &mut Effects) {
        let IncomingCall { call, caller, action } = incoming;
        let caller = Caller {
            client: caller.client.filter(|client| self.state.views.contains_key(client)),
            ..caller
        };
        if let Err(refusal) = self.may(caller, &action) {
            return fx.push(Effect::Answer { call, outcome: Err(refusal) });
        }
        if let Some(client) = caller.client {
            self.state.used(client, now);
        }
        let answer = match action.role() {
            Role::Server => {
                let (state, settings, host) = (&mut self.state, &self.settings, &self.host);
                action.apply(&mut Cx { state, settings, host, now, caller, call, fx })
            }
            Role::Client => self.forward(call, caller, &action, fx),
            Role::Cli => {
                let refusal = Refusal::new(
                    Code::UnknownAction,
                    format!("{} is carried out by the command line only", action.name()),
                );
                Err(refusal.hint(format!("run abide {}", action.words())))
            }
        };
        match answer {
            Ok(Answer::Now(value)) => fx.push(Effect::Answer { call, outcome: Ok(value) }),
            Ok(Answer::Later { pending, deadline }) => {
                self.state.calls.insert(call, OpenCall { caller, deadline, pending });
            }
            Err(refusal) => fx.push(Effect::Answer { call, outcome: Err(refusal) }),
        }
    }

    fn may(&self, caller: Caller, action: &Call) -> Result<(), Refusal> {
        if self.state.leaving.is_some() {
            return Err(Refusal::new(Code::ShuttingDown, "the server is stopping")
                .hint("try again in a moment"));
        }
        let read_only = caller.client.is_some_and(|client| self.state.view(client).read_only);
        // Actions that a client does to itself change nothing of the world, so one that only
        // watches may.
        if read_only && action.access() > Access::Read && action.role() != Role::Client {
            let refusal = Refusal::new(
                Code::ReadOnly,
                format!("this client only watches, so it cannot {}", action.name()),
            );
            return Err(refusal.hint("abide attach without --read-only"));
        }
        Ok(())
    }

    /// Hands a call to the client it names, else to the caller's, else to the one used last of
    /// those that show the caller's session.
    fn forward(
        &self,
        call: CallId,
        caller: Caller,
        action: &Call,
        fx: &mut Effects,
    ) -> Result<Answer<Json>, Refusal> {
        let params = action.params();
        let named = params
            .get("client")
            .and_then(|client| client.as_str())
            .and_then(|client| client.parse::<ClientId>().ok());
        let own = || {
            target::session(&self.state, caller, "")
                .ok()
                .and_then(|session| self.state.acting_view(caller, session))
        };
        let client = named
            .or_else(own)
            .or(caller.client)
            .filter(|client| self.state.views.contains_key(client))
            .ok_or_else(|| {
                Refusal::new(Code::NotFound, format!("no client to carry {} out", action.name()))
                    .hint("abide client ls; abide attach")
            })?;
        fx.push(Effect::Forward { client, call, name: action.name(), params });
        Ok(Answer::Later { pending: Pending::Forwarded { client }, deadline: None })
    }

    /// Answers a call that is open; one that is not was answered before, or its caller is gone.
    pub(super) fn answer(&mut self, call: CallId, outcome: Outcome, fx: &mut Effects) {
        if self.state.calls.remove(&call).is_some() {
            fx.push(Effect::Answer { call, outcome });
        }
    }

    pub(super) fn complete(&mut self, done: Vec<(CallId, Outcome)>, fx: &mut Effects) {
        for (call, outcome) in done {
            self.answer(call, outcome, fx);
        }
    }

    pub(super) fn found(&mut self, call: CallId, fact: Fact, fx: &mut Effects) {
        match (self.state.calls.get_mut(&call).map(|open| &mut open.pending), fact) {
            (Some(Pending::Send { pane, bytes }), Fact::LineMode { canonical }) => {
                let (pane, bytes) = (*pane, std::mem::take(bytes));
                let outcome = completion::on_line_mode(pane, &bytes, canonical);
                if outcome.is_ok() {
                    fx.push(Effect::Write { pane, bytes });
                }
                self.answer(call, outcome, fx);
            }
            (Some(Pending::Upgrade), Fact::Successor(found)) => {
                let outcome = found.map(|successor| {
                    let reply = Upgraded::begun(&self.host, &successor);
                    self.state.leaving = Some(Leaving::Upgrade(successor.program));
                    table::value(&reply)
                });
                self.answer(call, outcome, fx);
            }
            _ => {}
        }
    }
}

/// Something that happened to a command.
#[derive(Debug)]
pub enum CommandEvent {
    /// The command runs.
    Started {
        /// The command.
        command: CommandId,
        /// The command's first process, or the shell it runs in.
        pid: u32,
        /// The directory it runs in; empty where unknown.
        cwd: String,
    },
    /// The command could not be started.
    NotStarted {
        /// The command.
        command: CommandId,
        /// Why.
        refusal: Refusal,
    },
    /// The command has ended, and after a stop all that came of it is gone.
    Ended {
        /// The command.
        command: CommandId,
        /// The way it ended.
        exit: ExitStatus,
        /// True if KILL was needed.
        was_killed: bool,
        /// The output, and what else its caller is told.
        output: Box<Captured>,
    },
    /// A session is gone whose commands or shell still run.
    SessionEnding {
        /// The session.
        session: SessionId,
    },
    /// Everything of a session that was gone has ended.
    SessionOver {
        /// The session.
        session: SessionId,
    },
}

/// The directory of a command that asked for `asked`, if for any, and was started from `from`.
fn directory(from: String, asked: &str) -> String {
    match (from.as_str(), asked) {
        ("", _) => asked.to_owned(),
        (_, "") => from,
        _ => Path::new(&from).join(asked).display().to_string(),
    }
}

impl Core {
    /// Takes note of what happened to a command.
    pub(super) fn command(&mut self, now: Now, event: CommandEvent, fx: &mut Effects) {
        match event {
            CommandEvent::Started { command, pid, cwd } => {
                self.command_started(command, pid, cwd, fx);
            }
            CommandEvent::NotStarted { command, refusal } => {
                self.command_not_started(now, command, &refusal, fx);
            }
            CommandEvent::Ended { command, exit, was_killed, output } => {
                self.state.commands.note_end(command, exit, was_killed, now);
                self.command_ended(now, command, *output, fx);
            }
            CommandEvent::SessionEnding { session } => {
                self.state.commands.ending.insert(session);
            }
            CommandEvent::SessionOver { session } => {
                self.state.commands.ending.remove(&session);
                self.state.commands.exec_queues.remove(&session);
                let records = self.state.commands.records.values();
                let gone: Vec<CommandId> = records
                    .filter(|command| command.session == session)
                    .map(|command| command.id)
                    .collect();
                for id in gone {
                    self.state.commands.records.remove(&id);
                    fx.push(Effect::Command(CommandEffect::Drop { command: id }));
                    for call in self.waiting(id, |_| true) {
                        let message = format!("session {session} ended during command {id}");
                        let refusal = Refusal::new(Code::SessionTerminated, message);
                        self.answer(call, Err(refusal.hint("abide ls")), fx);
                    }
                }
                self.state.commands.version += 1;
                let over = completion::on_session_over(&mut self.state, session);
                self.complete(over, fx);
            }
        }
    }

    fn command_started(&mut self, id: CommandId, pid: u32, cwd: String, fx: &mut Effects) {
        let Some(command) = self.state.commands.records.get_mut(&id) else { return };
        command.pid = Some(pid);
        command.cwd = directory(cwd, &command.cwd);
        self.state.commands.version += 1;
        tracing::info!(command = %id, pid, "runs");
        let reply = value(&StartedCommand { id, pid });
        for call in self.waiting(id, |wait| matches!(wait, CommandWait::Started { .. })) {
            self.answer(call, Ok(reply.clone()), fx);
        }
    }

    fn command_not_started(
        &mut self,
        now: Now,
        id: CommandId,
        refusal: &Refusal,
        fx: &mut Effects,
    ) {
        tracing::warn!(command = %id, message = refusal.message, "could not be started");
        let Some(command) = self.state.commands.records.remove(&id) else { return };
        self.state.commands.version += 1;
        fx.push(Effect::Command(CommandEffect::Drop { command: id }));
        for call in self.waiting(id, |_| true) {
            self.answer(call, Err(refusal.clone()), fx);
        }
        self.exec_done(now, command.session, id, fx);
    }

    fn command_ended(&mut self, now: Now, id: CommandId, output: Captured, fx: &mut Effects) {
        let Some(command) = self.state.commands.records.get(&id).cloned() else { return };
        let Some(End { exit, was_killed, lasted, .. }) = command.end else { return };
        let (state, lasted_ms) = (command.state(), lasted.as_millis());
        tracing::info!(command = %id, state, %exit, was_killed, lasted_ms, "ended");
        let kept = self.settings.exec.records;
        let dropped = self.state.commands.forget_oldest(command.session, kept);
        let outcome = if output.shell_ended && command.stop.is_none() {
            let name = self
                .state
                .sessions
                .get(&command.session)
                .map_or("", |session| session.name.as_str());
            let message =
                format!("the shell of session {name:?} ended during command {id}: {exit}");
            Err(Refusal::new(Code::SessionTerminated, message)
                .hint("the next exec gets a new shell"))
        } else {
            Ok(value(&Ran::new(&command, output)))
        };
        for call in self.waiting(id, |wait| matches!(wait, CommandWait::Exec { .. })) {
            self.answer(call, outcome.clone(), fx);
        }
        for call in self.waiting(id, |wait| matches!(wait, CommandWait::Started { .. })) {
            let message = format!("command {id} ended before it was said to run: {exit}");
            self.answer(call, Err(Refusal::new(Code::Ended, message)), fx);
        }
        fx.extend(
            dropped.into_iter().map(|command| Effect::Command(CommandEffect::Drop { command })),
        );
        self.exec_done(now, command.session, id, fx);
    }

    /// The calls that wait for something of a command, of the wanted kinds.
    fn waiting(&self, id: CommandId, is: impl Fn(&CommandWait) -> bool) -> Vec<CallId> {
        completion::calls(&self.state, |pending| match pending {
            Pending::Command(wait) => wait.command() == Some(id) && is(wait),
            _ => false,
        })
    }

    fn exec_done(&mut self, now: Now, session: SessionId, id: CommandId, fx: &mut Effects) {
        if let Some(queue) = self
            .state
            .commands
            .exec_queues
            .get_mut(&session)
            .filter(|queue| queue.running == Some(id))
        {
            queue.running = None;
        }
        if self.state.sessions.contains_key(&session) {
            let around = ExecContext { settings: &self.settings, host: &self.host, now };
            self.state.run_next(session, &around, fx);
        }
    }

    /// The caller of an open call has gone: what it ran is stopped.
    pub(super) fn cancelled(&mut self, call: CallId, fx: &mut Effects) {
        let Some(open) = self.state.calls.remove(&call) else { return };
        if let Pending::InPane(wait) = &open.pending {
            return self.interrupt(wait, fx);
        }
        if let Pending::Command(CommandWait::Exec { command }) = open.pending
            && self.settings.exec.cancel
        {
            self.state.stop_command(command, StopReason::Cancelled, fx);
        }
    }

    /// Commands whose time is up are stopped.
    pub(super) fn stop_overdue(&mut self, now: Now, fx: &mut Effects) {
        for command in self.state.commands.overdue(now.tick) {
            tracing::info!(%command, "its time is up");
            self.state.stop_command(command, StopReason::Time, fx);
        }
    }

    /// Sessions that went in this step take their commands and shells with them.
    pub(super) fn end_gone_sessions(&mut self, fx: &mut Effects) {
        for session in std::mem::take(&mut self.state.commands.gone) {
            let waiting = self
                .state
                .commands
                .exec_queues
                .remove(&session)
                .map_or_else(Default::default, |queue| queue.waiting);
            for waiting in waiting {
                let gone = Refusal::new(
                    Code::NotFound,
                    format!("session {session} ended before it was this call's turn"),
                );
                self.answer(waiting.call, Err(gone.hint("abide ls")), fx);
            }
            let running = self
                .state
                .commands
                .records
                .values()
                .filter(|command| command.session == session && command.end.is_none());
            for id in running.map(|command| command.id).collect::<Vec<_>>() {
                self.state.commands.note_stop(id, StopReason::Session);
            }
            let spares = !self.state.commands.killed.remove(&session);
            let grace = self.settings.pane.grace();
            fx.push(Effect::Command(CommandEffect::EndSession { session, grace, spares }));
        }
        // Hidden sessions whose time is over have no commands any more.
        for session in std::mem::take(&mut self.state.commands.killed) {
            if !self.state.sessions.contains_key(&session) {
                self.state.commands.ending.insert(session);
                let grace = self.settings.pane.grace();
                let effect = CommandEffect::EndSession { session, grace, spares: false };
                fx.push(Effect::Command(effect));
            }
        }
    }
}
