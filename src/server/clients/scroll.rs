//! Questions of clients about the rows of a pane: scrollback and screen, answered in bounded
//! chunks, and the searches of copy mode in them. The engine that searches is `term::ScreenSearch`.

use crate::base::id::{ClientId, PaneId};
use crate::server::clients::Clients;
use crate::server::clients::connection::Conn;
use crate::server::clients::frame::Styles;
use crate::state::State;
use crate::term::{Anchor, Direction, MarkKind, ScreenSearch, ScrollRow, Terminal};
use crate::wire::frame::ToClient;
use crate::wire::scroll::{
    Answer, PATTERN_MAX, ROWS_MAX, RowMark, Rows, ScrollMatch, ScrollMatches, ScrollPoint,
    ScrollQuery, ScrollReply, ScrollRequest, ScrolledRow,
};
use crate::wire::span::StyledSpan;

/// The most rows of one answer take about so many bytes; what is left out is asked for again.
const ROWS_BYTES_MAX: usize = 2 << 20;
/// Pieces of a search after which a client hears how far it is.
const TELL_EVERY: u32 = 64;
/// The size of a run besides its text, in bytes.
const RUN_BYTES: usize = 24;

impl Clients {
    /// Answers a question about the rows of a pane.
    pub(in crate::server) fn scroll(
        &mut self,
        state: &State,
        client: ClientId,
        ask: ScrollRequest,
    ) {
        let ScrollRequest { number, pane, what } = ask;
        let Some(screen) = state.panes.get(&pane).map(|pane| &pane.screen) else {
            return self.send(
                client,
                &ToClient::ScrollReply(ScrollReply { number, pane, answer: Answer::Gone }),
            );
        };
        let answer = match what {
            ScrollQuery::Search { pattern, .. } if PATTERN_MAX < pattern.len() => {
                Answer::Wrong(format!("the pattern is longer than {PATTERN_MAX} bytes"))
            }
            ScrollQuery::Search { pattern, from, forward } => {
                let former = self
                    .conns
                    .get_mut(&self.by_client[&client])
                    .and_then(Conn::attached)
                    .and_then(|attached| attached.search.take());
                let place = SearchPlace { number, pane, from, forward };
                match CopySearch::new(place, screen, &pattern, former) {
                    Err(error) => Answer::Wrong(error),
                    Ok(search) => return self.set_copy_search(client, Some(search)),
                }
            }
            ScrollQuery::Cancel => return self.set_copy_search(client, None),
            other => answer(screen, &other),
        };
        self.send(client, &ToClient::ScrollReply(ScrollReply { number, pane, answer }));
    }

    fn set_copy_search(&mut self, client: ClientId, search: Option<CopySearch>) {
        if let Some(attached) = self.conn_of(client).and_then(Conn::attached) {
            attached.search = search;
        }
    }

    /// Takes a step of every search of copy mode. True if one is not done.
    pub(in crate::server) fn step_copy_searches(&mut self, state: &State) -> bool {
        let mut is_more = false;
        for conn in self.conns.values_mut() {
            let Some(search) = conn
                .attached()
                .and_then(|attached| attached.search.as_mut())
                .filter(|search| !search.search.is_done())
            else {
                continue;
            };
            let screen = state.panes.get(&search.pane).map(|pane| &pane.screen);
            let told = search.step(screen);
            is_more |= !search.search.is_done();
            if let Some(told) = told {
                conn.tell(&ToClient::ScrollReply(told));
            }
        }
        is_more
    }
}

/// The search of one client in one pane. Its matches are held for the next match.
#[derive(Debug)]
pub(in crate::server) struct CopySearch {
    number: u32,
    pane: PaneId,
    /// Addresses of rows hold as long as the width does, and so does the search.
    epoch: u64,
    search: ScreenSearch,
    steps: u32,
    /// The client heard of the nearest match.
    told: bool,
}

/// The question that a search answers, and the cell it starts at.
#[derive(Debug, Clone, Copy)]
struct SearchPlace {
    number: u32,
    pane: PaneId,
    from: ScrollPoint,
    forward: bool,
}

impl CopySearch {
    /// Begins a search; the matches of a former one for the same are used.
    fn new(
        place: SearchPlace,
        screen: &Terminal,
        pattern: &str,
        former: Option<Self>,
    ) -> Result<Self, String> {
        let SearchPlace { number, pane, from, forward } = place;
        let epoch = screen.reach().epoch;
        let from = anchor(screen, from);
        let direction = if forward { Direction::Newer } else { Direction::Older };
        let search = former
            .filter(|former| (former.pane, former.epoch) == (pane, epoch))
            .and_then(|former| former.search.again(screen, pattern, from, direction))
            .map_or_else(|| ScreenSearch::new(screen, pattern, from, direction), Ok)
            .map_err(|error| error.to_string())?;
        Ok(Self { number, pane, epoch, search, steps: 0, told: false })
    }

    /// Takes a step; the reply that the client is to hear.
    fn step(&mut self, screen: Option<&Terminal>) -> Option<ScrollReply> {
        match screen.filter(|screen| screen.reach().epoch == self.epoch) {
            Some(screen) => self.search.step(screen),
            None => self.search.stop(),
        }
        self.steps += 1;
        let nearest = self.search.nearest();
        let is_news = nearest.is_some() && !self.told;
        if !is_news && !self.search.is_done() && !self.steps.is_multiple_of(TELL_EVERY) {
            return None;
        }
        self.told |= nearest.is_some();
        let shown = nearest.as_ref().zip(screen).and_then(|(nearest, screen)| {
            let start = point(screen, nearest.found.start())?;
            Some(ScrollMatch { start, last: point(screen, nearest.found.last())? })
        });
        let matches = ScrollMatches {
            nearest: shown,
            wrapped: nearest.as_ref().is_some_and(|nearest| nearest.wrapped),
            before: nearest.map_or(0, |nearest| nearest.before as u64),
            total: self.search.total() as u64,
            is_more: self.search.is_more(),
            done: self.search.is_done(),
        };
        Some(ScrollReply { number: self.number, pane: self.pane, answer: Answer::Hits(matches) })
    }
}

/// The anchor of a cell; of one that is not there, of the nearest one.
fn anchor(screen: &Terminal, at: ScrollPoint) -> Anchor {
    let reach = screen.reach();
    let row = at.row.clamp(reach.first, reach.end - 1);
    let col = match at.row {
        row if row < reach.first => 0,
        row if reach.end <= row => u16::MAX,
        _ => at.col,
    };
    let relative = i64::try_from(row).unwrap_or(0) - i64::try_from(reach.screen).unwrap_or(0);
    screen.anchor(relative, col).unwrap_or_default()
}

/// The address of the row and the column where an anchor is now.
fn point(screen: &Terminal, anchor: Anchor) -> Option<ScrollPoint> {
    let (row, col) = screen.locate(anchor)?;
    Some(ScrollPoint { row: screen.reach().screen.checked_add_signed(row)?, col })
}

/// The answer to what is no search.
fn answer(screen: &Terminal, what: &ScrollQuery) -> Answer {
    let reach = screen.reach();
    match *what {
        ScrollQuery::Screen { above } => {
            let from = reach.screen.saturating_sub(u64::from(above));
            let count = above.saturating_add(screen.size().rows);
            Answer::Rows(Box::new(rows(screen, from, count, None)))
        }
        ScrollQuery::Rows { from, count } => {
            Answer::Rows(Box::new(rows(screen, from, count, None)))
        }
        ScrollQuery::Around { line, cell, reach } => {
            let target = screen.address(line, cell);
            let count = reach.saturating_mul(2);
            Answer::Rows(Box::new(rows(
                screen,
                target.saturating_sub(u64::from(reach)),
                count,
                Some(target),
            )))
        }
        ScrollQuery::Mark { mark, from, forward } => {
            let kind = match mark {
                RowMark::Prompt => MarkKind::Prompt,
                RowMark::Output => MarkKind::Output,
            };
            Answer::Row(if forward {
                screen.mark_after(from, kind)
            } else {
                screen.mark_before(from, kind)
            })
        }
        ScrollQuery::Output { at } => {
            // The output of the command whose prompt is the last one up to there.
            let before = screen.mark_after(at, MarkKind::Prompt).unwrap_or(reach.end);
            Answer::Range(screen.output_before(before).map(|rows| (rows.start, rows.end)))
        }
        ScrollQuery::Search { .. } | ScrollQuery::Cancel => Answer::Row(None),
    }
}

/// Up to `count` rows from an address on, fewer if they are many bytes.
fn rows(screen: &Terminal, from: u64, count: u16, target: Option<u64>) -> Rows {
    let reach = screen.reach();
    let cursor = screen.cursor();
    let from = from.max(reach.first);
    let mut styles = Styles::default();
    let mut given = Rows {
        epoch: reach.epoch,
        cols: screen.size().cols,
        first: reach.first,
        screen: reach.screen,
        end: reach.end,
        cursor: ScrollPoint { row: reach.screen + u64::from(cursor.y), col: cursor.x },
        target,
        from,
        ..Rows::default()
    };
    let mut bytes = 0;
    for row in screen.rows_at(from, usize::from(count.min(ROWS_MAX))) {
        bytes += row.row.runs.iter().map(|run| run.text.len() + RUN_BYTES).sum::<usize>();
        if ROWS_BYTES_MAX < bytes && !given.rows.is_empty() {
            break;
        }
        given.rows.push(scrolled(row, &mut styles));
    }
    let mut links: Vec<u32> = given
        .rows
        .iter()
        .flat_map(|row| &row.spans)
        .map(|span| span.link)
        .filter(|link| *link != 0)
        .collect();
    links.sort_unstable();
    links.dedup();
    given.links =
        links.into_iter().filter_map(|link| Some((link, screen.link(link)?.to_owned()))).collect();
    given.styles = styles.list;
    given
}

fn scrolled(row: ScrollRow, styles: &mut Styles) -> ScrolledRow {
    let mark = row.mark.and_then(|mark| match mark {
        MarkKind::Prompt => Some(RowMark::Prompt),
        MarkKind::Output => Some(RowMark::Output),
        MarkKind::Input | MarkKind::Done | MarkKind::Unfinished => None,
    });
    let spans: Vec<StyledSpan> = row.row.runs.into_iter().map(|run| styles.span(run)).collect();
    ScrolledRow { spans, wrapped: row.row.wrapped, line: row.line, cell: row.cell, mark }
}

#[cfg(test)]
mod tests {
    use super::{CopySearch, SearchPlace};
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

    fn place(row: u64, col: u16, forward: bool) -> SearchPlace {
        SearchPlace { number: 1, pane: PaneId(1), from: ScrollPoint { row, col }, forward }
    }

    fn run(terminal: &Terminal, search: &mut CopySearch) -> ScrollMatches {
        loop {
            if let Some(told) = search.step(Some(terminal))
                && let Answer::Hits(matches) = told.answer
                && matches.done
            {
                return matches;
            }
        }
    }

    #[test]
    fn matches_are_told_by_row_and_column() {
        let terminal = terminal("x\r\naaaaaaaabbbbbb \u{6f22}\u{5b57}\r\n");
        for (pattern, start, last) in
            [("ab+", (1, 7), (2, 3)), ("\u{5b57}", (2, 7), (2, 7)), ("x", (0, 0), (0, 0))]
        {
            let mut search = CopySearch::new(place(1, 2, true), &terminal, pattern, None)
                .expect("it is a pattern");
            let matches = run(&terminal, &mut search);
            let nearest = matches.nearest.expect("there is one");
            let cells = [nearest.start, nearest.last].map(|cell| (cell.row, cell.col));
            assert_eq!((cells, matches.wrapped), ([start, last], pattern == "x"), "{pattern}");
        }
    }

    #[test]
    fn a_search_ends_when_the_width_changes() {
        let mut terminal = terminal(&"word\r\n".repeat(5000));
        let mut search =
            CopySearch::new(place(0, 0, true), &terminal, "none", None).expect("it is a pattern");
        terminal.resize(Size::new(20, 4), &mut Vec::new());
        assert!(run(&terminal, &mut search).done && search.search.is_done());
        assert!(CopySearch::new(place(0, 0, true), &terminal, "(", None).is_err());
    }
}
