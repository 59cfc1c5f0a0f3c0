//! The modes of a terminal: one table of their numbers, the set of those that are on, and what a
//! program saves and restores: modes (XTSAVE), styles (XTPUSHSGR), colours (XTPUSHCOLORS). The
//! cursor's own (DECSC) is in [`crate::term::screen`], and so is what a change of mode does.

use std::collections::BTreeMap;

use crate::base::key::MouseWant;
use crate::base::style::{Attrs, Rgb, Underline};
use crate::term::parser::CsiParams;
use crate::term::style_table::CellStyle;

/// A mode, as the number of its bit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Mode(pub(crate) u8);

impl Mode {
    pub(crate) const KEYBOARD_LOCK: Self = Self(0);
    pub(crate) const INSERT: Self = Self(1);
    pub(crate) const SEND_RECEIVE: Self = Self(2);
    pub(crate) const NEWLINE: Self = Self(3);
    pub(crate) const APP_CURSOR: Self = Self(4);
    pub(crate) const COLUMNS_132: Self = Self(5);
    pub(crate) const SMOOTH_SCROLL: Self = Self(6);
    pub(crate) const REVERSE_VIDEO: Self = Self(7);
    pub(crate) const ORIGIN: Self = Self(8);
    pub(crate) const AUTOWRAP: Self = Self(9);
    pub(crate) const MORE_FIX: Self = Self(10);
    pub(crate) const MOUSE_PRESS: Self = Self(11);
    pub(crate) const CURSOR_BLINK: Self = Self(12);
    pub(crate) const CURSOR_VISIBLE: Self = Self(13);
    pub(crate) const ALLOW_COLUMNS: Self = Self(14);
    pub(crate) const NATIONAL: Self = Self(15);
    pub(crate) const REVERSE_WRAP: Self = Self(16);
    pub(crate) const ALT_47: Self = Self(17);
    pub(crate) const APP_KEYPAD: Self = Self(18);
    pub(crate) const BACKARROW: Self = Self(19);
    pub(crate) const LEFT_RIGHT: Self = Self(20);
    pub(crate) const SIXEL_DISPLAY: Self = Self(21);
    pub(crate) const COLUMNS_KEEP: Self = Self(22);
    pub(crate) const MOUSE_CLICK: Self = Self(23);
    pub(crate) const MOUSE_DRAG: Self = Self(24);
    pub(crate) const MOUSE_MOTION: Self = Self(25);
    pub(crate) const FOCUS: Self = Self(26);
    pub(crate) const MOUSE_UTF8: Self = Self(27);
    pub(crate) const MOUSE_SGR: Self = Self(28);
    pub(crate) const ALT_SCROLL: Self = Self(29);
    pub(crate) const MOUSE_URXVT: Self = Self(30);
    pub(crate) const MOUSE_PIXELS: Self = Self(31);
    pub(crate) const META_SENDS_ESC: Self = Self(32);
    pub(crate) const ALT_SENDS_ESC: Self = Self(33);
    pub(crate) const REVERSE_WRAP_EXTENDED: Self = Self(34);
    pub(crate) const ALT_1047: Self = Self(35);
    pub(crate) const SAVE_CURSOR: Self = Self(36);
    pub(crate) const ALT_1049: Self = Self(37);
    pub(crate) const PASTE: Self = Self(38);
    pub(crate) const SYNCHRONIZED: Self = Self(39);
    pub(crate) const GRAPHEMES: Self = Self(40);
    pub(crate) const COLOUR_SCHEME: Self = Self(41);
    pub(crate) const IN_BAND_SIZE: Self = Self(42);
    pub(crate) const SIXEL_PALETTE: Self = Self(43);
    pub(crate) const SIXEL_RIGHT: Self = Self(44);
    pub(crate) const DELETE_SENDS_DEL: Self = Self(45);
    pub(crate) const NUM_LOCK: Self = Self(46);
    pub(crate) const PRINT_FORM_FEED: Self = Self(47);
    pub(crate) const PRINT_EXTENT: Self = Self(48);
    pub(crate) const FONT_KEYS: Self = Self(49);
    /// S8C1T: replies start with C1 controls. It has no number, nor have the following.
    pub(crate) const EIGHT_BIT: Self = Self(50);
    /// DECSACE: attributes are changed in a rectangle, not in the text between its corners.
    pub(crate) const RECTANGLE: Self = Self(51);
    /// SPA was used last: protected cells withstand every erase.
    pub(crate) const GUARDED: Self = Self(52);
    /// XTCHECKSUM, a bit each: sums of DECRQCRA are not negated.
    pub(crate) const SUM_POSITIVE: Self = Self(53);
    /// Attributes do not count.
    pub(crate) const SUM_PLAIN: Self = Self(54);
    /// Blanks at the end count.
    pub(crate) const SUM_UNTRIMMED: Self = Self(55);
    /// Cells in which nothing was written count as spaces.
    pub(crate) const SUM_UNDRAWN: Self = Self(56);
    /// Characters count as they are, not as eight bits.
    pub(crate) const SUM_WHOLE: Self = Self(57);
    /// DECSCA was used last: protected cells withstand DECSED, DECSEL and DECSERA.
    pub(crate) const PROTECTING: Self = Self(58);
    /// XTSMTITLE: titles are set, and told, as hexadecimal digits.
    pub(crate) const TITLE_SET_HEX: Self = Self(59);
    pub(crate) const TITLE_TELL_HEX: Self = Self(63);

    /// The bits of XTCHECKSUM, from the lowest.
    pub(crate) const SUMS: [Self; 5] = [
        Self::SUM_POSITIVE,
        Self::SUM_PLAIN,
        Self::SUM_UNTRIMMED,
        Self::SUM_UNDRAWN,
        Self::SUM_WHOLE,
    ];
}

/// The highest conformance level (DECSCL), and that of a fresh terminal.
const LEVEL_MAX: u16 = 5;
const LEVEL_FRESH: u16 = 4;
const LEVEL_SHIFT: u32 = 60;

/// Modes of SM and RM (ECMA-48 7): number, mode.
const ANSI: &[(u16, Mode)] =
    &[(2, Mode::KEYBOARD_LOCK), (4, Mode::INSERT), (12, Mode::SEND_RECEIVE), (20, Mode::NEWLINE)];

/// Modes of DECSET and DECRST (xterm ctlseqs): number, mode.
const PRIVATE: &[(u16, Mode)] = &[
    (1, Mode::APP_CURSOR),
    (3, Mode::COLUMNS_132),
    (4, Mode::SMOOTH_SCROLL),
    (5, Mode::REVERSE_VIDEO),
    (6, Mode::ORIGIN),
    (7, Mode::AUTOWRAP),
    (9, Mode::MOUSE_PRESS),
    (12, Mode::CURSOR_BLINK),
    (18, Mode::PRINT_FORM_FEED),
    (19, Mode::PRINT_EXTENT),
    (25, Mode::CURSOR_VISIBLE),
    (35, Mode::FONT_KEYS),
    (40, Mode::ALLOW_COLUMNS),
    (41, Mode::MORE_FIX),
    (42, Mode::NATIONAL),
    (45, Mode::REVERSE_WRAP),
    (47, Mode::ALT_47),
    (66, Mode::APP_KEYPAD),
    (67, Mode::BACKARROW),
    (69, Mode::LEFT_RIGHT),
    (80, Mode::SIXEL_DISPLAY),
    (95, Mode::COLUMNS_KEEP),
    (1000, Mode::MOUSE_CLICK),
    (1002, Mode::MOUSE_DRAG),
    (1003, Mode::MOUSE_MOTION),
    (1004, Mode::FOCUS),
    (1005, Mode::MOUSE_UTF8),
    (1006, Mode::MOUSE_SGR),
    (1007, Mode::ALT_SCROLL),
    (1015, Mode::MOUSE_URXVT),
    (1016, Mode::MOUSE_PIXELS),
    (1035, Mode::NUM_LOCK),
    (1036, Mode::META_SENDS_ESC),
    (1037, Mode::DELETE_SENDS_DEL),
    (1039, Mode::ALT_SENDS_ESC),
    (1045, Mode::REVERSE_WRAP_EXTENDED),
    (1047, Mode::ALT_1047),
    (1048, Mode::SAVE_CURSOR),
    (1049, Mode::ALT_1049),
    (1070, Mode::SIXEL_PALETTE),
    (2004, Mode::PASTE),
    (2026, Mode::SYNCHRONIZED),
    (2027, Mode::GRAPHEMES),
    (2031, Mode::COLOUR_SCHEME),
    (2048, Mode::IN_BAND_SIZE),
    (8452, Mode::SIXEL_RIGHT),
];

/// Modes that are known and can never be on: DECRQM answers 4 for them (those of ECMA-48 and of the
/// VT500 series).
const NEVER_ANSI: &[u16] = &[1, 3, 5, 7, 10, 11, 13, 14, 15, 16, 17, 18, 19];
const NEVER_PRIVATE: &[u16] =
    &[8, 34, 36, 57, 61, 64, 68, 73, 81, 96, 97, 98, 99, 100, 101, 102, 103, 104, 106];

/// The modes on in a fresh terminal.
const FRESH: Modeset = Modeset(
    1 << Mode::AUTOWRAP.0
        | 1 << Mode::CURSOR_VISIBLE.0
        | 1 << Mode::SEND_RECEIVE.0
        | 1 << Mode::ALT_SCROLL.0
        | 1 << Mode::FONT_KEYS.0
        | 1 << Mode::GRAPHEMES.0
        | 1 << Mode::META_SENDS_ESC.0
        | 1 << Mode::ALT_SENDS_ESC.0
        | 1 << Mode::DELETE_SENDS_DEL.0
        | 1 << Mode::SIXEL_PALETTE.0
        // Sums from which a single character can be told: xterm's resource checksumExtension as
        // those set it who test terminals by them.
        | 1 << Mode::SUM_PLAIN.0
        | 1 << Mode::SUM_UNTRIMMED.0
        | 1 << Mode::SUM_UNDRAWN.0
        | 1 << Mode::SUM_WHOLE.0,
);

/// A set of modes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Modeset(pub(crate) u64);

impl Default for Modeset {
    fn default() -> Self {
        FRESH
    }
}

impl Modeset {
    pub(crate) const NONE: Self = Self(0);

    #[inline]
    pub(crate) const fn has(self, mode: Mode) -> bool {
        self.0 >> mode.0 & 1 == 1
    }

    pub(crate) fn set(&mut self, mode: Mode, on: bool) {
        self.0 = self.0 & !(1 << mode.0) | u64::from(on) << mode.0;
    }

    /// The conformance level, 1 to 5; what is kept is 0 until DECSCL sets it.
    pub(crate) fn level(self) -> u16 {
        let kept = u16::try_from(self.0 >> LEVEL_SHIFT & 7).unwrap_or(0);
        match kept {
            1..=LEVEL_MAX => kept,
            _ => LEVEL_FRESH,
        }
    }

    pub(crate) fn set_level(&mut self, level: u16) {
        self.0 = self.0 & !(7 << LEVEL_SHIFT) | u64::from(level & 7) << LEVEL_SHIFT;
    }
}

/// The mode of a number, private (DEC) or not.
pub(crate) fn named(private: bool, number: u16) -> Option<Mode> {
    let table = if private { PRIVATE } else { ANSI };
    table.iter().find(|(own, _)| *own == number).map(|(_, mode)| *mode)
}

/// Every number a mode has: whether private, number, mode.
#[cfg(test)]
pub(crate) fn all() -> impl Iterator<Item = (bool, u16, Mode)> {
    let ansi = ANSI.iter().map(|(number, mode)| (false, *number, *mode));
    ansi.chain(PRIVATE.iter().map(|(number, mode)| (true, *number, *mode)))
}

/// The value DECRPM reports for a mode outside of the tables: 4 permanently off, 0 unknown.
pub(crate) fn never(private: bool, number: u16) -> u8 {
    let table = if private { NEVER_PRIVATE } else { NEVER_ANSI };
    if table.contains(&number) { 4 } else { 0 }
}

/// The encoding of mouse events for the program.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub enum MouseEncoding {
    /// Bytes offset by 32; positions up to 223.
    #[default]
    X10,
    /// The same as UTF-8 (mode 1005); positions up to 2015.
    Utf8,
    /// Decimal numbers with a final letter for press and release (1006).
    Sgr,
    /// Decimal numbers (1015).
    Urxvt,
    /// As SGR, in pixels (1016).
    SgrPixels,
}

/// The modes that a program set, as far as others than the engine care.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[expect(clippy::struct_excessive_bools, reason = "modes are on or off")]
pub struct Modes {
    /// The mouse events it wants (9, 1000, 1002, 1003).
    pub mouse: MouseWant,
    /// The encoding of mouse events (1005, 1006, 1015, 1016).
    pub mouse_encoding: MouseEncoding,
    /// Pastes are marked (2004).
    pub bracketed_paste: bool,
    /// Changes of focus are reported (1004).
    pub focus_events: bool,
    /// Cursor keys send SS3 (DECCKM).
    pub app_cursor: bool,
    /// The keypad sends SS3 (DECKPAM).
    pub app_keypad: bool,
    /// The alternate screen is shown (47, 1047, 1049).
    pub alternate_screen: bool,
    /// The wheel sends cursor keys on the alternate screen (1007).
    pub alternate_scroll: bool,
    /// The flags of the kitty keyboard protocol in force.
    pub kitty_flags: u8,
    /// xterm's modifyOtherKeys: 0, 1 or 2.
    pub modify_other_keys: u8,
    /// The screen is drawn with foreground and background swapped (DECSCNM).
    pub reverse_video: bool,
    /// Output between start and end belongs to one update (2026).
    pub synchronized: bool,
    /// Changes between dark and light are reported (2031).
    pub colour_scheme_reports: bool,
    /// Changes of size are reported in band (2048).
    pub in_band_size: bool,
    /// Keys are to be ignored (KAM).
    pub keyboard_locked: bool,
}

/// Styles, and palettes, on a stack; more are dropped (xterm's bound).
pub(crate) const STACK_MAX: usize = 10;

/// Colours a program redefined, by [`crate::term::color`]'s numbers.
pub(crate) type Colours = BTreeMap<u16, Rgb>;

/// Everything put aside.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct SavedModes {
    /// XTSAVE: values, and which were saved.
    pub(crate) modes: (Modeset, Modeset),
    /// XTPUSHSGR: styles, and a bit for each SGR number that was named; 0 if all is kept.
    pub(crate) styles: Vec<(CellStyle, u64)>,
    /// XTPUSHCOLORS.
    pub(crate) colours: Vec<Colours>,
}

impl Default for SavedModes {
    fn default() -> Self {
        Self { modes: (Modeset::NONE, Modeset::NONE), styles: Vec::new(), colours: Vec::new() }
    }
}

impl SavedModes {
    /// The stacks as words, for snapshots.
    pub(crate) fn words(&self) -> Vec<u64> {
        let mut words = vec![self.styles.len() as u64];
        for (cell_style, named) in &self.styles {
            words.extend(cell_style.words());
            words.push(*named);
        }
        words.push(self.colours.len() as u64);
        for colours in &self.colours {
            words.push(colours.len() as u64);
            words.extend(colours.iter().map(|(number, colour)| colour_word(*number, *colour)));
        }
        words
    }

    /// The stacks that [`SavedModes::words`] wrote; damage ends them early.
    pub(crate) fn set_words(&mut self, words: &[u64]) {
        let mut words = words.iter().copied();
        let mut next = || words.next().unwrap_or(0);
        for _ in 0..next().min(STACK_MAX as u64) {
            self.styles.push((CellStyle::from_words([next(), next()]), next()));
        }
        for _ in 0..next().min(STACK_MAX as u64) {
            let count = next().min(512);
            self.colours.push((0..count).map(|_| colour_of(next())).collect());
        }
    }
}

/// A number and its colour as a word.
pub(crate) fn colour_word(number: u16, colour: Rgb) -> u64 {
    let (r, g, b) = colour;
    u64::from(number) << 24 | u64::from(r) << 16 | u64::from(g) << 8 | u64::from(b)
}

/// The number and colour that [`colour_word`] wrote.
pub(crate) fn colour_of(word: u64) -> (u16, Rgb) {
    let [b, g, r, low, high, ..] = word.to_le_bytes();
    (u16::from_le_bytes([low, high]), (r, g, b))
}

/// SGR numbers XTPUSHSGR knows, with the attributes they stand for.
const NAMED: [(u16, Attrs); 7] = [
    (1, Attrs::BOLD),
    (2, Attrs::DIM),
    (3, Attrs::ITALIC),
    (5, Attrs::BLINK),
    (7, Attrs::INVERSE),
    (8, Attrs::CONCEAL),
    (9, Attrs::STRIKE),
];

impl SavedModes {
    /// XTSAVE.
    pub(crate) fn save_mode(&mut self, mode: Mode, on: bool) {
        self.modes.0.set(mode, on);
        self.modes.1.set(mode, true);
    }

    /// XTRESTORE: the saved value; none if that mode was not saved.
    pub(crate) fn saved_mode(&self, mode: Mode) -> Option<bool> {
        self.modes.1.has(mode).then(|| self.modes.0.has(mode))
    }

    /// XTPUSHSGR: the attributes that the numbers name, or all.
    pub(crate) fn push_style(&mut self, style: CellStyle, params: &CsiParams) {
        let named = params
            .all()
            .iter()
            .filter(|number| (1..64).contains(*number))
            .fold(0, |bits, number| bits | 1 << number);
        if self.styles.len() < STACK_MAX {
            self.styles.push((style, named));
        }
    }

    /// XTPOPSGR: the style in force after it; none if nothing was pushed.
    pub(crate) fn pop_style(&mut self, current: CellStyle) -> Option<CellStyle> {
        let (saved, named) = self.styles.pop()?;
        let has = |number: u16| named == 0 || named >> number & 1 == 1;
        let mut style = if named == 0 { saved } else { current };
        for (_, attrs) in NAMED.into_iter().filter(|(number, _)| has(*number)) {
            style.unset(attrs);
            if saved.has(attrs) {
                style.set(attrs);
            }
        }
        if has(4) || has(21) {
            style.set_underline(saved.underline_kind());
        }
        if has(30) {
            style.set_fg(saved.fg());
        }
        if has(31) {
            style.set_bg(saved.bg());
        }
        style.set_link(current.link());
        Some(style)
    }

    /// XTPUSHCOLORS: onto the stack, or to a slot of it.
    pub(crate) fn push_colours(&mut self, slot: u16, colours: Colours) {
        match usize::from(slot) {
            0 if self.colours.len() < STACK_MAX => self.colours.push(colours),
            slot if slot <= self.colours.len() => {
                if let Some(saved) = slot.checked_sub(1).and_then(|at| self.colours.get_mut(at)) {
                    *saved = colours;
                }
            }
            slot if slot <= STACK_MAX => {
                self.colours.resize(slot - 1, Colours::new());
                self.colours.push(colours);
            }
            _ => {}
        }
    }

    /// XTPOPCOLORS: from the top of the stack, or a slot of it, which stays.
    pub(crate) fn pop_colours(&mut self, slot: u16) -> Option<Colours> {
        match usize::from(slot) {
            0 => self.colours.pop(),
            slot => self.colours.get(slot - 1).cloned(),
        }
    }
}

impl CellStyle {
    /// The attributes and colours that two styles have in common.
    pub(crate) fn shared_with(self, other: Self) -> Self {
        let mut common = Self::default();
        for (_, attrs) in NAMED.into_iter().chain([(53, Attrs::OVERLINE)]) {
            if self.has(attrs) && other.has(attrs) {
                common.set(attrs);
            }
        }
        common.set_underline(if self.underline_kind() == other.underline_kind() {
            self.underline_kind()
        } else {
            Underline::None
        });
        let same = |a: u32, b: u32| if a == b { a } else { 0 };
        common.set_fg(same(self.fg(), other.fg()));
        common.set_bg(same(self.bg(), other.bg()));
        common.set_underline_colour(same(self.underline(), other.underline()));
        common
    }
}

#[cfg(test)]
mod tests {
    use super::{Mode, all, named, never};

    #[test]
    fn every_number_and_every_bit_stands_for_one_mode() {
        let mut numbers: Vec<(bool, u16)> =
            all().map(|(private, number, _)| (private, number)).collect();
        let mut bits: Vec<u8> = all().map(|(_, _, Mode(bit))| bit).collect();
        let count = numbers.len();
        numbers.sort_unstable();
        numbers.dedup();
        bits.sort_unstable();
        bits.dedup();
        assert_eq!((numbers.len(), bits.len()), (count, count));
        for (private, number, mode) in all() {
            assert_eq!(named(private, number), Some(mode));
            assert_eq!(never(private, number), 0, "{number} is in both tables");
        }
    }
}
