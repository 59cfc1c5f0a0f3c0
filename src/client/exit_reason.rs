//! The reason why a client left, with its last line and its exit status. It prints nothing.

use crate::base::error::Refusal;
use crate::wire::frame::Bye;

/// Why a client left.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ExitReason {
    /// The client detached from this session.
    Detached(String),
    /// The client's session ended, and there was no other.
    Ended {
        /// The session.
        session: String,
        /// The way its last program ended, as a shell shows it.
        status: u8,
    },
    /// The client's session was closed and can be brought back, and there was no other.
    Closed(String),
    /// The server was stopped.
    Stopped,
    /// The call that it came with was refused.
    Refused(Refusal),
    /// The server sent it away, and says why.
    SentAway(String),
    /// The connection is gone and does not come back.
    Lost {
        /// The problem.
        reason: String,
    },
    /// A signal asked it to end.
    Signalled(u8),
    /// The outer terminal is gone.
    Hangup,
    /// The outer terminal cannot be used.
    NoTerminal(String),
}

impl ExitReason {
    /// The meaning of the last message of the server; none if it restarts and is to be come back
    /// to.
    #[must_use]
    pub fn of(bye: Bye) -> Option<Self> {
        Some(match bye {
            Bye::Restart => return None,
            Bye::Detached { session } => Self::Detached(session),
            Bye::Ended { session, status } => Self::Ended { session, status },
            Bye::Closed { session } => Self::Closed(session),
            Bye::Stopped => Self::Stopped,
            Bye::Refused { message } => Self::SentAway(message),
        })
    }

    /// The exit status.
    #[must_use]
    pub fn status(&self) -> u8 {
        match self {
            Self::Detached(_) | Self::Closed(_) | Self::Stopped => 0,
            Self::Ended { status, .. } => *status,
            Self::Refused(refusal) => refusal.code.exit_status(),
            Self::SentAway(_) | Self::NoTerminal(_) => 1,
            Self::Lost { .. } => 255,
            Self::Signalled(signal) => signal.saturating_add(128),
            // SIGHUP, whether it came or the terminal was simply gone.
            Self::Hangup => 129,
        }
    }

    /// The line to print once the terminal is as it was; none where nobody would read it.
    #[must_use]
    pub fn message(&self) -> Option<String> {
        match self {
            Self::Detached(session) => Some(format!("[detached from {session}]")),
            Self::Ended { session, status: 0 } => Some(format!("[session {session} ended]")),
            Self::Ended { session, status } => {
                Some(format!("[session {session} ended, status {status}]"))
            }
            Self::Closed(session) => {
                Some(format!("[session {session} closed; `abide undo` brings it back]"))
            }
            Self::Stopped => Some("[the server was stopped]".into()),
            Self::Refused(refusal) if refusal.hint.is_empty() => {
                Some(format!("abide: {}", refusal.message))
            }
            Self::Refused(refusal) => {
                Some(format!("abide: {} ({})", refusal.message, refusal.hint))
            }
            Self::SentAway(message) | Self::NoTerminal(message) => {
                Some(format!("abide: {message}"))
            }
            Self::Lost { reason } => Some(format!("abide: connection lost: {reason}")),
            Self::Signalled(_) => Some("[terminated; the session goes on]".into()),
            Self::Hangup => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::ExitReason;
    use crate::base::error::{Code, Refusal};

    #[test]
    fn statuses_are_those_of_the_agreement() {
        assert_eq!(ExitReason::Detached("work".into()).status(), 0);
        assert_eq!(ExitReason::Ended { session: "work".into(), status: 7 }.status(), 7);
        assert_eq!(ExitReason::Lost { reason: "gone".into() }.status(), 255);
        assert_eq!(ExitReason::Refused(Refusal::new(Code::NotFound, "no session x")).status(), 4);
        assert_eq!(ExitReason::Signalled(15).status(), 143);
    }
}
