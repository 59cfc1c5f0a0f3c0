//! Search in screen and scrollback: a pattern, a walk from line to line in pieces of bounded work,
//! and on it [`ScreenSearch`], which holds all matches of a terminal. `pane.search`, the search in
//! all panes and copy mode are served by it. Nothing waits here.

use std::collections::VecDeque;
use std::ops::Range;

use regex::bytes::{Regex, RegexBuilder};

use crate::term::anchor::Anchor;
use crate::term::history::lines::LineBuffer;
use crate::term::rows::TextView;
use crate::term::terminal::Terminal;

/// The largest compiled pattern, in bytes.
const PATTERN_BYTES_MAX: usize = 1 << 20;

/// The language of a pattern.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Syntax {
    /// As a regular expression of the `regex` crate; `^` and `$` are the ends of a line.
    #[default]
    Regex,
    /// As it is.
    Literal,
}

/// The sensitivity to case: whether `a` finds `A`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Case {
    /// Only if the pattern has no upper-case letter.
    #[default]
    Smart,
    /// Case counts.
    Sensitive,
    /// Case does not count.
    Insensitive,
}

/// The way a search goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Direction {
    /// From new to old.
    #[default]
    Older,
    /// From old to new.
    Newer,
}

/// The text cannot be a pattern.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct PatternError(String);

/// A compiled pattern. Matches lie within a line.
#[derive(Debug, Clone)]
pub struct Pattern {
    regex: Regex,
}

/// A piece of a line that matches. It is never empty.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SearchMatch {
    /// The number of the line, as in [`Anchor`].
    pub line: u64,
    /// The cells of that line.
    pub cells: Range<u32>,
    /// The cell where its last character starts.
    pub last: u32,
}

impl SearchMatch {
    /// The anchor of its last character.
    #[must_use]
    pub fn last(&self) -> Anchor {
        Anchor { line: self.line, cell: self.last }
    }

    /// The anchor of its first character.
    #[must_use]
    pub fn start(&self) -> Anchor {
        Anchor { line: self.line, cell: self.cells.start }
    }
}

/// The matches of one piece of a search.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct SearchStep {
    /// Hits in the order of the search.
    pub hits: Vec<SearchMatch>,
    /// The anchor to go on from; none at the end.
    pub next: Option<Anchor>,
}

impl Pattern {
    /// Compiles a pattern.
    ///
    /// # Errors
    /// [`PatternError`] if it is no regular expression, empty, or would take more than 1 MiB.
    pub fn new(text: &str, syntax: Syntax, case: Case) -> Result<Self, PatternError> {
        if text.is_empty() {
            return Err(PatternError("there is nothing to look for".into()));
        }
        let is_insensitive = match case {
            Case::Smart if syntax == Syntax::Literal => !text.contains(char::is_uppercase),
            Case::Smart => !has_upper(text),
            Case::Sensitive => false,
            Case::Insensitive => true,
        };
        let literal;
        let source = match syntax {
            Syntax::Regex => text,
            Syntax::Literal => {
                literal = regex::escape(text);
                &literal
            }
        };
        let mut builder = RegexBuilder::new(source);
        builder
            .multi_line(true)
            .case_insensitive(is_insensitive)
            .size_limit(PATTERN_BYTES_MAX)
            .dfa_size_limit(PATTERN_BYTES_MAX);
        builder.build().map(|regex| Self { regex }).map_err(|error| PatternError(error.to_string()))
    }

    /// Calls `each` with the byte ranges that match, none of them over the end of a line.
    fn matches(&self, page: &LineBuffer, mut each: impl FnMut(usize, Range<usize>)) {
        let text = &page.text;
        let mut at = 0;
        while let Some(found) = self.regex.find_at(text, at) {
            if found.is_empty() {
                at = found.end() + 1;
            } else {
                let line = page.line_at(found.start());
                let span = page.span(line);
                if found.end() <= span.end {
                    at = found.end();
                    each(line, found.range());
                } else {
                    // The match goes over the end of the line, so the line is searched on its own.
                    let own =
                        self.regex.find_iter(&text[span.clone()]).filter(|own| !own.is_empty());
                    own.map(|own| span.start + own.start()..span.start + own.end())
                        .filter(|own| at <= own.start)
                        .for_each(|own| each(line, own));
                    at = span.end + 1;
                }
            }
            if text.len() < at {
                break;
            }
        }
    }
}

/// True if a regular expression has an upper-case letter that stands for itself.
fn has_upper(text: &str) -> bool {
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        if c != '\\' {
            if c.is_uppercase() {
                return true;
            }
            continue;
        }
        let braced = match chars.next() {
            // A class by name, such as `\p{Lu}`, is asked for as it is.
            Some('p' | 'P') => return true,
            // `\x4A`, `\x{4A}`: numbers, no text.
            Some('x' | 'u' | 'U') => chars.next() == Some('{'),
            _ => false,
        };
        if braced {
            chars.by_ref().find(|c| *c == '}');
        }
    }
    false
}

impl TextView<'_> {
    /// The anchor of the oldest line there is.
    fn oldest(&self) -> Anchor {
        Anchor { line: self.screen.history.line_first().min(self.line_on_top()), cell: 0 }
    }

    /// Searches one piece.
    pub(crate) fn search(
        &self,
        pattern: &Pattern,
        from: Option<Anchor>,
        direction: Direction,
        limit: usize,
    ) -> SearchStep {
        let oldest = self.oldest();
        let from = match (direction, from) {
            (Direction::Older, Some(from)) if from <= oldest => return SearchStep::default(),
            (Direction::Newer, from) => from.unwrap_or(oldest).max(oldest),
            (Direction::Older, from) => from.unwrap_or(Anchor { line: u64::MAX, cell: u32::MAX }),
        };
        // Text before the start of a line is in another line.
        let line = if direction == Direction::Older && from.cell == 0 {
            from.line.saturating_sub(1)
        } else {
            from.line
        };
        let mut page = LineBuffer::default();
        if self.line_on_top() <= line
            || self.screen.history.page(line, self.line_on_top(), &mut page).is_none()
        {
            self.screen_page(&mut page);
        }
        let mut found = SearchStep { hits: self.hits(pattern, &page), next: None };
        match direction {
            Direction::Older => {
                found.hits.retain(|hit| hit.start() < from);
                found.hits.reverse();
                let first = page.lines.first().map(|first| Anchor { line: first.line, cell: 0 });
                found.next = first.filter(|first| oldest < *first && *first < from);
            }
            Direction::Newer => {
                found.hits.retain(|hit| from <= hit.start());
                let next = page.lines.last().map(|last| Anchor { line: last.line + 1, cell: 0 });
                found.next = next.filter(|next| next.line <= self.line_on_top());
            }
        }
        let limit = limit.max(1);
        if limit < found.hits.len() {
            found.hits.truncate(limit);
            let last = found.hits.last().map(SearchMatch::start);
            found.next = match direction {
                Direction::Older => last,
                Direction::Newer => last.map(|last| Anchor { cell: last.cell + 1, ..last }),
            };
        }
        found
    }

    fn hits(&self, pattern: &Pattern, page: &LineBuffer) -> Vec<SearchMatch> {
        let mut hits = Vec::new();
        pattern.matches(page, |idx, range| {
            let line = page.lines[idx];
            let bytes = range.start - line.start..range.end - line.start;
            let cell = |at: usize| u32::try_from(at).unwrap_or(u32::MAX);
            let (cells, last) = if line.plain {
                (cell(bytes.start)..cell(bytes.end), cell(bytes.end - 1))
            } else {
                self.hit_cells(line.line, &bytes)
            };
            hits.push(SearchMatch { line: line.line, cells, last });
        });
        hits
    }

    /// The cells that the bytes of a line's text stand in, and the one where their last character
    /// starts.
    fn hit_cells(&self, line: u64, bytes: &Range<usize>) -> (Range<u32>, u32) {
        let (mut at, mut cell, mut last) = (0, 0, 0);
        let mut cells = 0..0;
        self.line_glyphs(line, |glyph| {
            if at <= bytes.start {
                cells.start = cell;
            }
            if at < bytes.end {
                last = cell;
            }
            at += glyph.text_len();
            cell += u32::from(glyph.cols());
            if cells.end == 0 && bytes.end <= at {
                cells.end = cell;
            }
        });
        (cells, last)
    }

    /// The text of a line, however many rows it takes; `None` if it is not there any more.
    pub(crate) fn line_text(&self, line: u64) -> Option<String> {
        let mut page = LineBuffer::default();
        page.begin(line);
        self.line_glyphs(line, |glyph| page.push(glyph))
            .then(|| String::from_utf8_lossy(&page.text).into_owned())
    }
}

/// The most matches that one search holds.
const MATCHES_MAX: usize = 250_000;

/// The lines of one leg of a search: from one anchor to another, in the direction of the search.
#[derive(Debug, Clone, Copy)]
struct Leg {
    from: Anchor,
    /// The leg ends before it, in either direction.
    until: Anchor,
}

/// A search through all of a terminal that starts at an anchor, goes on around the end, and holds
/// every match. [`ScreenSearch::step`] does a bounded piece of it, so nobody waits for it.
#[derive(Debug, Clone)]
pub struct ScreenSearch {
    text: String,
    pattern: Pattern,
    from: Anchor,
    direction: Direction,
    legs: VecDeque<Leg>,
    /// Matches by their place, the oldest first.
    matches: Vec<SearchMatch>,
    nearest: Option<NearestMatch>,
    /// Lines from this one on were on the screen: a program can still change them.
    settled: u64,
    is_more: bool,
}

/// The match that a search goes to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NearestMatch {
    /// The match.
    pub found: SearchMatch,
    /// True if the search went around the end to find it.
    pub wrapped: bool,
    /// Older matches, as far as they are known.
    pub before: usize,
}

impl ScreenSearch {
    /// Begins a search for a regular expression.
    ///
    /// # Errors
    /// [`PatternError`] as for [`Pattern::new`].
    pub fn new(
        terminal: &Terminal,
        text: &str,
        from: Anchor,
        direction: Direction,
    ) -> Result<Self, PatternError> {
        let pattern = Pattern::new(text, Syntax::Regex, Case::Sensitive)?;
        let (first, settled, end) = terminal.search_bounds();
        let from = from.clamp(first, end);
        let legs = match direction {
            Direction::Newer => [Leg { from, until: end }, Leg { from: first, until: from }],
            Direction::Older => [Leg { from, until: first }, Leg { from: end, until: from }],
        };
        Ok(Self {
            text: text.into(),
            pattern,
            from,
            direction,
            legs: legs.into(),
            matches: Vec::new(),
            nearest: None,
            settled,
            is_more: false,
        })
    }

    /// The same search from another anchor: matches above the screen of the last search are used
    /// again, the lines below are searched anew. `None` if that search is not done, or was for
    /// another text.
    #[must_use]
    pub fn again(
        mut self,
        terminal: &Terminal,
        text: &str,
        from: Anchor,
        direction: Direction,
    ) -> Option<Self> {
        if !self.is_done() || self.text != text {
            return None;
        }
        let (first, settled, end) = terminal.search_bounds();
        let begin = first.max(Anchor { line: self.settled, cell: 0 });
        self.matches.retain(|found| first <= found.start() && found.start() < begin);
        let (from_old, leg) = match direction {
            Direction::Newer => (from, Leg { from: begin, until: end }),
            Direction::Older => (from, Leg { from: end, until: begin }),
        };
        Some(Self {
            from: from_old.clamp(first, end),
            direction,
            legs: [leg].into(),
            nearest: None,
            settled,
            ..self
        })
    }

    /// True if all has been searched.
    #[must_use]
    pub fn is_done(&self) -> bool {
        self.legs.is_empty()
    }

    /// Gives up the rest.
    pub fn stop(&mut self) {
        self.legs.clear();
    }

    /// The number of matches found so far.
    #[must_use]
    pub fn total(&self) -> usize {
        self.matches.len()
    }

    /// True if there are more matches than are held.
    #[must_use]
    pub fn is_more(&self) -> bool {
        self.is_more
    }

    /// Searches one piece: a segment of the scrollback, or the screen.
    pub fn step(&mut self, terminal: &Terminal) {
        let Some(Leg { from, until }) = self.legs.front().copied() else { return };
        let room = MATCHES_MAX - self.matches.len();
        let SearchStep { mut hits, next } =
            terminal.search(&self.pattern, Some(from), self.direction, room);
        let is_newer = self.direction == Direction::Newer;
        hits.retain(|hit| if is_newer { hit.start() < until } else { until <= hit.start() });
        if !is_newer {
            hits.reverse();
        }
        let is_full = room < hits.len();
        self.is_more |= is_full;
        hits.truncate(room);
        if let Some(first) = hits.first() {
            let at = self.matches.partition_point(|held| held.start() < first.start());
            self.matches.splice(at..at, hits);
        }
        let next = next.filter(|next| if is_newer { *next < until } else { until < *next });
        match next.filter(|_| !is_full) {
            Some(next) => self.legs[0].from = next,
            None if is_full => self.legs.clear(),
            None => {
                self.legs.pop_front();
            }
        }
    }

    /// The match nearest to where the search started, as soon as it is known.
    pub fn nearest(&mut self) -> Option<NearestMatch> {
        if self.nearest.is_none() {
            self.nearest = self.find_nearest();
        }
        let nearest = self.nearest.as_mut()?;
        let start = nearest.found.start();
        nearest.before = self.matches.partition_point(|held| held.start() < start);
        self.nearest.clone()
    }

    fn find_nearest(&self) -> Option<NearestMatch> {
        let is_newer = self.direction == Direction::Newer;
        let straight = if is_newer {
            self.matches.get(self.matches.partition_point(|held| held.start() <= self.from))
        } else {
            let before = self.matches.partition_point(|held| held.start() < self.from);
            before.checked_sub(1).and_then(|at| self.matches.get(at))
        };
        let around = || if is_newer { self.matches.first() } else { self.matches.last() };
        let wrapped = straight.is_none();
        let found = straight.or_else(|| around().filter(|_| self.is_done()))?.clone();
        Some(NearestMatch { found, wrapped, before: 0 })
    }
}

impl Terminal {
    /// The first line, the first one on the screen, and the end of the last one.
    fn search_bounds(&self) -> (Anchor, u64, Anchor) {
        let view = self.emulator().text_view();
        let last = view.anchor(i64::from(self.size().rows) - 1, 0).unwrap_or_default();
        (view.oldest(), view.line_on_top(), Anchor { line: last.line + 1, cell: 0 })
    }
}

#[cfg(test)]
mod tests {
    use super::{Anchor, Direction, ScreenSearch};
    use crate::base::geom::Size;
    use crate::base::memory::HeapMemory;
    use crate::term::{Options, Terminal};

    fn terminal(text: &str) -> Terminal {
        let mut terminal =
            Terminal::new(Size::new(10, 4), Options::default(), Box::new(HeapMemory::default()));
        terminal.feed(text.as_bytes(), &mut Vec::new());
        terminal
    }

    fn done(terminal: &Terminal, mut search: ScreenSearch) -> ScreenSearch {
        while !search.is_done() {
            search.step(terminal);
        }
        search
    }

    /// Start and end of the nearest match as (line, cell), and how many are before it.
    type Expected = ((u64, u32), (u64, u32), usize);

    fn check(
        text: &str,
        query: (&str, u64, u32, Direction),
        expected: Option<Expected>,
        total: usize,
    ) {
        let terminal = terminal(text);
        let (pattern, line, cell, direction) = query;
        let search = ScreenSearch::new(&terminal, pattern, Anchor { line, cell }, direction)
            .expect("a pattern");
        let mut search = done(&terminal, search);
        let nearest = search.nearest().map(|nearest| {
            let (start, last) = (nearest.found.start(), nearest.found.last());
            ((start.line, start.cell), (last.line, last.cell), nearest.before)
        });
        assert_eq!((nearest, search.total()), (expected, total), "{pattern}");
    }

    #[test]
    fn the_nearest_match_is_found_in_either_direction_and_around_the_end() {
        use Direction::{Newer, Older};
        let text = (0..2000).fold(String::new(), |text, n| text + &format!("line {n}\r\n"));
        check(&text, ("1 ?7", 2000, 0, Older), Some(((1917, 7), (1917, 8), 139)), 140);
        check(&text, ("line 17$", 2000, 0, Older), Some(((17, 0), (17, 6), 0)), 1);
        check(&text, ("line 17$", 17, 0, Newer), Some(((17, 0), (17, 6), 0)), 1);
        check(&text, ("e 1[0-9]$", 13, 3, Newer), Some(((14, 3), (14, 6), 4)), 10);
        check(&text, ("e 1[0-9]$", 13, 3, Older), Some(((12, 3), (12, 6), 2)), 10);
        check(&text, ("e 1[0-9]$", 19, 4, Newer), Some(((10, 3), (10, 6), 0)), 10);
        check(&text, ("nothing", 0, 0, Newer), None, 0);
    }

    #[test]
    fn a_match_goes_over_the_end_of_a_row_and_counts_wide_cells() {
        use Direction::Newer;
        check("aaaaaaaabbbbbb\r\n", ("ab+", 0, 0, Newer), Some(((0, 7), (0, 13), 0)), 1);
        check("\u{6f22}\u{5b57}x y\r\n", ("y", 0, 0, Newer), Some(((0, 6), (0, 6), 0)), 1);
        check("\u{6f22}\u{5b57}x\r\n", ("\u{5b57}", 0, 0, Newer), Some(((0, 2), (0, 2), 0)), 1);
    }

    #[test]
    fn the_next_match_uses_what_was_found_and_sees_what_is_new() {
        let mut terminal = terminal(&"word\r\n".repeat(100));
        let at = |line| Anchor { line, cell: 0 };
        let search = ScreenSearch::new(&terminal, "word", at(90), Direction::Older);
        let search = done(&terminal, search.expect("a pattern"));
        assert_eq!(search.total(), 100);
        terminal.feed("word\r\n".repeat(50).as_bytes(), &mut Vec::new());
        let again = search.again(&terminal, "word", at(149), Direction::Older);
        let mut again = done(&terminal, again.expect("the search before was done"));
        let nearest = again.nearest().expect("there are many");
        assert_eq!((again.total(), nearest.before, nearest.found.line), (150, 148, 148));
        assert!(again.again(&terminal, "other", at(0), Direction::Newer).is_none());
    }
}
