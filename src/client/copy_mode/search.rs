//! The search of a copy mode: its pattern, how far the server has come with it, and the matches in
//! the rows that are shown.

use std::ops::Range;

use regex::{Regex, RegexBuilder};

use crate::base::id::PaneId;
use crate::client::copy_mode::CopyEffect;
use crate::client::copy_mode::motion::Toward;
use crate::client::copy_mode::scrollback_cache::ScrollbackCache;
use crate::wire::scroll::{ScrollMatch, ScrollMatches, ScrollPoint, ScrollQuery, ScrollRequest};

/// The largest compiled pattern, in bytes.
const PATTERN_BYTES_MAX: usize = 1 << 20;
/// Rows above and below what is shown that a match may come from.
const MARGIN: u64 = 50;

/// A search.
#[derive(Debug, Clone, Default)]
pub struct CopySearch {
    /// The text that was typed, and the expression that is searched.
    pattern: Option<(String, Regex)>,
    way: Option<Toward>,
    asked: Option<u32>,
    hits: Option<ScrollMatches>,
    /// True if its matches are shown.
    is_shown: bool,
    /// True if a match is to be gone to when it is told.
    goes: bool,
    /// True if the keys that follow wait for that.
    is_awaited: bool,
}

impl PartialEq for CopySearch {
    fn eq(&self, other: &Self) -> bool {
        let text = |find: &Self| find.pattern.as_ref().map(|(text, _)| text.clone());
        (text(self), self.way, self.asked, &self.hits, self.is_shown)
            == (text(other), other.way, other.asked, &other.hits, other.is_shown)
    }
}

impl CopySearch {
    /// Begins a search from a cell.
    pub(super) fn begin(
        &mut self,
        pattern: &str,
        way: Toward,
        from: ScrollPoint,
        to: (u32, PaneId),
    ) -> Option<CopyEffect> {
        self.pattern = Some((pattern.to_owned(), expression(pattern)));
        self.way = Some(way);
        let effect = self.again(way, from, to.0, to.1);
        self.is_awaited = false;
        effect
    }

    /// True if keys wait for its match.
    pub(super) fn is_awaited(&self) -> bool {
        self.is_awaited && self.goes
    }

    /// Keys wait for its match from now on.
    pub(super) fn settle(&mut self) {
        self.is_awaited = true;
    }

    /// Searches the same from another cell.
    pub(super) fn again(
        &mut self,
        way: Toward,
        from: ScrollPoint,
        number: u32,
        pane: PaneId,
    ) -> Option<CopyEffect> {
        let (_, regex) = self.pattern.as_ref()?;
        let what = ScrollQuery::Search {
            pattern: regex.as_str().to_owned(),
            from,
            forward: way == Toward::On,
        };
        self.asked = Some(number);
        self.is_shown = true;
        self.goes = true;
        self.is_awaited = true;
        Some(CopyEffect::Ask(ScrollRequest { number, pane, what }))
    }

    /// The search is given up, as far as the server goes on with it.
    pub fn cancel(&mut self, pane: PaneId) -> Option<CopyEffect> {
        self.asked.take().map(|number| {
            CopyEffect::Ask(ScrollRequest { number, pane, what: ScrollQuery::Cancel })
        })
    }

    /// Shows the matches no more.
    pub(super) fn forget(&mut self) {
        self.hits = None;
        self.is_shown = false;
        self.goes = false;
    }

    /// True if an answer is to its question.
    pub(super) fn is_asked(&self, number: u32) -> bool {
        self.asked == Some(number)
    }

    /// Takes how far the server has come; gives the match to go to, once.
    pub(super) fn take(&mut self, hits: ScrollMatches) -> Option<ScrollMatch> {
        let nearest = hits.nearest.filter(|_| self.goes);
        self.goes &= nearest.is_none() && !hits.done;
        self.hits = Some(hits);
        nearest
    }

    /// The server cannot search that.
    pub(super) fn fail(&mut self) {
        self.goes = false;
        self.hits = Some(ScrollMatches { done: true, ..ScrollMatches::default() });
    }

    /// True if matches are shown.
    #[must_use]
    pub fn is_shown(&self) -> bool {
        self.is_shown
    }

    /// The direction of the search.
    #[must_use]
    pub fn way(&self) -> Toward {
        self.way.unwrap_or(Toward::On)
    }

    /// The last search.
    #[must_use]
    pub fn last_pattern(&self) -> Option<String> {
        self.pattern.as_ref().map(|(text, _)| text.clone())
    }

    /// The match it is at, and how many there are, as `3/57`; with a `+` while there may be more.
    /// None while nothing is known.
    #[must_use]
    pub fn count(&self) -> Option<String> {
        let hits = self.hits.as_ref().filter(|_| self.is_shown)?;
        let at = if hits.nearest.is_some() { hits.before + 1 } else { 0 };
        let more = if hits.done && !hits.is_more { "" } else { "+" };
        Some(format!("{at}/{}{more}", hits.total))
    }

    /// The match it is at.
    #[must_use]
    pub fn current(&self) -> Option<ScrollMatch> {
        self.hits.as_ref().filter(|_| self.is_shown)?.nearest
    }

    /// True if nothing matches.
    #[must_use]
    pub fn is_failed(&self) -> bool {
        self.is_shown && self.hits.as_ref().is_some_and(|hits| hits.done && hits.total == 0)
    }

    /// The matches in some rows, as far as these are there.
    pub(super) fn hits(&self, doc: &ScrollbackCache, shown: Range<u64>) -> Vec<ScrollMatch> {
        let Some((_, regex)) = self.pattern.as_ref().filter(|_| self.is_shown) else {
            return Vec::new();
        };
        let mut found = Vec::new();
        let mut row = shown.start;
        while doc.first < row
            && shown.start < row + MARGIN
            && doc.get(row - 1).is_some_and(|before| before.wrapped)
        {
            row -= 1;
        }
        while row < shown.end.min(doc.end) {
            let first = row;
            let mut text = String::new();
            let mut starts = Vec::new();
            while let Some(given) = doc.get(row) {
                starts.push((text.len(), row));
                text.push_str(given.text());
                row += 1;
                if !given.wrapped || shown.end + MARGIN <= row {
                    break;
                }
            }
            if row == first {
                row += 1;
                continue;
            }
            let place = |byte: usize| {
                let (start, row) =
                    starts[starts.partition_point(|(start, _)| *start <= byte).saturating_sub(1)];
                ScrollPoint { row, col: doc.get(row).map_or(0, |given| given.col_of(byte - start)) }
            };
            let hits = regex.find_iter(&text).filter(|hit| !hit.is_empty());
            found.extend(
                hits.map(|hit| ScrollMatch {
                    start: place(hit.start()),
                    last: place(hit.end() - 1),
                }),
            );
        }
        found
    }
}

/// The expression for what was typed: capitals count only if there are any, and what is no
/// expression is searched as it stands.
pub(crate) fn expression(typed: &str) -> Regex {
    let flags = if typed.chars().any(char::is_uppercase) { "" } else { "(?i)" };
    let build = |text: &str| {
        RegexBuilder::new(&format!("{flags}{text}")).size_limit(PATTERN_BYTES_MAX).build()
    };
    build(typed)
        .or_else(|_| build(&regex::escape(typed)))
        .unwrap_or_else(|_| Regex::new("$^").expect("a constant pattern compiles"))
}
