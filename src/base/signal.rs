//! Signals by name and number, as signal(7) has them on this kind of system.

/// Names and numbers of those that are commonly sent.
const NAMES: [(&str, i32); 19] = if cfg!(target_os = "linux") {
    [
        ("HUP", 1),
        ("INT", 2),
        ("QUIT", 3),
        ("ILL", 4),
        ("TRAP", 5),
        ("ABRT", 6),
        ("KILL", 9),
        ("USR1", 10),
        ("SEGV", 11),
        ("USR2", 12),
        ("PIPE", 13),
        ("ALRM", 14),
        ("TERM", 15),
        ("CHLD", 17),
        ("CONT", 18),
        ("STOP", 19),
        ("TSTP", 20),
        ("TTIN", 21),
        ("WINCH", 28),
    ]
} else {
    [
        ("HUP", 1),
        ("INT", 2),
        ("QUIT", 3),
        ("ILL", 4),
        ("TRAP", 5),
        ("ABRT", 6),
        ("KILL", 9),
        ("USR1", 30),
        ("SEGV", 11),
        ("USR2", 31),
        ("PIPE", 13),
        ("ALRM", 14),
        ("TERM", 15),
        ("CHLD", 20),
        ("CONT", 19),
        ("STOP", 17),
        ("TSTP", 18),
        ("TTIN", 21),
        ("WINCH", 28),
    ]
};

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
