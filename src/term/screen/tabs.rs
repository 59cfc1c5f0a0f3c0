//! Tab stops: one bit a column.

use crate::base::geom::Size;

const WORDS: usize = (Size::MAX.cols as usize).div_ceil(64);
/// A stop in every eighth column, the first one left out.
const EVERY_EIGHTH: u64 = 0x0101_0101_0101_0101;

/// The tab stops of a terminal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Tabs(pub(crate) Box<[u64; WORDS]>);

impl Default for Tabs {
    fn default() -> Self {
        let mut words = Box::new([EVERY_EIGHTH; WORDS]);
        words[0] &= !1;
        Self(words)
    }
}

impl Tabs {
    pub(crate) fn from_words(words: &[u64]) -> Self {
        let mut tabs = Self(Box::new([0; WORDS]));
        tabs.0.iter_mut().zip(words).for_each(|(own, word)| *own = *word);
        tabs
    }

    pub(crate) fn is_stop(&self, x: u16) -> bool {
        self.0.get(usize::from(x / 64)).is_some_and(|word| word >> (x % 64) & 1 == 1)
    }

    pub(crate) fn set(&mut self, x: u16, on: bool) {
        if let Some(word) = self.0.get_mut(usize::from(x / 64)) {
            *word = *word & !(1 << (x % 64)) | u64::from(on) << (x % 64);
        }
    }

    pub(crate) fn clear(&mut self) {
        self.0.fill(0);
    }

    /// The next stop right of `x`, at most `last`.
    pub(crate) fn after(&self, x: u16, last: u16) -> u16 {
        (x.saturating_add(1)..last).find(|x| self.is_stop(*x)).unwrap_or(last.max(x))
    }

    /// The next stop left of `x`, at least `first`.
    pub(crate) fn before(&self, x: u16, first: u16) -> u16 {
        (first..x).rev().find(|x| self.is_stop(*x)).unwrap_or(first.min(x))
    }
}
