//! Colours of a terminal: the palette a program can redefine and ask for, and the texts that name a
//! colour. Nothing is drawn here.

use std::collections::BTreeMap;

use crate::base::style::{self, Colour, Rgb, Style};

/// X.Org's names and their values, sorted; grey is spelled with an a, and its hundred shades are
/// left out.
const NAMES: &str = include_str!("colours.txt");
/// No name is longer.
const NAME_BYTES_MAX: usize = 32;

/// Red, green and blue of 16 bits, as X11 and the reports of xterm have them.
pub(crate) type Channels = [u16; 3];

/// A colour of 8 bits a channel as one of 16.
fn widened(colour: Rgb) -> Channels {
    let (r, g, b) = colour;
    [r, g, b].map(|channel| u16::from(channel) * 0x101)
}

/// The high bytes: what is shown.
fn narrowed(channels: Channels) -> Rgb {
    let [r, g, b] = channels.map(|channel| channel.to_be_bytes()[0]);
    (r, g, b)
}

/// A colour: `rgb:r/g/b` with 1 to 4 hexadecimal digits each, `#rgb` to `#rrrrggggbbbb`, or a name;
/// letters may be large or small. The other spaces of Xlib (`rgbi`, CIE, `TekHVC`) are unknown.
pub(crate) fn parse(text: &str) -> Option<Channels> {
    if let Some(digits) = text.strip_prefix('#') {
        let exact = if digits.len() == 12 { exact_hashed(digits) } else { None };
        return exact.or_else(|| hashed(digits).map(widened));
    }
    let Some((space, rest)) = text.split_once(':') else { return named(text).map(widened) };
    if space.eq_ignore_ascii_case("rgb") { hexadecimal(rest) } else { None }
}

/// `r/g/b`, each a fraction of as many digits as it has.
fn hexadecimal(text: &str) -> Option<Channels> {
    let mut channels = text.split('/');
    let mut next = || {
        let digits = channels.next().filter(|digits| (1..=4).contains(&digits.len()))?;
        let max = (1_u32 << (4 * digits.len())) - 1;
        // 16 bits times 16 bits: no overflow.
        u16::try_from(hex(digits)? * 0xffff / max).ok()
    };
    let colour = [next()?, next()?, next()?];
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

/// Four digits a channel after `#`.
fn exact_hashed(digits: &str) -> Option<Channels> {
    let channel = |at: usize| u16::try_from(hex(digits.get(at..at + 4)?)?).ok();
    Some([channel(0)?, channel(4)?, channel(8)?])
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

/// The colours of the outer terminal, as far as they are known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct OuterColours {
    /// Default foreground.
    pub fg: Option<Rgb>,
    /// Default background.
    pub bg: Option<Rgb>,
    /// Cursor.
    pub cursor: Option<Rgb>,
    /// The 16 named colours.
    pub named: Option<[Rgb; 16]>,
}

const FG: Rgb = (229, 229, 229);
const BG: Rgb = (0, 0, 0);

/// The colours in force.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Palette {
    pub(crate) outer: OuterColours,
    /// Entries a program redefined (OSC 4).
    pub(crate) entries: BTreeMap<u8, Rgb>,
    /// OSC 10, 11 and 12.
    pub(crate) fg: Option<Rgb>,
    pub(crate) bg: Option<Rgb>,
    pub(crate) cursor: Option<Rgb>,
    /// Colours that change nothing here and are only reported: OSC 13 to 19 by their numbers, OSC 5
    /// from [`ATTRIBUTE_COLOURS`] on. From [`LOW`] on there are the low bytes of colours that were
    /// given with 16 bits a channel, by the numbers of [`Palette::own`].
    pub(crate) others: BTreeMap<u16, Rgb>,
}

/// The number of the first colour of OSC 5 (bold, underlined, blinking, inverse, italic text), as
/// OSC 4 counts them.
pub(crate) const ATTRIBUTE_COLOURS: u16 = 256;
/// The number of colours of OSC 5.
pub(crate) const ATTRIBUTE_COLOURS_COUNT: u16 = 5;
/// Numbers of dynamic colours, which in own colours stand above all others.
pub(crate) const DYNAMIC: u16 = 512;
/// Numbers of the palette in own colours, and of the colours of OSC 5.
pub(crate) const NUMBERED: u16 = 2 * DYNAMIC;
/// Numbers of low bytes.
const LOW: u16 = 4 * DYNAMIC;

impl Palette {
    /// Forgets what the program redefined.
    pub(crate) fn reset(&mut self) {
        *self = Self { outer: self.outer, ..Self::default() };
    }

    /// An entry as it looks now.
    pub(crate) fn entry(&self, n: u8) -> Rgb {
        if let Some(own) = self.entries.get(&n) {
            return *own;
        }
        let outer = self.outer.named.as_ref().and_then(|named| named.get(usize::from(n)));
        outer.copied().unwrap_or_else(|| style::palette(n))
    }

    /// Foreground (10), background (11) or cursor (12) as it looks now.
    pub(crate) fn special(&self, number: u16) -> Option<Rgb> {
        let fg = self.fg.or(self.outer.fg).unwrap_or(FG);
        match number {
            10 => Some(fg),
            11 => Some(self.bg.or(self.outer.bg).unwrap_or(BG)),
            12 => Some(self.cursor.or(self.outer.cursor).unwrap_or(fg)),
            // The pointer, the Tektronix screen and highlighted text look like text here.
            13 | 15 | 17 | 18 => Some(self.others.get(&number).copied().unwrap_or(fg)),
            14 | 16 | 19 => {
                Some(self.others.get(&number).copied().or(self.special(11)).unwrap_or(BG))
            }
            _ => None,
        }
    }

    /// A colour of the palette, or of OSC 5 from [`ATTRIBUTE_COLOURS`] on; `None` if there is none
    /// of that number.
    pub(crate) fn numbered(&self, number: u16) -> Option<Rgb> {
        match u8::try_from(number) {
            Ok(entry) => Some(self.entry(entry)),
            Err(_) if number < ATTRIBUTE_COLOURS + ATTRIBUTE_COLOURS_COUNT => {
                self.others.get(&number).copied().or_else(|| self.special(10))
            }
            Err(_) => None,
        }
    }

    /// Redefines what [`Palette::numbered`] gives, or takes that back.
    pub(crate) fn set_numbered(&mut self, number: u16, colour: Option<Channels>) {
        if self.numbered(number).is_none() {
            return;
        }
        self.set_low(NUMBERED + number, colour);
        let colour = colour.map(narrowed);
        match (u8::try_from(number), colour) {
            (Ok(entry), Some(colour)) => self.entries.extend([(entry, colour)]),
            (Ok(entry), None) => {
                self.entries.remove(&entry);
            }
            (Err(_), Some(colour)) => self.others.extend([(number, colour)]),
            (Err(_), None) => {
                self.others.remove(&number);
            }
        }
    }

    /// A colour as it was given, by its number in own colours.
    pub(crate) fn exact(&self, number: u16, colour: Rgb) -> Channels {
        let high = widened(colour);
        let Some((r, g, b)) = self.others.get(&(LOW + number)) else { return high };
        let [red, green, blue] = high;
        [(red, r), (green, g), (blue, b)].map(|(high, low)| high & 0xff00 | u16::from(*low))
    }

    /// Keeps the low bytes of a colour that is not simply one of 8 bits.
    fn set_low(&mut self, number: u16, colour: Option<Channels>) {
        self.others.remove(&(LOW + number));
        if let Some(channels) = colour.filter(|channels| widened(narrowed(*channels)) != *channels)
        {
            let [r, g, b] = channels.map(|channel| channel.to_be_bytes()[1]);
            self.others.insert(LOW + number, (r, g, b));
        }
    }

    /// Everything the program redefined.
    pub(crate) fn own(&self) -> BTreeMap<u16, Rgb> {
        let mut own = self.others.clone();
        own.extend(
            self.entries.iter().map(|(entry, colour)| (u16::from(*entry) + NUMBERED, *colour)),
        );
        for (number, colour) in [(10, self.fg), (11, self.bg), (12, self.cursor)] {
            own.extend(colour.map(|colour| (number + DYNAMIC, colour)));
        }
        own
    }

    /// Puts what [`Palette::own`] gave in place of what is redefined now.
    pub(crate) fn set_own(&mut self, own: &BTreeMap<u16, Rgb>) {
        self.reset();
        for (number, colour) in own {
            if LOW <= *number {
                self.others.insert(*number, *colour);
                continue;
            }
            match number.checked_sub(NUMBERED).map(u8::try_from) {
                Some(Ok(entry)) => {
                    self.entries.insert(entry, *colour);
                }
                Some(Err(_)) => {}
                None if *number >= DYNAMIC => {
                    self.set_special(number - DYNAMIC, Some(widened(*colour)));
                }
                None => {
                    self.others.insert(*number, *colour);
                }
            }
        }
    }

    pub(crate) fn set_special(&mut self, number: u16, colour: Option<Channels>) {
        self.set_low(DYNAMIC + number, colour);
        let colour = colour.map(narrowed);
        match number {
            10 => self.fg = colour,
            11 => self.bg = colour,
            12 => self.cursor = colour,
            13..=19 => match colour {
                Some(colour) => {
                    self.others.insert(number, colour);
                }
                None => {
                    self.others.remove(&number);
                }
            },
            _ => {}
        }
    }

    /// 1 if the background is dark, 2 if it is light (mode 2031).
    pub(crate) fn scheme(&self) -> u8 {
        let (r, g, b) = self.special(11).unwrap_or(BG);
        let luma = 299 * u32::from(r) + 587 * u32::from(g) + 114 * u32::from(b);
        if luma < 128_000 { 1 } else { 2 }
    }

    /// A style with redefined colours in place of their numbers.
    pub(crate) fn resolve(&self, style: Style) -> Style {
        if self.entries.is_empty() && self.fg.is_none() && self.bg.is_none() {
            return style;
        }
        let colour = |colour: Colour, default: Option<Rgb>| {
            let own = match colour {
                Colour::Default => default,
                Colour::Indexed(n) => self.entries.get(&n).copied(),
                Colour::Rgb(..) => None,
            };
            own.map_or(colour, |(r, g, b)| Colour::Rgb(r, g, b))
        };
        Style {
            fg: colour(style.fg, self.fg),
            bg: colour(style.bg, self.bg),
            underline_colour: colour(style.underline_colour, None),
            ..style
        }
    }
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
            assert_eq!(parse(text).map(super::narrowed), colour, "{text:?}");
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
