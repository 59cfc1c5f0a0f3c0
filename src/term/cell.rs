//! A cell in 8 bytes, and the attributes of a row of cells. Styles and clusters are numbers here;
//! their tables are elsewhere.

/// The part of its character that a cell holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum CellClass {
    /// A character of one column, or a blank.
    Narrow,
    /// The left half of a character of two columns.
    Wide,
    /// The right half.
    Tail,
    /// Left blank at the margin because a wide character did not fit.
    Spacer,
}

/// Bits 0–20: code point (0 is blank) or cluster number; 21: it is a cluster; 22–23: class; 24:
/// protected; 25–26: zone; 32–55: style.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Cell(pub(crate) u64);

const CODE: u64 = 0x001f_ffff;
const CLUSTER: u64 = CLUSTER_FLAG as u64;
const CLASS_SHIFT: u32 = 22;
const CLASS: u64 = 3 << CLASS_SHIFT;
const PROTECTED: u64 = 1 << 24;
const ZONE_SHIFT: u32 = 25;
const ZONE: u64 = 3 << ZONE_SHIFT;
const STYLE_SHIFT: u32 = 32;

/// In a code: it is the number of a cluster.
pub(crate) const CLUSTER_FLAG: u32 = 1 << 21;

/// Style numbers have 24 bits.
pub(crate) const STYLE_MAX: u32 = 0x00ff_ffff;

impl Cell {
    pub(crate) const BLANK: Self = Self(0);

    /// A blank of a style.
    pub(crate) fn blank(style: u32) -> Self {
        Self(u64::from(style & STYLE_MAX) << STYLE_SHIFT)
    }

    /// A cell without its character: the template of all cells printed with these.
    pub(crate) fn template(style: u32, protected: bool, zone: u8) -> Self {
        Self(
            Self::blank(style).0
                | if protected { PROTECTED } else { 0 }
                | (u64::from(zone) << ZONE_SHIFT & ZONE),
        )
    }

    /// A copy of this template with a narrow character.
    pub(crate) fn with_char(self, c: char) -> Self {
        Self(self.0 & !(CODE | CLUSTER | CLASS) | u64::from(u32::from(c)))
    }

    /// A copy of this cell with another character in the same columns.
    pub(crate) fn with_char_of_width(self, c: char) -> Self {
        Self(self.0 & !(CODE | CLUSTER) | u64::from(u32::from(c)))
    }

    /// A copy of this cell with a cluster instead of its character.
    pub(crate) fn with_cluster(self, number: u32) -> Self {
        Self(self.0 & !CODE | CLUSTER | u64::from(number) & CODE)
    }

    pub(crate) fn with_class(self, class: CellClass) -> Self {
        Self(self.0 & !CLASS | (class as u64) << CLASS_SHIFT)
    }

    pub(crate) fn with_style(self, style: u32) -> Self {
        Self(self.0 & 0xffff_ffff | Self::blank(style).0)
    }

    /// The same style and place without text: what is left of half a character.
    pub(crate) fn emptied(self) -> Self {
        Self(self.0 & !(CODE | CLUSTER | CLASS))
    }

    pub(crate) fn class(self) -> CellClass {
        match (self.0 & CLASS) >> CLASS_SHIFT {
            0 => CellClass::Narrow,
            1 => CellClass::Wide,
            2 => CellClass::Tail,
            _ => CellClass::Spacer,
        }
    }

    pub(crate) fn is_wide_part(self) -> bool {
        self.0 & CLASS != 0
    }

    pub(crate) fn is_protected(self) -> bool {
        self.0 & PROTECTED != 0
    }

    pub(crate) fn style(self) -> u32 {
        (self.0 >> STYLE_SHIFT) as u32 & STYLE_MAX
    }

    /// The number of its cluster, if it is one.
    pub(crate) fn cluster(self) -> Option<u32> {
        (self.0 & CLUSTER != 0).then_some((self.0 & CODE) as u32)
    }

    /// The code point or cluster number, told apart by a flag: the key that
    /// [`crate::term::cluster`] joins.
    pub(crate) fn code(self) -> u32 {
        (self.0 & (CODE | CLUSTER)) as u32
    }

    /// The character; a blank is a space, a cluster is none.
    pub(crate) fn char(self) -> Option<char> {
        if self.0 & CLUSTER != 0 {
            return None;
        }
        match (self.0 & CODE) as u32 {
            0 => Some(' '),
            code => Some(char::from_u32(code).unwrap_or(char::REPLACEMENT_CHARACTER)),
        }
    }

    /// True if nothing was ever written there.
    pub(crate) fn is_blank(self) -> bool {
        self.0 & (CODE | CLUSTER | CLASS) == 0
    }

    /// True if nothing was written and it looks like the terminal's own background.
    pub(crate) fn is_plain_blank(self) -> bool {
        self.is_blank() && self.style() == 0
    }
}

/// The attributes of a row besides its cells.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct RowAttrs {
    /// A set of the bits below.
    pub(crate) flags: u8,
    /// The prompt mark set on it, as [`crate::term::shell_integration`] numbers them; 0 is none.
    pub(crate) mark: u8,
    /// No cell from here on was written.
    pub(crate) used: u16,
}

impl RowAttrs {
    /// The text goes on in the next row.
    pub(crate) const WRAPPED: u8 = 1;
    /// Some cell may have another style than the default one.
    pub(crate) const STYLED: u8 = 2;
    /// Some cell may have another text than ASCII.
    pub(crate) const TEXT: u8 = 4;
    /// Some cell may be part of a wide character.
    pub(crate) const WIDE: u8 = 8;
    /// The row is drawn with the width doubled and has half the columns (DECDWL, DECDHL).
    pub(crate) const DOUBLE: u8 = 16;

    pub(crate) fn has(self, flag: u8) -> bool {
        self.flags & flag != 0
    }
}
