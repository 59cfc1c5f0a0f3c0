//! What the terminfo database says of the outer terminal, as plain data. It names no sequence: those we write are ECMA-48's and xterm's.

use termini::{NumberCapability, StringCapability, TermInfo, Value};

use crate::client::caps::{Depth, Features};

/// What is known of the outer terminal before it answers anything.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Info {
    /// Its name, `TERM`.
    pub name: String,
    /// Whether the database knows that name.
    pub is_known: bool,
    /// How many colours it says there are.
    pub depth: Depth,
    /// Whether it has an alternate screen and moves its cursor as ECMA-48 says: then private modes and strings are safe to send.
    pub modern: bool,
    /// Styled and coloured underlines (`Smulx`, `Su`).
    pub underlines: bool,
    /// What else it says.
    pub features: Features,
}

impl Info {
    /// Looks a terminal up in the database.
    #[must_use]
    pub fn of(name: &str) -> Self {
        let safe = name.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'/');
        if name.is_empty() || !safe {
            return Self::unknown(name);
        }
        TermInfo::from_name(name).map_or_else(|_| Self::unknown(name), |entry| Self::read(name, &entry))
    }

    fn read(name: &str, entry: &TermInfo) -> Self {
        let has = |cap: &str| entry.extended_cap(cap).is_some();
        let moves = entry.raw_string_cap(StringCapability::CursorAddress).is_some_and(|cap| cap.starts_with(b"\x1b["));
        let direct = matches!(entry.extended_cap("RGB"), Some(Value::True | Value::Number(_) | Value::Utf8String(_))) || has("Tc");
        let depth = match entry.number_cap(NumberCapability::MaxColors).unwrap_or(0) {
            _ if direct => Depth::True,
            0x0100_0000.. => Depth::True,
            256.. => Depth::Palette,
            8.. => Depth::Named,
            _ => Depth::None,
        };
        let told = [
            ("Smol", Features::OVERLINE),
            ("Ss", Features::CURSOR_SHAPE),
            ("fe", Features::FOCUS),
            ("BE", Features::PASTE),
            ("Sync", Features::SYNC),
        ];
        Self {
            name: name.to_owned(),
            is_known: true,
            depth,
            modern: moves && entry.raw_string_cap(StringCapability::EnterAlternativeMode).is_some(),
            underlines: has("Smulx") || has("Su"),
            features: told.into_iter().filter(|(cap, _)| has(cap)).fold(Features::NONE, |all, (_, feature)| all.with(feature)),
        }
    }

    /// A terminal the database does not know, as on a machine it was carried to by ssh: what its name promises by the custom of such names,
    /// and no more until it answers.
    #[must_use]
    pub fn unknown(name: &str) -> Self {
        let depth = match name {
            "" | "dumb" | "unknown" => Depth::None,
            _ if name.ends_with("-direct") => Depth::True,
            _ if name.ends_with("-256color") => Depth::Palette,
            _ => Depth::Named,
        };
        Self { name: name.to_owned(), is_known: false, depth, modern: depth != Depth::None, underlines: false, features: Features::NONE }
    }
}

#[cfg(test)]
mod tests {
    use super::Info;
    use crate::client::caps::Depth;

    #[test]
    fn a_name_nobody_knows_promises_what_its_end_says() {
        let check = |name: &str, depth, modern| {
            let info = Info::unknown(name);
            assert_eq!((info.depth, info.modern), (depth, modern), "{name:?}");
        };
        check("", Depth::None, false);
        check("dumb", Depth::None, false);
        check("nobody-256color", Depth::Palette, true);
        check("nobody-direct", Depth::True, true);
        check("nobody", Depth::Named, true);
    }

    #[test]
    fn a_name_is_no_path() {
        assert!(!Info::of("../x/xterm").is_known);
        assert!(!Info::of("").is_known);
    }
}
