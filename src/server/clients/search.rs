//! A search of one client in one pane, done in slices so that keys never wait for it. What was
//! found is kept for the next match.

use std::collections::VecDeque;
use std::ops::Range;

use regex::{Regex, RegexBuilder};

use crate::base::id::PaneId;
use crate::base::row::RunKind;
use crate::term::{ScrollRow, Terminal};
use crate::wire::scroll::{Answer, ScrollMatch, ScrollMatches, ScrollPoint, ScrollReply};

/// Rows that are searched in one slice.
const SLICE_ROWS: u64 = 512;
/// Rows by which a slice may be longer, so that its last line is whole.
const LINE_ROWS_MAX: usize = 512;
/// The most matches that are kept.
const HITS_MAX: usize = 250_000;
/// The largest compiled pattern, in bytes.
const PATTERN_BYTES_MAX: usize = 1 << 20;
/// Slices after which a client hears how far it is.
const TELL_EVERY: u32 = 64;

/// A search.
#[derive(Debug)]
pub(in crate::server) struct Seeker {
    number: u32,
    pane: PaneId,
    epoch: u64,
    pattern: String,
    regex: Regex,
    from: ScrollPoint,
    forward: bool,
    /// What is still to be searched, in order; each part is searched in the direction of the
    /// search.
    parts: VecDeque<Range<u64>>,
    /// Matches, in order of their place.
    hits: Vec<ScrollMatch>,
    nearest: Option<(ScrollMatch, bool)>,
    /// From which row on what was searched can change.
    screen: u64,
    slices: u32,
    told: bool,
    is_more: bool,
}

impl Seeker {
    /// Begins a search; what a former one for the same found is used.
    pub(in crate::server) fn new(
        (number, pane): (u32, PaneId),
        screen: &Terminal,
        (pattern, from, forward): (&str, ScrollPoint, bool),
        former: Option<Self>,
    ) -> Result<Self, String> {
        let reach = screen.reach();
        if let Some(mut former) = former.filter(|former| {
            former.is_done()
                && former.pattern == pattern
                && (former.pane, former.epoch) == (pane, reach.epoch)
        }) {
            former.hits.retain(|hit| hit.start.row < former.screen && reach.first <= hit.start.row);
            former.parts = VecDeque::new();
            former.parts.push_back(former.screen.max(reach.first)..reach.end);
            return Ok(Self {
                number,
                from,
                forward,
                nearest: None,
                screen: reach.screen,
                told: false,
                ..former
            });
        }
        let regex = RegexBuilder::new(pattern)
            .size_limit(PATTERN_BYTES_MAX)
            .build()
            .map_err(|error| error.to_string())?;
        let at = from.row.clamp(reach.first, reach.end);
        let parts = if forward {
            [at..reach.end, reach.first..at]
        } else {
            [reach.first..(at + 1).min(reach.end), (at + 1).min(reach.end)..reach.end]
        };
        Ok(Self {
            number,
            pane,
            epoch: reach.epoch,
            pattern: pattern.into(),
            regex,
            from,
            forward,
            parts: parts.into(),
            hits: Vec::new(),
            nearest: None,
            screen: reach.screen,
            slices: 0,
            told: false,
            is_more: false,
        })
    }

    /// Where it searches.
    pub(in crate::server) fn pane(&self) -> PaneId {
        self.pane
    }

    /// Whether all has been searched.
    pub(in crate::server) fn is_done(&self) -> bool {
        self.parts.is_empty()
    }

    /// Searches one slice; what the client is to hear.
    pub(in crate::server) fn advance(&mut self, screen: Option<&Terminal>) -> Option<ScrollReply> {
        let Some(screen) = screen.filter(|screen| screen.reach().epoch == self.epoch) else {
            self.parts.clear();
            return Some(self.tell());
        };
        let slice = self.next_slice()?;
        let mut found = hits(screen, &self.regex, slice);
        let room = HITS_MAX.saturating_sub(self.hits.len());
        self.is_more |= room < found.len();
        found.truncate(room);
        let at = found.first().map_or(0, |first| self.hits.partition_point(|hit| hit < first));
        self.hits.splice(at..at, found);
        self.slices += 1;
        if self.nearest.is_none() {
            self.find_nearest();
        }
        let is_news = self.nearest.is_some() && !self.told;
        (is_news || self.is_done() || self.slices.is_multiple_of(TELL_EVERY)).then(|| self.tell())
    }

    /// Takes the next rows to be searched off what is left.
    fn next_slice(&mut self) -> Option<Range<u64>> {
        let part = self.parts.front_mut()?;
        let slice = if self.forward {
            let end = part.end.min(part.start + SLICE_ROWS);
            let slice = part.start..end;
            part.start = end;
            slice
        } else {
            let start = part.start.max(part.end.saturating_sub(SLICE_ROWS));
            let slice = start..part.end;
            part.end = start;
            slice
        };
        if part.is_empty() {
            self.parts.pop_front();
        }
        Some(slice)
    }

    /// The nearest match, as far as it can be known by now.
    fn find_nearest(&mut self) {
        let (before, after) = (
            self.hits.partition_point(|hit| hit.start < self.from),
            self.hits.partition_point(|hit| hit.start <= self.from),
        );
        let straight = if self.forward {
            self.hits.get(after)
        } else {
            before.checked_sub(1).and_then(|at| self.hits.get(at))
        };
        if let Some(hit) = straight {
            self.nearest = Some((*hit, false));
        } else if self.is_done() {
            let around = if self.forward { self.hits.first() } else { self.hits.last() };
            self.nearest = around.map(|hit| (*hit, true));
        }
    }

    fn tell(&mut self) -> ScrollReply {
        if self.is_done() && self.nearest.is_none() {
            self.find_nearest();
        }
        self.told |= self.nearest.is_some();
        let nearest = self.nearest;
        let hits = ScrollMatches {
            nearest: nearest.map(|(hit, _)| hit),
            wrapped: nearest.is_some_and(|(_, wrapped)| wrapped),
            before: nearest
                .map_or(0, |(hit, _)| self.hits.partition_point(|other| *other < hit) as u64),
            total: self.hits.len() as u64,
            is_more: self.is_more,
            done: self.is_done(),
        };
        ScrollReply { number: self.number, pane: self.pane, answer: Answer::Hits(hits) }
    }
}

/// The matches in the lines that start in these rows, in order.
fn hits(screen: &Terminal, regex: &Regex, rows: Range<u64>) -> Vec<ScrollMatch> {
    let first = screen.reach().first;
    let from = rows.start.max(first);
    let count = usize::try_from(rows.end.saturating_sub(from)).unwrap_or(usize::MAX);
    if count == 0 {
        return Vec::new();
    }
    let given = screen.rows_at(from, count + LINE_ROWS_MAX);
    let mut found = Vec::new();
    let mut at = 0;
    while at < given.len() {
        let len = given[at..].iter().take_while(|row| row.row.wrapped).count() + 1;
        let line = &given[at..given.len().min(at + len)];
        // The rest of a line that starts before belongs to the rows before.
        let is_rest = line[0].cell != 0 && from + at as u64 != first && at == 0;
        if !is_rest && at < count {
            line_hits(regex, from + at as u64, line, &mut found);
        }
        at += len;
    }
    found
}

fn line_hits(regex: &Regex, row: u64, line: &[ScrollRow], found: &mut Vec<ScrollMatch>) {
    let mut text = String::new();
    for row in line {
        row.row.runs.iter().for_each(|run| text.push_str(&run.text));
    }
    if !regex.is_match(&text) {
        return;
    }
    let places = places(row, line);
    for hit in regex.find_iter(&text).filter(|hit| !hit.is_empty()) {
        let place =
            |byte: usize| places[places.partition_point(|(at, _)| *at <= byte).saturating_sub(1)].1;
        found.push(ScrollMatch { start: place(hit.start()), last: place(hit.end() - 1) });
    }
}

/// Byte and cell of each glyph of a line. Never empty for a line with text.
fn places(first: u64, line: &[ScrollRow]) -> Vec<(usize, ScrollPoint)> {
    let mut places = Vec::new();
    let mut byte = 0;
    for (row, given) in (first..).zip(line) {
        let mut col = 0_u16;
        for run in &given.row.runs {
            if let RunKind::Cluster(cols) = run.kind {
                places.push((byte, ScrollPoint { row, col }));
                byte += run.text.len();
                col += u16::from(cols);
                continue;
            }
            for c in run.text.chars() {
                places.push((byte, ScrollPoint { row, col }));
                byte += c.len_utf8();
                col += if run.kind == RunKind::Wide { 2 } else { 1 };
            }
        }
    }
    places
}

#[cfg(test)]
mod tests {
    use super::Seeker;
    use crate::base::geom::Size;
    use crate::base::id::PaneId;
    use crate::base::memory::HeapMemory;
    use crate::term::{Options, Terminal};
    use crate::wire::scroll::{Answer, ScrollMatches, ScrollPoint};

    fn terminal(text: &str) -> Terminal {
        let mut terminal =
            Terminal::new(Size::new(10, 4), Options::default(), Box::new(HeapMemory::default()));
        terminal.feed(text.as_bytes(), &mut Vec::new());
        terminal
    }

    fn run(terminal: &Terminal, seeker: &mut Seeker) -> ScrollMatches {
        loop {
            if let Some(told) = seeker.advance(Some(terminal))
                && let Answer::Hits(hits) = told.answer
                && hits.done
            {
                return hits;
            }
        }
    }

    type Expected = ((u64, u16), (u64, u16), u64);

    /// Start and end of the nearest match as (row, column), how many are before it, and how many
    /// there are.
    fn check(
        text: &str,
        (pattern, row, col, forward): (&str, u64, u16, bool),
        expected: Option<Expected>,
        total: u64,
    ) {
        let terminal = terminal(text);
        let mut seeker = Seeker::new(
            (1, PaneId(1)),
            &terminal,
            (pattern, ScrollPoint { row, col }, forward),
            None,
        )
        .expect("a pattern");
        let hits = run(&terminal, &mut seeker);
        let nearest = hits
            .nearest
            .map(|hit| ((hit.start.row, hit.start.col), (hit.last.row, hit.last.col), hits.before));
        assert_eq!((nearest, hits.total), (expected, total), "{pattern}");
    }

    #[test]
    fn the_nearest_match_is_found_in_either_direction_and_around_the_end() {
        let text = (0..2000).fold(String::new(), |text, n| text + &format!("line {n}\r\n"));
        check(&text, ("1 ?7", 2000, 0, false), Some(((1917, 7), (1917, 8), 139)), 140);
        check(&text, ("line 17$", 2000, 0, false), Some(((17, 0), (17, 6), 0)), 1);
        check(&text, ("line 17$", 17, 0, true), Some(((17, 0), (17, 6), 0)), 1);
        check(&text, ("e 1[0-9]$", 13, 3, true), Some(((14, 3), (14, 6), 4)), 10);
        check(&text, ("e 1[0-9]$", 13, 3, false), Some(((12, 3), (12, 6), 2)), 10);
        check(&text, ("e 1[0-9]$", 19, 4, true), Some(((10, 3), (10, 6), 0)), 10);
        check(&text, ("nothing", 0, 0, true), None, 0);
    }

    #[test]
    fn a_match_goes_over_the_end_of_a_row_and_counts_wide_cells() {
        check("aaaaaaaabbbbbb\r\n", ("ab+", 0, 0, true), Some(((0, 7), (1, 3), 0)), 1);
        check("\u{6f22}\u{5b57}x y\r\n", ("y", 0, 0, true), Some(((0, 6), (0, 6), 0)), 1);
        check("\u{6f22}\u{5b57}x\r\n", ("\u{5b57}", 0, 0, true), Some(((0, 2), (0, 2), 0)), 1);
    }

    #[test]
    fn the_next_match_uses_what_was_found_and_sees_what_is_new() {
        let mut terminal = terminal(&"word\r\n".repeat(100));
        let ask = |row| ("word", ScrollPoint { row, col: 0 }, false);
        let mut seeker = Seeker::new((1, PaneId(1)), &terminal, ask(90), None).expect("a pattern");
        assert_eq!(run(&terminal, &mut seeker).total, 100);
        terminal.feed("word\r\n".repeat(50).as_bytes(), &mut Vec::new());
        let mut again =
            Seeker::new((2, PaneId(1)), &terminal, ask(149), Some(seeker)).expect("a pattern");
        let hits = run(&terminal, &mut again);
        assert_eq!(
            (hits.total, hits.before, hits.nearest.map(|hit| hit.start.row)),
            (150, 148, Some(148))
        );
    }

    #[test]
    fn a_search_ends_when_the_width_changes() {
        let mut terminal = terminal(&"word\r\n".repeat(5000));
        let mut seeker =
            Seeker::new((1, PaneId(1)), &terminal, ("none", ScrollPoint::default(), true), None)
                .expect("a pattern");
        terminal.resize(Size::new(20, 4), &mut Vec::new());
        assert!(run(&terminal, &mut seeker).done && seeker.is_done());
        assert!(
            Seeker::new((1, PaneId(1)), &terminal, ("(", ScrollPoint::default(), true), None)
                .is_err()
        );
    }
}
