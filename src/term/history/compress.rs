//! Cold segments of a history, packed one at a time while nobody waits, and unpacked where rows are
//! taken back. Which moment is right others decide.

use std::collections::BTreeMap;

use crate::term::history::History;
use crate::term::history::segment::{SEGMENT_BYTES, packed_memory};
use crate::term::history::summary::Summary;

/// The newest segments are not packed: they are looked at, and taken back when the screen grows.
const WARM_SEGMENTS: u64 = 2;

/// What is known about the packed segments.
#[derive(Debug, Default)]
pub(super) struct Packing {
    /// Up to this sequence number segments are packed, or do not get smaller.
    done: u64,
    /// Of packed segments without wide characters, by sequence number: how many lines there are of
    /// each length in cells, so that a change of the width reads none.
    pub(super) lengths: BTreeMap<u64, Box<[(u32, u32)]>>,
}

/// Memory that a history takes, in bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct HistoryBytes {
    /// Of segments as they were written.
    pub raw: usize,
    /// Of packed segments, in whole pages.
    pub packed: usize,
    /// What the packed ones would take if they were not.
    pub unpacked: usize,
}

impl History {
    /// Packs one cold segment. False if there is none left.
    pub(crate) fn pack(&mut self) -> bool {
        let sequence = self.packing.done.max(self.front);
        let is_open = 0 < self.open_cells && self.open_segment <= sequence;
        if self.next <= sequence + WARM_SEGMENTS || is_open {
            self.slots.forget_unpacked();
            self.slots.punch_spare();
            return false;
        }
        self.packing.done = sequence + 1;
        let at = usize::try_from(sequence - self.front).unwrap_or(usize::MAX);
        if let Some(segment) = self.segments.get(at).copied().filter(|segment| segment.packed == 0)
        {
            self.note_lengths(at);
            let lengths = self.packing.lengths.get(&sequence).cloned();
            let summary = Summary {
                lines: segment.lines,
                first: segment.first,
                longest: segment.longest,
                lengths,
            };
            match self.slots.pack(segment.slot, &summary) {
                Some((slot, packed)) => {
                    (self.segments[at].slot, self.segments[at].packed) = (slot, packed)
                }
                None => drop(self.packing.lengths.remove(&sequence)),
            }
        }
        true
    }

    /// Makes sure that a segment can be written to.
    pub(super) fn unpack(&mut self, at: usize) -> Option<()> {
        let segment = *self.segments.get(at)?;
        if segment.packed == 0 {
            return Some(());
        }
        let sequence = self.front + at as u64;
        self.segments[at].slot = self.slots.unpack(segment.slot, segment.end, segment.styles)?;
        self.segments[at].packed = 0;
        self.packing.done = self.packing.done.min(sequence);
        self.packing.lengths.remove(&sequence);
        Some(())
    }

    /// Notes how long the lines of a segment are.
    pub(super) fn note_lengths(&mut self, at: usize) {
        let segment = self.segments[at];
        let mut lengths: BTreeMap<u32, u32> = BTreeMap::new();
        let mut place = (at, segment.first as usize);
        for _ in 0..segment.lines {
            let Some((extent, next)) = self.extent(place) else { return };
            if extent.wide {
                return;
            }
            *lengths.entry(extent.cells).or_default() += 1;
            place = next;
        }
        self.packing.lengths.insert(self.front + at as u64, lengths.into_iter().collect());
    }

    /// Rows of a segment at the current width, if that can be told without reading it.
    pub(super) fn packed_rows(&self, at: usize) -> Option<u32> {
        let cols = u32::try_from(self.cols).ok()?;
        let lengths = self.packing.lengths.get(&(self.front + at as u64))?;
        Some(lengths.iter().map(|(cells, lines)| cells.div_ceil(cols).max(1) * lines).sum())
    }

    /// Memory of all segments.
    pub(crate) fn bytes(&self) -> HistoryBytes {
        let mut bytes = HistoryBytes::default();
        for segment in &self.segments {
            if segment.packed == 0 {
                bytes.raw += SEGMENT_BYTES;
            } else {
                bytes.packed += packed_memory(segment.packed);
                bytes.unpacked += SEGMENT_BYTES;
            }
        }
        bytes
    }

    pub(super) fn segments_memory(&self) -> usize {
        let bytes = self.bytes();
        bytes.raw + bytes.packed
    }

    /// Drops the oldest segment, unless it is one of the newest. False if nothing was dropped.
    pub(crate) fn drop_oldest(&mut self) -> bool {
        let is_cold = WARM_SEGMENTS < self.segments.len() as u64;
        if is_cold {
            self.drop_front();
        }
        is_cold
    }
}
