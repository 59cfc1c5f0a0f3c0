//! Commands and session shells as they are kept over a restart of the server. Their output is in
//! logs of its own.
//!
//! Version 1. A reader of another version refuses it: what still runs is then ended with its
//! session.

use serde::{Deserialize, Serialize};

use crate::base::id::{CommandId, SessionId};
use crate::base::signal::ExitStatus;
use crate::base::time::{Span, Tick};

/// The version this binary writes.
pub const VERSION: u32 = 1;

/// All commands and shells.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct StoredCommands {
    /// The next number of a command.
    pub next: u64,
    /// The next number in the order of ends.
    pub next_end: u64,
    /// Commands by id.
    pub records: Vec<StoredCommand>,
    /// Shells and what they were started for.
    pub shells: Vec<StoredShell>,
}

/// A command.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StoredCommand {
    /// The command id.
    pub id: CommandId,
    /// The session it belongs to.
    pub session: SessionId,
    /// True if it runs in the session's shell.
    pub in_shell: bool,
    /// The words it was started with.
    pub words: Vec<String>,
    /// The place where it was started.
    pub cwd: String,
    /// The first process.
    pub pid: Option<u32>,
    /// The moment when it was started: shown, and for ages.
    pub started: (u64, Tick),
    /// The moment when it ended, how long it ran, and the place in the order of ends.
    pub ended: Option<(u64, Span, u64)>,
    /// The time it may run, and until when.
    pub limit: Option<(Span, Tick)>,
    /// Time it has to end by itself when it is stopped.
    pub grace: Span,
    /// Why it is or was stopped: 1 asked, 2 time, 3 cancelled, 4 session; 0 not at all.
    pub stop: u8,
    /// The end of its first process.
    pub exit: Option<ExitStatus>,
    /// True if KILL was needed.
    pub was_killed: bool,
}

/// A session's shell.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StoredShell {
    /// The session it belongs to.
    pub session: SessionId,
    /// The tag with the keeper; 0 if none runs.
    pub tag: u64,
    /// The kind of shell: `bash`, `zsh` or `sh`.
    pub kind: String,
    /// Directory, variables, functions and options at the end of the last command, as scripts.
    pub memory: Vec<String>,
    /// Tags of shells it took the place of, whose children may live on.
    pub former: Vec<u64>,
}

impl StoredCommands {
    /// As bytes, the version first.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        postcard::to_extend(self, VERSION.to_le_bytes().to_vec()).expect("plain data into memory")
    }

    /// Reads what [`StoredCommands::encode`] wrote; none if it was another version's, or is
    /// damaged.
    #[must_use]
    pub fn decode(bytes: &[u8]) -> Option<Self> {
        let (version, body) = bytes.split_first_chunk()?;
        (u32::from_le_bytes(*version) == VERSION).then(|| postcard::from_bytes(body).ok())?
    }
}

#[cfg(test)]
mod tests {
    use super::{StoredCommand, StoredCommands, StoredShell};
    use crate::base::id::{CommandId, SessionId};
    use crate::base::signal::ExitStatus;
    use crate::base::time::{Span, Tick};

    #[test]
    fn commands_come_back_as_they_were_and_damage_does_not() {
        let record = StoredCommand {
            id: CommandId(7),
            session: SessionId(1),
            in_shell: true,
            words: vec!["make".into()],
            cwd: "/".into(),
            pid: Some(9),
            started: (5, Tick(6)),
            ended: Some((8, Span(2), 3)),
            limit: Some((Span(1), Tick(7))),
            grace: Span::seconds(1),
            stop: 2,
            exit: Some(ExitStatus::Code(124)),
            was_killed: false,
        };
        let shell = StoredShell {
            session: SessionId(1),
            tag: 9,
            kind: "bash".into(),
            memory: vec!["/".into()],
            former: vec![3],
        };
        let all =
            StoredCommands { next: 8, next_end: 4, records: vec![record], shells: vec![shell] };
        let bytes = all.encode();
        assert_eq!(StoredCommands::decode(&bytes), Some(all));
        for damaged in [&bytes[..bytes.len() - 1], &[9, 0, 0, 0], &[]] {
            assert_eq!(StoredCommands::decode(damaged), None);
        }
    }
}
