//! Whose turn it is: commands for a session's shell are run one after the other, commands beside it
//! at once.

use crate::base::error::{Code, Refusal};
use crate::base::id::{CallId, CommandId, SessionId};
use crate::base::time::{Now, Tick};
use crate::settings::Settings;
use crate::state::call::{CommandWait, Pending};
use crate::state::command::{ExecRequest, StopReason, Waiting};
use crate::state::command_effect::{CommandEffect, ShellSpec};
use crate::state::effect::{Effect, Effects};
use crate::state::host::Host;
use crate::state::{State, env};

/// What a turn depends on beside the state.
#[derive(Debug, Clone, Copy)]
pub struct ExecContext<'a> {
    /// The options in force.
    pub settings: &'a Settings,
    /// The server and its surroundings.
    pub host: &'a Host,
    /// The present.
    pub now: Now,
}

impl State {
    /// Runs a command in a session's shell, now or when it is its turn; gives what the call waits
    /// for, and until when.
    ///
    /// # Errors
    /// `queue_full`.
    pub fn enqueue_exec(
        &mut self,
        (session, call): (SessionId, CallId),
        order: ExecRequest,
        around: &ExecContext<'_>,
        fx: &mut Effects,
    ) -> Result<(CommandWait, Option<Tick>), Refusal> {
        let queue = self.commands.exec_queues.entry(session).or_default();
        if queue.running.is_none() {
            let command = self.begin((session, call), order, around, fx);
            return Ok((CommandWait::Exec { command }, None));
        }
        let (calls, most) = (&self.calls, around.settings.exec.waiting);
        queue.waiting.retain(|waiting| calls.contains_key(&waiting.call));
        if most <= queue.waiting.len() {
            let name = &self.session(session).name;
            let refusal = Refusal::new(
                Code::QueueFull,
                format!("{most} calls wait for the shell of session {name:?} already"),
            );
            return Err(
                refusal.hint("abide start runs beside the shell; abide ps shows what holds it")
            );
        }
        queue.waiting.push_back(Waiting { call, order });
        let deadline =
            around.now.tick + crate::base::time::Span::millis(around.settings.exec.turn_ms);
        Ok((CommandWait::Turn { session }, Some(deadline)))
    }

    /// The shell of a session is free: whoever waits longest and still does is next.
    pub fn run_next(&mut self, session: SessionId, around: &ExecContext<'_>, fx: &mut Effects) {
        while let Some(queue) =
            self.commands.exec_queues.get_mut(&session).filter(|queue| queue.running.is_none())
        {
            let Some(Waiting { call, order }) = queue.waiting.pop_front() else { return };
            if !self.calls.contains_key(&call) {
                continue;
            }
            let command = self.begin((session, call), order, around, fx);
            if let Some(open) = self.calls.get_mut(&call) {
                open.pending = Pending::Command(CommandWait::Exec { command });
                open.deadline = None;
            }
        }
    }

    fn begin(
        &mut self,
        (session, call): (SessionId, CallId),
        order: ExecRequest,
        around: &ExecContext<'_>,
        fx: &mut Effects,
    ) -> CommandId {
        let command = self.commands.record((session, true), &order, around.now);
        self.commands.exec_queues.entry(session).or_default().running = Some(command);
        let shell = Box::new(self.shell(session, around));
        fx.push(Effect::Command(CommandEffect::Run {
            command,
            call,
            order: Box::new(order),
            shell,
        }));
        command
    }

    /// Starts a command beside the shell of a session.
    pub fn start_command(
        &mut self,
        session: SessionId,
        order: ExecRequest,
        around: &ExecContext<'_>,
        fx: &mut Effects,
    ) -> CommandId {
        let command = self.commands.record((session, false), &order, around.now);
        let shell = Box::new(self.shell(session, around));
        fx.push(Effect::Command(CommandEffect::Start { command, order: Box::new(order), shell }));
        command
    }

    /// Stops a command, if it runs and is not being stopped.
    pub fn stop_command(&mut self, command: CommandId, why: StopReason, fx: &mut Effects) {
        if self.commands.note_stop(command, why) {
            let grace = self.commands.records[&command].grace;
            fx.push(Effect::Command(CommandEffect::Stop { command, grace }));
        }
    }

    fn shell(&self, session: SessionId, around: &ExecContext<'_>) -> ShellSpec {
        let session = self.session(session);
        let program = env::shell(session, around.settings, around.host).swap_remove(0);
        ShellSpec {
            session: session.id,
            program,
            env: env::of_shell(session, around.host),
            cwd: session.cwd.clone(),
        }
    }
}
