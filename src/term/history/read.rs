//! Reading a history: rows at the current width, lines taken back onto the screen, and finding
//! everything again after a crash.

use std::collections::BTreeSet;

use crate::base::memory::Memory;
use crate::term::history::record::{self, CONTINUES, CellText, Header, WIDE, WRAPPED};
use crate::term::history::segment::{
    self, Bytes, HEAD_BYTES, Head, SEGMENT_BYTES, STYLE_BYTES, SegmentSlots,
};
use crate::term::history::{History, HistoryEnd, Segment};
use crate::term::style_table::CellStyle;

/// A place in the history: index of the segment and offset in it.
pub(super) type RecordPos = (usize, usize);

/// The line that a row belongs to.
#[derive(Debug, Clone, Copy)]
struct FoundRow {
    /// The number of the line.
    line: u64,
    place: RecordPos,
    extent: Extent,
    /// The index of the row in it.
    row: usize,
}

/// An item of [`History::rows_down`].
#[derive(Debug)]
pub(crate) enum RowPart<'a> {
    /// The next glyph of the row.
    Glyph(CellText<'a>, CellStyle),
    /// The row is complete.
    End {
        /// True if its line goes on in the next row.
        wrapped: bool,
    },
}

/// The size and shape of a line.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Extent {
    pub(super) cells: u32,
    pub(super) wide: bool,
    records: u32,
    pub(super) wrapped: bool,
    pub(super) mark: u8,
}

impl History {
    /// Lines kept.
    pub(crate) fn lines(&self) -> usize {
        self.lines.min(self.limits.0)
    }

    /// Rows kept, at the current width.
    pub(crate) fn rows(&self) -> usize {
        self.rows.count - self.hidden_rows()
    }

    /// Rows of the lines beyond the limit, which go when their segment goes.
    fn hidden_rows(&self) -> usize {
        let hidden = self.lines.saturating_sub(self.limits.0);
        let Some(front) = self.segments.front() else { return 0 };
        if hidden == 0 || front.longest as usize <= self.cols {
            return hidden;
        }
        let mut at = (0, front.first as usize);
        let mut rows = 0;
        for _ in 0..hidden {
            let Some((extent, next)) = self.extent(at) else { break };
            rows += self.rows_of(at, extent);
            at = next;
        }
        rows
    }

    /// A segment and all its bytes; its records end at its end.
    pub(super) fn segment(&self, segment: usize) -> Option<(&Segment, Bytes<'_>)> {
        let segment = self.segments.get(segment)?;
        Some((segment, self.slots.bytes(segment.slot, segment.packed)))
    }

    fn header(&self, place: RecordPos) -> Option<Header> {
        let (segment, bytes) = self.segment(place.0)?;
        Header::read(bytes.get(place.1..segment.end as usize)?)
    }

    /// The next place where a record starts, at or after `place`.
    fn settle(&self, mut place: RecordPos) -> RecordPos {
        while let Some(segment) = self.segments.get(place.0) {
            if place.1 < segment.end as usize {
                break;
            }
            place = (place.0 + 1, HEAD_BYTES);
        }
        place
    }

    /// The line that starts at `place`, and where the next one starts.
    pub(super) fn extent(&self, place: RecordPos) -> Option<(Extent, RecordPos)> {
        let mut at = self.settle(place);
        let mut extent = Extent::default();
        while let Some(header) = self.header(at) {
            if extent.records > 0 && !header.has(CONTINUES) {
                break;
            }
            if extent.records == 0 {
                extent.mark = header.mark;
            }
            extent.cells += u32::from(header.cells);
            extent.wide |= header.has(WIDE);
            extent.wrapped = header.has(WRAPPED);
            extent.records += 1;
            at = self.settle((at.0, at.1 + header.len()));
        }
        (extent.records > 0).then_some((extent, at))
    }

    /// Calls `each` with the glyphs of the line at `place`.
    pub(super) fn glyphs(
        &self,
        place: RecordPos,
        extent: Extent,
        mut each: impl FnMut(CellText<'_>, CellStyle),
    ) {
        let mut at = self.settle(place);
        for _ in 0..extent.records {
            let Some((segment, bytes)) = self.segment(at.0) else { return };
            let Some(header) = bytes.get(at.1..segment.end as usize).and_then(Header::read) else {
                return;
            };
            let payload = &bytes[at.1 + record::HEADER_BYTES..at.1 + header.len()];
            let styles = segment.styles;
            record::read(header, payload, |glyph, number| {
                each(
                    glyph,
                    if number < styles {
                        segment::style(&bytes, number)
                    } else {
                        CellStyle::default()
                    },
                );
            });
            at = self.settle((at.0, at.1 + header.len()));
        }
    }

    /// Rows the line at `place` takes at the current width.
    pub(super) fn rows_of(&self, place: RecordPos, extent: Extent) -> usize {
        let cells = extent.cells as usize;
        if cells <= self.cols {
            return 1;
        }
        if !extent.wide {
            return cells.div_ceil(self.cols);
        }
        let mut wrap = Wrap::new(self.cols);
        self.glyphs(place, extent, |glyph, _| {
            wrap.step(glyph.cols());
        });
        wrap.row + 1
    }

    /// Adapts the count of rows to another width. The unfinished line must have been taken out
    /// before.
    pub(crate) fn set_cols(&mut self, cols: u16) {
        self.cols = usize::from(cols.max(1));
        if self.limits.0 == 0 {
            // The start of the line was not stored, so the rest is all there is of it.
            self.disown();
        }
        self.open_cells = 0;
        self.rows.epoch += 1;
        self.rows.dropped = 0;
        self.count_all_rows();
    }

    fn count_all_rows(&mut self) {
        self.rows.count = 0;
        for at in 0..self.segments.len() {
            let segment = self.segments[at];
            let rows = if segment.longest as usize <= self.cols {
                segment.lines
            } else {
                self.count_rows(at, segment)
            };
            self.segments[at].rows = rows;
            self.rows.count += rows as usize;
        }
    }

    fn count_rows(&self, at: usize, segment: Segment) -> u32 {
        if let Some(rows) = self.packed_rows(at) {
            return rows;
        }
        let mut place = (at, segment.first as usize);
        let mut rows = 0;
        for _ in 0..segment.lines {
            let Some((extent, next)) = self.extent(place) else { break };
            rows += self.rows_of(place, extent);
            place = next;
        }
        u32::try_from(rows).unwrap_or(u32::MAX)
    }

    /// The line in which row `back` lies; 0 is the last row.
    fn find(&self, back: usize) -> Option<FoundRow> {
        if back >= self.rows() {
            return None;
        }
        let (mut left, mut line) = (back, self.line);
        let at = (0..self.segments.len()).rev().find(|at| {
            let rows = self.segments[*at].rows as usize;
            line = line.saturating_sub(u64::from(self.segments[*at].lines));
            let here = left < rows;
            left -= if here { 0 } else { rows };
            here
        })?;
        let segment = self.segments[at];
        let mut row = segment.rows as usize - 1 - left;
        let mut place = (at, segment.first as usize);
        for _ in 0..segment.lines {
            let (extent, next) = self.extent(place)?;
            let rows = self.rows_of(place, extent);
            if row < rows {
                return Some(FoundRow { line, place, extent, row });
            }
            row -= rows;
            line += 1;
            place = next;
        }
        None
    }

    /// The line in which row `back` lies (0 is the last row), and the cell of it in column `col`;
    /// at most one after its last.
    pub(crate) fn anchor(&self, back: usize, col: usize) -> Option<(u64, u32)> {
        let FoundRow { line, place, extent, row } = self.find(back)?;
        let (start, end) = self.row_span(place, extent, row);
        let last = if end == extent.cells { end } else { end - 1 };
        Some((line, start.saturating_add(u32::try_from(col).unwrap_or(u32::MAX)).min(last)))
    }

    /// The cells of row `row` of a line.
    fn row_span(&self, place: RecordPos, extent: Extent, row: usize) -> (u32, u32) {
        let cols = u32::try_from(self.cols).unwrap_or(u32::MAX);
        if !extent.wide {
            let start = u32::try_from(row).unwrap_or(u32::MAX).saturating_mul(cols);
            return (start.min(extent.cells), start.saturating_add(cols).min(extent.cells));
        }
        let mut wrap = Wrap::new(self.cols);
        let (mut at, mut start, mut end) = (0, None, None);
        self.glyphs(place, extent, |glyph, _| {
            wrap.step(glyph.cols());
            if wrap.row == row {
                start = start.or(Some(at));
            } else if row < wrap.row {
                end = end.or(Some(at));
            }
            at += u32::from(glyph.cols());
        });
        (start.unwrap_or(0), end.unwrap_or(extent.cells))
    }

    /// The row (0 is the last one) and the column of a cell of a line; of one after its last, the
    /// place after that.
    pub(crate) fn locate(&self, line: u64, cell: u32) -> Option<(usize, usize)> {
        let (at, first) = self.segment_of(line)?;
        let mut place = (at, self.segments[at].first as usize);
        let mut before = 0;
        for _ in first..line {
            let (extent, next) = self.extent(place)?;
            before += self.rows_of(place, extent);
            place = next;
        }
        let (extent, _) = self.extent(place)?;
        let cell = cell.min(extent.cells);
        let mut row = if extent.wide { 0 } else { cell as usize / self.cols };
        let rows = self.rows_of(place, extent);
        let mut span = self.row_span(place, extent, row);
        while span.1 <= cell && row + 1 < rows {
            row += 1;
            span = self.row_span(place, extent, row);
        }
        row = row.min(rows - 1);
        let col = cell.saturating_sub(self.row_span(place, extent, row).0);
        let after: usize = self.segments.range(at..).map(|segment| segment.rows as usize).sum();
        Some((after - before - row - 1, (col as usize).min(self.cols - 1)))
    }

    /// Calls `each` with the glyphs of row `back` (0 is the last one); tells whether it is wrapped,
    /// and its mark.
    pub(crate) fn row(
        &self,
        back: usize,
        mut each: impl FnMut(CellText<'_>, CellStyle),
    ) -> Option<(bool, u8)> {
        let FoundRow { place, extent, row: wanted, .. } = self.find(back)?;
        let mut wrap = Wrap::new(self.cols);
        self.glyphs(place, extent, |glyph, cell_style| {
            wrap.step(glyph.cols());
            if wrap.row == wanted {
                each(glyph, cell_style);
            }
        });
        Some((wanted < wrap.row || extent.wrapped, if wanted == 0 { extent.mark } else { 0 }))
    }

    /// Goes through `count` rows from row `back` on downwards. However many they are, each line is
    /// looked at once.
    pub(crate) fn rows_down(&self, back: usize, count: usize, mut each: impl FnMut(RowPart<'_>)) {
        let Some(FoundRow { mut place, mut extent, row, .. }) = self.find(back) else { return };
        let (mut hidden, mut left) = (row, count);
        while 0 < left {
            let mut wrap = Wrap::new(self.cols);
            self.glyphs(place, extent, |glyph, cell_style| {
                let before = wrap.row;
                wrap.step(glyph.cols());
                if before < wrap.row && hidden <= before && 0 < left {
                    each(RowPart::End { wrapped: true });
                    left -= 1;
                }
                if hidden <= wrap.row && 0 < left {
                    each(RowPart::Glyph(glyph, cell_style));
                }
            });
            if 0 < left {
                each(RowPart::End { wrapped: extent.wrapped });
                left -= 1;
            }
            hidden = 0;
            let Some((_, next)) = self.extent(place) else { return };
            let Some((found, _)) = self.extent(next) else { return };
            (place, extent) = (next, found);
        }
    }

    /// Takes the last line out and calls `each` with its glyphs; tells its mark and whether it goes
    /// on in what follows it.
    pub(crate) fn pop(
        &mut self,
        mut each: impl FnMut(CellText<'_>, CellStyle),
    ) -> Option<(bool, u8)> {
        let at = (0..self.segments.len()).rev().find(|at| self.segments[*at].lines > 0)?;
        self.unpack(at)?;
        self.changed.set(self.changed.get().min(self.front + at as u64));
        let segment = self.segments[at];
        let mut place = (at, segment.first as usize);
        let mut before = 0;
        for _ in 1..segment.lines {
            let (extent, next) = self.extent(place)?;
            before = before.max(extent.cells);
            place = next;
        }
        let (extent, _) = self.extent(place)?;
        let rows = self.rows_of(place, extent);
        self.glyphs(place, extent, &mut each);
        while self.segments.len() > at + 1 {
            if let Some(last) = self.segments.pop_back() {
                self.slots.give(last.slot);
                self.next -= 1;
                self.packing.lengths.remove(&self.next);
            }
        }
        if let Some(last) = self.segments.back_mut() {
            last.end = u32::try_from(place.1).unwrap_or(0);
            last.lines -= 1;
            last.rows = last.rows.saturating_sub(u32::try_from(rows).unwrap_or(0));
            last.longest = before;
        }
        self.lines = self.lines.saturating_sub(1);
        self.line = self.line.saturating_sub(1);
        self.rows.count = self.rows.count.saturating_sub(rows);
        self.open_cells = 0;
        self.uncommitted = true;
        self.commit();
        Some((extent.wrapped, extent.mark))
    }

    /// The history found in `memory`, cut back to `end`. What is damaged, and all before it, is
    /// dropped.
    pub(crate) fn restore(
        memory: Box<dyn Memory>,
        limits: (usize, usize),
        cols: u16,
        end: HistoryEnd,
    ) -> Self {
        let mut history = Self::new(memory, limits.0, limits.1, cols);
        history.line = end.line;
        history.next = end.segment.saturating_add(1).max(1);
        history.front = history.next;
        history.open_segment = end.open_segment;
        history.open_gap = end.open_gap;
        let mut heads: Vec<Head> = history.slots.heads();
        heads.retain(|head| 0 < head.sequence && head.sequence <= end.segment);
        let mut told = BTreeSet::new();
        // Of one that was being packed there may be both forms.
        heads.sort_by_key(|head| (std::cmp::Reverse(head.sequence), head.packed));
        for mut head in heads {
            if head.sequence == history.front {
                continue;
            }
            if head.sequence + 1 != history.front {
                break;
            }
            if head.sequence == end.segment {
                (head.end, head.styles) = (end.offset, end.styles);
            }
            let summarized = history.summarized(head, end);
            told.extend(summarized.map(|_| head.sequence));
            let Some(segment) = summarized.or_else(|| check_segment(&history.slots, head)) else {
                continue;
            };
            history.front = head.sequence;
            history.slots.claim(head.slot);
            history.segments.push_front(segment);
        }
        history.slots.deface_spare();
        if let Some(last) = history.segments.len().checked_sub(1) {
            // The last segment is written to again, from its end at the snapshot.
            history.unpack(last);
        }
        let open_is_there = history.front <= end.open_segment && end.open_segment <= end.segment;
        history.open_cells = if open_is_there && !history.segments.is_empty() {
            end.open_cells.min(super::LINE_CELLS_MAX)
        } else {
            0
        };
        history.recount(&told);
        history.uncommitted = true;
        history.commit();
        history
    }

    /// The summary of a packed segment, if that was so at `end` already: the unfinished line may
    /// have become longer since, and the last segment too.
    fn summarized(&mut self, head: Head, end: HistoryEnd) -> Option<Segment> {
        let went_on = head.sequence == end.segment
            || (0 < end.open_cells && head.sequence == end.open_segment);
        let Head { slot, sequence, end, styles, packed } = head;
        let summary = if packed == 0 || went_on { None } else { self.slots.summary(slot) }?;
        self.packing.lengths.extend(summary.lengths.map(|lengths| (sequence, lengths)));
        Some(Segment {
            slot,
            end,
            first: summary.first,
            styles,
            lines: summary.lines,
            rows: 0,
            longest: summary.longest,
            packed,
        })
    }

    /// The cells of the longest line that starts in a segment. All lines of a successor's panes are
    /// looked at before it answers, so this goes from record to record.
    fn longest_line(&self, at: usize) -> u32 {
        let Some((segment, bytes)) = self.segment(at) else { return 0 };
        let (mut longest, mut cells, mut left) = (0, 0, segment.lines);
        let (mut place, mut start) = (segment.first as usize, segment.first as usize);
        while let Some(header) = bytes.get(place..segment.end as usize).and_then(Header::read) {
            if place == start || !header.has(CONTINUES) {
                if left == 0 {
                    return longest;
                }
                (left, start, cells) = (left - 1, place, 0);
            }
            cells += u32::from(header.cells);
            longest = longest.max(cells);
            place += header.len();
        }
        // The last one may go on in the next segment.
        longest.max(self.extent((at, start)).map_or(0, |(extent, _)| extent.cells))
    }

    /// Counts lines and rows anew, but those of segments of which it was `told`.
    fn recount(&mut self, told: &BTreeSet<u64>) {
        self.lines = 0;
        for at in 0..self.segments.len() {
            self.lines += self.segments[at].lines as usize;
            if told.contains(&(self.front + at as u64)) {
                continue;
            }
            self.segments[at].longest = self.longest_line(at);
            // A line that is not finished gets longer.
            if 0 < self.segments[at].packed
                && !(self.is_open() && self.open_segment == self.front + at as u64)
            {
                self.note_lengths(at);
            }
        }
        self.rows.epoch += 1;
        self.count_all_rows();
    }
}

/// Walks the records of a segment; `None` if they do not end where it says.
fn check_segment(slots: &SegmentSlots, head: Head) -> Option<Segment> {
    let fits = head.end as usize + usize::from(head.styles) * STYLE_BYTES <= SEGMENT_BYTES;
    if !fits || (head.end as usize) < HEAD_BYTES {
        return None;
    }
    let all = slots.bytes(head.slot, head.packed);
    let bytes = all.get(..head.end as usize)?;
    let Head { slot, end, styles, packed, .. } = head;
    let mut segment =
        Segment { slot, end, first: end, styles, lines: 0, rows: 0, longest: 0, packed };
    let mut at = HEAD_BYTES;
    while at < bytes.len() {
        let header = Header::read(&bytes[at..])?;
        if !header.has(CONTINUES) {
            if segment.lines == 0 {
                segment.first = u32::try_from(at).unwrap_or(segment.end);
            }
            segment.lines += 1;
        }
        at += header.len();
    }
    (at == bytes.len()).then_some(segment)
}

/// The position of glyphs when a line is wrapped.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Wrap {
    cols: usize,
    col: usize,
    pub(crate) row: usize,
}

impl Wrap {
    pub(crate) fn new(cols: usize) -> Self {
        Self { cols, col: 0, row: 0 }
    }

    /// Places the next glyph.
    pub(crate) fn step(&mut self, glyph_cols: u8) {
        let glyph_cols = usize::from(glyph_cols);
        if self.col + glyph_cols > self.cols && self.col > 0 {
            self.row += 1;
            self.col = 0;
        }
        self.col += glyph_cols;
    }
}
