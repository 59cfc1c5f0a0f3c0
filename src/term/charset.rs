//! Character sets: what G0 to G3 hold and which is in force (ISO 2022, as far as terminals in UTF-8 still have it).

/// A character set that can be designated.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[repr(u8)]
pub(crate) enum Charset {
    /// ASCII, and every set that is not known.
    #[default]
    Ascii,
    /// DEC special graphics: lines and boxes for 0x5f to 0x7e.
    Graphics,
    /// British: the pound sign for `#`.
    British,
    /// The right half of ISO 8859-1, a set of 96 characters.
    Latin1,
}

/// DEC special graphics from 0x5f to 0x7e (VT100 manual, table 3-9).
const GRAPHICS: [char; 32] = [
    '\u{a0}', '◆', '▒', '␉', '␌', '␍', '␊', '°', '±', '␤', '␋', '┘', '┐', '┌', '└', '┼', '⎺', '⎻', '─', '⎼', '⎽', '├', '┤', '┴', '┬', '│',
    '≤', '≥', 'π', '≠', '£', '·',
];

impl Charset {
    pub(crate) fn from_number(number: u8) -> Self {
        match number {
            1 => Self::Graphics,
            2 => Self::British,
            3 => Self::Latin1,
            _ => Self::Ascii,
        }
    }

    /// The set of 96 characters that a final byte of SCS names (ECMA-35 14.3.2; ISO-IR 100).
    pub(crate) fn from_final_of_96(last: u8) -> Self {
        if last == b'A' { Self::Latin1 } else { Self::Ascii }
    }

    /// The set of 94 characters that a final byte of SCS names.
    pub(crate) fn from_final(last: u8) -> Self {
        match last {
            b'0' | b'2' => Self::Graphics,
            b'A' => Self::British,
            _ => Self::Ascii,
        }
    }

    /// What an ASCII character stands for.
    pub(crate) fn map(self, c: char) -> char {
        match (self, c) {
            (Self::Graphics, '_'..='~') => GRAPHICS[c as usize - '_' as usize],
            (Self::British, '#') => '£',
            (Self::Latin1, ' '..='~') => char::from_u32(u32::from(c) + 0x80).unwrap_or(c),
            _ => c,
        }
    }
}

/// The designated sets and those in force.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Charsets {
    pub(crate) sets: [Charset; 4],
    /// Which of them 0x20 to 0x7e mean (SI, SO, LS2, LS3).
    pub(crate) left: u8,
    /// Which of them the next character means (SS2, SS3); 0 if none.
    pub(crate) single: u8,
}

impl Charsets {
    /// The set in force.
    pub(crate) fn current(self) -> Charset {
        self.sets[usize::from(self.left & 3)]
    }

    /// Whether ASCII means ASCII now.
    pub(crate) fn is_plain(self) -> bool {
        self.single == 0 && self.current() == Charset::Ascii
    }

    /// Whether the next character is one of ISO Latin-1's right half.
    pub(crate) fn means_latin1(self) -> bool {
        let slot = if self.single == 0 { self.left } else { self.single };
        self.sets[usize::from(slot & 3)] == Charset::Latin1
    }

    /// What an ASCII character stands for, using up a single shift.
    pub(crate) fn map(&mut self, c: char) -> char {
        let set = if self.single == 0 { self.current() } else { self.sets[usize::from(self.single & 3)] };
        self.single = 0;
        set.map(c)
    }
}
