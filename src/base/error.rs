//! The table of error codes: name, exit status, help. A refusal is one of them with the
//! particulars.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::base::id::CommandId;

macro_rules! codes {
    ($($(#[doc = $doc:literal])* $variant:ident $name:literal $exit:literal;)*) => {
        /// A stable error code: scripts compare it, so its name and exit status never change.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[derive(Serialize, Deserialize, JsonSchema)]
        pub enum Code {
            $($(#[doc = $doc])* #[serde(rename = $name)] $variant,)*
        }

        impl Code {
            /// Every code, in the order of the table.
            pub const ALL: &[Self] = &[$(Self::$variant),*];

            /// The name on the wire.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self { $(Self::$variant => $name),* }
            }

            /// The meaning, in one sentence.
            #[must_use]
            pub const fn help(self) -> &'static str {
                match self { $(Self::$variant => concat!($($doc),*).trim_ascii()),* }
            }

            /// The exit status the CLI ends with.
            #[must_use]
            pub const fn exit_status(self) -> u8 {
                match self { $(Self::$variant => $exit),* }
            }
        }
    };
}

codes! {
    /// A parameter has the wrong shape or an impossible value.
    InvalidParams "invalid_params" 2;
    /// No action has that name.
    UnknownAction "unknown_action" 2;
    /// The message is not what the protocol allows.
    InvalidMessage "invalid_message" 2;
    /// A configuration file has problems; the last good one stays in force.
    InvalidConfig "invalid_config" 3;
    /// No session, tab, pane, client or command of that name or id.
    NotFound "not_found" 4;
    /// Nothing answers on the socket.
    NoServer "no_server" 4;
    /// The name is taken.
    AlreadyExists "already_exists" 1;
    /// The command or program ended before.
    NotRunning "not_running" 1;
    /// There is no room: the area cannot be divided further.
    TooSmall "too_small" 1;
    /// The caller has no terminal to attach.
    NoTerminal "no_terminal" 1;
    /// A session is never attached inside itself.
    Nested "nested" 1;
    /// The view is read-only.
    ReadOnly "read_only" 1;
    /// The program could not be started.
    SpawnFailed "spawn_failed" 1;
    /// The input of the pane is full, or the line discipline would drop what exceeds one line.
    InputFull "input_full" 1;
    /// The line discipline keeps at most 4095 bytes of one line and drops the rest.
    CanonicalLimit "canonical_limit" 1;
    /// A limit is reached.
    LimitReached "limit_reached" 1;
    /// Something else holds what is needed; trying again later can work.
    Busy "busy" 1;
    /// The time ran out.
    TimedOut "timed_out" 124;
    /// The awaited thing can no longer happen: the program ended first.
    Ended "ended" 5;
    /// The server restarted during the call.
    Interrupted "interrupted" 1;
    /// The server is stopping.
    ShuttingDown "shutting_down" 1;
    /// Client and server speak no common version.
    VersionMismatch "version_mismatch" 1;
    /// As many calls wait for their turn in the session's shell as may.
    QueueFull "queue_full" 1;
    /// The session's shell ended during the command; the next one gets a new shell.
    SessionTerminated "session_terminated" 1;
    /// The cursor is of another command, or none at all.
    InvalidCursor "invalid_cursor" 2;
    /// The command was not ready in time; it runs on.
    ReadyTimeout "ready_timeout" 124;
    /// The command ended before it was ready.
    ExitedBeforeReady "exited_before_ready" 5;
    /// The process id belongs to another process by now.
    StaleHandle "stale_handle" 1;
    /// The shell of the pane does not mark its prompts.
    NoPromptMarks "no_prompt_marks" 1;
    /// The shell of the pane does not wait for a command: it runs one, or something is typed
    /// already.
    NotAtPrompt "not_at_prompt" 1;
    /// The shell of the pane read the line and ran nothing: it is unfinished, or wrong.
    NotRun "not_run" 1;
    /// Something on disk cannot be read or written.
    DiskFailed "disk_failed" 1;
    /// Data on disk is not as it was written.
    Damaged "damaged" 1;
    /// Standard output or standard error cannot be written, for instance to a full disk.
    OutputFailed "output_failed" 1;
    /// Nobody reads the output any more; the command line ends as if by SIGPIPE, without a word.
    ReaderGone "reader_gone" 141;
    /// The call was given up by its caller.
    Cancelled "cancelled" 1;
    /// A bug in abide.
    Internal "internal" 70;
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// Why a call was not done. Nothing was changed by it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema, thiserror::Error)]
#[error("{message}")]
pub struct Refusal {
    /// The stable code.
    pub code: Code,
    /// The problem, naming the object; lower case, no full stop.
    pub message: String,
    /// The next thing to do; empty if there is nothing to say.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub hint: String,
    /// Of a call that a restart interrupted: the command that goes on without it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub command: Option<CommandId>,
    /// The cursor after the last of its output that this call was sent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cursor: Option<String>,
}

impl Refusal {
    /// A refusal without a hint.
    pub fn new(code: Code, message: impl Into<String>) -> Self {
        Self { code, message: message.into(), hint: String::new(), command: None, cursor: None }
    }

    /// The same with a hint.
    #[must_use]
    pub fn hint(self, hint: impl Into<String>) -> Self {
        Self { hint: hint.into(), ..self }
    }

    /// The same about a command that goes on.
    #[must_use]
    pub fn about(self, command: CommandId) -> Self {
        Self { command: Some(command), ..self }
    }
}

/// Does without something that failed, for the reason `_why`: nothing is lost, or nobody can be
/// told.
pub fn ignore_failure<T, E>(_result: Result<T, E>, _why: &'static str) {}

#[cfg(test)]
mod tests {
    use super::Code;

    #[test]
    fn names_are_unique_and_statuses_are_those_of_the_cli() {
        let mut names: Vec<_> = Code::ALL.iter().map(|code| code.name()).collect();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), Code::ALL.len());
        assert!(Code::ALL.iter().all(|code| matches!(code.exit_status(), 1..=5 | 70 | 124 | 141)));
    }
}
