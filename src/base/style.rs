//! The look of a cell: colours, underlines, attributes, cursor shapes. The one vocabulary of
//! engine, wire and client; nothing is drawn here.

use serde::{Deserialize, Serialize};

/// A colour as a program asked for it (ECMA-48 SGR 30–49 and xterm's 38/48/58 extensions).
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize,
)]
pub enum Colour {
    /// The terminal's own.
    #[default]
    Default,
    /// An entry of the 256-colour palette; 0–15 are the named ones.
    Indexed(u8),
    /// Red, green, blue.
    Rgb(u8, u8, u8),
}

/// Red, green, blue.
pub type Rgb = (u8, u8, u8);

/// xterm's own values of the sixteen named colours: what a terminal is taken to show that did not
/// tell.
pub const NAMED: [Rgb; 16] = [
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

/// The levels of the palette's 6×6×6 cube (xterm, 256colres.pl).
pub const LEVELS: [u8; 6] = [0, 95, 135, 175, 215, 255];

/// xterm's value of an entry of the 256-colour palette.
#[must_use]
pub fn palette(index: u8) -> Rgb {
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

/// The kind of underline (SGR 4, 21 and 4:0–4:5).
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize,
)]
pub enum Underline {
    /// None.
    #[default]
    None,
    /// 4 or 4:1.
    Single,
    /// 21 or 4:2.
    Double,
    /// 4:3.
    Curly,
    /// 4:4.
    Dotted,
    /// 4:5.
    Dashed,
}

/// On-off attributes of a cell, as a set of bits.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize,
)]
pub struct Attrs(pub u16);

impl Attrs {
    /// SGR 1.
    pub const BOLD: Self = Self(1);
    /// SGR 2.
    pub const DIM: Self = Self(1 << 1);
    /// SGR 3.
    pub const ITALIC: Self = Self(1 << 2);
    /// SGR 5 (and 6, which is shown alike).
    pub const BLINK: Self = Self(1 << 3);
    /// SGR 7.
    pub const INVERSE: Self = Self(1 << 4);
    /// SGR 8.
    pub const CONCEAL: Self = Self(1 << 5);
    /// SGR 9.
    pub const STRIKE: Self = Self(1 << 6);
    /// SGR 53.
    pub const OVERLINE: Self = Self(1 << 7);

    /// True if all of `other` are on.
    #[must_use]
    pub const fn has(self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }

    /// With all of `other` on.
    #[must_use]
    pub const fn with(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// With all of `other` off.
    #[must_use]
    pub const fn without(self, other: Self) -> Self {
        Self(self.0 & !other.0)
    }
}

/// Everything about the look of a cell but its text and its link.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize,
)]
pub struct Style {
    /// Foreground.
    pub fg: Colour,
    /// Background.
    pub bg: Colour,
    /// Colour of the underline; default is the foreground's.
    pub underline_colour: Colour,
    /// Kind of underline.
    pub underline: Underline,
    /// The on-off attributes.
    pub attrs: Attrs,
}

/// The shape of a cursor (DECSCUSR).
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize,
)]
pub enum CursorShape {
    /// The shape that the outer terminal has (0).
    #[default]
    Default,
    /// 1 and 2.
    Block,
    /// 3 and 4.
    Underline,
    /// 5 and 6.
    Bar,
}

/// A cursor as a client shows it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Cursor {
    /// Column, from 0; never beyond the last.
    pub x: u16,
    /// Row, from 0.
    pub y: u16,
    /// DECTCEM.
    pub visible: bool,
    /// DECSCUSR's shape.
    pub shape: CursorShape,
    /// DECSCUSR's odd numbers.
    pub blink: bool,
}
