//! Width and grapheme class of every scalar, and where clusters end (UAX 29), one scalar at a time.
//! It holds no text.

/// The table: a byte for each scalar, in two stages: 4 352 block numbers, then blocks of 256. Made
/// from the crates `unicode-width` and `unicode-segmentation` by the test below, which also proves
/// that it still agrees with them but for the soft hyphen.
static DATA: &[u8] = include_bytes!("classes.bin");
const STAGE: usize = 0x0011_0000 / 256;

/// The class of a scalar in UAX 29, with the two more that `GB9c` and `GB11` need.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
#[repr(u8)]
pub(crate) enum BreakClass {
    #[default]
    Other,
    Control,
    Extend,
    /// Extends, but ends a conjunct (`GB9c`).
    ExtendOnly,
    Linker,
    Zwj,
    Regional,
    Prepend,
    SpacingMark,
    HangulL,
    HangulV,
    HangulT,
    HangulLv,
    HangulLvt,
    Pictographic,
    Consonant,
}

const CLASSES: [BreakClass; 16] = [
    BreakClass::Other,
    BreakClass::Control,
    BreakClass::Extend,
    BreakClass::ExtendOnly,
    BreakClass::Linker,
    BreakClass::Zwj,
    BreakClass::Regional,
    BreakClass::Prepend,
    BreakClass::SpacingMark,
    BreakClass::HangulL,
    BreakClass::HangulV,
    BreakClass::HangulT,
    BreakClass::HangulLv,
    BreakClass::HangulLvt,
    BreakClass::Pictographic,
    BreakClass::Consonant,
];

/// The properties of a scalar: bits 0–3 class, 4–5 width, 6 ambiguous width.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct CharClass(u8);

impl CharClass {
    #[inline]
    pub(crate) fn of(c: char) -> Self {
        let code = c as usize;
        let block = usize::from(DATA[code >> 8]);
        Self(DATA[STAGE + (block << 8 | code & 0xff)])
    }

    #[inline]
    pub(crate) fn class(self) -> BreakClass {
        CLASSES[usize::from(self.0 & 0x0f)]
    }

    /// Columns: 0, 1 or 2.
    #[inline]
    pub(crate) fn cols(self, ambiguous_wide: bool) -> u8 {
        if ambiguous_wide && self.0 & 0x40 != 0 { 2 } else { self.0 >> 4 & 3 }
    }

    /// True if it starts a cluster whatever stands before it, and takes one or two columns: by far
    /// the most do.
    #[inline]
    pub(crate) fn is_simple(self) -> bool {
        self.class() == BreakClass::Other && self.0 & 0x70 != 0
    }
}

/// The state of the text before the next scalar that decides whether the scalar joins it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Join {
    /// `BreakClass` of the last scalar.
    last: BreakClass,
    /// A set of the bits below; 0 if there is no text to join.
    bits: u8,
}

const PRESENT: u8 = 1;
/// An emoji, and extending scalars since, at most the last of them a joiner (GB11).
const PICTOGRAPH: u8 = 2;
/// An odd number of regional indicators (GB12, GB13).
const REGIONAL_ODD: u8 = 4;
/// A consonant, and extending scalars since (`GB9c`).
const CONSONANT: u8 = 8;
/// And a linker among those.
const LINKER: u8 = 16;

impl Join {
    /// Nothing to join.
    pub(crate) const NONE: Self = Self { last: BreakClass::Other, bits: 0 };
    /// After an ordinary character.
    pub(crate) const OTHER: Self = Self { last: BreakClass::Other, bits: PRESENT };

    /// As two bytes, for snapshots.
    pub(crate) fn bytes(self) -> [u8; 2] {
        [self.last as u8, self.bits]
    }

    pub(crate) fn from_bytes(bytes: [u8; 2]) -> Self {
        Self { last: CLASSES[usize::from(bytes[0] & 0x0f)], bits: bytes[1] & 31 }
    }

    /// True if even an ASCII character would join (`GB9b`).
    #[inline]
    pub(crate) fn is_open(self) -> bool {
        self.last == BreakClass::Prepend && self.bits != 0
    }

    /// True if a scalar of this class belongs to the cluster before it.
    pub(crate) fn joins(self, next: BreakClass) -> bool {
        use BreakClass as C;
        if self.bits == 0 || self.last == C::Control || next == C::Control {
            return false;
        }
        match (self.last, next) {
            (_, C::Extend | C::ExtendOnly | C::Linker | C::Zwj | C::SpacingMark)
            | (C::Prepend, _)
            | (C::HangulL, C::HangulL | C::HangulV | C::HangulLv | C::HangulLvt)
            | (C::HangulV | C::HangulLv, C::HangulV | C::HangulT)
            | (C::HangulT | C::HangulLvt, C::HangulT) => true,
            (_, C::Consonant) => self.bits & (CONSONANT | LINKER) == CONSONANT | LINKER,
            (C::Zwj, C::Pictographic) => self.bits & PICTOGRAPH != 0,
            (C::Regional, C::Regional) => self.bits & REGIONAL_ODD != 0,
            _ => false,
        }
    }

    /// The state after a scalar of this class.
    pub(crate) fn after(self, next: BreakClass) -> Self {
        let pictograph = match next {
            BreakClass::Pictographic => PICTOGRAPH,
            BreakClass::Extend | BreakClass::ExtendOnly | BreakClass::Linker | BreakClass::Zwj
                if self.last != BreakClass::Zwj =>
            {
                self.bits & PICTOGRAPH
            }
            _ => 0,
        };
        let regional = if next == BreakClass::Regional { !self.bits & REGIONAL_ODD } else { 0 };
        let conjunct = match next {
            BreakClass::Consonant => CONSONANT,
            BreakClass::Linker if self.bits & CONSONANT != 0 => CONSONANT | LINKER,
            BreakClass::Extend | BreakClass::Zwj => self.bits & (CONSONANT | LINKER),
            _ => 0,
        };
        Self { last: next, bits: PRESENT | pictograph | regional | conjunct }
    }
}

#[cfg(test)]
mod tests {
    use unicode_segmentation::UnicodeSegmentation;
    use unicode_width::UnicodeWidthChar;

    use super::{BreakClass, CharClass, DATA, Join, STAGE};

    fn is_one(text: &str) -> bool {
        text.graphemes(true).count() == 1
    }

    /// The class as the crate behaves.
    fn class_of(c: char) -> BreakClass {
        let with = |before: &str, after: &str| is_one(&format!("{before}{c}{after}"));
        if c.is_ascii() {
            return if c.is_ascii_control() { BreakClass::Control } else { BreakClass::Other };
        }
        if with("a", "") {
            return if with("\u{1f469}", "\u{1f469}") {
                BreakClass::Zwj
            } else if with("\u{915}", "\u{915}") {
                BreakClass::Linker
            } else if !with("\u{1f469}", "\u{200d}\u{1f469}") {
                BreakClass::SpacingMark
            } else if with("\u{915}", "\u{94d}\u{915}") {
                BreakClass::Extend
            } else {
                BreakClass::ExtendOnly
            };
        }
        if !with("", "\u{301}") {
            BreakClass::Control
        } else if with("", "a") {
            BreakClass::Prepend
        } else if with("\u{1f1e6}", "") {
            BreakClass::Regional
        } else if with("\u{1f469}\u{200d}", "") {
            BreakClass::Pictographic
        } else if with("\u{915}\u{94d}", "") {
            BreakClass::Consonant
        } else {
            hangul_class(&with)
        }
    }

    fn hangul_class(with: &impl Fn(&str, &str) -> bool) -> BreakClass {
        let (after_l, after_v, before_v) =
            (with("\u{1100}", ""), with("\u{1160}", ""), with("", "\u{1160}"));
        if with("", "\u{ac00}") {
            BreakClass::HangulL
        } else if after_v && before_v {
            BreakClass::HangulV
        } else if after_v {
            BreakClass::HangulT
        } else if after_l && before_v {
            BreakClass::HangulLv
        } else if after_l {
            BreakClass::HangulLvt
        } else {
            BreakClass::Other
        }
    }

    fn expected(c: char) -> u8 {
        // The soft hyphen shows as a hyphen in terminals (xterm, and what libc's wcwidth says),
        // whatever it does in print.
        let cols = if c == '\u{ad}' { 1 } else { c.width().unwrap_or(0).min(2) };
        let ambiguous = c.width_cjk().unwrap_or(0).min(2) != cols && cols == 1;
        class_of(c) as u8 | u8::try_from(cols).expect("at most 2") << 4 | u8::from(ambiguous) << 6
    }

    fn table() -> Vec<u8> {
        let mut blocks: Vec<Vec<u8>> = Vec::new();
        let mut stage = Vec::with_capacity(STAGE);
        for high in 0..u32::try_from(STAGE).expect("small") {
            let block: Vec<u8> = (0..256)
                .map(|low| char::from_u32(high << 8 | low).map_or(0x10, expected))
                .collect();
            let number = blocks.iter().position(|own| *own == block).unwrap_or_else(|| {
                blocks.push(block);
                blocks.len() - 1
            });
            stage.push(u8::try_from(number).expect("few blocks differ"));
        }
        stage.extend(blocks.concat());
        stage
    }

    /// Rewrites the table with `ABIDE_BLESS=1`; otherwise holds it to the crates.
    #[test]
    fn the_table_says_what_the_crates_say() {
        let table = table();
        if std::env::var_os("ABIDE_BLESS").is_some() {
            std::fs::write(concat!(env!("CARGO_MANIFEST_DIR"), "/src/term/classes.bin"), &table)
                .expect("the source tree is writable");
            return;
        }
        assert!(
            table == DATA,
            "run this test with ABIDE_BLESS=1 after an update of the unicode crates"
        );
    }

    /// A character of every class and some that look alike.
    const SAMPLES: [char; 24] = [
        'a',
        '\u{301}',
        '\u{200c}',
        '\u{94d}',
        '\u{200d}',
        '\u{1f1e6}',
        '\u{600}',
        '\u{903}',
        '\u{1100}',
        '\u{1160}',
        '\u{11a8}',
        '\u{ac00}',
        '\u{ac01}',
        '\u{1f469}',
        '\u{915}',
        '\u{fe0f}',
        '\u{200b}',
        '\u{4e00}',
        '\u{1f3fb}',
        '\u{20e3}',
        '\u{2764}',
        '1',
        '\u{e33}',
        '\u{1f1e7}',
    ];

    /// GB11: between emoji and the joiner that binds the next there may be extending scalars, and a
    /// joiner is none of those.
    #[test]
    fn two_joiners_bind_no_emoji() {
        let is_bound = |text: &str| {
            let (last, before) = (
                text.chars().last().expect("given"),
                text.chars().rev().skip(1).collect::<Vec<_>>(),
            );
            let join = before
                .iter()
                .rev()
                .fold(Join::NONE, |join, c| join.after(CharClass::of(*c).class()));
            join.joins(CharClass::of(last).class())
        };
        assert!(is_bound("\u{1f469}\u{200d}\u{2764}"));
        assert!(is_bound("\u{1f469}\u{301}\u{200d}\u{2764}"));
        assert!(!is_bound("\u{1f469}\u{200d}\u{200d}\u{2764}"));
        assert!(!is_bound("\u{1f469}\u{200d}\u{301}\u{200d}\u{2764}"));
    }

    proptest::proptest! {
        #![proptest_config(proptest::prelude::ProptestConfig {
            failure_persistence: None, ..Default::default()
        })]
        #[test]
        fn clusters_end_where_the_crate_ends_them(
            picks in proptest::collection::vec(0..SAMPLES.len(), 1..12)
        ) {
            let text: String = picks.iter().map(|pick| SAMPLES[*pick]).collect();
            let mut ends = Vec::new();
            let mut join = Join::NONE;
            for (at, c) in text.char_indices() {
                let class = CharClass::of(c).class();
                if !join.joins(class) {
                    ends.push(at);
                }
                join = join.after(class);
            }
            let expected: Vec<usize> = text.grapheme_indices(true).map(|(at, _)| at).collect();
            proptest::prop_assert_eq!(ends, expected);
        }
    }
}
