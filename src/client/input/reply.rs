//! The answers in OSC and DCS of the outer terminal (xterm ctlseqs: OSC 4, 10–12; XTVERSION;
//! DECRQSS; XTGETTCAP) and an APC (kitty graphics).

use super::{ColourSlot, Reply};

/// True if `byte` may follow `bytes` at the start of a reply. What may not was Alt-] or Alt-P,
/// typed.
pub(super) fn may_start(kind: u8, bytes: &[u8], byte: u8) -> bool {
    match (kind, bytes.len()) {
        (b']', 0) => matches!(byte, b'1' | b'4'),
        (b']', 1) => matches!(byte, b'0'..=b'2' | b';'),
        (b'P', 0) => matches!(byte, b'>' | b'0' | b'1'),
        (b'P', 1) => matches!(byte, b'|' | b'$' | b'+'),
        (b'_', 0) => byte == b'G',
        (b'_', 1) => byte == b'i',
        _ => true,
    }
}

/// Reads the string between introducer and terminator.
pub(super) fn of_string(kind: u8, text: &str) -> Option<Reply> {
    if kind == b'_' {
        return image(text);
    }
    if kind == b'P' {
        if let Some(capability) = text.strip_prefix("1+r") {
            return self::capability(capability);
        }
        if let Some(version) = text.strip_prefix(">|") {
            return Some(Reply::Version(crate::base::text::sanitize(version, 128)));
        }
        return text
            .strip_prefix("1$r")?
            .strip_suffix('m')
            .map(|set| Reply::Graphics(set.to_owned()));
    }
    let (slot, colour) = if let Some(rest) = text.strip_prefix("4;") {
        let (number, colour) = rest.split_once(';')?;
        (ColourSlot::Palette(number.parse().ok()?), colour)
    } else {
        let (number, colour) = text.split_once(';')?;
        let slot = match number {
            "10" => ColourSlot::Foreground,
            "11" => ColourSlot::Background,
            "12" => ColourSlot::Cursor,
            _ => return None,
        };
        (slot, colour)
    };
    Some(Reply::Colour(slot, rgb(colour)?))
}

/// `Gi=31;OK`, or another word where it went wrong.
fn image(text: &str) -> Option<Reply> {
    let (keys, word) = text.strip_prefix('G')?.split_once(';')?;
    let number = keys.split(',').find_map(|key| key.strip_prefix("i="))?;
    Some(Reply::Image(number.parse().ok()?, word == "OK"))
}

/// `524742=38`: name and value in hexadecimal digits; only the first is told if there are several.
fn capability(text: &str) -> Option<Reply> {
    let first = text.split(';').next()?;
    let (name, value) =
        first.split_once('=').map_or((first, None), |(name, value)| (name, Some(value)));
    let read = |digits: &str| {
        let pairs = digits
            .as_bytes()
            .chunks(2)
            .map(|pair| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok());
        String::from_utf8(pairs.collect::<Option<Vec<u8>>>()?).ok()
    };
    Some(Reply::Capability(read(name).filter(|name| !name.is_empty())?, value.and_then(read)))
}

/// `rgb:R/G/B` and `rgba:R/G/B/A` with 1 to 4 digits each, or `#RRGGBB` (XParseColor(3)).
fn rgb(text: &str) -> Option<(u8, u8, u8)> {
    if let Some(hex) = text.strip_prefix('#') {
        let number = u32::from_str_radix(hex, 16).ok().filter(|_| hex.len() == 6)?;
        let [_, r, g, b] = number.to_be_bytes();
        return Some((r, g, b));
    }
    let parts = text.strip_prefix("rgb:").or_else(|| text.strip_prefix("rgba:"))?;
    let mut parts = parts.split('/').map(|digits| {
        let value = u32::from_str_radix(digits, 16).ok()?;
        let max = match digits.len() {
            1..=4 => (1_u32 << (4 * digits.len())) - 1,
            _ => return None,
        };
        u8::try_from((value * 255 + max / 2) / max).ok()
    });
    Some((parts.next()??, parts.next()??, parts.next()??))
}
