//! A search through panes, taken in small steps between which everything else goes on. What it
//! found so far is kept in it; nothing else is.

use std::collections::{BTreeMap, VecDeque};

use crate::base::error::{Code, Refusal};
use crate::base::id::PaneId;
use crate::base::text::sanitize;
use crate::state::pane::Pane;
use crate::term::{Anchor, Case, Direction, Pattern, SearchMatch, Syntax, Terminal};

/// Segments and screens looked at in one step: some 0.3 ms.
const PIECES_PER_STEP: usize = 4;
/// Bytes of a line that a hit shows.
const LINE_BYTES_MAX: usize = 4096;
/// Bytes of lines that all hits of a search show.
const TEXT_BYTES_MAX: usize = 4 << 20;

/// The pattern that is looked for, and the way.
#[derive(Debug, Clone, Default)]
pub struct SearchQuery {
    /// The pattern.
    pub pattern: String,
    /// As it is, not as a regular expression.
    pub literal: bool,
    /// True if `a` finds `A`; none if only an upper-case letter in the pattern decides it.
    pub case_sensitive: Option<bool>,
    /// From old to new.
    pub newer: bool,
    /// Line and cell to start from, for a search in one pane.
    pub from: Option<(u64, u32)>,
    /// The most hits.
    pub limit: usize,
}

/// Something that matches.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Match {
    /// The pane.
    pub pane: PaneId,
    /// Line and cells.
    pub hit: SearchMatch,
    /// The row it starts in now, negative ones being scrollback, and the column.
    pub place: (i64, u16),
    /// The line, or the part of it around the hit.
    pub text: String,
}

/// The hits of a search.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Matches {
    /// In the order of the search.
    pub hits: Vec<Match>,
    /// True if there may be more.
    pub more: bool,
}

/// A search on its way.
#[derive(Debug, Clone)]
pub struct PaneSearch {
    pattern: Pattern,
    direction: Direction,
    limit: usize,
    panes: VecDeque<PaneId>,
    from: Option<Anchor>,
    bytes: usize,
    found: Matches,
}

impl PaneSearch {
    /// A search through these panes, in this order.
    ///
    /// # Errors
    /// `invalid_params` if the pattern is none.
    pub fn new(wanted: &SearchQuery, panes: Vec<PaneId>) -> Result<Self, Refusal> {
        let syntax = if wanted.literal { Syntax::Literal } else { Syntax::Regex };
        let case = match wanted.case_sensitive {
            None => Case::Smart,
            Some(true) => Case::Sensitive,
            Some(false) => Case::Insensitive,
        };
        let pattern = Pattern::new(&wanted.pattern, syntax, case).map_err(|error| {
            Refusal::new(Code::InvalidParams, format!("pattern: {error}"))
                .hint("write a regular expression, or take the pattern as it is with --literal")
        })?;
        Ok(Self {
            pattern,
            direction: if wanted.newer { Direction::Newer } else { Direction::Older },
            limit: wanted.limit,
            panes: panes.into(),
            from: wanted.from.map(|(line, cell)| Anchor { line, cell }),
            bytes: 0,
            found: Matches::default(),
        })
    }

    /// Takes a step. Gives what was found once that is all.
    pub fn step(&mut self, panes: &BTreeMap<PaneId, Pane>) -> Option<Matches> {
        for _ in 0..PIECES_PER_STEP {
            let Some(pane) = self.panes.front().copied() else {
                return Some(std::mem::take(&mut self.found));
            };
            self.from = panes.get(&pane).and_then(|shown| self.piece(pane, &shown.screen));
            if self.limit <= self.found.hits.len() || TEXT_BYTES_MAX <= self.bytes {
                self.found.more = self.from.is_some() || 1 < self.panes.len();
                return Some(std::mem::take(&mut self.found));
            }
            if self.from.is_none() {
                self.panes.pop_front();
            }
        }
        None
    }

    /// Looks at one piece of a pane; tells where to go on in it.
    fn piece(&mut self, pane: PaneId, screen: &Terminal) -> Option<Anchor> {
        let found = screen.search(
            &self.pattern,
            self.from,
            self.direction,
            self.limit - self.found.hits.len(),
        );
        let mut last: Option<(u64, String)> = None;
        for hit in &found.hits {
            let whole = last.take().filter(|(line, _)| *line == hit.line).map(|(_, text)| text);
            let whole = whole.or_else(|| screen.line_text(hit.line)).unwrap_or_default();
            let text = around(&whole, hit);
            self.bytes += text.len();
            self.found.hits.push(Match {
                pane,
                hit: hit.clone(),
                place: screen.locate(hit.start()).unwrap_or_default(),
                text,
            });
            last = Some((hit.line, whole));
            if TEXT_BYTES_MAX <= self.bytes {
                return Some(hit.start());
            }
        }
        found.next
    }
}

/// The line, or of a long one the part that begins shortly before the hit.
fn around(line: &str, hit: &SearchMatch) -> String {
    const BEFORE: usize = 200;
    let text = line.trim_end_matches(' ');
    if text.len() <= LINE_BYTES_MAX {
        return sanitize(text, LINE_BYTES_MAX);
    }
    let skip = (hit.cells.start as usize).saturating_sub(BEFORE);
    sanitize(&text.chars().skip(skip).collect::<String>(), LINE_BYTES_MAX)
}
