//! Questions of clients about the rows of a pane: scrollback and screen, answered in bounded
//! chunks. Searching is `seek`'s.

use crate::base::id::ClientId;
use crate::server::clients::connection::Conn;
use crate::server::clients::frame::Styles;
use crate::server::clients::search::Seeker;
use crate::server::edge::Server;
use crate::term::{MarkKind, ScrollRow, Terminal};
use crate::wire::frame::ToClient;
use crate::wire::scroll::{
    Answer, PATTERN_MAX, ROWS_MAX, RowMark, Rows, ScrollPoint, ScrollQuery, ScrollReply,
    ScrollRequest, ScrolledRow,
};
use crate::wire::span::StyledSpan;

/// The most rows of one answer take about so many bytes; what is left out is asked for again.
const ROWS_BYTES_MAX: usize = 2 << 20;
/// What a run takes besides its text, in bytes.
const RUN_BYTES: usize = 24;

impl Server {
    /// Answers a question about the rows of a pane.
    pub(in crate::server) fn scroll(&mut self, client: ClientId, ask: ScrollRequest) {
        let ScrollRequest { number, pane, what } = ask;
        let Some(screen) = self.core.state.panes.get(&pane).map(|pane| &pane.screen) else {
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
                    .get_mut(&self.clients[&client])
                    .and_then(Conn::attached)
                    .and_then(|attached| attached.seek.take());
                match Seeker::new((number, pane), screen, (&pattern, from, forward), former) {
                    Err(error) => Answer::Wrong(error),
                    Ok(seeker) => return self.set_seeker(client, Some(seeker)),
                }
            }
            ScrollQuery::Cancel => return self.set_seeker(client, None),
            other => answer(screen, &other),
        };
        self.send(client, &ToClient::ScrollReply(ScrollReply { number, pane, answer }));
    }

    fn set_seeker(&mut self, client: ClientId, seeker: Option<Seeker>) {
        if let Some(attached) = self.conn_of(client).and_then(Conn::attached) {
            attached.seek = seeker;
        }
    }

    /// Goes on with every search for a bounded time. True if one is not done.
    pub(in crate::server) fn seek(&mut self) -> bool {
        let mut is_more = false;
        for conn in self.conns.values_mut() {
            let Some(seeker) = conn
                .attached()
                .and_then(|attached| attached.seek.as_mut())
                .filter(|seeker| !seeker.is_done())
            else {
                continue;
            };
            let screen = self.core.state.panes.get(&seeker.pane()).map(|pane| &pane.screen);
            let told = seeker.advance(screen);
            is_more |= !seeker.is_done();
            if let Some(told) = told {
                conn.put(|out| crate::wire::frame::put(out, &ToClient::ScrollReply(told)));
            }
        }
        is_more
    }
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
            // That of the command whose prompt is the last one up to there.
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
        MarkKind::Input | MarkKind::Done => None,
    });
    let spans: Vec<StyledSpan> = row.row.runs.into_iter().map(|run| styles.span(run)).collect();
    ScrolledRow { spans, wrapped: row.row.wrapped, line: row.line, cell: row.cell, mark }
}
