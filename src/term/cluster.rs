//! Grapheme clusters of more than one scalar, interned: a cell holds a number, the table holds the
//! text.
//!
//! A cluster grows by one scalar at a time, so it is found by the code of what it grew from and
//! that scalar; no text is compared.

use crate::base::grapheme::Join;
use crate::term::cell::CLUSTER_FLAG;

/// Scalars one cell may hold; further ones are dropped.
pub(crate) const SCALARS_MAX: usize = 16;
const NUMBER_MAX: usize = 0x001f_ffff;
const SWEEP_MIN: usize = 4096;
const EMPTY: u32 = u32::MAX;
/// No scalar follows this: the cluster cannot be found, only read.
const UNKEYED: u64 = u64::MAX;

/// A cluster by number, with the columns it takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Cluster {
    pub(crate) number: u32,
    pub(crate) cols: u8,
}

#[derive(Debug, Clone)]
struct ClusterEntry {
    /// Empty if the place is free.
    text: Box<str>,
    key: u64,
    join: Join,
}

/// All clusters in use, by number.
#[derive(Debug, Clone)]
pub(crate) struct Clusters {
    entries: Vec<ClusterEntry>,
    free: Vec<u32>,
    index: Vec<u32>,
    used: usize,
    sweep_at: usize,
}

impl Clusters {
    pub(crate) fn new() -> Self {
        Self {
            entries: Vec::new(),
            free: Vec::new(),
            index: vec![EMPTY; 64],
            used: 0,
            sweep_at: SWEEP_MIN,
        }
    }

    pub(crate) fn get(&self, number: u32) -> &str {
        self.entries.get(number as usize).map_or("\u{fffd}", |entry| &entry.text)
    }

    /// The text of a cluster as far as it decides what joins it.
    pub(crate) fn join(&self, number: u32) -> Join {
        self.entries.get(number as usize).map_or(Join::NONE, |entry| entry.join)
    }

    /// All texts by number; unused ones are empty.
    pub(crate) fn all(&self) -> impl Iterator<Item = &str> {
        self.entries.iter().map(|entry| &*entry.text)
    }

    pub(crate) fn from_texts(texts: Vec<String>) -> Self {
        let mut clusters = Self::new();
        for text in texts.into_iter().take(NUMBER_MAX) {
            let text: Box<str> = text.chars().take(SCALARS_MAX).collect::<String>().into();
            if text.is_empty() {
                clusters.free.push(u32::try_from(clusters.entries.len()).unwrap_or(0));
            } else {
                clusters.used += 1;
            }
            clusters.entries.push(ClusterEntry { join: Join::of(&text), text, key: UNKEYED });
        }
        clusters.sweep_at = SWEEP_MIN.max(2 * clusters.used);
        clusters
    }

    pub(crate) fn wants_sweep(&self) -> bool {
        self.used >= self.sweep_at
    }

    /// The cluster of what `code` stands for (a cell's code) and `c`; `None` if it would be too
    /// long or the table is full.
    pub(crate) fn joined(&mut self, code: u32, c: char) -> Option<Cluster> {
        let key = u64::from(code) << 32 | u64::from(u32::from(c));
        let mask = self.index.len() - 1;
        let mut at = hash(key) & mask;
        while self.index[at] != EMPTY {
            let number = self.index[at];
            let entry = &self.entries[number as usize];
            if entry.key == key {
                return Some(Cluster { number, cols: columns(entry.join) });
            }
            at = (at + 1) & mask;
        }
        self.add(key, code, c)
    }

    fn add(&mut self, key: u64, code: u32, c: char) -> Option<Cluster> {
        let mut text = match code & CLUSTER_FLAG {
            0 => char::from_u32(code)
                .map(|c| if c == '\0' { ' ' } else { c })
                .map(String::from)
                .unwrap_or_default(),
            _ => self.get(code & !CLUSTER_FLAG).to_owned(),
        };
        if text.chars().count() >= SCALARS_MAX {
            return None;
        }
        text.push(c);
        let join = Join::of(&text);
        let entry = ClusterEntry { join, text: text.into(), key };
        let number = if let Some(number) = self.free.pop() {
            self.entries[number as usize] = entry;
            number
        } else {
            if self.entries.len() >= NUMBER_MAX {
                return None;
            }
            self.entries.push(entry);
            u32::try_from(self.entries.len() - 1).ok()?
        };
        self.used += 1;
        if self.used * 2 > self.index.len() {
            self.rebuild();
        } else {
            self.insert(number);
        }
        Some(Cluster { number, cols: columns(join) })
    }

    fn insert(&mut self, number: u32) {
        let mask = self.index.len() - 1;
        let mut at = hash(self.entries[number as usize].key) & mask;
        while self.index[at] != EMPTY {
            at = (at + 1) & mask;
        }
        self.index[at] = number;
    }

    fn rebuild(&mut self) {
        self.index = vec![EMPTY; (self.used * 4).next_power_of_two().max(64)];
        for number in 0..self.entries.len() {
            if self.entries[number].key != UNKEYED {
                self.insert(u32::try_from(number).unwrap_or(0));
            }
        }
    }

    /// Frees every cluster whose number `mark` does not set in the slice it is handed.
    pub(crate) fn sweep(&mut self, mark: impl FnOnce(&mut [bool])) {
        let mut live = vec![false; self.entries.len()];
        mark(&mut live);
        self.free.clear();
        for (number, entry) in (0..).zip(&mut self.entries) {
            if !live[number as usize] {
                *entry = ClusterEntry { text: Box::default(), key: UNKEYED, join: Join::NONE };
                self.free.push(number);
                continue;
            }
            // The number it grew from may come to mean something else.
            let from = (entry.key >> 32) as u32;
            if from & CLUSTER_FLAG != 0 && live.get((from & !CLUSTER_FLAG) as usize) != Some(&true)
            {
                entry.key = UNKEYED;
            }
        }
        self.used = self.entries.len() - self.free.len();
        self.sweep_at = SWEEP_MIN.max(2 * self.used);
        self.rebuild();
    }

    pub(crate) fn memory_used(&self) -> usize {
        let texts: usize = self.entries.iter().map(|entry| entry.text.len()).sum();
        texts
            + self.entries.capacity() * size_of::<ClusterEntry>()
            + (self.index.capacity() + self.free.capacity()) * 4
    }
}

/// A mark alone is in a cell of a blank.
fn columns(join: Join) -> u8 {
    join.cols().max(1)
}

fn hash(key: u64) -> usize {
    let mixed = key.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    (mixed >> 32) as usize
}
