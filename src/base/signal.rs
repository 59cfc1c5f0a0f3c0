//! Signals by name and number, as signal(7) has them on Linux (`docs/porting.md` has the others),
//! and the end of a program, by one of them or by itself.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The terminal is gone.
pub const HUP: i32 = 1;
/// The interrupt key.
pub const INT: i32 = 2;
/// The key that ends with a core dump.
pub const QUIT: i32 = 3;
/// Ends whatever it reaches.
pub const KILL: i32 = 9;
/// The request to end.
pub const TERM: i32 = 15;
/// A child has ended.
pub const CHLD: i32 = 17;
/// Goes on after a stop.
pub const CONT: i32 = 18;
/// The key that stops a job.
pub const TSTP: i32 = 20;
/// A file would grow beyond its limit.
pub const XFSZ: i32 = 25;
/// The terminal has another size.
pub const WINCH: i32 = 28;

/// Names and numbers of those that are commonly sent.
const NAMES: [(&str, i32); 19] = [
    ("HUP", HUP),
    ("INT", INT),
    ("QUIT", QUIT),
    ("ILL", 4),
    ("TRAP", 5),
    ("ABRT", 6),
    ("KILL", KILL),
    ("USR1", 10),
    ("SEGV", 11),
    ("USR2", 12),
    ("PIPE", 13),
    ("ALRM", 14),
    ("TERM", TERM),
    ("CHLD", CHLD),
    ("CONT", CONT),
    ("STOP", 19),
    ("TSTP", TSTP),
    ("TTIN", 21),
    ("WINCH", WINCH),
];

/// The largest number a signal has.
const NUMBER_MAX: i32 = 64;

/// The number of a signal: `TERM`, `SIGTERM`, `term` or `15`.
#[must_use]
pub fn number(text: &str) -> Option<i32> {
    let upper = text.to_ascii_uppercase();
    let name = upper.strip_prefix("SIG").unwrap_or(&upper);
    let named = NAMES.iter().find(|(own, _)| *own == name).map(|(_, number)| *number);
    named.or_else(|| text.parse().ok().filter(|number| (1..=NUMBER_MAX).contains(number)))
}

/// The names that can be said.
pub fn names() -> impl Iterator<Item = &'static str> {
    NAMES.iter().map(|(name, _)| *name)
}

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

#[cfg(test)]
mod tests {
    use super::number;

    #[test]
    fn a_signal_is_said_in_many_ways_and_nonsense_in_none() {
        for text in ["TERM", "SIGTERM", "term", "15"] {
            assert_eq!(number(text), Some(15), "{text}");
        }
        for text in ["", "SIG", "0", "65", "-1", "NOPE", "1.5"] {
            assert_eq!(number(text), None, "{text}");
        }
    }
}
