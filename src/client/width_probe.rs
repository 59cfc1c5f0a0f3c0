//! The kinds of characters to which the outer terminal gives as many columns as we do: asked once
//! at attach, by writing one of each and looking where the cursor is.

use crate::base::text::char_width;

/// A kind of character that terminals disagree on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum GlyphKind {
    /// Emoji joined with ZWJ.
    Joined,
    /// A character made an emoji by VS16, and keycaps.
    Varied,
    /// A flag: two regional indicators.
    Flag,
    /// An emoji with a skin tone.
    Toned,
    /// A letter with combining marks.
    Marked,
    /// An emoji by itself.
    Emoji,
    /// A character of the private use area, as fonts with icons have them.
    Private,
    /// An emoji among the symbols of old, such as a check mark: old tables have one column for it.
    Early,
}

impl GlyphKind {
    /// Every kind, with what stands for it and the columns we give that.
    pub const ALL: [(Self, &'static str, u16, &'static str); 8] = [
        (Self::Joined, "\u{1f469}\u{200d}\u{1f467}", 2, "joined emoji"),
        (Self::Varied, "\u{2601}\u{fe0f}", 2, "emoji by variation"),
        (Self::Flag, "\u{1f1e9}\u{1f1ea}", 2, "flags"),
        (Self::Toned, "\u{1f44d}\u{1f3fd}", 2, "skin tones"),
        (Self::Marked, "e\u{301}\u{323}", 1, "combining marks"),
        (Self::Emoji, "\u{1fae8}", 2, "new emoji"),
        (Self::Private, "\u{e0b0}", 1, "private use"),
        (Self::Early, "\u{2705}", 2, "old emoji"),
    ];

    /// The kind of a cluster of several characters.
    #[must_use]
    pub fn of_cluster(text: &str) -> Self {
        let has = |wanted: fn(char) -> bool| text.chars().any(wanted);
        match () {
            () if has(|c| c == '\u{200d}') => Self::Joined,
            () if has(|c| c == '\u{fe0f}' || c == '\u{fe0e}' || c == '\u{20e3}') => Self::Varied,
            () if has(|c| ('\u{1f1e6}'..='\u{1f1ff}').contains(&c)) => Self::Flag,
            () if has(|c| ('\u{1f3fb}'..='\u{1f3ff}').contains(&c)) => Self::Toned,
            () => Self::Marked,
        }
    }

    /// The kind of a character by itself; none if all terminals agree on it.
    #[must_use]
    pub fn of_char(c: char) -> Option<Self> {
        match u32::from(c) {
            0..0x300 => None,
            0xe000..=0xf8ff => Some(Self::Private),
            0x1f000.. => Some(Self::Emoji),
            0x2300..0x2c00 if char_width(c) == 2 => Some(Self::Early),
            _ => (char_width(c) == 0).then_some(Self::Marked),
        }
    }
}

/// The kinds that the outer terminal was seen to agree on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct WidthProbe {
    agreed: u8,
    /// The number of answers that came.
    answers: u8,
}

impl WidthProbe {
    /// True if both give the same columns to characters of a kind; false while that is not known.
    #[must_use]
    pub fn agree(self, kind: GlyphKind) -> bool {
        self.agreed >> (kind as u8) & 1 == 1
    }

    /// True if every answer came.
    #[must_use]
    pub fn are_known(self) -> bool {
        usize::from(self.answers) == GlyphKind::ALL.len()
    }

    /// Takes the next answer: the cursor's column, from 1, after what stands for the kind was
    /// written at the margin.
    pub fn learn(&mut self, column: u16) {
        let Some((kind, _, cols, _)) = GlyphKind::ALL.get(usize::from(self.answers)) else {
            return;
        };
        self.answers += 1;
        self.agreed |= u8::from(column == cols + 1) << (*kind as u8);
    }
}

/// The questions, in the order of the kinds: each is written into the second row, the cursor asked
/// for (CPR; no F3 looks like an answer from there), and erased.
#[must_use]
pub fn questions() -> String {
    let mut questions = String::new();
    questions.extend(
        GlyphKind::ALL.iter().map(|(_, text, _, _)| format!("\x1b[2;1H{text}\x1b[6n\x1b[2K")),
    );
    questions + "\x1b[H"
}

#[cfg(test)]
mod tests {
    use super::{GlyphKind, WidthProbe};
    use crate::base::text::width;

    #[test]
    fn what_stands_for_a_kind_is_of_it_and_has_our_width() {
        for (kind, text, cols, name) in GlyphKind::ALL {
            let mut chars = text.chars();
            let found = match (chars.next(), chars.next()) {
                (Some(c), None) => GlyphKind::of_char(c),
                _ => Some(GlyphKind::of_cluster(text)),
            };
            assert_eq!((found, width(text)), (Some(kind), usize::from(cols)), "{name}");
        }
    }

    #[test]
    fn emoji_among_old_symbols_are_asked_for_by_themselves() {
        for (c, kind) in [
            ('✅', Some(GlyphKind::Early)),
            ('⌚', Some(GlyphKind::Early)),
            ('✓', None),
            ('│', None),
            ('漢', None),
            ('🫨', Some(GlyphKind::Emoji)),
        ] {
            assert_eq!(GlyphKind::of_char(c), kind, "{c}");
        }
    }

    #[test]
    fn only_what_was_seen_is_agreed_on() {
        let mut widths = WidthProbe::default();
        assert!(GlyphKind::ALL.iter().all(|(kind, ..)| !widths.agree(*kind)));
        for (kind, _, cols, _) in GlyphKind::ALL {
            widths.learn(if kind == GlyphKind::Flag { 5 } else { cols + 1 });
        }
        assert!(widths.are_known());
        assert_eq!(
            (
                widths.agree(GlyphKind::Flag),
                widths.agree(GlyphKind::Joined),
                widths.agree(GlyphKind::Private)
            ),
            (false, true, true)
        );
        widths.learn(9);
        assert!(!widths.agree(GlyphKind::Flag), "an answer too many says nothing");
    }
}
