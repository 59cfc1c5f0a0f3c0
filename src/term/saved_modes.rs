//! What a program puts aside and takes back: modes (XTSAVE), styles (XTPUSHSGR), colours
//! (XTPUSHCOLORS). How it is done is in `style_stack.rs`.

use std::collections::BTreeMap;

use crate::base::style::Rgb;
use crate::term::mode::Modeset;
use crate::term::style_table::CellStyle;

/// StyleTable, and palettes, that can be put aside; more are not kept (xterm's bound).
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
pub(crate) fn colour_word(number: u16, (r, g, b): Rgb) -> u64 {
    u64::from(number) << 24 | u64::from(r) << 16 | u64::from(g) << 8 | u64::from(b)
}

/// What [`colour_word`] wrote.
pub(crate) fn colour_of(word: u64) -> (u16, Rgb) {
    let [b, g, r, low, high, ..] = word.to_le_bytes();
    (u16::from_le_bytes([low, high]), (r, g, b))
}
