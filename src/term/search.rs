//! Search in screen and scrollback: a pattern, and a walk from line to line in pieces of bounded
//! work. It waits for nothing and keeps nothing between two pieces.

use std::ops::Range;

use regex::bytes::{Regex, RegexBuilder};

use crate::term::anchor::Anchor;
use crate::term::history::lines::LineBuffer;
use crate::term::rows::TextView;

/// The largest compiled pattern, in bytes.
const PATTERN_BYTES_MAX: usize = 1 << 20;

/// How the text of a pattern is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Syntax {
    /// As a regular expression of the `regex` crate; `^` and `$` are the ends of a line.
    #[default]
    Regex,
    /// As it is.
    Literal,
}

/// Whether `a` finds `A`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Case {
    /// Only if the pattern has no upper-case letter.
    #[default]
    Smart,
    /// It does not.
    Sensitive,
    /// It does.
    Insensitive,
}

/// Which way a search goes.
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

/// What is looked for, within a line.
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
}

impl SearchMatch {
    /// Where it starts.
    #[must_use]
    pub fn start(&self) -> Anchor {
        Anchor { line: self.line, cell: self.cells.start }
    }
}

/// What one piece of a search found.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct SearchStep {
    /// Hits in the order of the search.
    pub hits: Vec<SearchMatch>,
    /// Where to go on; none at the end.
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
                    // It goes over the end of the line: what the line has on its own is looked for.
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

/// Whether a regular expression has an upper-case letter that stands for itself.
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
    /// One piece of a search.
    pub(crate) fn search(
        &self,
        pattern: &Pattern,
        from: Option<Anchor>,
        direction: Direction,
        limit: usize,
    ) -> SearchStep {
        let oldest =
            Anchor { line: self.screen.history.line_first().min(self.line_on_top()), cell: 0 };
        let from = match (direction, from) {
            (Direction::Older, Some(from)) if from <= oldest => return SearchStep::default(),
            (Direction::Newer, from) => from.unwrap_or(oldest).max(oldest),
            (Direction::Older, from) => from.unwrap_or(Anchor { line: u64::MAX, cell: u32::MAX }),
        };
        // What is before the start of a line is in another one.
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
            let cells = if line.plain {
                cell(bytes.start)..cell(bytes.end)
            } else {
                self.hit_cells(line.line, &bytes)
            };
            hits.push(SearchMatch { line: line.line, cells });
        });
        hits
    }

    /// The cells that the bytes of a line's text stand in.
    fn hit_cells(&self, line: u64, bytes: &Range<usize>) -> Range<u32> {
        let (mut at, mut cell) = (0, 0);
        let mut cells = 0..0;
        self.line_glyphs(line, |glyph| {
            if at <= bytes.start {
                cells.start = cell;
            }
            at += glyph.text_len();
            cell += u32::from(glyph.cols());
            if cells.end == 0 && bytes.end <= at {
                cells.end = cell;
            }
        });
        cells
    }

    /// The text of a line, however many rows it takes; `None` if it is not there any more.
    pub(crate) fn line_text(&self, line: u64) -> Option<String> {
        let mut page = LineBuffer::default();
        page.begin(line);
        self.line_glyphs(line, |glyph| page.push(glyph))
            .then(|| String::from_utf8_lossy(&page.text).into_owned())
    }
}
