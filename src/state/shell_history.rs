//! Commands typed at the prompts of panes' shells, as the shells' marks tell (OSC 133): what ran
//! where, for how long, with which status; and calls that type one.

use std::collections::VecDeque;

use crate::base::id::{CommandId, PaneId, SessionId};
use crate::base::key::{Key, KeyCode, KeyInput};
use crate::base::time::{Now, Span, Tick};
use crate::term::{Anchor, MarkKind, Terminal};

/// The most commands that are remembered.
pub const PASTS_MAX: usize = 1000;
/// The most bytes of their lines and directories together.
const BYTES_MAX: usize = 1 << 20;

/// A command that was typed at a prompt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ShellCommand {
    /// The command's id, of the same numbers as those of `exec` and `start`.
    pub id: CommandId,
    /// The pane.
    pub pane: PaneId,
    /// The session that pane was in.
    pub session: SessionId,
    /// The line; empty for one that began with a blank, which is not to be remembered.
    pub text: String,
    /// The directory it was typed in; empty where unknown.
    pub cwd: String,
    /// The time when it was started, in milliseconds since 1970.
    pub started_wall: u64,
    /// The same, for durations.
    pub started: Tick,
    /// The place where its output begins.
    pub from: Option<Anchor>,
    /// The end of the command, if that has come.
    pub end: Option<ShellCommandEnd>,
}

/// The end of a command that was typed at a prompt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ShellCommandEnd {
    /// The time that it ran.
    pub lasted: Span,
    /// The status, if the shell told it.
    pub exit_code: Option<u8>,
    /// The place where its output ends.
    pub to: Option<Anchor>,
}

/// The commands typed at prompts, oldest first.
#[derive(Debug, Default)]
pub struct ShellHistory {
    list: VecDeque<ShellCommand>,
    bytes: usize,
}

impl ShellHistory {
    /// Remembers one; the oldest make room.
    pub fn push(&mut self, past: ShellCommand) {
        self.bytes += past.text.len() + past.cwd.len();
        self.list.push_back(past);
        while (PASTS_MAX < self.list.len() || BYTES_MAX < self.bytes)
            && let Some(old) = self.list.pop_front()
        {
            self.bytes -= old.text.len() + old.cwd.len();
        }
    }

    /// Takes note of the end of one, if it is still remembered.
    pub fn end(&mut self, id: CommandId, at: Now, exit_code: Option<u8>, to: Option<Anchor>) {
        if let Some(past) =
            self.list.iter_mut().rev().find(|past| past.id == id && past.end.is_none())
        {
            past.end = Some(ShellCommandEnd { lasted: at.tick - past.started, exit_code, to });
        }
    }

    /// The command with this id.
    #[must_use]
    pub fn get(&self, id: CommandId) -> Option<&ShellCommand> {
        self.list.iter().rev().find(|past| past.id == id)
    }

    /// All that are to be shown, oldest first.
    #[must_use]
    pub fn list(&self) -> impl DoubleEndedIterator<Item = &ShellCommand> {
        self.list.iter().filter(|past| !past.text.is_empty())
    }
}

/// The state that the shell of a pane told of itself.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ShellState {
    /// True if it sent any mark since this server runs.
    pub seen: bool,
    /// The directory as it was told last; empty where it was not.
    pub cwd: String,
    /// The place where its prompt ends and the command line begins; none while it draws one, and
    /// after a start of the server.
    pub spot: Option<Anchor>,
    /// The command that it runs.
    pub running: Option<CommandId>,
}

/// A call that runs a command in the shell of a pane.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InPane {
    /// The pane.
    pub pane: PaneId,
    /// The line that is typed.
    pub line: String,
    /// The time it may run.
    pub limit: Option<Span>,
    /// The time it may take to end after each signal.
    pub grace: Span,
    /// The phase it is in.
    pub phase: Phase,
    /// The time since which it is typed.
    pub since: Tick,
    /// The number of times it was told to end.
    pub strikes: u8,
}

/// The phases of a command in the shell of a pane.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Phase {
    /// The prompt is awaited.
    Prompt,
    /// The command is typed, and the shell has not said that it runs.
    Typed,
    /// The command runs.
    Running(CommandId),
}

/// True if a shell marked a prompt that is still there.
#[must_use]
pub fn has_prompts(screen: &Terminal) -> bool {
    screen.mark_before(screen.reach().end, MarkKind::Prompt).is_some()
}

/// The bytes that a terminal would send for a line and Enter.
#[must_use]
pub fn typed(screen: &Terminal, line: &str) -> Vec<u8> {
    let mut bytes = Vec::new();
    screen.input().encode_paste(line, &mut bytes);
    screen.input().encode_key(&KeyInput::from(Key::plain(KeyCode::Enter)), &mut bytes);
    bytes
}

#[cfg(test)]
mod tests {
    use super::{BYTES_MAX, PASTS_MAX, ShellCommand, ShellHistory};
    use crate::base::id::{CommandId, PaneId, SessionId};
    use crate::base::time::{Now, Tick};

    fn past(id: u64, text: &str) -> ShellCommand {
        ShellCommand {
            id: CommandId(id),
            pane: PaneId(1),
            session: SessionId(1),
            text: text.into(),
            cwd: "/".into(),
            started_wall: id,
            started: Tick(id),
            from: None,
            end: None,
        }
    }

    #[test]
    fn the_latest_are_remembered_within_count_and_bytes() {
        let mut history = ShellHistory::default();
        for id in 0..=PASTS_MAX as u64 {
            history.push(past(id, "ls"));
        }
        assert_eq!((history.list().count(), history.get(CommandId(0))), (PASTS_MAX, None));
        history.push(past(5000, &"x".repeat(BYTES_MAX - 100)));
        assert!(history.list().count() < 40 && history.get(CommandId(5000)).is_some());
        history.push(past(5001, &"x".repeat(BYTES_MAX)));
        assert_eq!((history.list().count(), history.bytes), (0, 0));
    }

    #[test]
    fn an_end_is_noted_once_and_what_is_private_is_not_listed() {
        let mut history = ShellHistory::default();
        history.push(past(1, "make"));
        history.push(past(2, ""));
        for code in [3, 4] {
            history.end(CommandId(1), Now { tick: Tick(11), wall: 11 }, Some(code), None);
        }
        let end = history.get(CommandId(1)).and_then(|past| past.end).expect("it ended");
        assert_eq!((end.exit_code, end.lasted.as_millis()), (Some(3), 0));
        assert_eq!(history.list().count(), 1);
    }
}
