//! What a program puts aside and takes back: modes (XTSAVE), looks (XTPUSHSGR), colours
//! (XTPUSHCOLORS). How it is done is in `aside.rs`.

use std::collections::BTreeMap;

use crate::base::style::Rgb;
use crate::term::look::Look;
use crate::term::mode::Modeset;

/// Looks, and palettes, that can be put aside; more are not kept (xterm's bound).
pub(crate) const STACK_MAX: usize = 10;

/// Colours a program redefined, by [`crate::term::palette`]'s numbers.
pub(crate) type Colours = BTreeMap<u16, Rgb>;

/// Everything put aside.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Kept {
    /// XTSAVE: values, and which were saved.
    pub(crate) modes: (Modeset, Modeset),
    /// XTPUSHSGR: looks, and a bit for each SGR number that was named; 0 if all is kept.
    pub(crate) looks: Vec<(Look, u64)>,
    /// XTPUSHCOLORS.
    pub(crate) colours: Vec<Colours>,
}

impl Default for Kept {
    fn default() -> Self {
        Self { modes: (Modeset::NONE, Modeset::NONE), looks: Vec::new(), colours: Vec::new() }
    }
}

impl Kept {
    /// The stacks as words, for snapshots.
    pub(crate) fn words(&self) -> Vec<u64> {
        let mut words = vec![self.looks.len() as u64];
        for (look, named) in &self.looks {
            words.extend(look.words());
            words.push(*named);
        }
        words.push(self.colours.len() as u64);
        for colours in &self.colours {
            words.push(colours.len() as u64);
            words.extend(colours.iter().map(|(number, colour)| colour_word(*number, *colour)));
        }
        words
    }

    /// The stacks that [`Kept::words`] wrote; damage ends them early.
    pub(crate) fn set_words(&mut self, words: &[u64]) {
        let mut words = words.iter().copied();
        let mut next = || words.next().unwrap_or(0);
        for _ in 0..next().min(STACK_MAX as u64) {
            self.looks.push((Look::from_words([next(), next()]), next()));
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
