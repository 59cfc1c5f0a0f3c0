//! The state a program saves and restores: modes (XTSAVE), styles (XTPUSHSGR), colours
//! (XTPUSHCOLORS). The cursor's own (DECSC) is in [`crate::term::screen`].

use std::collections::BTreeMap;

use crate::base::style::{Attrs, Rgb, Underline};
use crate::term::mode::{Mode, Modeset};
use crate::term::parser::CsiParams;
use crate::term::style_table::CellStyle;

/// Styles, and palettes, on a stack; more are dropped (xterm's bound).
pub(crate) const STACK_MAX: usize = 10;

/// Colours a program redefined, by [`crate::term::color::palette`]'s numbers.
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
