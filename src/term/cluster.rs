//! Grapheme clusters of more than one scalar, interned: a cell holds a number, the table holds the text.

use std::collections::BTreeMap;

/// Scalars one cell may hold; further ones are dropped.
pub(crate) const SCALARS_MAX: usize = 16;
const NUMBER_MAX: usize = 0x001f_ffff;
const SWEEP_MIN: usize = 4096;

/// All clusters in use, by number.
#[derive(Debug, Clone)]
pub(crate) struct Clusters {
    texts: Vec<Box<str>>,
    free: Vec<u32>,
    numbers: BTreeMap<Box<str>, u32>,
    sweep_at: usize,
}

impl Clusters {
    pub(crate) fn new() -> Self {
        Self { texts: Vec::new(), free: Vec::new(), numbers: BTreeMap::new(), sweep_at: SWEEP_MIN }
    }

    pub(crate) fn get(&self, number: u32) -> &str {
        self.texts.get(number as usize).map_or("\u{fffd}", |text| text)
    }

    pub(crate) fn all(&self) -> &[Box<str>] {
        &self.texts
    }

    pub(crate) fn from_texts(texts: Vec<Box<str>>) -> Self {
        let mut clusters = Self::new();
        for text in texts.into_iter().take(NUMBER_MAX) {
            // An empty text is a free place; a damaged snapshot may hold anything else.
            let number = u32::try_from(clusters.texts.len()).unwrap_or(0);
            if text.is_empty() {
                clusters.free.push(number);
            } else {
                clusters.numbers.insert(text.clone(), number);
            }
            clusters.texts.push(text.chars().take(SCALARS_MAX).collect::<String>().into());
        }
        clusters.sweep_at = SWEEP_MIN.max(2 * clusters.numbers.len());
        clusters
    }

    pub(crate) fn wants_sweep(&self) -> bool {
        self.numbers.len() >= self.sweep_at
    }

    /// The number of a text; `None` if the table is full.
    pub(crate) fn number(&mut self, text: &str) -> Option<u32> {
        if let Some(number) = self.numbers.get(text) {
            return Some(*number);
        }
        let number = if let Some(number) = self.free.pop() {
            self.texts[number as usize] = text.into();
            number
        } else {
            if self.texts.len() >= NUMBER_MAX {
                return None;
            }
            self.texts.push(text.into());
            u32::try_from(self.texts.len() - 1).ok()?
        };
        self.numbers.insert(text.into(), number);
        Some(number)
    }

    /// Frees every cluster whose number `mark` does not set in the slice it is handed.
    pub(crate) fn sweep(&mut self, mark: impl FnOnce(&mut [bool])) {
        let mut live = vec![false; self.texts.len()];
        mark(&mut live);
        for ((number, text), live) in (0..).zip(&mut self.texts).zip(live) {
            if !live && !text.is_empty() {
                self.numbers.remove(text);
                *text = Box::default();
                self.free.push(number);
            }
        }
        self.sweep_at = SWEEP_MIN.max(2 * self.numbers.len());
    }

    pub(crate) fn memory_used(&self) -> usize {
        // Each text is held twice, with a pointer and a node's share.
        self.numbers.keys().map(|text| 2 * text.len() + 48).sum()
    }
}
