//! Rows that left the screen: compact, append-only, bounded by lines and bytes. It keeps them
//! independent of the width; only what is looked at is wrapped.
//!
//! A *line* here is a chain of records: a record and those that continue it. A line of more than
//! [`LINE_CELLS_MAX`] cells is cut into several.
//!
//! The screen adds rows; `rows`, `scroll` and `search` read them. Tests: beside the code,
//! `tests/it/term_pack.rs`, `tests/it/term_refs`.

mod compress;
pub(crate) mod cursor;
pub(crate) mod lines;
pub(crate) mod read;
pub(crate) mod record;
pub(crate) mod segment;

pub use compress::{HISTORY_SEGMENT_BYTES, HistoryBytes, fill_history, pack_segment};

use std::collections::VecDeque;

use crate::base::memory::Memory;
use crate::term::cell::{Cell, CellClass, RowAttrs};
use crate::term::cluster::Clusters;
use crate::term::history::compress::Packing;
use crate::term::history::record::{CONTINUES, HEADER_BYTES, Header, STYLED, TEXT, WIDE, WRAPPED};
use crate::term::history::segment::{HEAD_BYTES, SEGMENT_BYTES, STYLE_BYTES, SegmentSlots};
use crate::term::style_table::StyleTable;

/// Cells after which a line without end is cut, so that one lookup has bounded work.
pub(crate) const LINE_CELLS_MAX: u32 = 1 << 15;
/// Segments there is always room for: one to write and one to drop.
const SEGMENTS_MIN: usize = 2;

/// The facts about a segment that are known without reading it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Segment {
    slot: u32,
    /// The offset of the next record.
    end: u32,
    /// The offset of the first line that starts here; `end` if none does.
    first: u32,
    /// Entries of the dictionary.
    styles: u16,
    /// Lines that start here.
    lines: u32,
    /// Rows of those lines at the current width.
    rows: u32,
    /// Cells of the longest of them.
    longest: u32,
    /// Bytes it takes packed; 0 if it is not.
    packed: u32,
}

/// The end of a history: enough to cut it back after records were appended that must be forgotten.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct HistoryEnd {
    /// Lines that ever went into it.
    pub line: u64,
    /// Sequence number of the last segment; 0 if there is none.
    pub segment: u64,
    /// Offset in that segment, in bytes.
    pub offset: u32,
    /// Entries of that segment's dictionary.
    pub styles: u16,
    /// Cells of the unfinished last line; 0 if it is finished.
    pub open_cells: u32,
    /// Sequence number of the segment where that line starts.
    pub open_segment: u64,
    /// True if its last row is one cell short, because a wide character did not fit.
    pub open_gap: bool,
}

/// Rows at the current width.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Rows {
    /// The number of rows there are.
    count: usize,
    /// Rows dropped since the width changed, so that a row keeps its address.
    dropped: u64,
    /// Counts the changes of the width.
    epoch: u64,
}

/// The history of a main screen.
pub(crate) struct History {
    slots: SegmentSlots,
    segments: VecDeque<Segment>,
    /// Sequence number of the first segment.
    front: u64,
    /// Sequence number for the next segment; they start at 1.
    next: u64,
    /// Lines and bytes there may be.
    limits: (usize, usize),
    packing: Packing,
    cols: usize,
    /// Lines ever pushed.
    line: u64,
    lines: usize,
    rows: Rows,
    /// Cells of the unfinished last line, 0 if finished; and the segment where it starts.
    open_cells: u32,
    open_segment: u64,
    /// The last row is one cell short, because a wide character did not fit.
    open_gap: bool,
    /// For each style number: stamp and entry in the last segment's dictionary.
    numbers: Vec<(u32, u16)>,
    stamp: u32,
    sweeps: u32,
    scratch: Vec<u8>,
    /// Runs of the row being written: style or style, cells.
    runs: Vec<(u32, usize)>,
    uncommitted: bool,
    /// From this sequence number on segments may have changed since they were last taken elsewhere.
    changed: std::cell::Cell<u64>,
}

impl History {
    /// An empty history in `memory`; what is in it is forgotten.
    pub(crate) fn new(
        memory: Box<dyn Memory>,
        lines_max: usize,
        bytes_max: usize,
        cols: u16,
    ) -> Self {
        Self {
            slots: SegmentSlots::new(memory),
            segments: VecDeque::new(),
            front: 1,
            next: 1,
            limits: (lines_max, bytes_max),
            packing: Packing::default(),
            cols: usize::from(cols.max(1)),
            line: 0,
            lines: 0,
            rows: Rows::default(),
            open_cells: 0,
            open_segment: 0,
            open_gap: false,
            numbers: Vec::new(),
            stamp: 1,
            sweeps: 0,
            scratch: Vec::new(),
            runs: Vec::new(),
            uncommitted: false,
            changed: std::cell::Cell::new(0),
        }
    }

    /// Appends a row that left the screen.
    pub(crate) fn push(
        &mut self,
        cells: &[Cell],
        line: RowAttrs,
        styles: &StyleTable,
        clusters: &Clusters,
    ) {
        let wrapped = line.has(RowAttrs::WRAPPED);
        let cells = if wrapped {
            trim_spacer(cells)
        } else {
            trim_blank(&cells[..usize::from(line.used).min(cells.len())])
        };
        let mut flags =
            line.flags & (RowAttrs::STYLED | RowAttrs::TEXT | RowAttrs::WIDE | RowAttrs::WRAPPED);
        // An empty row would vanish, and a place left blank for a wide character that is no longer
        // there would close up: such a row starts a line of its own.
        let gap = self.open_gap && cells.first().is_none_or(|cell| cell.class() != CellClass::Wide);
        if self.open_cells > 0 && !gap && !cells.is_empty() {
            flags |= CONTINUES;
        }
        let is_short = wrapped && cells.len() < self.cols;
        let header = Header {
            cells: u16::try_from(cells.len()).unwrap_or(u16::MAX),
            bytes: header_bytes(cells.len()),
            flags,
            mark: line.mark,
        };
        if self.limits.0 == 0 {
            return self.count_unstored(header);
        }
        let plain = flags & (STYLED | TEXT) == 0;
        self.note_sweeps(styles);
        let in_place = match flags & TEXT {
            _ if plain => self.push_ascii(header, cells),
            0 => self.push_styled_ascii(header, cells, styles),
            _ => None,
        };
        let written = in_place.or_else(|| self.push_styled(header, cells, (styles, clusters)));
        if let Some(header) = written {
            self.count(header);
            self.open_gap = is_short;
        }
    }

    fn push_ascii(&mut self, header: Header, cells: &[Cell]) -> Option<Header> {
        let (slot, at) = self.room(header.len())?;
        let to = &mut self.slots.raw_mut(slot)[at..at + header.len()];
        header.write(to);
        record::write_ascii(cells, &mut to[HEADER_BYTES..]);
        self.advance(header.len());
        Some(header)
    }

    /// Writes an ASCII row with styles in place, if there is room for all it could need; otherwise
    /// nothing is done.
    fn push_styled_ascii(
        &mut self,
        header: Header,
        cells: &[Cell],
        styles: &StyleTable,
    ) -> Option<Header> {
        let mut runs = std::mem::take(&mut self.runs);
        record::find_runs(cells, &mut runs);
        let payload = 2 + 4 * runs.len() + cells.len();
        if self.room_left() < HEADER_BYTES + payload + runs.len() * STYLE_BYTES {
            self.runs = runs;
            return None;
        }
        for run in &mut runs {
            run.0 = u32::from(self.style_number(run.0, styles).unwrap_or(u16::MAX));
        }
        let header = Header { bytes: header_bytes(payload), ..header };
        let written = self.room(header.len()).map(|(slot, at)| {
            let to = &mut self.slots.raw_mut(slot)[at..at + header.len()];
            header.write(to);
            record::write_packed_runs(&runs, &mut to[HEADER_BYTES..]);
            record::write_ascii(cells, &mut to[HEADER_BYTES + 2 + 4 * runs.len()..]);
            header
        });
        self.advance(written.map_or(0, Header::len));
        self.runs = runs;
        written
    }

    fn push_styled(
        &mut self,
        header: Header,
        cells: &[Cell],
        tables: (&StyleTable, &Clusters),
    ) -> Option<Header> {
        let mut scratch = std::mem::take(&mut self.scratch);
        let mut written = None;
        for _attempt in 0..2 {
            scratch.clear();
            // A row has at most 2000 cells, so without clusters it always fits into an empty
            // segment.
            let fitted = self.encode(header, cells, tables, &mut scratch);
            let bytes = scratch.len();
            if fitted && self.room_left() >= HEADER_BYTES + bytes {
                written = self.write(Header { bytes: header_bytes(bytes), ..header }, &scratch);
                break;
            }
            if self.start_segment().is_none() {
                break;
            }
        }
        self.scratch = scratch;
        written
    }

    fn write(&mut self, header: Header, payload: &[u8]) -> Option<Header> {
        let (slot, at) = self.room(header.len())?;
        let to = &mut self.slots.raw_mut(slot)[at..at + header.len()];
        header.write(to);
        to[HEADER_BYTES..].copy_from_slice(payload);
        self.advance(header.len());
        Some(header)
    }

    /// Writes runs and text of a row to `to`; styles go into the dictionary of the last segment.
    /// False if they do not fit.
    fn encode(
        &mut self,
        header: Header,
        cells: &[Cell],
        tables: (&StyleTable, &Clusters),
        to: &mut Vec<u8>,
    ) -> bool {
        if self.segments.is_empty() {
            return false;
        }
        if header.has(STYLED)
            && record::write_runs(cells, to, |style| self.style_number(style, tables.0)).is_none()
        {
            return false;
        }
        if header.has(TEXT | WIDE) {
            let bytes_max =
                self.room_left().saturating_sub(to.len() + HEADER_BYTES + 5 * cells.len());
            record::write_text(cells, tables.1, bytes_max, to);
        } else {
            let at = to.len();
            to.resize(at + cells.len(), 0);
            record::write_ascii(cells, &mut to[at..]);
        }
        true
    }

    /// After a sweep, style numbers may mean something else.
    fn note_sweeps(&mut self, styles: &StyleTable) {
        if self.sweeps != styles.sweeps {
            self.sweeps = styles.sweeps;
            self.stamp = self.stamp.wrapping_add(1);
        }
    }

    fn style_number(&mut self, style: u32, styles: &StyleTable) -> Option<u16> {
        if style == 0 {
            return Some(u16::MAX);
        }
        let at = style as usize;
        if let Some((stamp, number)) = self.numbers.get(at)
            && *stamp == self.stamp
        {
            return Some(*number);
        }
        if self.room_left() < STYLE_BYTES {
            return None;
        }
        let segment = self.segments.back_mut()?;
        let number = segment.styles;
        segment.styles += 1;
        let slot = segment.slot;
        self.slots.set_style(slot, number, styles.get(style));
        if self.numbers.len() <= at {
            self.numbers.resize(at + 1, (0, 0));
        }
        self.numbers[at] = (self.stamp, number);
        Some(number)
    }

    fn room_left(&self) -> usize {
        self.segments.back().filter(|last| last.packed == 0).map_or(0, |last| {
            SEGMENT_BYTES - usize::from(last.styles) * STYLE_BYTES - last.end as usize
        })
    }

    /// Slot and offset where `bytes` can be written.
    #[inline]
    fn room(&mut self, bytes: usize) -> Option<(u32, usize)> {
        if self.room_left() < bytes {
            self.start_segment()?;
        }
        let last = self.segments.back()?;
        (self.room_left() >= bytes).then_some((last.slot, last.end as usize))
    }

    fn advance(&mut self, bytes: usize) {
        if let Some(last) = self.segments.back_mut() {
            last.end += u32::try_from(bytes).unwrap_or(0);
        }
        self.uncommitted = true;
    }

    fn start_segment(&mut self) -> Option<()> {
        self.commit();
        while self.is_full() || self.front_is_surplus() {
            self.drop_front();
        }
        let slot = self.slots.take(self.next, self.line).or_else(|| {
            self.drop_front();
            self.slots.take(self.next, self.line)
        })?;
        if self.segments.is_empty() {
            self.front = self.next;
        }
        self.next += 1;
        let end = u32::try_from(HEAD_BYTES).unwrap_or(0);
        self.segments.push_back(Segment {
            slot,
            end,
            first: end,
            styles: 0,
            lines: 0,
            rows: 0,
            longest: 0,
            packed: 0,
        });
        self.stamp = self.stamp.wrapping_add(1);
        Some(())
    }

    /// True if another segment is more than there may be.
    fn is_full(&self) -> bool {
        SEGMENTS_MIN <= self.segments.len()
            && self.limits.1 < self.segments_memory() + SEGMENT_BYTES
    }

    fn front_is_surplus(&self) -> bool {
        self.segments.len() > 1
            && self
                .segments
                .front()
                .is_some_and(|front| self.lines - front.lines as usize >= self.limits.0)
    }

    fn drop_front(&mut self) {
        let Some(front) = self.segments.pop_front() else { return };
        self.front += 1;
        self.lines -= front.lines as usize;
        self.rows.count -= front.rows as usize;
        self.rows.dropped += u64::from(front.rows);
        self.slots.give(front.slot);
        self.packing.lengths.remove(&(self.front - 1));
        if self.open_segment < self.front {
            self.open_cells = 0;
        }
    }

    /// Numbers go on even where nothing is kept.
    fn count_unstored(&mut self, header: Header) {
        if !header.has(CONTINUES) {
            self.line += 1;
            self.open_cells = 0;
        }
        let cells = self.open_cells + u32::from(header.cells);
        self.open_cells = if header.has(WRAPPED) && cells < LINE_CELLS_MAX { cells } else { 0 };
        self.open_gap = header.has(WRAPPED) && usize::from(header.cells) < self.cols;
    }

    /// Accounts for a record just written.
    #[inline]
    fn count(&mut self, header: Header) {
        let last = self.front + self.segments.len() as u64 - 1;
        // The segment of an unfinished line may have been dropped to make room.
        let continues = header.has(CONTINUES) && self.open_cells > 0;
        if !continues {
            self.open_segment = last;
            self.open_cells = 0;
            self.lines += 1;
            self.line += 1;
        }
        let cells = self.open_cells + u32::from(header.cells);
        let at = usize::try_from(self.open_segment - self.front).unwrap_or(0);
        if let Some(segment) = self.segments.get_mut(at) {
            if !continues {
                if segment.lines == 0 {
                    segment.first = segment.end - u32::try_from(header.len()).unwrap_or(0);
                }
                segment.lines += 1;
            }
            segment.rows += 1;
            segment.longest = segment.longest.max(cells);
            self.rows.count += 1;
        }
        self.open_cells = if header.has(WRAPPED) && cells < LINE_CELLS_MAX { cells } else { 0 };
        if self.front_is_surplus() {
            self.drop_front();
        }
    }

    /// Makes what was pushed visible to whoever reads the memory.
    pub(crate) fn commit(&mut self) {
        if self.uncommitted {
            self.uncommitted = false;
            if let Some(last) = self.segments.back().copied().filter(|last| last.packed == 0) {
                self.slots.commit(last.slot, last.end, last.styles);
            }
        }
    }

    /// Forgets everything. An unfinished line goes on without its beginning, under its number.
    pub(crate) fn clear(&mut self) {
        self.disown();
        while !self.segments.is_empty() {
            self.drop_front();
        }
        // A clear is for secrecy, so the spare memory is given back, too.
        self.slots.punch_spare();
        self.lines = 0;
        self.rows.count = 0;
    }

    /// The next row starts a line of its own, whatever the last one was.
    pub(crate) fn end_line(&mut self) {
        self.open_cells = 0;
    }

    /// Cuts an unfinished line: its rest starts a line of its own, which takes over its number.
    pub(crate) fn disown(&mut self) {
        if self.open_cells > 0 {
            self.open_cells = 0;
            self.line = self.line.saturating_sub(1);
        }
    }

    /// True if the last row goes on in the next one pushed.
    pub(crate) fn is_open(&self) -> bool {
        self.open_cells > 0
    }

    /// The end of the history now.
    pub(crate) fn end(&self) -> HistoryEnd {
        let last = self.segments.back();
        HistoryEnd {
            line: self.line,
            segment: if self.segments.is_empty() { 0 } else { self.next - 1 },
            offset: last.map_or(0, |last| last.end),
            styles: last.map_or(0, |last| last.styles),
            open_cells: self.open_cells,
            open_segment: self.open_segment,
            open_gap: self.open_gap,
        }
    }

    /// Bytes of memory it has in use.
    pub(crate) fn memory_used(&self) -> usize {
        let last = self.segments.back().filter(|last| last.packed == 0);
        let unused = last.map_or(0, |last| {
            SEGMENT_BYTES - last.end as usize - usize::from(last.styles) * STYLE_BYTES
        });
        self.segments_memory() - unused + self.numbers.capacity() * 8 + self.scratch.capacity()
    }
}

fn header_bytes(bytes: usize) -> u16 {
    u16::try_from(bytes).unwrap_or(u16::MAX)
}

fn trim_blank(cells: &[Cell]) -> &[Cell] {
    let end = cells.iter().rposition(|cell| !cell.is_plain_blank()).map_or(0, |last| last + 1);
    &cells[..end]
}

fn trim_spacer(cells: &[Cell]) -> &[Cell] {
    match cells.split_last() {
        Some((last, rest)) if last.class() == CellClass::Spacer => rest,
        _ => cells,
    }
}
