//! Signals by name and number, as signal(7) has them on Linux; `docs/porting.md` has the others.

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
