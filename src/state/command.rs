//! Commands: what `exec` and `start` run, with a record each, and whose turn it is in a session's
//! shell. Their output is not here.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use crate::base::error::{Code, Refusal};
use crate::base::id::{CallId, CommandId, SessionId};
use crate::base::signal::ExitStatus;
use crate::base::time::{Now, Span, Tick};
use crate::state::take;

/// A command.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Command {
    /// The command's id.
    pub id: CommandId,
    /// The session it belongs to.
    pub session: SessionId,
    /// True if it runs in the session's shell; else beside it.
    pub in_shell: bool,
    /// The words of the command: one is a script, several are program and arguments.
    pub words: Vec<String>,
    /// The directory where it was started, as far as that is known.
    pub cwd: String,
    /// The command's first process; of one in the session's shell that shell.
    pub pid: Option<u32>,
    /// The time when it was started, in milliseconds since 1970.
    pub started_wall: u64,
    /// The time when it was started, for ages.
    pub started: Tick,
    /// The end of the command, if it has ended.
    pub end: Option<End>,
    /// The time it may run, and the moment when that is over.
    pub limit: Option<(Span, Tick)>,
    /// Time it has to end by itself when it is stopped.
    pub grace: Span,
    /// Why it is or was stopped.
    pub stop: Option<StopReason>,
}

/// The end of a command.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct End {
    /// The time of the end, in milliseconds since 1970.
    pub wall: u64,
    /// The time that it ran.
    pub lasted: Span,
    /// The place in the order of ends.
    pub order: u64,
    /// The way it ended.
    pub exit: ExitStatus,
    /// True if KILL was needed.
    pub was_killed: bool,
}

/// Why a command is stopped.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum StopReason {
    /// A call asked for it.
    Asked,
    /// The time it had was up.
    Time,
    /// The caller that waited for it has gone.
    Cancelled,
    /// The command's session ended.
    Session,
}

impl Command {
    /// The stage of its life, in a word.
    #[must_use]
    pub fn state(&self) -> &'static str {
        let Some(end) = self.end else {
            return if self.pid.is_some() { "running" } else { "starting" };
        };
        match (self.stop, end.exit) {
            (Some(StopReason::Time), _) => "timed_out",
            (Some(_), _) if end.was_killed => "killed",
            (Some(_), _) => "stopped",
            (None, ExitStatus::Lost) => "lost",
            (None, ExitStatus::Code(0)) => "completed",
            (None, _) => "failed",
        }
    }

    /// The status a shell would show; 124 if its time was up.
    #[must_use]
    pub fn exit_code(&self) -> Option<u8> {
        let end = self.end?;
        Some(if self.stop == Some(StopReason::Time) { 124 } else { end.exit.shell() })
    }
}

/// The output of a command, as far as it is kept.
#[derive(Debug, Default)]
pub struct Captured {
    /// Standard output.
    pub stdout: Vec<u8>,
    /// Standard error.
    pub stderr: Vec<u8>,
    /// True if the beginning of either is missing.
    pub is_cut: bool,
    /// The shell was replaced, and what that lost, in words.
    pub state_lost: Option<String>,
    /// The session's shell ended with the command.
    pub shell_ended: bool,
    /// Processes that could not be ended, by pid.
    pub left: Vec<u32>,
}

/// A command that is to be run.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ExecRequest {
    /// The words of the command: one is a script, several are program and arguments.
    pub words: Vec<String>,
    /// The directory, for this command alone.
    pub cwd: Option<String>,
    /// Variables for this command alone; those without a value are unset.
    pub vars: Vec<(String, Option<String>)>,
    /// The input that it reads.
    pub input: CommandInput,
    /// True if whoever asked gets the output as it comes.
    pub stream: bool,
    /// True if whoever asked is told the command before it has ended.
    pub announce: bool,
    /// The time it may run.
    pub limit: Option<Span>,
    /// Time it has to end by itself when it is stopped.
    pub grace: Span,
}

/// The standard input of a command.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum CommandInput {
    /// Nothing.
    #[default]
    Nothing,
    /// These bytes.
    Bytes(Vec<u8>),
    /// Bytes that are written later, until the input is closed.
    Open,
}

/// A call that waits for its turn in a session's shell.
#[derive(Debug, Clone)]
pub struct Waiting {
    /// The call.
    pub call: CallId,
    /// The command it wants to run.
    pub order: ExecRequest,
}

/// The turns of a session's shell.
#[derive(Debug, Clone, Default)]
pub struct ExecQueue {
    /// The command that runs.
    pub running: Option<CommandId>,
    /// The calls that come next.
    pub waiting: VecDeque<Waiting>,
}

/// All commands.
#[derive(Debug, Default)]
pub struct Commands {
    /// Grows by one with every change of what is kept over a restart of the server.
    pub version: u64,
    /// The next number of a command, less one.
    pub next: u64,
    /// The next number in the order of ends.
    pub next_end: u64,
    /// Commands by id.
    pub records: BTreeMap<CommandId, Command>,
    /// Turns, by session.
    pub exec_queues: BTreeMap<SessionId, ExecQueue>,
    /// Sessions that are gone and whose commands and shells are being ended.
    pub ending: BTreeSet<SessionId>,
    /// Sessions that went in this step; empty between steps.
    pub gone: Vec<SessionId>,
    /// Sessions that are being killed: what outlived their panes ends with them. Empty between
    /// steps.
    pub killed: BTreeSet<SessionId>,
}

impl Commands {
    /// A command that is there.
    ///
    /// # Errors
    /// `not_found`.
    pub fn get(&self, id: CommandId) -> Result<&Command, Refusal> {
        self.records.get(&id).ok_or_else(|| no_command(&id.to_string()))
    }

    /// An id that no command had.
    pub fn next_id(&mut self) -> CommandId {
        CommandId(take(&mut self.next) + 1)
    }

    /// Makes a record. `id` and what it says are durable before anything starts.
    pub fn record(
        &mut self,
        session: SessionId,
        in_shell: bool,
        order: &ExecRequest,
        now: Now,
    ) -> CommandId {
        let id = self.next_id();
        let command = Command {
            id,
            session,
            in_shell,
            words: order.words.clone(),
            cwd: order.cwd.clone().unwrap_or_default(),
            pid: None,
            started_wall: now.wall,
            started: now.tick,
            end: None,
            limit: order.limit.map(|limit| (limit, now.tick + limit)),
            grace: order.grace,
            stop: None,
        };
        self.records.insert(id, command);
        self.version += 1;
        id
    }

    /// Notes why a command is stopped; false if it has ended or is being stopped already.
    pub fn note_stop(&mut self, id: CommandId, why: StopReason) -> bool {
        let Some(command) = self
            .records
            .get_mut(&id)
            .filter(|command| command.end.is_none() && command.stop.is_none())
        else {
            return false;
        };
        command.stop = Some(why);
        self.version += 1;
        true
    }

    /// Notes the end of a command.
    pub fn note_end(&mut self, id: CommandId, exit: ExitStatus, was_killed: bool, now: Now) {
        let order = take(&mut self.next_end);
        let Some(command) = self.records.get_mut(&id).filter(|command| command.end.is_none())
        else {
            return;
        };
        command.end = Some(End {
            wall: now.wall,
            lasted: now.tick - command.started,
            order,
            exit,
            was_killed,
        });
        let session = command.session;
        self.version += 1;
        if let Some(queue) =
            self.exec_queues.get_mut(&session).filter(|queue| queue.running == Some(id))
        {
            queue.running = None;
        }
    }

    /// Forgets the oldest ended commands of a session, of which it keeps `kept`; gives those that
    /// are forgotten.
    pub fn forget_oldest(&mut self, session: SessionId, kept: usize) -> Vec<CommandId> {
        let ended = self.records.values().filter(|command| command.session == session);
        let mut ended: Vec<(u64, CommandId)> =
            ended.filter_map(|command| Some((command.end?.order, command.id))).collect();
        ended.sort_unstable();
        let surplus = ended.len().saturating_sub(kept);
        let old: Vec<CommandId> = ended.into_iter().take(surplus).map(|(_, id)| id).collect();
        for id in &old {
            self.records.remove(id);
        }
        old
    }

    /// The time when the time of the first running command is up.
    #[must_use]
    pub fn next_deadline(&self) -> Option<Tick> {
        self.overdue_at().map(|(at, _)| at).min()
    }

    /// Commands whose time is up.
    #[must_use]
    pub fn overdue(&self, now: Tick) -> Vec<CommandId> {
        self.overdue_at().filter(|(at, _)| *at <= now).map(|(_, id)| id).collect()
    }

    fn overdue_at(&self) -> impl Iterator<Item = (Tick, CommandId)> {
        let running =
            self.records.values().filter(|command| command.end.is_none() && command.stop.is_none());
        running.filter_map(|command| Some((command.limit?.1, command.id)))
    }

    /// A session is gone: its commands and its shell are ended at the end of the step.
    pub fn session_gone(&mut self, session: SessionId) {
        let has_any = self.exec_queues.contains_key(&session)
            || self.killed.contains(&session)
            || self.records.values().any(|command| command.session == session);
        if has_any {
            self.gone.push(session);
            self.ending.insert(session);
        }
    }

    /// True if no command runs and no session is being ended.
    #[must_use]
    pub fn is_idle(&self) -> bool {
        self.ending.is_empty()
    }
}

/// A command that is not there.
#[must_use]
pub fn no_command(text: &str) -> Refusal {
    Refusal::new(Code::NotFound, format!("no command {text:?}")).hint("abide ps --all")
}

/// The words of a command as one line for a shell: several words mean exactly themselves, one is a
/// script already.
#[must_use]
pub fn script(words: &[String]) -> String {
    if let [only] = words {
        return only.clone();
    }
    words.iter().map(|word| quoted(word)).collect::<Vec<_>>().join(" ")
}

/// A word as a shell reads it back.
#[must_use]
pub fn quoted(word: &str) -> String {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"_-./=:,+@%".contains(&byte);
    if !word.is_empty() && word.bytes().all(is_plain) {
        return word.to_owned();
    }
    format!("'{}'", word.replace('\'', "'\\''"))
}

#[cfg(test)]
mod tests {
    use super::{Commands, ExecRequest, StopReason, script};
    use crate::base::id::{CommandId, SessionId};
    use crate::base::signal::ExitStatus;
    use crate::base::time::{Now, Span, Tick};

    fn words(words: &[&str]) -> Vec<String> {
        words.iter().map(|word| (*word).to_owned()).collect()
    }

    #[test]
    fn one_word_is_a_script_and_several_are_literal() {
        assert_eq!(script(&words(&["a && b"])), "a && b");
        assert_eq!(
            script(&words(&["echo", "$x", "", "it's", "a b"])),
            "echo '$x' '' 'it'\\''s' 'a b'"
        );
    }

    #[test]
    fn v9_only_the_latest_ended_records_stay_and_running_ones_always() {
        let mut commands = Commands::default();
        let session = SessionId(1);
        let at = |n| Now { tick: Tick(n), wall: n };
        let first = commands.record(session, false, &ExecRequest::default(), at(0));
        for n in 1..=20 {
            let id = commands.record(session, false, &ExecRequest::default(), at(n));
            commands.note_end(id, ExitStatus::Code(0), false, at(n));
            commands.forget_oldest(session, 10);
        }
        let ended = commands.records.values().filter(|command| command.end.is_some()).count();
        assert_eq!((ended, commands.records.len()), (10, 11));
        assert!(commands.get(first).is_ok() && commands.get(CommandId(21)).is_ok());
        assert!(commands.get(CommandId(2)).is_err());
    }

    #[test]
    fn the_state_says_why_it_ended() {
        let mut commands = Commands::default();
        let order = ExecRequest { limit: Some(Span(5)), ..ExecRequest::default() };
        let now = Now::default();
        let mut state = |exit: ExitStatus, why: Option<StopReason>, killed: bool| {
            let id = commands.record(SessionId(1), true, &order, now);
            assert_eq!(commands.records[&id].state(), "starting");
            why.map(|why| commands.note_stop(id, why));
            commands.note_end(id, exit, killed, now);
            (commands.records[&id].state(), commands.records[&id].exit_code())
        };
        assert_eq!(state(ExitStatus::Code(0), None, false), ("completed", Some(0)));
        assert_eq!(state(ExitStatus::Signal(9), None, false), ("failed", Some(137)));
        assert_eq!(
            state(ExitStatus::Signal(15), Some(StopReason::Asked), false),
            ("stopped", Some(143))
        );
        assert_eq!(
            state(ExitStatus::Signal(9), Some(StopReason::Cancelled), true),
            ("killed", Some(137))
        );
        assert_eq!(
            state(ExitStatus::Signal(2), Some(StopReason::Time), true),
            ("timed_out", Some(124))
        );
        assert_eq!(state(ExitStatus::Lost, None, false), ("lost", Some(255)));
    }
}
