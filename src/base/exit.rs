//! The end of a program.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The way a program ended (wait(2)).
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum ExitStatus {
    /// The program exited with this code.
    Code(u8),
    /// The program was ended by this signal.
    Signal(u8),
    /// The program ended, and nobody can tell how.
    Lost,
}

/// The status a shell shows for a program that HUP or TERM ended (POSIX.1-2024 XCU 2.8.2), as
/// programs do themselves that clean up first.
const HUNG_UP: u8 = 129;
const TERMINATED: u8 = 143;

impl ExitStatus {
    /// True if the program may have been ended as all are when the machine goes down or the user is
    /// logged out: by HUP or TERM, or nobody knows how.
    #[must_use]
    pub const fn is_from_outside(self) -> bool {
        matches!(self, Self::Lost) || matches!(self.shell(), HUNG_UP | TERMINATED)
    }

    /// The status a shell would show: the code, 128+n for a signal, 255 where unknown.
    #[must_use]
    pub const fn shell(self) -> u8 {
        match self {
            Self::Code(code) => code,
            Self::Signal(signal) => signal.saturating_add(128),
            Self::Lost => 255,
        }
    }
}

impl fmt::Display for ExitStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Code(code) => write!(f, "exit {code}"),
            Self::Signal(signal) => write!(f, "signal {signal}"),
            Self::Lost => f.write_str("lost"),
        }
    }
}
