//! The columns of every scalar, and which scalars share a cell, one scalar at a time. It holds no
//! text.
//!
//! A scalar that has columns of its own (`wcwidth(3)`) begins a cell, whatever script it is of, so
//! that readline, vim and everyone else who adds up `wcwidth` finds the cursor where it is. Only
//! emoji sequences and flags, which all count as two columns, share the cell of what they follow.

/// The table: a byte for each scalar, in two stages: 4 352 block numbers, then blocks of 256. Made
/// by the test below, which also proves that it still agrees with its sources: widths of
/// `wcwidth(3)`, recorded in `tests/refs/unicode`, and the properties of the unicode crates.
static DATA: &[u8] = include_bytes!("classes.bin");
const STAGE: usize = 0x0011_0000 / 256;

/// The part that a scalar plays in a cell.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
#[repr(u8)]
pub enum BreakClass {
    /// Begins a cell, or has no part in clusters.
    #[default]
    Other,
    /// A control, or invisible and nobody's part: it is not shown.
    Control,
    /// Without columns: it goes into the cell before it.
    Extend,
    /// ZWJ, which binds the emoji after it.
    Zwj,
    /// Half of a flag.
    Regional,
    /// A skin tone.
    Modifier,
    /// An emoji, or what could be shown as one.
    Pictographic,
    /// An emoji that takes a skin tone.
    ModifierBase,
}

const CLASSES: [BreakClass; 8] = [
    BreakClass::Other,
    BreakClass::Control,
    BreakClass::Extend,
    BreakClass::Zwj,
    BreakClass::Regional,
    BreakClass::Modifier,
    BreakClass::Pictographic,
    BreakClass::ModifierBase,
];

/// The properties of a scalar: bits 0–2 class, 3 has an emoji and a text form (VS15, VS16), 4–5
/// width, 6 ambiguous width.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CharClass(u8);

impl CharClass {
    /// The properties of `c`.
    #[inline]
    #[must_use]
    pub fn of(c: char) -> Self {
        let code = c as usize;
        let block = usize::from(DATA[code >> 8]);
        Self(DATA[STAGE + (block << 8 | code & 0xff)])
    }

    /// The part it plays in a cell.
    #[inline]
    #[must_use]
    pub fn class(self) -> BreakClass {
        CLASSES[usize::from(self.0 & 0x07)]
    }

    /// Columns: 0, 1 or 2.
    #[inline]
    #[must_use]
    pub fn cols(self, ambiguous_wide: bool) -> u8 {
        if ambiguous_wide && self.0 & 0x40 != 0 { 2 } else { self.0 >> 4 & 3 }
    }

    /// True if it begins a cell whatever stands before it: by far the most do.
    #[inline]
    #[must_use]
    pub fn is_simple(self) -> bool {
        self.class() == BreakClass::Other && self.0 & 0x70 != 0
    }
}

/// The text of a cell as far as it decides what else belongs there, and its columns.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Join {
    /// `BreakClass` of the last scalar.
    last: BreakClass,
    /// A set of the bits below; 0 if there is no text to join.
    bits: u8,
    cols: u8,
}

const PRESENT: u8 = 1;
/// An emoji, and extending scalars since, at most the last of them a joiner (GB11).
const PICTOGRAPH: u8 = 2;
/// An odd number of regional indicators (GB12, GB13).
const REGIONAL_ODD: u8 = 4;
/// The last scalar has an emoji and a text form.
const VARIES: u8 = 8;
/// The last scalar, a variation selector apart, takes a skin tone.
const TONELESS: u8 = 16;

impl Join {
    /// No text.
    pub const NONE: Self = Self { last: BreakClass::Other, bits: 0, cols: 0 };

    /// A text that is one cell.
    #[must_use]
    pub fn of(text: &str) -> Self {
        text.chars().fold(Self::NONE, Self::with)
    }

    /// Columns: 0, 1 or 2.
    #[must_use]
    pub fn cols(self) -> u8 {
        self.cols
    }

    /// True if a scalar of this class goes into the same cell.
    #[inline]
    #[must_use]
    pub fn joins(self, next: BreakClass) -> bool {
        if self.bits == 0 || self.last == BreakClass::Control {
            return false;
        }
        match next {
            BreakClass::Other | BreakClass::Control => false,
            BreakClass::Extend | BreakClass::Zwj => true,
            BreakClass::Regional => self.bits & REGIONAL_ODD != 0,
            BreakClass::Modifier => self.bits & TONELESS != 0,
            BreakClass::Pictographic | BreakClass::ModifierBase => {
                self.last == BreakClass::Zwj && self.bits & PICTOGRAPH != 0
            }
        }
    }

    /// The text with one more scalar.
    #[must_use]
    pub fn with(self, c: char) -> Self {
        let kind = CharClass::of(c);
        let class = kind.class();
        let is_variation = matches!(c, '\u{fe0e}' | '\u{fe0f}');
        let cols =
            match class {
                _ if self.bits == 0 => kind.cols(false),
                BreakClass::Extend if is_variation && self.bits & VARIES != 0 => {
                    if c == '\u{fe0f}' { 2 } else { 1 }
                }
                BreakClass::Other | BreakClass::Control | BreakClass::Extend | BreakClass::Zwj => {
                    self.cols
                }
                _ => 2,
            };
        let bits = match class {
            BreakClass::Pictographic => PICTOGRAPH,
            BreakClass::ModifierBase => PICTOGRAPH | TONELESS,
            BreakClass::Regional => !self.bits & REGIONAL_ODD,
            BreakClass::Modifier => self.bits & PICTOGRAPH,
            BreakClass::Extend if is_variation => self.bits & (PICTOGRAPH | TONELESS),
            BreakClass::Extend | BreakClass::Zwj if self.last != BreakClass::Zwj => {
                self.bits & PICTOGRAPH
            }
            _ => 0,
        };
        let varies = if kind.0 & 0x08 != 0 { VARIES } else { 0 };
        Self { last: class, bits: PRESENT | bits | varies, cols }
    }
}

#[cfg(test)]
mod tests {
    use unicode_segmentation::UnicodeSegmentation;
    use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

    use super::{BreakClass, CharClass, DATA, Join, STAGE};

    const RECORDED: &str = include_str!("../../tests/refs/unicode/wcwidth-glibc-2.36.txt");
    const BREAKS: &str = include_str!("../../tests/refs/unicode/GraphemeBreakTest-17.0.0.txt");

    /// The width that `wcwidth(3)` gives each code point it knows.
    fn recorded() -> Vec<Option<u8>> {
        let mut widths = vec![None; 0x0011_0000];
        for line in RECORDED.lines().filter(|line| !line.starts_with('#')) {
            let (range, cols) = line.split_once(' ').expect("a range and a width");
            let (from, to) = range.split_once("..").expect("two ends of a range");
            let code = |text| usize::from_str_radix(text, 16).expect("a code point");
            widths[code(from)..=code(to)].fill(Some(cols.parse().expect("a width in columns")));
        }
        widths
    }

    /// Exceptions would stand here, each with its reason; there is none.
    const OTHERWISE: [(char, u8, &str); 0] = [];

    #[test]
    fn every_code_point_has_the_width_that_libc_gives_it() {
        let widths = recorded();
        let known = ('\0'..=char::MAX).filter_map(|c| Some((c, widths[c as usize]?)));
        assert!(known.clone().count() > 144_000, "the record is whole");
        let different: Vec<_> = known
            .filter(|(c, cols)| {
                let wanted = OTHERWISE.iter().find(|(own, ..)| own == c).map_or(*cols, |own| own.1);
                CharClass::of(*c).cols(false) != wanted
            })
            .collect();
        assert_eq!(different, []);
    }

    fn is_one(text: &str) -> bool {
        text.graphemes(true).count() == 1
    }

    /// The class as the crates behave, for a scalar of so many columns.
    fn class_of(c: char, cols: u8) -> BreakClass {
        let with = |before: &str, after: &str| is_one(&format!("{before}{c}{after}"));
        match c {
            '\u{200d}' => BreakClass::Zwj,
            '\u{1f3fb}'..='\u{1f3ff}' => BreakClass::Modifier,
            _ if cols == 0 && !c.is_control() && with("a", "") => BreakClass::Extend,
            // A part of a Korean syllable, which no other script goes on with.
            _ if cols == 0 && (with("\u{1100}", "") || with("\u{1160}", "")) => BreakClass::Extend,
            _ if cols == 0 => BreakClass::Control,
            _ if with("\u{1f1e6}", "") && !with("a", "") => BreakClass::Regional,
            _ if with("\u{1f469}\u{200d}", "") && !with("a", "") => {
                if format!("{c}\u{1f3fd}").width() == 2 {
                    BreakClass::ModifierBase
                } else {
                    BreakClass::Pictographic
                }
            }
            _ => BreakClass::Other,
        }
    }

    /// The width of what is newer than the record, by the rule that made it.
    fn newer(c: char) -> u8 {
        let is_spacing =
            is_one(&format!("a{c}")) && !is_one(&format!("\u{1f469}{c}\u{200d}\u{1f469}"));
        let cols = if is_spacing { 1 } else { c.width().unwrap_or(0).min(2) };
        u8::try_from(cols).expect("at most 2")
    }

    fn expected(c: char, recorded: Option<u8>) -> u8 {
        let cols = recorded.unwrap_or_else(|| newer(c));
        let with_form = |selector: char| format!("{c}{selector}").width();
        let varies =
            (cols == 1 && with_form('\u{fe0f}') == 2) || (cols == 2 && with_form('\u{fe0e}') == 1);
        let is_ambiguous = cols == 1 && c.width() == Some(1) && c.width_cjk() == Some(2);
        class_of(c, cols) as u8 | u8::from(varies) << 3 | cols << 4 | u8::from(is_ambiguous) << 6
    }

    fn table() -> Vec<u8> {
        let widths = recorded();
        let mut blocks: Vec<Vec<u8>> = Vec::new();
        let mut stage = Vec::with_capacity(STAGE);
        for high in 0..u32::try_from(STAGE).expect("small") {
            let block: Vec<u8> = (high << 8..(high + 1) << 8)
                .map(|code| {
                    char::from_u32(code).map_or(0x10, |c| expected(c, widths[code as usize]))
                })
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

    /// Rewrites the table with `ABIDE_BLESS=1`; otherwise holds it to its sources.
    #[test]
    fn the_table_says_what_its_sources_say() {
        let table = table();
        if std::env::var_os("ABIDE_BLESS").is_some() {
            std::fs::write(concat!(env!("CARGO_MANIFEST_DIR"), "/src/base/classes.bin"), &table)
                .expect("the source tree is writable");
            return;
        }
        assert!(
            table == DATA,
            "run this test with ABIDE_BLESS=1 after an update of the unicode crates"
        );
    }

    /// Why a scalar begins a cell, though UAX 29 lets it go on with the cluster before it.
    fn reason_to_split(before: &str, c: char) -> Option<&'static str> {
        let last = before.chars().next_back().expect("something is before it");
        let has_cols = CharClass::of(c).cols(false) > 0;
        let is_open = is_one(&format!("{last}a"));
        match c {
            '\n' if last == '\r' => Some("controls are not text"),
            _ if !has_cols => None,
            '\u{1f3fb}'..='\u{1f3ff}' => Some("a skin tone without a body is shown by itself"),
            _ if is_open => Some("signs before digits have a column by themselves"),
            _ if is_one(&format!("a{c}")) => Some("a vowel sign with a column has a cell"),
            _ if is_one(&format!("\u{1100}{c}")) => {
                Some("initial consonants have two columns each")
            }
            _ if is_one(&format!("\u{915}\u{94d}{c}")) => {
                Some("conjuncts are as wide as their parts")
            }
            _ => None,
        }
    }

    /// Why a scalar shares the cell before it, though UAX 29 ends the cluster there.
    fn reason_to_join(before: &str, c: char) -> Option<&'static str> {
        let last = before.chars().next_back()?;
        let is_korean = matches!(c, '\u{1160}'..='\u{11ff}' | '\u{d7b0}'..='\u{d7fb}');
        match last {
            _ if is_korean => Some("a lone vowel or final has no column to stand in"),
            _ if last.is_control() || CharClass::of(last).class() == BreakClass::Control => {
                Some("controls are not text: the cell before them goes on")
            }
            _ => None,
        }
    }

    /// The cells of a text as the places where they begin.
    fn starts(text: &str) -> Vec<usize> {
        let mut cell = Join::NONE;
        let mut starts = Vec::new();
        for (at, c) in text.char_indices() {
            if cell.joins(CharClass::of(c).class()) {
                cell = cell.with(c);
            } else {
                starts.push(at);
                cell = Join::NONE.with(c);
            }
        }
        starts
    }

    #[test]
    fn cells_end_where_unicode_ends_clusters_but_for_a_reason() {
        let mut cases = 0;
        for line in BREAKS.lines().filter(|line| !line.starts_with('#')) {
            let scalar = |word| char::from_u32(u32::from_str_radix(word, 16).ok()?);
            let mut text = String::new();
            let mut ends = Vec::new();
            for word in line.split_whitespace() {
                match scalar(word) {
                    Some(c) => text.push(c),
                    None if word == "÷" => ends.push(text.len()),
                    None => assert_eq!(word, "×", "{line}"),
                }
            }
            ends.pop();
            let starts = starts(&text);
            for (at, c) in text.char_indices().skip(1) {
                let reason = match (ends.contains(&at), starts.contains(&at)) {
                    (true, false) => reason_to_join(&text[..at], c),
                    (false, true) => reason_to_split(&text[..at], c),
                    _ => Some("as Unicode says"),
                };
                assert!(reason.is_some(), "{line}: {c:?}");
            }
            cases += 1;
        }
        assert_eq!(cases, 766);
    }

    /// GB11: between emoji and the joiner that binds the next there may be extending scalars, and a
    /// joiner is none of those.
    #[test]
    fn two_joiners_bind_no_emoji() {
        let cells = |text: &str| starts(text).len();
        assert_eq!(cells("\u{1f469}\u{200d}\u{2764}"), 1);
        assert_eq!(cells("\u{1f469}\u{301}\u{200d}\u{2764}"), 1);
        assert_eq!(cells("\u{1f469}\u{200d}\u{200d}\u{2764}"), 2);
        assert_eq!(cells("\u{1f469}\u{200d}\u{301}\u{200d}\u{2764}"), 2);
    }

    #[test]
    fn only_emoji_and_flags_have_other_columns_than_their_scalars() {
        for (text, cols) in [
            ("\u{1f44d}\u{1f3fd}", 2),
            ("\u{261d}\u{1f3fd}", 2),
            ("\u{261d}\u{fe0f}\u{1f3fd}", 2),
            ("\u{1f469}\u{1f3fd}\u{200d}\u{1f467}\u{1f3fb}", 2),
            ("\u{2764}\u{fe0f}\u{200d}\u{1f525}", 2),
            ("\u{1f1e9}\u{1f1ea}", 2),
            ("\u{1f1e9}", 1),
            ("1\u{fe0f}\u{20e3}", 2),
            ("1\u{20e3}", 1),
            ("\u{2601}\u{fe0f}", 2),
            ("a\u{fe0f}", 1),
            ("\u{231a}\u{fe0e}", 1),
            ("e\u{301}\u{323}", 1),
            ("\u{1100}\u{1161}\u{11a8}", 2),
        ] {
            assert_eq!((starts(text).len(), Join::of(text).cols()), (1, cols), "{text:?}");
        }
    }
}
