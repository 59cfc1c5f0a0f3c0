//! The abilities of the outer terminal, from its terminfo entry, its environment and its answers;
//! its name decides nothing. The entry is looked up here, the rest is handed in.

use termini::{NumberCapability, StringCapability, TermInfo, Value};

use crate::base::style::{Colour, LEVELS, NAMED, Rgb, palette};
use crate::base::text::decode_base64_loose;
use crate::client::input::Reply;
use crate::client::width_probe::WidthProbe;
use crate::settings::ColourDepth;

/// The longest entry of the database (term(5)).
const ENTRY_BYTES_MAX: usize = 32 << 10;
/// The background that is set and asked back to learn whether 24 bits are understood.
pub const PROBE: Colour = Colour::Rgb(1, 2, 3);
/// The number of the image that is asked about (kitty graphics); nothing is drawn.
pub const PROBE_IMAGE: u32 = 31;

/// The number of colours that can be shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Depth {
    /// None: bold, underline and inverse only.
    None,
    /// The sixteen named ones.
    Named,
    /// The palette of 256.
    Palette,
    /// 24 bits.
    True,
}

/// Features that are there or not, as a set of bits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Features(pub u32);

impl Features {
    /// None of them.
    pub const NONE: Self = Self(0);
    /// A line above the text (SGR 53).
    pub const OVERLINE: Self = Self(1);
    /// Shapes of the cursor (DECSCUSR).
    pub const CURSOR_SHAPE: Self = Self(1 << 1);
    /// Changes of focus are told (1004).
    pub const FOCUS: Self = Self(1 << 2);
    /// Pastes are marked (2004).
    pub const PASTE: Self = Self(1 << 3);
    /// Synchronized output (2026), as terminfo says it.
    pub const SYNC: Self = Self(1 << 4);
    /// Characters are joined to clusters (2027).
    pub const CLUSTERS: Self = Self(1 << 5);
    /// Changes between dark and light are told (2031).
    pub const THEME: Self = Self(1 << 6);
    /// Changes of size are told in band (2048).
    pub const IN_BAND_SIZE: Self = Self(1 << 7);
    /// The mouse in pixels (1016).
    pub const MOUSE_PIXELS: Self = Self(1 << 8);
    /// xterm's modifyOtherKeys.
    pub const OTHER_KEYS: Self = Self(1 << 9);
    /// Images by kitty's protocol.
    pub const KITTY_IMAGES: Self = Self(1 << 10);
    /// Images as sixels.
    pub const SIXEL: Self = Self(1 << 11);

    /// True if all of `other` are there.
    #[must_use]
    pub const fn has(self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }

    /// With `other` too.
    #[must_use]
    pub const fn with(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }
}

/// Facts about the outer terminal before it answers anything.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Info {
    /// The name, `TERM`.
    pub name: String,
    /// True if the database knows that name.
    pub is_known: bool,
    /// The number of colours it says.
    pub depth: Depth,
    /// True if it has an alternate screen and moves its cursor as ECMA-48 says: then private modes
    /// and strings are safe to send.
    pub modern: bool,
    /// Styled and coloured underlines (`Smulx`, `Su`).
    pub underlines: bool,
    /// Other features it says it has.
    pub features: Features,
}

impl Info {
    /// A terminal the database does not know, as on a machine it was carried to by ssh: what its
    /// name promises by the custom of such names, and no more until it answers.
    #[must_use]
    pub fn unknown(name: &str) -> Self {
        let depth = match name {
            "" | "dumb" | "unknown" => Depth::None,
            _ if name.ends_with("-direct") => Depth::True,
            _ if name.ends_with("-256color") => Depth::Palette,
            _ => Depth::Named,
        };
        Self {
            name: name.to_owned(),
            is_known: false,
            depth,
            modern: depth != Depth::None,
            underlines: false,
            features: Features::NONE,
        }
    }
}

/// The way in which images are shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ImageProtocol {
    /// By kitty's protocol.
    Kitty,
    /// As sixels.
    Sixel,
    /// Not at all: a box stands where they are.
    Box,
}

/// The abilities of the outer terminal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Caps {
    /// The number of colours.
    pub depth: Depth,
    /// True if the depth is the user's word, which no answer changes.
    pub depth_fixed: bool,
    /// Curly and other underlines, and their colour (4:3, 58).
    pub underlines: bool,
    /// OSC 8 links, titles, private modes: everything but the plainest terminals.
    pub modern: bool,
    /// Synchronized output (2026) is known to work, so the cursor need not be hidden while drawing.
    pub sync: bool,
    /// kitty's keyboard protocol is on.
    pub kitty: bool,
    /// Other abilities.
    pub features: Features,
    /// A cell in pixels, 0 where unknown.
    pub cell_pixels: (u16, u16),
    /// Registers for the colours of sixels.
    pub sixel_colours: u16,
    /// The kinds of characters whose widths are ours.
    pub widths: WidthProbe,
}

impl Default for Caps {
    fn default() -> Self {
        Self {
            depth: Depth::Palette,
            depth_fixed: false,
            underlines: false,
            modern: true,
            sync: false,
            kitty: false,
            features: Features::NONE,
            cell_pixels: (0, 0),
            sixel_colours: 256,
            widths: WidthProbe::default(),
        }
    }
}

impl Caps {
    /// From terminfo, the environment (`NO_COLOR`, `COLORTERM`) and what the user says.
    #[must_use]
    pub fn new(info: &Info, get: impl Fn(&str) -> Option<String>, wanted: ColourDepth) -> Self {
        let read = |name: &str| get(name).unwrap_or_default().to_lowercase();
        let says_true = info.modern && matches!(read("COLORTERM").as_str(), "truecolor" | "24bit");
        let (depth, depth_fixed) = match wanted {
            ColourDepth::Auto if !read("NO_COLOR").is_empty() => (Depth::None, true),
            ColourDepth::Auto if says_true => (Depth::True, false),
            ColourDepth::Auto => (info.depth, false),
            ColourDepth::True => (Depth::True, true),
            ColourDepth::Palette => (Depth::Palette, true),
            ColourDepth::Named => (Depth::Named, true),
            ColourDepth::None => (Depth::None, true),
        };
        Self {
            depth,
            depth_fixed,
            underlines: info.underlines,
            modern: info.modern,
            features: info.features,
            ..Self::default()
        }
    }

    /// Learns from an answer; whether anything changed that needs drawing anew.
    pub fn learn(&mut self, reply: &Reply) -> bool {
        let before = *self;
        match reply {
            Reply::Attributes(numbers)
                if numbers.get(1..).is_some_and(|rest| rest.contains(&4)) =>
            {
                self.add(Features::SIXEL);
            }
            Reply::Mode(mode, state) => self.learn_mode(*mode, *state),
            Reply::Kitty(flags) => self.kitty = *flags != 0,
            Reply::Graphics(set) => self.learn_graphics(reply, set),
            Reply::Capability(name, value) => self.learn_capability(name, value.as_deref()),
            Reply::OtherKeys(_) => self.add(Features::OTHER_KEYS),
            Reply::Image(PROBE_IMAGE, true) => self.add(Features::KITTY_IMAGES),
            Reply::SixelColours(count) => self.sixel_colours = (*count).clamp(2, 256),
            Reply::CellPixels(size) => self.cell_pixels = *size,
            Reply::Position(2, column) if !self.widths.are_known() => self.widths.learn(*column),
            _ => {}
        }
        let seen = |caps: Self| {
            (
                caps.depth,
                caps.underlines,
                caps.has(Features::OVERLINE),
                caps.pictures(),
                caps.cell_pixels,
            )
        };
        seen(before) != seen(*self)
    }

    fn learn_mode(&mut self, mode: u16, state: u8) {
        // 1 set, 2 reset; 3 and 4 are so for ever.
        let can = matches!(state, 1 | 2);
        let feature = match mode {
            1004 => Features::FOCUS,
            1016 => Features::MOUSE_PIXELS,
            2004 => Features::PASTE,
            2026 => return self.sync = can,
            2027 if state == 3 => return self.add(Features::CLUSTERS),
            2027 => Features::CLUSTERS,
            2031 => Features::THEME,
            2048 => Features::IN_BAND_SIZE,
            _ => return,
        };
        if can {
            self.add(feature);
        }
    }

    /// The style that came back of the one that was set.
    fn learn_graphics(&mut self, reply: &Reply, set: &str) {
        if reply.proves_true_colour(PROBE) {
            self.raise(Depth::True);
        }
        self.underlines |= set.split(';').any(|param| param == "4:3");
        if set.split(';').any(|param| param == "53") {
            self.add(Features::OVERLINE);
        }
    }

    fn learn_capability(&mut self, name: &str, value: Option<&str>) {
        match name {
            "RGB" | "Tc" => self.raise(Depth::True),
            "colors" | "Co"
                if value
                    .and_then(|count| count.parse::<u32>().ok())
                    .is_some_and(|count| 256 <= count) =>
            {
                self.raise(Depth::Palette);
            }
            "Smulx" | "Su" => self.underlines = true,
            "Smol" => self.add(Features::OVERLINE),
            _ => {}
        }
    }

    /// True if it has a feature.
    #[must_use]
    pub const fn has(self, feature: Features) -> bool {
        self.features.has(feature)
    }

    /// The way in which images are shown.
    #[must_use]
    pub const fn pictures(self) -> ImageProtocol {
        if self.cell_pixels.0 == 0 || self.cell_pixels.1 == 0 {
            return ImageProtocol::Box;
        }
        match () {
            () if self.has(Features::KITTY_IMAGES) => ImageProtocol::Kitty,
            () if self.has(Features::SIXEL) => ImageProtocol::Sixel,
            () => ImageProtocol::Box,
        }
    }

    const fn add(&mut self, feature: Features) {
        self.features = self.features.with(feature);
    }

    fn raise(&mut self, depth: Depth) {
        if !self.depth_fixed {
            self.depth = self.depth.max(depth);
        }
    }
}

impl ColourDepth {
    /// The depth that is the user's word; none if it is to be found out.
    #[must_use]
    pub const fn fixed(self) -> Option<Depth> {
        match self {
            Self::Auto => None,
            Self::True => Some(Depth::True),
            Self::Palette => Some(Depth::Palette),
            Self::Named => Some(Depth::Named),
            Self::None => Some(Depth::None),
        }
    }
}

impl Depth {
    /// The nearest colour that can be shown; none if there are no colours.
    #[must_use]
    pub fn nearest(self, colour: Colour) -> Option<Colour> {
        match (self, colour) {
            (Self::None, _) => None,
            (Self::True, _) | (_, Colour::Default) | (Self::Palette, Colour::Indexed(_)) => {
                Some(colour)
            }
            (Self::Palette, Colour::Rgb(r, g, b)) => Some(Colour::Indexed(nearest_256((r, g, b)))),
            (Self::Named, Colour::Indexed(index)) if index < 16 => Some(colour),
            (Self::Named, Colour::Indexed(index)) => {
                Some(Colour::Indexed(nearest_16(palette(index))))
            }
            (Self::Named, Colour::Rgb(r, g, b)) => Some(Colour::Indexed(nearest_16((r, g, b)))),
        }
    }
}

fn distance(a: Rgb, b: Rgb) -> i32 {
    let part = |a: u8, b: u8| (i32::from(a) - i32::from(b)).pow(2);
    part(a.0, b.0) + part(a.1, b.1) + part(a.2, b.2)
}

fn nearest_16(wanted: Rgb) -> u8 {
    (0..16).min_by_key(|index| distance(wanted, NAMED[usize::from(*index)])).unwrap_or(0)
}

/// The nearest of cube and greys; the sixteen named ones are the user's and not told.
fn nearest_256(wanted: Rgb) -> u8 {
    let level =
        |value: u8| (0..6_u8).min_by_key(|n| value.abs_diff(LEVELS[usize::from(*n)])).unwrap_or(0);
    let cube = 16 + 36 * level(wanted.0) + 6 * level(wanted.1) + level(wanted.2);
    let sum = u16::from(wanted.0) + u16::from(wanted.1) + u16::from(wanted.2);
    let grey = 232 + u8::try_from((sum / 3).saturating_sub(3) / 10).unwrap_or(23).min(23);
    if distance(wanted, palette(grey)) < distance(wanted, palette(cube)) { grey } else { cube }
}

/// Looks a terminal up in the database.
#[must_use]
pub fn look_up(name: &str) -> Info {
    let safe = name.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'/');
    if name.is_empty() || !safe {
        return Info::unknown(name);
    }
    let told = std::env::var("TERMINFO").ok().and_then(|text| inline_entry(name, &text));
    let entry = told.map_or_else(|| TermInfo::from_name(name).ok(), Some);
    entry.map_or_else(|| Info::unknown(name), |entry| read(name, &entry))
}

/// The entry of a terminal that `TERMINFO` holds itself, in hexadecimal digits or base64, as
/// `infocmp -Q3` writes it (terminfo(5)).
fn inline_entry(name: &str, text: &str) -> Option<TermInfo> {
    let bytes = if let Some(digits) = text.strip_prefix("hex:") {
        let digits: Vec<u8> = digits.bytes().filter(u8::is_ascii_hexdigit).collect();
        let byte = |pair: &[u8]| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok();
        digits.chunks(2).map(byte).collect::<Option<Vec<u8>>>()?
    } else {
        decode_base64_loose(text.strip_prefix("b64:")?.as_bytes(), ENTRY_BYTES_MAX)?
    };
    let entry = TermInfo::parse(bytes.as_slice()).ok()?;
    (entry.name == name || entry.aliases.iter().any(|alias| alias == name)).then_some(entry)
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
    use super::{Caps, Depth, Features, ImageProtocol, Info, inline_entry, look_up, read};
    use crate::base::style::Colour;
    use crate::base::text::encode_base64;
    use crate::client::input::Reply;
    use crate::settings::ColourDepth;

    /// The capabilities of a terminal with such a database entry and environment, after these
    /// answers.
    fn caps(info: &Info, env: &[(&str, &str)], answers: &[Reply]) -> Caps {
        let get = |name: &str| {
            env.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned())
        };
        let mut caps = Caps::new(info, get, ColourDepth::Auto);
        for answer in answers {
            caps.learn(answer);
        }
        caps
    }

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
    fn database_and_environment_tell_the_depth() {
        let check = |depth: Depth, env: &[(&str, &str)], wanted| {
            let info = Info { depth, modern: depth != Depth::None, ..Info::unknown("x") };
            assert_eq!(caps(&info, env, &[]).depth, wanted, "{env:?}");
        };
        check(Depth::Palette, &[], Depth::Palette);
        check(Depth::Palette, &[("COLORTERM", "truecolor")], Depth::True);
        check(Depth::Named, &[("COLORTERM", "24bit")], Depth::True);
        check(Depth::None, &[("COLORTERM", "truecolor")], Depth::None);
        check(Depth::True, &[("NO_COLOR", "1")], Depth::None);
        check(Depth::True, &[("NO_COLOR", "")], Depth::True);
    }

    #[test]
    fn answers_raise_what_there_is_but_not_against_the_users_word_and_no_name_does() {
        let plain = || Info::unknown("nobody-256color");
        let names = [Reply::Version("kitty(0.40)".into()), Reply::Version("foot(1.16.2)".into())];
        assert_eq!(caps(&plain(), &[], &names), caps(&plain(), &[], &[]));
        let answers = [
            Reply::Graphics("0;4:3;53;48:2::1:2:3".into()),
            Reply::Mode(2026, 2),
            Reply::Mode(2048, 1),
            Reply::Mode(2031, 0),
            Reply::Image(31, true),
            Reply::CellPixels((8, 16)),
            Reply::Attributes(vec![62, 4, 22]),
        ];
        let told = caps(&plain(), &[], &answers);
        assert_eq!(
            (told.depth, told.underlines, told.sync, told.pictures()),
            (Depth::True, true, true, ImageProtocol::Kitty)
        );
        assert!(told.has(Features::OVERLINE.with(Features::IN_BAND_SIZE).with(Features::SIXEL)));
        assert!(!told.has(Features::THEME));
        assert_eq!(caps(&plain(), &[("NO_COLOR", "1")], &answers).depth, Depth::None);
        assert_eq!(caps(&plain(), &[], &[Reply::Graphics("0".into())]).depth, Depth::Palette);
        assert_eq!(caps(&plain(), &[], &[Reply::Capability("Tc".into(), None)]).depth, Depth::True);
        assert_eq!(
            caps(&plain(), &[], &[Reply::Attributes(vec![4, 6])]).pictures(),
            ImageProtocol::Box,
            "the first number is the class"
        );
    }

    #[test]
    fn colours_are_taken_down_to_the_nearest() {
        let rgb = Colour::Rgb(255, 0, 10);
        assert_eq!(Depth::True.nearest(rgb), Some(rgb));
        assert_eq!(Depth::Palette.nearest(rgb), Some(Colour::Indexed(196)));
        assert_eq!(Depth::Named.nearest(rgb), Some(Colour::Indexed(9)));
        assert_eq!(Depth::Palette.nearest(Colour::Rgb(128, 128, 128)), Some(Colour::Indexed(244)));
        assert_eq!(Depth::Named.nearest(Colour::Indexed(231)), Some(Colour::Indexed(15)));
        assert_eq!(Depth::Named.nearest(Colour::Default), Some(Colour::Default));
        assert_eq!(Depth::None.nearest(rgb), None);
    }

    #[test]
    fn an_entry_in_the_environment_is_read_if_it_is_of_that_terminal() {
        // Header, names, a byte to make it even, and numbers up to that of the colours (term(5)).
        let mut bytes = Vec::new();
        for number in [0x011a_i16, 9, 0, 14, 0, 0] {
            bytes.extend(number.to_le_bytes());
        }
        bytes.extend(b"own|mine\0\0");
        bytes.extend([0xff; 26]);
        bytes.extend(256_i16.to_le_bytes());
        let digits: Vec<String> = bytes.iter().map(|byte| format!("{byte:02X}")).collect();
        let digits = digits.concat();
        let base64 = encode_base64(&bytes);
        for text in [format!("hex:{digits}"), format!("b64:{base64}")] {
            let depth =
                |name: &str| inline_entry(name, &text).map(|entry| read(name, &entry).depth);
            assert_eq!(depth("own"), Some(Depth::Palette), "{text}");
            assert_eq!(depth("mine"), None, "the last name is the description");
            assert_eq!(depth("other"), None);
        }
        for text in ["hex:1", "hex:1A01", "b64:!", "b64:", "/usr/share/terminfo"] {
            assert!(inline_entry("own", text).is_none(), "{text}");
        }
    }

    #[test]
    fn a_name_is_no_path() {
        assert!(!look_up("../x/xterm").is_known);
        assert!(!look_up("").is_known);
    }
}
