//! Colours of a terminal: the palette a program can redefine and ask for, and the texts that name
//! a colour. Nothing is drawn here.

pub(crate) mod palette;

use crate::base::style::Rgb;

/// X.Org's names and their values, sorted; grey is spelled with an a, and its hundred shades are
/// left out.
const NAMES: &str = include_str!("colours.txt");
/// No name is longer.
const NAME_BYTES_MAX: usize = 32;

/// A colour: `rgb:r/g/b` with 1 to 4 hexadecimal digits each, `#rgb` to `#rrrrggggbbbb`, or a name;
/// letters may be large or small. The other spaces of Xlib (`rgbi`, CIE, `TekHVC`) are unknown.
pub(crate) fn parse(text: &str) -> Option<Rgb> {
    if let Some(digits) = text.strip_prefix('#') {
        return hashed(digits);
    }
    let Some((space, rest)) = text.split_once(':') else { return named(text) };
    if space.eq_ignore_ascii_case("rgb") { hexadecimal(rest) } else { None }
}

/// `r/g/b`, each a fraction of as many digits as it has.
fn hexadecimal(text: &str) -> Option<Rgb> {
    let mut channels = text.split('/');
    let mut next = || {
        let digits = channels.next().filter(|digits| (1..=4).contains(&digits.len()))?;
        let max = (1_u32 << (4 * digits.len())) - 1;
        u8::try_from(hex(digits)? * 255 / max).ok()
    };
    let colour = (next()?, next()?, next()?);
    channels.next().is_none().then_some(colour)
}

/// The digits after `#`, each channel's being its most significant ones.
fn hashed(digits: &str) -> Option<Rgb> {
    let fits = digits.is_ascii() && [3, 6, 9, 12].contains(&digits.len());
    let len = if fits { digits.len() / 3 } else { return None };
    let channel = |at: usize| {
        let value = hex(&digits[at * len..(at + 1) * len])?;
        u8::try_from((value << 16 >> (4 * len) >> 8) & 0xff).ok()
    };
    Some((channel(0)?, channel(1)?, channel(2)?))
}

fn hex(digits: &str) -> Option<u32> {
    if digits.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        u32::from_str_radix(digits, 16).ok()
    } else {
        None
    }
}

fn named(text: &str) -> Option<Rgb> {
    if text.is_empty() || text.len() > NAME_BYTES_MAX {
        return None;
    }
    let name: String = text.chars().filter(|c| *c != ' ').collect();
    let name = name.to_ascii_lowercase().replace("grey", "gray");
    if let Some(percent) = name
        .strip_prefix("gray")
        .and_then(|percent| percent.parse::<u32>().ok())
        .filter(|percent| *percent <= 100)
    {
        // As the table was made: a half, which 255 / 100 has not exactly, goes up for 10, 30 and 70
        // only.
        let half = if matches!(percent, 50 | 90) { 49 } else { 50 };
        let level = u8::try_from((percent * 255 + half) / 100).ok()?;
        return Some((level, level, level));
    }
    let lines: Vec<&str> = NAMES.lines().collect();
    let at = lines.binary_search_by(|line| line.split(' ').next().unwrap_or("").cmp(&name)).ok()?;
    hashed(lines[at].split(' ').nth(1)?)
}

#[cfg(test)]
mod tests {
    use super::{NAME_BYTES_MAX, NAMES, parse};

    #[test]
    fn every_form_of_x11_is_read() {
        for (text, colour) in [
            ("rgb:f/8/0", Some((255, 136, 0))),
            ("RGB:ff/80/00", Some((255, 128, 0))),
            ("rgb:fff/7ff/000", Some((255, 127, 0))),
            ("rgb:ffff/8080/0000", Some((255, 128, 0))),
            ("rgb:12/34/56/78", None),
            ("rgb:12/34", None),
            ("rgb:12345/0/0", None),
            ("rgb:+1/0/0", None),
            ("#f80", Some((0xf0, 0x80, 0))),
            ("#ff8000", Some((255, 128, 0))),
            ("#ff0800000", Some((0xff, 0x80, 0))),
            ("#ffff80000000", Some((255, 128, 0))),
            ("#ff80", None),
            ("red", Some((255, 0, 0))),
            ("Dark Slate Grey", Some((47, 79, 79))),
            ("antiquewhite3", Some((205, 192, 176))),
            ("grey50", Some((127, 127, 127))),
            ("gray10", Some((26, 26, 26))),
            ("gray70", Some((179, 179, 179))),
            ("gray90", Some((229, 229, 229))),
            ("gray100", Some((255, 255, 255))),
            ("gray101", None),
            ("gray", Some((190, 190, 190))),
            ("no such colour", None),
            ("rgbi:0.5/0.5/0.5", None),
            ("CIELab:1/1/1", None),
            ("TekHVC:1/1/1", None),
            ("", None),
        ] {
            assert_eq!(parse(text), colour, "{text:?}");
        }
    }

    #[test]
    fn names_are_sorted_and_all_are_found() {
        assert!(NAMES.lines().is_sorted() && NAMES.lines().count() > 400);
        for line in NAMES.lines() {
            let (name, value) = line.split_once(' ').expect("two words");
            assert!(name.len() <= NAME_BYTES_MAX && parse(name).is_some(), "{name}");
            assert_eq!(parse(name), parse(&format!("#{value}")), "{name}");
        }
    }
}
