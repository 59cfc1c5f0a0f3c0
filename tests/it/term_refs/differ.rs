//! The engine beside `alacritty_terminal` and `vt100`, on what all of them claim to do. Where we
//! differ on purpose, the generator stays away; here is
//! the form, who differs, and why ours is right:
//!
//! - IL, DL away from column 1 (both leave the column): ECMA-48 8.3.67 and 8.3.32 move to the
//!   line home position, xterm does.
//! - anything but text and CR LF right after the last column was written (both, in different
//!   ways): xterm drops the pending wrap on every move, erase and line feed.
//! - wide characters where one would be cut or overwritten (both): they leave other halves than
//!   xterm.
//! - DECSTBM with SU, SD, RI in vt100 (vt100): it moves the cursor relative to the region without
//!   origin mode.
//! - DL in row 1, ED 2 and SU where the history is compared (alacritty): it keeps what they
//!   delete; in xterm only what scrolls off is kept.
//! - DECOM turned off without a move (alacritty): xterm goes home then too.
//! - relative moves inside of margins (alacritty): it passes the margins; xterm and DEC STD 070
//!   stop there.
//! - DCH of more than is left in the row (alacritty): it also blanks cells left of the cursor.
//! - ED 1 (alacritty): in row 2 it forgets row 1.
//! - DECRC without DECSC (alacritty): xterm goes home.
//! - IND, NEL, HPR, VPR, tabs set by HTS, IRM, REP, DECALN, 1047 (vt100): it does not have them.
//! - clusters (alacritty): it joins by width, not by UAX 29.

use std::num::NonZero;

use abide::base::geom::Size;
use abide::base::memory::HeapMemory;
use abide::term::{Options, Terminal};
use proptest::prelude::*;

const COLS: u16 = 20;
const ROWS: u16 = 6;

/// The text written so far never ends in the last column: every piece of text starts at a column
/// that leaves it room.
fn text() -> impl Strategy<Value = String> {
    (1..=ROWS, 1..COLS / 2, "[ -~]{1,9}")
        .prop_map(|(row, col, text)| format!("\x1b[{row};{col}H{text}"))
}

fn wrapping() -> impl Strategy<Value = String> {
    "[a-z ]{1,50}".prop_map(|text| format!("{text}\r\n"))
}

fn edit() -> impl Strategy<Value = String> {
    let edits =
        proptest::sample::select(vec!["J", "K", "1K", "2J", "2K", "X", "3X", "P", "4P", "@", "3@"]);
    (1..=ROWS, 1..COLS - 4, edits)
        .prop_map(|(row, col, edit)| format!("\x1b[{row};{col}H\x1b[{edit}"))
}

fn lines() -> impl Strategy<Value = String> {
    let edits = proptest::sample::select(vec!["L", "2L", "M", "3M"]);
    (1..=ROWS, edits).prop_map(|(row, edit)| format!("\x1b[{row};1H\x1b[{edit}"))
}

fn moves() -> impl Strategy<Value = String> {
    let finals = proptest::sample::select(vec!['A', 'B', 'C', 'D', 'G', 'd', 'E', 'F']);
    (1..=ROWS, 1..COLS, 1_u16..30, finals)
        .prop_map(|(row, col, n, last)| format!("\x1b[r\x1b[{row};{col}H\x1b[{n}{last}x\r"))
}

fn fixed(list: &'static [&'static str]) -> impl Strategy<Value = String> {
    proptest::sample::select(list).prop_map(str::to_owned)
}

fn output(more: &'static [&'static str]) -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        4 => text(),
        3 => wrapping(),
        3 => edit(),
        2 => lines(),
        2 => moves(),
        3 => fixed(more),
    ];
    proptest::collection::vec(piece, 1..30).prop_map(|pieces| pieces.concat())
}

fn ours(bytes: &str) -> (Vec<String>, (u16, u16), Vec<String>) {
    let options = Options { scrollback_lines_max: 100, ..Options::default() };
    let mut terminal =
        Terminal::new(Size::new(COLS, ROWS), options, Box::new(HeapMemory::default()));
    terminal.feed(bytes.as_bytes(), &mut Vec::new());
    let rows = (0..ROWS).map(|y| terminal.row(y).text()).collect();
    let history =
        (0..terminal.history_rows()).rev().map(|back| terminal.history_row(back).text()).collect();
    (rows, (terminal.cursor().x, terminal.cursor().y), history)
}

struct Dimensions;
impl alacritty_terminal::grid::Dimensions for Dimensions {
    fn total_lines(&self) -> usize {
        usize::from(ROWS)
    }
    fn screen_lines(&self) -> usize {
        usize::from(ROWS)
    }
    fn columns(&self) -> usize {
        usize::from(COLS)
    }
}

fn alacritty(bytes: &str) -> (Vec<String>, (u16, u16), Vec<String>) {
    use alacritty_terminal::grid::Dimensions as _;
    use alacritty_terminal::index::{Column, Line};
    use alacritty_terminal::term::cell::Flags;
    let config = alacritty_terminal::term::Config { scrolling_history: 100, ..Default::default() };
    let mut term =
        alacritty_terminal::Term::new(config, &Dimensions, alacritty_terminal::event::VoidListener);
    let mut parser: alacritty_terminal::vte::ansi::Processor =
        alacritty_terminal::vte::ansi::Processor::new();
    parser.advance(&mut term, bytes.as_bytes());
    let grid = term.grid();
    let row = |line: i32| {
        let cells = (0..usize::from(COLS)).map(|x| &grid[Line(line)][Column(x)]);
        let spacers = Flags::WIDE_CHAR_SPACER | Flags::LEADING_WIDE_CHAR_SPACER;
        let text: String = cells
            .filter(|cell| !cell.flags.intersects(spacers))
            .map(|cell| if cell.c == '\t' { ' ' } else { cell.c })
            .collect();
        text.trim_end().to_owned()
    };
    let history = i32::try_from(grid.history_size()).expect("small");
    let cursor = grid.cursor.point;
    let at = (
        u16::try_from(cursor.column.0).expect("small"),
        u16::try_from(cursor.line.0).expect("on screen"),
    );
    ((0..i32::from(ROWS)).map(row).collect(), at, (-history..0).map(row).collect())
}

fn vt100(bytes: &str) -> (Vec<String>, (u16, u16)) {
    let side = |n| NonZero::new(n).expect("not 0");
    let mut parser = vt100::Parser::new(side(ROWS), side(COLS), 100);
    parser.process(bytes.as_bytes());
    let screen = parser.screen();
    let rows = screen.rows(0, COLS).map(|row| row.trim_end().to_owned()).collect();
    let (y, x) = screen.cursor_position();
    (rows, (x, y))
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 1500,
        failure_persistence: None,
        ..ProptestConfig::default()
    })]

    #[test]
    fn as_alacritty(bytes in output(&[
        "\x1b[2;4r", "\x1b[3;6r", "\x1b[r", "\x1b7", "\x1b[1;1H\x1bM", "\x1b[S", "\x1b[2S",
        "\x1b[T",
        "\x1b[2;3H\x1bD", "\x1b[2;3H\x1bE", "\x1b[3;3H\t", "\x1b[1;31m", "\x1b[m",
        "\x1b[1;1H\x1b[4hab\x1b[4l", "\x1b[2;2Hx\x1b[3b", "\x1b[?6h", "\x1b[?6l\x1b[H",
        "\x1b(0lqk\x1b(B", "\x1b[1;5HA\x08B", "\x1b[6;1H\n",
    ])) {
        let ((rows, cursor, _), (their_rows, their_cursor, _)) = (ours(&bytes), alacritty(&bytes));
        prop_assert_eq!((rows, cursor), (their_rows, their_cursor));
    }

    #[test]
    fn history_as_alacritty(
        pieces in proptest::collection::vec(prop_oneof![
            text(),
            wrapping(),
            fixed(&["\x1b[1;31m", "\x1b[6;1H", "漢字漢字漢字漢字漢字漢\r\n"]),
        ], 1..30)
    ) {
        let bytes = pieces.concat();
        prop_assert_eq!(ours(&bytes), alacritty(&bytes));
    }

    #[test]
    fn as_vt100(
        bytes in output(&[
            "\x1b7", "\x1b[2;3H\t", "\x1b[1;31m", "\x1b[m", "\x1b[1;5HA\x08B", "\x1b[6;1H\n",
            "\x1b[1;1H\x1bM",
        ])
    ) {
        let (rows, cursor, _) = ours(&bytes);
        prop_assert_eq!((rows, cursor), vt100(&bytes));
    }
}
