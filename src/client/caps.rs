//! What the outer terminal can do, from its environment and its answers. Pure: the environment is handed in.

use crate::base::style::Colour;
use crate::client::input::Reply;
use crate::settings::ColourDepth;

/// The colour that is set and asked back to learn whether 24 bits are understood.
pub const PROBE: Colour = Colour::Rgb(1, 2, 3);

/// How many colours can be shown.
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

/// What the outer terminal can do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Caps {
    /// How many colours.
    pub depth: Depth,
    /// Whether the depth is the user's word, which no answer changes.
    pub depth_fixed: bool,
    /// Curly and other underlines, and their colour (4:3, 58).
    pub underlines: bool,
    /// OSC 8 links, titles, private modes: everything but the plainest terminals.
    pub modern: bool,
    /// Synchronized output (2026) is known to work, so the cursor need not be hidden while drawing.
    pub sync: bool,
    /// kitty's keyboard protocol is on.
    pub kitty: bool,
}

impl Default for Caps {
    fn default() -> Self {
        Self { depth: Depth::Palette, depth_fixed: false, underlines: false, modern: true, sync: false, kitty: false }
    }
}

/// Names in `TERM` or XTVERSION of terminals with styled underlines and 24-bit colours.
const CAPABLE: &[&str] = &["kitty", "alacritty", "foot", "wezterm", "ghostty", "contour", "iterm2", "konsole", "rio", "abide"];

impl Caps {
    /// From the environment: `NO_COLOR`, `COLORTERM`, `TERM`, `TERM_PROGRAM`; and what the user says.
    #[must_use]
    pub fn from_env(get: impl Fn(&str) -> Option<String>, wanted: ColourDepth) -> Self {
        let read = |name: &str| get(name).unwrap_or_default().to_lowercase();
        let (term, colorterm, program) = (read("TERM"), read("COLORTERM"), read("TERM_PROGRAM"));
        let capable = is_capable(&term) || is_capable(&program);
        let modern = !matches!(term.as_str(), "" | "linux" | "dumb") && !term.starts_with("vt");
        let told = match term.as_str() {
            "dumb" => Depth::None,
            _ if capable || matches!(colorterm.as_str(), "truecolor" | "24bit") || term.ends_with("-direct") => Depth::True,
            "" | "linux" | "xterm" | "screen" | "ansi" | "xterm-16color" => Depth::Named,
            _ if term.starts_with("vt") => Depth::None,
            _ => Depth::Palette,
        };
        let (depth, depth_fixed) = match wanted {
            ColourDepth::Auto if !read("NO_COLOR").is_empty() => (Depth::None, true),
            ColourDepth::Auto => (told, false),
            ColourDepth::True => (Depth::True, true),
            ColourDepth::Palette => (Depth::Palette, true),
            ColourDepth::Named => (Depth::Named, true),
            ColourDepth::None => (Depth::None, true),
        };
        Self { depth, depth_fixed, underlines: capable, modern, sync: false, kitty: false }
    }

    /// Learns from an answer; whether anything changed that needs drawing anew.
    pub fn learn(&mut self, reply: &Reply) -> bool {
        let before = *self;
        match reply {
            Reply::Version(name) if is_capable(&name.to_lowercase()) => {
                self.underlines = true;
                self.raise(Depth::True);
            }
            Reply::Mode(2026, state) => self.sync = matches!(state, 1 | 2),
            Reply::Kitty(flags) => self.kitty = *flags != 0,
            Reply::Graphics(_) if reply.proves_true_colour(PROBE) => self.raise(Depth::True),
            _ => {}
        }
        (before.depth, before.underlines) != (self.depth, self.underlines)
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

fn is_capable(name: &str) -> bool {
    CAPABLE.iter().any(|capable| name.contains(capable))
}

impl Depth {
    /// The nearest colour that can be shown; none if there are no colours.
    #[must_use]
    pub fn nearest(self, colour: Colour) -> Option<Colour> {
        match (self, colour) {
            (Self::None, _) => None,
            (Self::True, _) | (_, Colour::Default) | (Self::Palette, Colour::Indexed(_)) => Some(colour),
            (Self::Palette, Colour::Rgb(r, g, b)) => Some(Colour::Indexed(nearest_256((r, g, b)))),
            (Self::Named, Colour::Indexed(index)) if index < 16 => Some(colour),
            (Self::Named, Colour::Indexed(index)) => Some(Colour::Indexed(nearest_16(rgb_of(index)))),
            (Self::Named, Colour::Rgb(r, g, b)) => Some(Colour::Indexed(nearest_16((r, g, b)))),
        }
    }
}

type Rgb = (u8, u8, u8);

/// The levels of the palette's 6×6×6 cube.
const LEVELS: [u8; 6] = [0, 95, 135, 175, 215, 255];

/// xterm's own values of the sixteen named colours.
const NAMED: [Rgb; 16] = [
    (0, 0, 0),
    (205, 0, 0),
    (0, 205, 0),
    (205, 205, 0),
    (0, 0, 238),
    (205, 0, 205),
    (0, 205, 205),
    (229, 229, 229),
    (127, 127, 127),
    (255, 0, 0),
    (0, 255, 0),
    (255, 255, 0),
    (92, 92, 255),
    (255, 0, 255),
    (0, 255, 255),
    (255, 255, 255),
];

fn distance(a: Rgb, b: Rgb) -> i32 {
    let part = |a: u8, b: u8| (i32::from(a) - i32::from(b)).pow(2);
    part(a.0, b.0) + part(a.1, b.1) + part(a.2, b.2)
}

/// xterm's value of an entry of the 256-colour palette.
fn rgb_of(index: u8) -> Rgb {
    match index {
        0..16 => NAMED[usize::from(index)],
        16..232 => {
            let level = |n: u8| LEVELS[usize::from(n % 6)];
            let cube = index - 16;
            (level(cube / 36), level(cube / 6), level(cube))
        }
        232.. => {
            let grey = 8 + 10 * (index - 232);
            (grey, grey, grey)
        }
    }
}

fn nearest_16(wanted: Rgb) -> u8 {
    (0..16).min_by_key(|index| distance(wanted, NAMED[usize::from(*index)])).unwrap_or(0)
}

/// The nearest of cube and greys; the sixteen named ones are the user's and not told.
fn nearest_256(wanted: Rgb) -> u8 {
    let level = |value: u8| (0..6_u8).min_by_key(|n| value.abs_diff(LEVELS[usize::from(*n)])).unwrap_or(0);
    let cube = 16 + 36 * level(wanted.0) + 6 * level(wanted.1) + level(wanted.2);
    let sum = u16::from(wanted.0) + u16::from(wanted.1) + u16::from(wanted.2);
    let grey = 232 + u8::try_from((sum / 3).saturating_sub(3) / 10).unwrap_or(23).min(23);
    if distance(wanted, rgb_of(grey)) < distance(wanted, rgb_of(cube)) { grey } else { cube }
}

#[cfg(test)]
mod tests {
    use super::{Caps, Depth};
    use crate::base::style::Colour;
    use crate::client::input::Reply;
    use crate::settings::ColourDepth;

    fn caps(env: &[(&str, &str)]) -> Caps {
        Caps::from_env(|name| env.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned()), ColourDepth::Auto)
    }

    #[test]
    fn the_environment_tells_the_depth() {
        let check = |env: &[(&str, &str)], depth| assert_eq!(caps(env).depth, depth, "{env:?}");
        check(&[("TERM", "xterm-256color")], Depth::Palette);
        check(&[("TERM", "xterm-256color"), ("COLORTERM", "truecolor")], Depth::True);
        check(&[("TERM", "xterm-kitty")], Depth::True);
        check(&[("TERM", "linux")], Depth::Named);
        check(&[("TERM", "dumb")], Depth::None);
        check(&[("TERM", "xterm-kitty"), ("NO_COLOR", "1")], Depth::None);
        check(&[("TERM", "xterm-kitty"), ("NO_COLOR", "")], Depth::True);
    }

    #[test]
    fn answers_raise_the_depth_but_not_against_the_users_word() {
        let answer = Reply::Version("foot(1.16.2)".into());
        let mut plain = caps(&[("TERM", "xterm-256color")]);
        assert!(plain.learn(&answer));
        assert_eq!((plain.depth, plain.underlines), (Depth::True, true));
        let mut none = caps(&[("TERM", "xterm-256color"), ("NO_COLOR", "1")]);
        none.learn(&answer);
        assert_eq!(none.depth, Depth::None);
        let mut proven = caps(&[("TERM", "xterm-256color")]);
        assert!(!proven.learn(&Reply::Graphics("0".into())));
        assert!(proven.learn(&Reply::Graphics("48:2::1:2:3".into())));
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
}
