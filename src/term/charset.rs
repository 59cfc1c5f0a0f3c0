//! Character sets: what G0 to G3 hold and which is in force (ISO 2022, as far as terminals in UTF-8
//! still have it).

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
    /// DEC technical: parts of formulas and Greek letters.
    Technical,
    /// The upper half of Latin 1, which is also nearly DEC's supplemental set.
    Supplemental,
    /// The right half of ISO 8859-1, a set of 96 characters.
    Latin1,
    Dutch,
    Finnish,
    French,
    FrenchCanadian,
    German,
    Italian,
    Norwegian,
    Portuguese,
    Spanish,
    Swedish,
    Swiss,
}

const ALL: [Charset; 17] = [
    Charset::Ascii,
    Charset::Graphics,
    Charset::British,
    Charset::Technical,
    Charset::Supplemental,
    Charset::Latin1,
    Charset::Dutch,
    Charset::Finnish,
    Charset::French,
    Charset::FrenchCanadian,
    Charset::German,
    Charset::Italian,
    Charset::Norwegian,
    Charset::Portuguese,
    Charset::Spanish,
    Charset::Swedish,
    Charset::Swiss,
];

/// The characters that national sets replace, and by what (VT320 manual, appendix A).
const REPLACED: &str = "#@[\\]^_`{|}~";
const NATIONAL: [(Charset, &str); 12] = [
    (Charset::British, "£@[\\]^_`{|}~"),
    (Charset::Dutch, "£¾ĳ½|^_`¨ƒ¼´"),
    (Charset::Finnish, "#@ÄÖÅÜ_éäöåü"),
    (Charset::French, "£à°ç§^_`éùè¨"),
    (Charset::FrenchCanadian, "#àâçêî_ôéùèû"),
    (Charset::German, "#§ÄÖÜ^_`äöüß"),
    (Charset::Italian, "£§°çé^_ùàòèì"),
    (Charset::Norwegian, "#ÄÆØÅÜ_äæøåü"),
    (Charset::Portuguese, "#@ÃÇÕ^_`ãçõ~"),
    (Charset::Spanish, "£§¡Ñ¿^_`°ñç~"),
    (Charset::Swedish, "#ÉÄÖÅÜ_éäöåü"),
    (Charset::Swiss, "ùàéçêîèôäöüû"),
];

/// DEC technical from 0x21 to 0x7e (VT330 manual, table 2-6); a space has no character.
const TECHNICAL: &str = "⎷┌─⌠⌡│⎡⎣⎤⎦⎛⎝⎞⎠⎨⎬           ≤≠≥∫∴∝∞÷Δ∇ΦΓ∼≃Θ×Λ⇔⇒≡ΠΨ Σ  \
    √ΩΞΥ⊂⊃∩∪∧∨¬αβχδεφγηιθκλ ν∂πψρστ ƒωξυζ←↑→↓";

/// DEC special graphics from 0x5f to 0x7e (VT100 manual, table 3-9).
const GRAPHICS: [char; 32] = [
    ' ', '◆', '▒', '␉', '␌', '␍', '␊', '°', '±', '␤', '␋', '┘', '┐', '┌', '└', '┼', '⎺', '⎻', '─',
    '⎼', '⎽', '├', '┤', '┴', '┬', '│', '≤', '≥', 'π', '≠', '£', '·',
];

impl Charset {
    pub(crate) fn from_number(number: u8) -> Self {
        ALL.get(usize::from(number)).copied().unwrap_or_default()
    }

    /// The set that an intermediate (0 if there is none) and a final byte of SCS name; of 94
    /// characters, or of 96.
    pub(crate) fn named(mark: u8, last: u8, is_96: bool) -> Self {
        match (mark, last) {
            (0, b'A') if is_96 => Self::Latin1,
            (0, b'<') if is_96 => Self::Supplemental,
            _ if is_96 => Self::Ascii,
            (0, b'0' | b'2') => Self::Graphics,
            (0, b'A') => Self::British,
            (0, b'>') => Self::Technical,
            (0, b'<') | (b'%', b'5') => Self::Supplemental,
            (0, b'4') => Self::Dutch,
            (0, b'5' | b'C') => Self::Finnish,
            (0, b'R' | b'f') => Self::French,
            (0, b'Q' | b'9') => Self::FrenchCanadian,
            (0, b'K') => Self::German,
            (0, b'Y') => Self::Italian,
            (0, b'E' | b'6' | b'`') => Self::Norwegian,
            (b'%', b'6') => Self::Portuguese,
            (0, b'Z') => Self::Spanish,
            (0, b'H' | b'7') => Self::Swedish,
            (0, b'=') => Self::Swiss,
            _ => Self::Ascii,
        }
    }

    /// The name in DECCIR.
    pub(crate) fn name(self) -> &'static str {
        ["B", "0", "A", ">", "<", "A", "4", "5", "R", "Q", "K", "Y", "E", "%6", "Z", "H", "="]
            [self as usize]
    }

    /// True if it is only there with DECNRCM on.
    pub(crate) fn is_national(self) -> bool {
        self as u8 >= Self::Dutch as u8
    }

    /// The character that an ASCII character stands for.
    pub(crate) fn map(self, c: char) -> char {
        match (self, c) {
            (Self::Latin1, ' '..='~') | (Self::Supplemental, '!'..='~') => {
                char::from(c as u8 | 0x80)
            }
            (Self::Ascii, _) | (_, ' ') => c,
            (Self::Graphics, '_'..='~') => GRAPHICS[c as usize - '_' as usize],
            (Self::Technical, '!'..='~') => {
                TECHNICAL.chars().nth(c as usize - '!' as usize).unwrap_or(c)
            }
            _ => {
                let set = NATIONAL.iter().find(|(set, _)| *set == self).map_or("", |(_, set)| set);
                let at = REPLACED.chars().position(|own| own == c);
                at.and_then(|at| set.chars().nth(at)).unwrap_or(c)
            }
        }
    }
}

/// The designated sets and those in force.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Charsets {
    pub(crate) sets: [Charset; 4],
    /// The set that 0x20 to 0x7e mean (SI, SO, LS2, LS3).
    pub(crate) left: u8,
    /// The set for 0xa0 to 0xff (LS1R, LS2R, LS3R). UTF-8 leaves it no use; it is only reported.
    pub(crate) right: u8,
    /// The set of the next character alone (SS2, SS3); 0 if none.
    pub(crate) single: u8,
}

impl Default for Charsets {
    fn default() -> Self {
        Self { sets: [Charset::Ascii; 4], left: 0, right: 2, single: 0 }
    }
}

impl Charsets {
    /// The set in force.
    pub(crate) fn current(self) -> Charset {
        self.sets[usize::from(self.left & 3)]
    }

    /// True if ASCII means ASCII now.
    pub(crate) fn is_plain(self) -> bool {
        self.single == 0 && self.current() == Charset::Ascii
    }

    /// True if the next character is one of ISO Latin-1's right half.
    pub(crate) fn means_latin1(self) -> bool {
        let slot = if self.single == 0 { self.left } else { self.single };
        self.sets[usize::from(slot & 3)] == Charset::Latin1
    }

    /// The character that an ASCII character stands for; a single shift is used up.
    pub(crate) fn map(&mut self, c: char) -> char {
        let set =
            if self.single == 0 { self.current() } else { self.sets[usize::from(self.single & 3)] };
        self.single = 0;
        set.map(c)
    }
}

#[cfg(test)]
mod tests {
    use super::{ALL, Charset, NATIONAL, REPLACED, TECHNICAL};

    #[test]
    fn tables_have_a_character_for_each_place() {
        assert_eq!(TECHNICAL.chars().count(), 94);
        for (set, replacing) in NATIONAL {
            assert_eq!(replacing.chars().count(), REPLACED.chars().count(), "{set:?}");
        }
        for (number, set) in (0..).zip(ALL) {
            assert_eq!((set as u8, Charset::from_number(number)), (number, set));
            assert_eq!(
                set.map('a') == 'a',
                set != Charset::Graphics
                    && ![Charset::Technical, Charset::Supplemental, Charset::Latin1].contains(&set)
            );
        }
    }
}
