//! The lines of a history as text in one piece, a segment at a time, and lines found by their
//! number. What text is looked for is not known here.

use std::ops::Range;

use crate::term::history::read::RecordPos;
use crate::term::history::record::{self, CONTINUES, CellText, Header, STYLED, TEXT};
use crate::term::history::segment::HEAD_BYTES;
use crate::term::history::{History, LINE_CELLS_MAX};

/// Lines as UTF-8, each ended by a line feed.
#[derive(Debug, Default)]
pub(crate) struct LineBuffer {
    pub(crate) text: Vec<u8>,
    pub(crate) lines: Vec<BufferedLine>,
}

/// A line of a page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct BufferedLine {
    /// The offset of its start in the text.
    pub(crate) start: usize,
    /// The number of the line.
    pub(crate) line: u64,
    /// True if each byte of it is a cell.
    pub(crate) plain: bool,
}

impl LineBuffer {
    /// Begins another line.
    pub(crate) fn begin(&mut self, line: u64) {
        self.lines.push(BufferedLine { start: self.text.len(), line, plain: true });
    }

    /// Appends a glyph to the last line.
    pub(crate) fn push(&mut self, glyph: CellText<'_>) {
        let before = self.text.len();
        match glyph {
            CellText::Blank => self.text.push(b' '),
            CellText::Char(c, _) => {
                self.text.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes());
            }
            CellText::Cluster(text, _) => self.text.extend_from_slice(text.as_bytes()),
        }
        if self.text.len() - before != usize::from(glyph.cols())
            && let Some(last) = self.lines.last_mut()
        {
            last.plain = false;
        }
    }

    /// Ends the last line.
    pub(crate) fn end(&mut self) {
        self.text.push(b'\n');
    }

    /// The line that the byte at `at` belongs to, as an index.
    pub(crate) fn line_at(&self, at: usize) -> usize {
        self.lines.partition_point(|line| line.start <= at).saturating_sub(1)
    }

    /// The bytes of a line, without its end.
    pub(crate) fn span(&self, idx: usize) -> Range<usize> {
        let end = self.lines.get(idx + 1).map_or(self.text.len(), |next| next.start);
        self.lines[idx].start..end - 1
    }

    fn push_record(&mut self, header: Header, payload: &[u8]) {
        if header.has(TEXT) {
            record::read(header, payload, |glyph, _| self.push(glyph));
            return;
        }
        let runs = if header.has(STYLED) { record::runs_len(payload) } else { 0 };
        if let Some(text) = payload.get(runs..) {
            self.text.extend_from_slice(text);
        }
    }
}

impl History {
    /// The number of the oldest line kept. Lines are numbered from 0 on, and keep their number.
    pub(crate) fn line_first(&self) -> u64 {
        self.line.saturating_sub(self.lines() as u64)
    }

    /// The number of the next line that starts.
    pub(crate) fn line_next(&self) -> u64 {
        self.line
    }

    /// Cells of the unfinished last line, 0 if it is finished, and whether a wide character did not
    /// fit at its end.
    pub(crate) fn open_end(&self) -> (u32, bool) {
        (self.open_cells, self.open_gap)
    }

    /// The segment where a line starts, as an index, and the number of the first line that starts
    /// there.
    pub(super) fn segment_of(&self, line: u64) -> Option<(usize, u64)> {
        if line < self.line_first() || self.line <= line {
            return None;
        }
        let mut first = self.line.saturating_sub(self.lines as u64);
        for (at, segment) in self.segments.iter().enumerate() {
            let next = first + u64::from(segment.lines);
            if line < next {
                return Some((at, first));
            }
            first = next;
        }
        None
    }

    /// The record at which a line starts.
    fn place_of(&self, line: u64) -> Option<RecordPos> {
        let (at, first) = self.segment_of(line)?;
        let mut place = (at, self.segments[at].first as usize);
        for _ in first..line {
            place = self.extent(place)?.1;
        }
        Some(place)
    }

    /// Calls `each` with the glyphs of a line. False if it is not there.
    pub(crate) fn line_glyphs(&self, line: u64, mut each: impl FnMut(CellText<'_>)) -> bool {
        let found = self.place_of(line).and_then(|place| Some((place, self.extent(place)?.0)));
        let Some((place, extent)) = found else { return false };
        self.glyphs(place, extent, |glyph, _| each(glyph));
        true
    }

    /// Puts the lines onto an empty page that start in the segment of `line`, up to line `until`.
    /// `None` if the line is not there.
    pub(crate) fn page(&self, line: u64, until: u64, page: &mut LineBuffer) -> Option<()> {
        let (at, first) = self.segment_of(line)?;
        self.fill(at, first..until, page);
        page.shed(self.line_first());
        Some(())
    }

    /// Puts the lines onto a page that start in segment `at` and have these numbers; the first one
    /// is the first that starts there.
    fn fill(&self, at: usize, lines: Range<u64>, page: &mut LineBuffer) {
        let segment = self.segments[at];
        let first = lines.start;
        let end = (first + u64::from(segment.lines)).min(lines.end);
        page.text.reserve(segment.end as usize);
        page.lines.reserve(segment.lines as usize);
        let mut next = first;
        let mut place = (at, segment.first as usize);
        while let Some((here, bytes)) = self.segment(place.0) {
            while let Some(header) = bytes.get(place.1..here.end as usize).and_then(Header::read) {
                if !header.has(CONTINUES) || next == first {
                    if first < next {
                        page.end();
                    }
                    if next == end || at < place.0 {
                        return;
                    }
                    page.begin(next);
                    next += 1;
                }
                page.push_record(
                    header,
                    &bytes[place.1 + record::HEADER_BYTES..place.1 + header.len()],
                );
                place.1 += header.len();
            }
            place = (place.0 + 1, HEAD_BYTES);
        }
        if first < next {
            page.end();
        }
        debug_assert!(
            page.text.len() <= 5 * (LINE_CELLS_MAX as usize + (1 << 16)),
            "a page is bounded"
        );
    }
}

impl LineBuffer {
    /// Drops the lines before number `first`.
    fn shed(&mut self, first: u64) {
        let gone = self.lines.partition_point(|line| line.line < first);
        if gone == 0 {
            return;
        }
        let bytes = self.lines.get(gone).map_or(self.text.len(), |line| line.start);
        self.text.drain(..bytes);
        self.lines.drain(..gone);
        self.lines.iter_mut().for_each(|line| line.start -= bytes);
    }
}
