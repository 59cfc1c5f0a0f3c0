//! Search in screen and scrollback, and positions: both against a model that knows nothing of rows,
//! for any output and any width.

use abide::base::geom::Size;
use abide::base::memory::HeapMemory;
use abide::term::{Anchor, Case, Direction, Options, Pattern, SearchMatch, Syntax, Terminal};
use proptest::prelude::*;

fn fresh(cols: u16, rows: u16, lines_max: usize) -> Terminal {
    let options = Options { scrollback_lines_max: lines_max, ..Options::default() };
    Terminal::new(Size::new(cols, rows), options, Box::new(HeapMemory::default()))
}

fn feed(terminal: &mut Terminal, text: &str) {
    terminal.feed(text.as_bytes(), &mut Vec::new());
}

fn pattern(text: &str) -> Pattern {
    Pattern::new(text, Syntax::Regex, Case::Smart).expect("a pattern")
}

/// All hits, in the order of the search, found in as many steps as it takes.
fn all(
    terminal: &Terminal,
    pattern: &Pattern,
    direction: Direction,
    limit: usize,
) -> Vec<SearchMatch> {
    let (mut hits, mut from) = (Vec::new(), None);
    for _ in 0..100_000 {
        let found = terminal.search(pattern, from, direction, limit);
        assert!(found.hits.len() <= limit);
        hits.extend(found.hits);
        if found.next.is_none() {
            return hits;
        }
        assert_ne!(found.next, from, "it goes on");
        from = found.next;
    }
    unreachable!("the search does not end");
}

fn ranges(terminal: &Terminal, text: &str) -> Vec<(u64, u32, u32)> {
    let hits = all(terminal, &pattern(text), Direction::Newer, 100);
    hits.into_iter().map(|hit| (hit.line, hit.cells.start, hit.cells.end)).collect()
}

#[test]
fn lines_over_several_rows_are_looked_at_as_one() {
    let mut terminal = fresh(10, 3, 100);
    feed(&mut terminal, "one\r\nabcdefghijNEEDLEklmnop\r\ntwo\r\nthree\r\nfour\r\nfive needles");
    assert_eq!(ranges(&terminal, "jneed"), [(1, 9, 14)]);
    assert_eq!(ranges(&terminal, "needle"), [(1, 10, 16), (5, 5, 11)]);
    assert_eq!(ranges(&terminal, "jNEED"), [(1, 9, 14)]);
    assert_eq!(ranges(&terminal, "^t.*e$"), [(3, 0, 5)]);
    assert_eq!(terminal.line_text(1).as_deref(), Some("abcdefghijNEEDLEklmnop"));
    assert_eq!(terminal.line_text(99), None);
}

#[test]
fn a_line_half_on_the_screen_is_whole() {
    let mut terminal = fresh(10, 2, 100);
    feed(&mut terminal, "0123456789abcdefghijKLMNOPQRSTuv");
    assert!(0 < terminal.history_rows());
    assert_eq!(ranges(&terminal, "9a.*u"), [(0, 9, 31)]);
    assert_eq!(terminal.locate(Anchor { line: 0, cell: 9 }), Some((-2, 9)));
    assert_eq!(terminal.locate(Anchor { line: 0, cell: 31 }), Some((1, 1)));
    // Forgetting the scrollback cuts its beginning off; the numbers of the lines stay.
    feed(&mut terminal, "\r\nnext\x1b[3J");
    assert_eq!(ranges(&terminal, "next"), [(1, 0, 4)]);
}

#[test]
fn nothing_matches_over_the_end_of_a_line() {
    let mut terminal = fresh(20, 3, 100);
    feed(&mut terminal, "ab\r\nbc\r\ncd\r\nde\r\nef");
    assert_eq!(ranges(&terminal, "[^a]+"), [(0, 1, 2), (1, 0, 2), (2, 0, 2), (3, 0, 2), (4, 0, 2)]);
    assert_eq!(ranges(&terminal, r"b\sb"), []);
    assert_eq!(ranges(&terminal, "x*"), []);
}

#[test]
fn cells_of_wide_and_combined_characters_are_columns() {
    let mut terminal = fresh(9, 2, 100);
    feed(&mut terminal, "漢字かなe\u{301}x\u{1b}[31m👩‍👩‍👧needle\u{1b}[m ü!\r\nend\r\n\r\n");
    assert_eq!(ranges(&terminal, "かな"), [(0, 4, 8)]);
    assert_eq!(ranges(&terminal, "x👩‍👩‍👧n"), [(0, 9, 13)]);
    assert_eq!(ranges(&terminal, "ü"), [(0, 19, 20)]);
    let hit = terminal.locate(Anchor { line: 0, cell: 12 }).expect("it is there");
    assert_eq!(terminal.anchor(hit.0, hit.1), Some(Anchor { line: 0, cell: 12 }));
}

#[test]
fn a_pattern_says_what_is_wrong_with_it() {
    assert!(
        Pattern::new("a(", Syntax::Regex, Case::Smart)
            .expect_err("open")
            .to_string()
            .contains("unclosed group")
    );
    assert!(Pattern::new("", Syntax::Literal, Case::Smart).is_err());
    assert!(Pattern::new("(?:a{500}){500}", Syntax::Regex, Case::Smart).is_err());
    let mut terminal = fresh(20, 3, 100);
    feed(&mut terminal, "a(b A(B aSb");
    let literal = |text: &str, case| {
        all(
            &terminal,
            &Pattern::new(text, Syntax::Literal, case).expect("any"),
            Direction::Older,
            9,
        )
        .len()
    };
    assert_eq!(
        (
            literal("a(b", Case::Smart),
            literal("A(b", Case::Smart),
            literal("A(b", Case::Insensitive)
        ),
        (2, 0, 2)
    );
    assert_eq!(literal("a(b", Case::Sensitive), 1);
    assert_eq!(ranges(&terminal, r"a\Sb").len(), 3, "a class is no upper-case letter");
    assert_eq!(ranges(&terminal, r"a\p{Lu}b"), [(0, 8, 11)]);
}

/// Lines of letters, some of them wide or combined.
fn lines() -> impl Strategy<Value = Vec<String>> {
    proptest::collection::vec(
        proptest::collection::vec(
            prop_oneof![8 => "[ab ]", 1 => Just("漢".into()), 1 => Just("e\u{301}".into())],
            0..60,
        ),
        1..60,
    )
    .prop_map(|lines: Vec<Vec<String>>| lines.into_iter().map(|line| line.concat()).collect())
}

/// Columns that the first bytes of a text take.
fn cols(text: &str) -> u32 {
    text.chars()
        .map(|c| match c {
            '漢' => 2,
            '\u{301}' => 0,
            _ => 1,
        })
        .sum()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    #[test]
    fn search_finds_what_a_search_in_the_printed_lines_finds(
        lines in lines(),
        size in (2_u16..30, 1_u16..8),
        limit in 1_usize..9,
        then in 2_u16..40
    ) {
        let mut terminal = fresh(size.0, size.1, 10_000);
        feed(&mut terminal, &lines.join("\r\n"));
        terminal.resize(Size::new(then, size.1), &mut Vec::new());
        let text = "[ab ]b|漢+|e\u{301} ?[ab]";
        let model = regex::Regex::new(text).expect("a pattern");
        let expected: Vec<(u64, u32, u32)> = (0..).zip(&lines).flat_map(|(line, text)| {
            let text = text.trim_end_matches(' ');
            let col = |at: usize| cols(&text[..at]);
            let hits = model.find_iter(text);
            hits.map(|found| (line, col(found.start()), col(found.end()))).collect::<Vec<_>>()
        }).collect();
        let hits = |direction| -> Vec<(u64, u32, u32)> {
            let hits = all(&terminal, &pattern(text), direction, limit);
            hits.into_iter().map(|hit| (hit.line, hit.cells.start, hit.cells.end)).collect()
        };
        prop_assert_eq!(hits(Direction::Newer), expected.clone());
        let mut older = hits(Direction::Older);
        older.reverse();
        prop_assert_eq!(older, expected);
    }

    #[test]
    fn positions_stay_on_their_character(
        lines in lines(),
        size in (2_u16..30, 1_u16..8),
        widths in proptest::collection::vec((2_u16..40, 1_u16..9), 1..3)
    ) {
        let mut terminal = fresh(size.0, size.1, 10_000);
        feed(&mut terminal, &lines.join("\r\n"));
        let shown = |terminal: &Terminal| -> Vec<Anchor> {
            let first = -i64::try_from(terminal.history_rows()).expect("few");
            let size = terminal.size();
            (first..i64::from(size.rows))
                .flat_map(|row| (0..size.cols).map(move |col| (row, col)))
                .filter_map(|(row, col)| {
                    let position = terminal.anchor(row, col)?;
                    // A cell at or after the end of a line is no character.
                    let at = terminal.locate(position)?;
                    (at == (row, col)).then_some(position)
                }).collect()
        };
        let before = shown(&terminal);
        for width in widths {
            terminal.resize(Size::new(width.0, width.1), &mut Vec::new());
            for position in &before {
                let Some((row, col)) = terminal.locate(*position) else {
                    let text = terminal.line_text(position.line).unwrap_or_default();
                    prop_assert!(cols(&text) <= position.cell, "{:?} is lost", position);
                    continue;
                };
                let text = terminal.line_text(position.line).unwrap_or_default();
                if position.cell < cols(&text) {
                    prop_assert_eq!(terminal.anchor(row, col), Some(*position));
                }
            }
            feed(&mut terminal, "\r\nmore");
        }
        for (line, text) in lines.iter().enumerate() {
            let shown = terminal.line_text(line as u64).unwrap_or_default();
            prop_assert_eq!(shown.trim_end_matches(' '), text.trim_end_matches(' '));
        }
    }
}

#[test]
fn dropped_lines_are_nowhere() {
    let mut terminal = fresh(20, 2, 5);
    (0..20).for_each(|n| feed(&mut terminal, &format!("line {n}\r\n")));
    // 20 lines and the one the cursor is in: 2 on the screen, 5 above.
    assert_eq!(terminal.locate(Anchor { line: 13, cell: 3 }), None);
    assert_eq!(terminal.locate(Anchor { line: 14, cell: 3 }), Some((-5, 3)));
    assert_eq!(terminal.anchor(-5, 3), Some(Anchor { line: 14, cell: 3 }));
    assert_eq!(terminal.anchor(-6, 3), None);
    assert_eq!(ranges(&terminal, "line 1[0-9]").first(), Some(&(14, 0, 7)));
    assert!(
        terminal
            .search(&pattern("line"), Some(Anchor { line: 3, cell: 0 }), Direction::Older, 9)
            .hits
            .is_empty()
    );
}

#[test]
fn lines_keep_their_numbers_where_nothing_is_kept() {
    let mut terminal = fresh(5, 2, 0);
    (0..9).for_each(|n| feed(&mut terminal, &format!("{n}23456789\r\n")));
    let at = terminal.anchor(0, 1).expect("on the screen");
    assert_eq!(at, Anchor { line: 8, cell: 6 });
    terminal.resize(Size::new(20, 2), &mut Vec::new());
    feed(&mut terminal, "x");
    assert_eq!(ranges(&terminal, "x"), [(9, 0, 1)]);
}

#[test]
fn the_alternate_screen_hides_no_history() {
    let mut terminal = fresh(5, 2, 100);
    feed(&mut terminal, "first\r\nsecond line\x1b[?1049h\x1b[Hsecret");
    assert_eq!(ranges(&terminal, "sec").len(), 2);
}
