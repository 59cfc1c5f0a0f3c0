//! Copy mode as data: rows, keys, and what comes of them. `\` at the end of a row says that the
//! line goes on in the next, `{…}` is a cluster.

use std::rc::Rc;

use super::keys::{CopyKeys, KeyTable};
use super::scrollback_cache::ScrollbackCache;
use super::{CopyEffect, CopyInput, CopyMode, CopyMouse, CopyOptions, Where};
use crate::base::geom::{Point, Size};
use crate::base::id::PaneId;
use crate::base::row::RunKind;
use crate::base::style::Style;
use crate::base::text::char_width;
use crate::client::copy_mode::search::expression;
use crate::wire::scroll::{
    Answer, RowMark, Rows, ScrollMatch, ScrollMatches, ScrollPoint, ScrollQuery, ScrollReply,
    ScrollRequest, ScrolledRow,
};
use crate::wire::span::StyledSpan;

const SEPARATORS: &str = "!\"#$%&'()*+,-./:;<=>?@[\\]^`{|}~";

fn spans(text: &str) -> Vec<StyledSpan> {
    let mut spans: Vec<StyledSpan> = Vec::new();
    let mut push = |kind: RunKind, text: &str| match spans.last_mut() {
        Some(last) if last.kind == kind && !matches!(kind, RunKind::Cluster(_)) => {
            last.text.push_str(text);
        }
        _ => spans.push(StyledSpan { style: 0, link: 0, kind, text: text.into() }),
    };
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        if c == '{' && rest.contains("\u{301}}") {
            let end = rest.find('}').expect("a cluster ends");
            push(RunKind::Cluster(1), &rest[1..end]);
            rest = &rest[end + 1..];
            continue;
        }
        push(
            if char_width(c) == 2 { RunKind::Wide } else { RunKind::Narrow },
            &rest[..c.len_utf8()],
        );
        rest = &rest[c.len_utf8()..];
    }
    spans
}

/// The server's side: rows, of which the last `screen` are the screen.
#[derive(Clone)]
pub(crate) struct World {
    rows: Vec<ScrolledRow>,
    screen: u64,
    cursor: ScrollPoint,
}

impl World {
    fn new(rows: &[&str], screen: u64) -> Self {
        let mut line = 0;
        let mut cell = 0;
        let made = rows.iter().map(|text| {
            let (text, wrapped) =
                text.strip_suffix('\\').map_or((*text, false), |text| (text, true));
            let mark = if text.starts_with("$ ") { Some(RowMark::Prompt) } else { None };
            let row = ScrolledRow { spans: spans(text), wrapped, line, cell, mark };
            if wrapped {
                cell += u32::try_from(text.len()).expect("short");
            } else {
                (line, cell) = (line + 1, 0);
            }
            row
        });
        let rows: Vec<ScrolledRow> = made.collect();
        let cursor = ScrollPoint { row: rows.len() as u64 - 1, col: 0 };
        Self { rows, screen, cursor }
    }

    fn end(&self) -> u64 {
        self.rows.len() as u64
    }

    fn given(&self, from: u64, count: u16, target: Option<u64>) -> Answer {
        let at = usize::try_from(from).expect("small").min(self.rows.len());
        let to = (at + usize::from(count)).min(self.rows.len());
        Answer::Rows(Box::new(Rows {
            epoch: 1,
            cols: 20,
            first: 0,
            screen: self.end() - self.screen,
            end: self.end(),
            cursor: self.cursor,
            target,
            from: at as u64,
            rows: self.rows[at..to].to_vec(),
            styles: vec![Style::default()],
            links: Vec::new(),
        }))
    }

    fn text(&self, row: usize) -> String {
        self.rows[row].spans.iter().map(|span| span.text.as_str()).collect()
    }

    fn answer(&self, ask: &ScrollRequest) -> Option<ScrollReply> {
        let answer = match &ask.what {
            ScrollQuery::Screen { above } => {
                let from = (self.end() - self.screen).saturating_sub(u64::from(*above));
                self.given(from, above + u16::try_from(self.screen).expect("small"), None)
            }
            ScrollQuery::Rows { from, count } => self.given(*from, *count, None),
            ScrollQuery::Around { line, reach, .. } => {
                let target =
                    self.rows.iter().position(|row| row.line == *line).expect("it is there") as u64;
                self.given(target.saturating_sub(u64::from(*reach)), 2 * reach, Some(target))
            }
            ScrollQuery::Mark { from, forward, .. } => {
                let is_prompt = |row: &usize| self.rows[*row].mark == Some(RowMark::Prompt);
                let from = usize::try_from(*from).expect("small");
                let found = if *forward {
                    (from + 1..self.rows.len()).find(is_prompt)
                } else {
                    (0..from).rev().find(is_prompt)
                };
                Answer::Row(found.map(|row| row as u64))
            }
            ScrollQuery::Output { .. } => Answer::Range(Some((1, 3))),
            ScrollQuery::Search { pattern, from, forward } => {
                Answer::Hits(self.search(pattern, *from, *forward))
            }
            ScrollQuery::Cancel => return None,
        };
        Some(ScrollReply { number: ask.number, pane: ask.pane, answer })
    }

    fn search(&self, pattern: &str, from: ScrollPoint, forward: bool) -> ScrollMatches {
        let regex = regex::Regex::new(pattern).expect("a pattern");
        let hits: Vec<ScrollMatch> = (0..self.rows.len())
            .flat_map(|row| {
                let text = self.text(row);
                let cell = |col: usize| ScrollPoint {
                    row: row as u64,
                    col: u16::try_from(col).expect("short"),
                };
                let found: Vec<ScrollMatch> = regex
                    .find_iter(&text)
                    .map(|hit| ScrollMatch { start: cell(hit.start()), last: cell(hit.end() - 1) })
                    .collect();
                found
            })
            .collect();
        let nearest = if forward {
            hits.iter().find(|hit| from < hit.start).or(hits.first())
        } else {
            hits.iter().rev().find(|hit| hit.start < from).or(hits.last())
        };
        let before = nearest.map_or(0, |nearest| {
            hits.iter().position(|hit| hit == nearest).expect("it is one") as u64
        });
        ScrollMatches {
            nearest: nearest.copied(),
            wrapped: false,
            before,
            total: hits.len() as u64,
            is_more: false,
            done: true,
        }
    }
}

/// Rows that were all fetched.
pub(crate) fn doc(rows: &[&str]) -> ScrollbackCache {
    let world = World::new(rows, rows.len() as u64);
    let mut doc = ScrollbackCache::default();
    let Answer::Rows(given) = world.given(0, 100, None) else { unreachable!("rows") };
    doc.take(*given);
    doc
}

struct Session {
    world: World,
    mode: CopyMode,
    copied: Vec<(String, Where)>,
    said: Vec<String>,
    left: bool,
    asked: usize,
}

impl Session {
    fn new(table: KeyTable, rows: &[&str], screen: u16) -> Self {
        let options = CopyOptions { keys: CopyKeys::new(table), separators: SEPARATORS.into() };
        let mut effects = Vec::new();
        let mode =
            CopyMode::enter(PaneId(1), Size::new(20, screen), Rc::new(options), &mut effects);
        let world = World::new(rows, u64::from(screen));
        let mut session =
            Self { world, mode, copied: Vec::new(), said: Vec::new(), left: false, asked: 0 };
        session.settle(effects);
        session
    }

    fn settle(&mut self, mut effects: Vec<CopyEffect>) {
        while !effects.is_empty() {
            let mut next = Vec::new();
            for effect in effects {
                match effect {
                    CopyEffect::Ask(ask) => {
                        self.asked += 1;
                        if let Some(told) = self.world.answer(&ask) {
                            self.mode.told(told, &mut next);
                        }
                    }
                    CopyEffect::Copied(text, to) => self.copied.push((text, to)),
                    CopyEffect::Say(text) => self.said.push(text),
                    CopyEffect::Leave => self.left = true,
                }
            }
            effects = next;
        }
    }

    fn press(&mut self, keys: &str) {
        for name in keys.split(' ').filter(|name| !name.is_empty()) {
            let mut effects = Vec::new();
            self.mode.take(CopyInput::Key(name.parse().expect(name)), &mut effects);
            self.settle(effects);
        }
    }

    fn at(&self) -> (u64, u16) {
        (self.mode.cursor.row, self.mode.cursor.col)
    }
}

const TEXT: &[&str] = &[
    "first line",
    "",
    "  foo.bar baz(a, b)",
    "long line that goes \\",
    "on here",
    "",
    "漢字 wide",
    "last",
];

/// From a cell, what keys lead to.
fn check(table: KeyTable, from: (u64, u16), keys: &str, to: (u64, u16)) {
    let mut session = Session::new(table, TEXT, 4);
    session.mode.cursor = ScrollPoint { row: from.0, col: from.1 };
    session.mode.show_cursor();
    let mut effects = Vec::new();
    session.mode.resize(Size::new(20, 5), 20, &mut effects);
    session.settle(effects);
    session.mode.col = from.1;
    session.press(keys);
    assert_eq!(session.at(), to, "{keys} from {from:?}");
}

/// Terminals go on with the unit that the clicks began with.
#[test]
fn a_drag_after_two_or_three_clicks_goes_on_by_words_or_lines() {
    let at = |x: u16, y: u16| Point::new(x, y);
    for (begin, to, copied) in [
        (CopyMouse::Word(at(7, 2)), at(7, 2), "bar"),
        (CopyMouse::Word(at(7, 2)), at(11, 2), "bar baz"),
        (CopyMouse::Word(at(7, 2)), at(3, 2), "foo.bar"),
        (CopyMouse::Word(at(7, 2)), at(7, 0), "line\n\n  foo.bar"),
        (CopyMouse::Line(at(0, 2)), at(3, 3), "  foo.bar baz(a, b)\nlong line that goes on here\n"),
        (CopyMouse::Line(at(9, 4)), at(2, 2), "  foo.bar baz(a, b)\nlong line that goes on here\n"),
        (CopyMouse::Line(at(9, 3)), at(9, 3), "long line that goes on here\n"),
    ] {
        let mut session = Session::new(KeyTable::Vi, TEXT, 8);
        for deed in
            [begin, CopyMouse::Drag { from: at(9, 9), to, block: false }, CopyMouse::Release]
        {
            let mut effects = Vec::new();
            session.mode.take(CopyInput::Mouse(deed), &mut effects);
            session.settle(effects);
        }
        let text: Vec<&str> = session.copied.iter().map(|(text, _)| text.as_str()).collect();
        assert_eq!(text, [copied]);
    }
}

#[test]
fn vi_motions_lead_where_they_lead_in_tmux() {
    for (from, keys, to) in [
        ((0, 0), "l", (0, 1)),
        ((0, 0), "h", (0, 0)),
        ((2, 0), "h", (1, 0)),
        ((0, 9), "l", (1, 0)),
        ((0, 4), "j j", (2, 4)),
        ((0, 6), "j", (1, 0)),
        ((0, 0), "w", (0, 6)),
        ((0, 6), "w", (1, 0)),
        ((1, 0), "w", (2, 2)),
        ((2, 2), "w", (2, 5)),
        ((2, 2), "W", (2, 10)),
        ((2, 2), "e", (2, 4)),
        ((2, 4), "E", (2, 8)),
        ((2, 10), "b", (2, 6)),
        ((2, 10), "B", (2, 2)),
        ((2, 2), "b", (1, 0)),
        ((3, 15), "w", (4, 0)),
        ((4, 0), "b", (3, 15)),
        ((4, 3), "0", (3, 0)),
        ((3, 3), "$", (4, 6)),
        ((2, 9), "^", (2, 2)),
        ((2, 2), "$", (2, 18)),
        ((2, 10), "%", (2, 18)),
        ((2, 18), "%", (2, 13)),
        ((2, 0), "f a", (2, 7)),
        ((2, 0), "f a ;", (2, 11)),
        ((2, 0), "f a ; ,", (2, 7)),
        ((2, 0), "t a", (2, 6)),
        ((2, 18), "F b", (2, 17)),
        ((2, 18), "T b", (2, 11)),
        ((2, 3), "}", (5, 0)),
        ((7, 3), "{", (5, 0)),
        ((7, 0), "g", (0, 0)),
        ((0, 0), "G", (7, 3)),
        ((0, 0), "3 l", (0, 3)),
        ((0, 0), "1 0 l", (1, 0)),
        ((6, 0), "l", (6, 2)),
        ((6, 2), "h", (6, 0)),
        ((6, 0), "w", (6, 5)),
        ((2, 3), "X j j M-x", (2, 3)),
        ((0, 2), "Left Right Down Up End Home", (0, 0)),
    ] {
        check(KeyTable::Vi, from, keys, to);
    }
}

#[test]
fn emacs_motions_lead_where_they_lead_in_tmux() {
    for (from, keys, to) in [
        ((0, 0), "C-f", (0, 1)),
        ((0, 9), "C-f", (0, 10)),
        ((0, 1), "C-b", (0, 0)),
        ((0, 4), "C-n C-n", (2, 4)),
        ((2, 4), "C-p", (1, 4)),
        ((0, 0), "M-f", (0, 5)),
        ((0, 5), "M-f", (0, 10)),
        ((2, 2), "M-f M-f", (2, 9)),
        ((2, 9), "M-b", (2, 6)),
        ((2, 5), "C-a", (2, 0)),
        ((2, 5), "C-e", (2, 19)),
        ((2, 5), "M-m", (2, 2)),
        ((4, 0), "M-<", (0, 0)),
        ((0, 0), "M->", (7, 3)),
        ((0, 0), "M-3 C-f", (0, 3)),
    ] {
        check(KeyTable::Emacs, from, keys, to);
    }
}

fn numbered() -> Vec<String> {
    (0..5000).map(|n| format!("line {n}")).collect()
}

fn long(table: KeyTable) -> Session {
    let rows = numbered();
    Session::new(table, &rows.iter().map(String::as_str).collect::<Vec<_>>(), 20)
}

#[test]
fn pages_scroll_and_rows_are_fetched_ahead() {
    let mut session = long(KeyTable::Vi);
    assert_eq!((session.mode.position(), session.at()), ((0, 4980), (4999, 0)));
    session.press("C-b");
    assert_eq!((session.mode.position(), session.at()), ((18, 4980), (4981, 0)));
    session.press("C-u");
    assert_eq!(session.mode.position(), (28, 4980));
    session.press("C-d C-f");
    assert_eq!(session.mode.position(), (0, 4980));
    session.press("C-y C-y C-y");
    assert_eq!(
        (session.mode.position(), session.at()),
        ((3, 4980), (4996, 0)),
        "the cursor is pushed along"
    );
    session.press("H");
    assert_eq!(session.at(), (4977, 0));
    session.press("M");
    assert_eq!(session.at(), (4986, 0));
    session.press("L");
    assert_eq!(session.at(), (4996, 0));
    let before = session.asked;
    session.press(&"C-b ".repeat(100));
    assert_eq!(session.mode.position().0, 3 + 1800);
    assert!(session.asked - before < 60, "{} questions for 100 pages", session.asked - before);
    assert!(
        session.mode.rows.lacks(session.mode.top..session.mode.top + 20).is_none(),
        "what is shown was fetched"
    );
    session.press("g");
    assert_eq!((session.mode.position(), session.at()), ((4980, 4980), (0, 0)));
    session.press(": 1 0 0 Enter");
    assert_eq!(session.at(), (4880, 0));
    session.press("z");
    assert_eq!(session.mode.position(), (110, 4980));
}

#[test]
fn what_is_entered_by_scrolling_ends_at_the_bottom() {
    let mut session = long(KeyTable::Emacs);
    session.mode.is_scrolling = true;
    session.press("M-v M-v C-v");
    assert!(!session.left);
    session.press("C-v");
    assert!(session.left);
}

#[test]
fn a_selection_is_copied_and_left() {
    let copy = |table, keys: &str| {
        let mut session = Session::new(table, TEXT, 4);
        session.press("g g M-<");
        session.press(keys);
        (session.copied, session.left)
    };
    let new = |text: &str| (vec![(text.to_owned(), Where::New)], true);
    assert_eq!(copy(KeyTable::Vi, "Space l l Enter"), new("fir"));
    assert_eq!(copy(KeyTable::Vi, "v j j e y"), new("first line\n\n  foo"));
    assert_eq!(copy(KeyTable::Vi, "V y"), new("first line\n"));
    assert_eq!(copy(KeyTable::Vi, "j j j v $ y"), new("long line that goes on here"));
    assert_eq!(copy(KeyTable::Vi, "j j j j V y"), new("long line that goes on here\n"));
    assert_eq!(copy(KeyTable::Vi, "w D"), new("line"));
    assert_eq!(copy(KeyTable::Vi, "Y"), new("first line\n"));
    assert_eq!(copy(KeyTable::Vi, "v l A"), (vec![("fi".to_owned(), Where::Append)], true));
    assert_eq!(copy(KeyTable::Vi, "w C-v l j j y"), new("li\n\nba"));
    assert_eq!(copy(KeyTable::Vi, "Space w w v y").0.len(), 1);
    assert_eq!(copy(KeyTable::Vi, "w v l l o h y"), new(" lin"));
    assert_eq!(copy(KeyTable::Vi, "v Esc"), (Vec::new(), false));
    assert_eq!(copy(KeyTable::Vi, "Enter"), (Vec::new(), true));
    assert_eq!(copy(KeyTable::Vi, "q"), (Vec::new(), true));
    assert_eq!(copy(KeyTable::Vi, "G 0 k v l y"), new("漢字"));
    let mut emacs = Session::new(KeyTable::Emacs, TEXT, 4);
    emacs.press("M-< C-Space C-f C-f M-w");
    assert_eq!((emacs.copied, emacs.left), new("fi"));
    let mut emacs = Session::new(KeyTable::Emacs, TEXT, 4);
    emacs.press("M-< C-Space C-n C-n C-f R C-w");
    assert_eq!(emacs.copied, [("f\n\n".to_owned(), Where::New)]);
}

/// Rows of another server may have other addresses; lines keep their numbers.
#[test]
fn what_is_shown_and_selected_stays_when_another_server_answers() {
    let mut session = long(KeyTable::Vi);
    session.press("C-b C-b H V j j");
    let (position, at, shown) = (
        session.mode.position().0,
        session.at(),
        session.mode.selected().expect("two rows and one"),
    );
    session.world.rows.drain(..1000);
    session.world.cursor.row -= 1000;
    let mut effects = Vec::new();
    session.mode.find_place_again(&mut effects);
    session.settle(effects);
    assert_eq!((session.mode.position().0, session.at()), (position, (at.0 - 1000, at.1)));
    let selected = session.mode.selected().expect("it is still selected");
    assert_eq!(
        (selected.start.row, selected.end.row),
        (shown.start.row - 1000, shown.end.row - 1000)
    );
    let first = session.world.text(usize::try_from(selected.start.row).expect("small"));
    session.press("y");
    assert!(
        session.copied[0].0.starts_with(&format!("{first}\n"))
            && session.copied[0].0.lines().count() == 3,
        "{:?}",
        session.copied
    );
}

#[test]
fn a_selection_of_everything_is_fetched_as_it_is_copied() {
    let mut session = long(KeyTable::Vi);
    session.press("v g y");
    let expected = numbered().join("\n");
    assert_eq!(session.copied.len(), 1);
    assert!(
        expected.starts_with(&session.copied[0].0)
            && expected.len() - session.copied[0].0.len() < 10
    );
    assert!(session.left);
}

#[test]
fn searches_run_while_they_are_typed_and_go_on_both_ways() {
    let mut session = long(KeyTable::Vi);
    session.press("? 4 2 1 7");
    assert_eq!(session.at(), (4217, 5));
    assert_eq!(session.mode.search.count().as_deref(), Some("1/1"));
    session.press("Backspace");
    assert_eq!(session.at(), (4421, 6), "from where it began");
    session.press("Enter n");
    assert_eq!(session.at(), (4219, 5));
    session.press("N");
    assert_eq!(session.at(), (4421, 6));
    assert_eq!(session.mode.search.count().as_deref(), Some("15/15"));
    assert_eq!(session.mode.hits.len(), 1);
    session.press("/ z z z");
    assert!(session.mode.search.is_failed());
    session.press("Esc");
    assert_eq!((session.at(), session.mode.search.is_shown()), ((4421, 6), false));
    session.press("w b *");
    assert_eq!(session.mode.search.count().as_deref(), Some("1/1"));
    let mut emacs = long(KeyTable::Emacs);
    emacs.press("C-r l i n e Space 7 7 7 C-r Enter");
    assert_eq!(emacs.at(), (777, 0));
}

#[test]
fn capitals_count_if_there_are_any_and_what_is_no_expression_is_text() {
    for (typed, text, found) in [
        ("ab", "xAB", true),
        ("Ab", "ab", false),
        ("a(", "ba(", true),
        ("a.c", "abc", true),
        ("[", "x[", true),
    ] {
        assert_eq!(expression(typed).is_match(text), found, "{typed}");
    }
}

#[test]
fn prompts_are_jumped_to_and_output_is_selected() {
    let rows = ["$ one", "out", "more", "$ two", "x", "$ "];
    let mut session = Session::new(KeyTable::Vi, &rows, 3);
    session.press("[");
    assert_eq!(session.at(), (3, 0));
    session.press("[");
    assert_eq!(session.at(), (0, 0));
    session.press("]");
    assert_eq!(session.at(), (3, 0));
    session.press("o y");
    assert_eq!(session.copied, [("out\nmore\n".to_owned(), Where::New)]);
    session.press("g [");
    assert_eq!(session.said.len(), 1, "there is none before the first");
}

#[test]
fn output_that_arrives_moves_nothing_and_can_be_scrolled_to() {
    let mut session = long(KeyTable::Vi);
    session.press("C-b C-b");
    let (top, text) = (
        session.mode.top,
        session.mode.rows.get(session.mode.top).map(|row| row.text().to_owned()),
    );
    let more: Vec<String> = (0..500).map(|n| format!("more {n}")).collect();
    session
        .world
        .rows
        .extend(World::new(&more.iter().map(String::as_str).collect::<Vec<_>>(), 20).rows);
    session.press("k j");
    assert_eq!(
        (session.mode.top, session.mode.rows.get(top).map(|row| row.text().to_owned())),
        (top, text)
    );
    session.press("C-b r");
    session.press("G");
    assert_eq!(session.at(), (5499, 7));
}

#[test]
fn another_width_keeps_the_line() {
    let mut session = long(KeyTable::Vi);
    session.press(": 1 0 0 0 Enter");
    let line = session.mode.rows.get(session.mode.cursor.row).map(|row| row.line);
    let mut effects = Vec::new();
    session.mode.resize(Size::new(30, 10), 30, &mut effects);
    session.settle(effects);
    assert_eq!(session.mode.rows.get(session.mode.cursor.row).map(|row| row.line), line);
    assert!(session.mode.cursor_at().is_some(), "the cursor is in sight");
}

#[test]
fn leaving_works_while_rows_are_awaited() {
    let options = CopyOptions { keys: CopyKeys::new(KeyTable::Vi), separators: SEPARATORS.into() };
    let mut effects = Vec::new();
    let mut mode = CopyMode::enter(PaneId(1), Size::new(20, 5), Rc::new(options), &mut effects);
    effects.clear();
    mode.take(CopyInput::Key("j".parse().expect("a key")), &mut effects);
    assert!(effects.is_empty(), "nothing is there yet");
    mode.take(CopyInput::Key("q".parse().expect("a key")), &mut effects);
    assert_eq!(effects, [CopyEffect::Leave]);
}
