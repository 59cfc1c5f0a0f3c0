//! The terminfo entry of the outer terminal, as plain data. It names no sequence:
//! those we write are ECMA-48's and xterm's.

use termini::{NumberCapability, StringCapability, TermInfo, Value};

use crate::client::caps::{Depth, Features, Info};

/// Looks a terminal up in the database.
#[must_use]
pub fn look_up(name: &str) -> Info {
    let safe = name.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'/');
    if name.is_empty() || !safe {
        return Info::unknown(name);
    }
    TermInfo::from_name(name).map_or_else(|_| Info::unknown(name), |entry| read(name, &entry))
}

fn read(name: &str, entry: &TermInfo) -> Info {
    let has = |cap: &str| entry.extended_cap(cap).is_some();
    let moves = entry
        .raw_string_cap(StringCapability::CursorAddress)
        .is_some_and(|cap| cap.starts_with(b"\x1b["));
    let direct = matches!(
        entry.extended_cap("RGB"),
        Some(Value::True | Value::Number(_) | Value::Utf8String(_))
    ) || has("Tc");
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
    Info {
        name: name.to_owned(),
        is_known: true,
        depth,
        modern: moves && entry.raw_string_cap(StringCapability::EnterAlternativeMode).is_some(),
        underlines: has("Smulx") || has("Su"),
        features: told
            .into_iter()
            .filter(|(cap, _)| has(cap))
            .fold(Features::NONE, |all, (_, feature)| all.with(feature)),
    }
}

#[cfg(test)]
mod tests {
    use super::look_up;

    #[test]
    fn a_name_is_no_path() {
        assert!(!look_up("../x/xterm").is_known);
        assert!(!look_up("").is_known);
    }
}
