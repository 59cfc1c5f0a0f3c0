//! Properties that hold for any output of any program.

use abide::base::geom::Size;
use abide::base::memory::{HeapMemory, Memory, MemoryFull};
use abide::base::row::{Row, Run, RunKind};
use abide::base::text::{char_width, width};
use abide::term::{Options, Snapshot, TermEvent, Terminal};
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use std::fmt::Write as _;
use std::sync::{Arc, Mutex};

use super::soup;

const CASES: u32 = 400;

fn options() -> Options {
    Options { scrollback_lines_max: 50, ..Options::default() }
}

fn fresh(cols: u16, rows: u16) -> Terminal {
    Terminal::new(Size::new(cols, rows), options(), Box::new(HeapMemory::default()))
}

/// Everything that can be seen of a terminal.
#[derive(Debug, PartialEq)]
struct Seen {
    screen: Vec<Row>,
    history: Vec<Row>,
    cursor: abide::base::style::Cursor,
    modes: abide::term::Modes,
    title: String,
}

fn seen(terminal: &Terminal) -> Seen {
    Seen {
        screen: (0..terminal.size().rows).map(|y| terminal.row(y)).collect(),
        history: (0..terminal.history_rows()).map(|back| terminal.history_row(back)).collect(),
        cursor: terminal.cursor(),
        modes: terminal.modes(),
        title: terminal.title().to_owned(),
    }
}

/// Replies and bells of neighbouring feeds, put together as one feed would.
fn merged(events: Vec<TermEvent>) -> Vec<TermEvent> {
    let mut merged: Vec<TermEvent> = Vec::new();
    for event in events {
        match (merged.last_mut(), event) {
            (Some(TermEvent::Reply(bytes)), TermEvent::Reply(more)) => bytes.extend(more),
            (Some(TermEvent::Bell), TermEvent::Bell) => {}
            (_, event) => merged.push(event),
        }
    }
    merged
}

/// Memory that two terminals can look at one after the other, as two servers do.
#[derive(Clone, Default)]
pub(crate) struct Shared(Arc<Mutex<HeapMemory>>);

impl Shared {
    pub(crate) fn copy(&self) -> HeapMemory {
        self.0.lock().expect("one thread").clone()
    }
}

/// A terminal's view of [`Shared`]: what it leaves behind.
pub(crate) struct View(pub(crate) HeapMemory, pub(crate) Shared);

impl Memory for View {
    fn bytes(&self) -> &[u8] {
        self.0.bytes()
    }
    fn bytes_mut(&mut self) -> &mut [u8] {
        self.0.bytes_mut()
    }
    fn grow(&mut self, len: usize) -> Result<(), MemoryFull> {
        self.0.grow(len)
    }
    fn punch(&mut self, range: std::ops::Range<usize>) {
        self.0.punch(range);
    }
    fn word(&self, offset: usize) -> u64 {
        self.0.word(offset)
    }
    fn publish(&mut self, offset: usize, word: u64) {
        self.0.publish(offset, word);
    }
}

/// The server dies; the memory is still there.
impl Drop for View {
    fn drop(&mut self) {
        *self.1.0.lock().expect("one thread") = std::mem::take(&mut self.0);
    }
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: CASES,
        max_shrink_iters: 4000,
        failure_persistence: None,
        ..ProptestConfig::default()
    })]

    #[test]
    fn whole_is_split_at_every_byte(
        bytes in soup::output(24),
        cols in 1_u16..40,
        rows in 1_u16..12,
        chunk in 1_usize..5
    ) {
        let (mut whole, mut split) = (fresh(cols, rows), fresh(cols, rows));
        let (mut events, mut pieces) = (Vec::new(), Vec::new());
        whole.feed(&bytes, &mut events);
        prop_assert_eq!(whole.check(), Ok(()));
        bytes.chunks(chunk).for_each(|piece| split.feed(piece, &mut pieces));
        prop_assert_eq!(seen(&whole), seen(&split));
        prop_assert_eq!(merged(events), merged(pieces));
    }

    #[test]
    fn snapshot_and_rest_are_the_whole(
        bytes in soup::output(24), more in soup::output(16), lost in soup::output(16),
        cols in 1_u16..40, rows in 1_u16..12
    ) {
        let shared = Shared::default();
        let memory = Box::new(View(HeapMemory::default(), shared.clone()));
        let mut first = Terminal::new(Size::new(cols, rows), options(), memory);
        first.feed(&bytes, &mut Vec::new());
        let snapshot = first.snapshot();
        let before = seen(&first);
        // The server goes on, and dies: what it appended since must be forgotten.
        first.feed(&lost, &mut Vec::new());
        // ED 3 and RIS drop scrollback for good.
        let cleared = lost.contains(&b'J') || lost.contains(&b'c');
        drop(first);
        let mut second = Terminal::restore(snapshot, options(), Box::new(shared.copy()))
            .expect("its own snapshot");
        if !cleared {
            prop_assert_eq!(&seen(&second), &before);
        }
        let mut twin = fresh(cols, rows);
        twin.feed(&bytes, &mut Vec::new());
        let (mut ours, mut theirs) = (Vec::new(), Vec::new());
        second.feed(&more, &mut ours);
        twin.feed(&more, &mut theirs);
        if cleared {
            // With the scrollback the start of a line that goes on may be gone: the prompt is at
            // the same place of another line.
            for event in ours.iter_mut().chain(&mut theirs) {
                if let TermEvent::PromptMark(mark) = event {
                    mark.at = None;
                }
            }
        }
        prop_assert_eq!(ours, theirs);
        let (second, twin) = (seen(&second), seen(&twin));
        prop_assert_eq!(second.screen, twin.screen);
        prop_assert_eq!(second.cursor, twin.cursor);
        prop_assert_eq!(second.modes, twin.modes);
        if !cleared {
            prop_assert_eq!(second.history, twin.history);
        }
    }

    #[test]
    fn rows_whose_tick_is_old_are_unchanged(
        pieces in proptest::collection::vec(soup::output(6), 1..8),
        cols in 1_u16..40,
        rows in 1_u16..12
    ) {
        let mut terminal = fresh(cols, rows);
        let mut view: Vec<Row> = (0..rows).map(|y| terminal.row(y)).collect();
        let mut tick = terminal.tick();
        for piece in pieces {
            terminal.feed(&piece, &mut Vec::new());
            for y in 0..rows {
                if terminal.row_tick(y) > tick {
                    view[usize::from(y)] = terminal.row(y);
                }
            }
            tick = terminal.tick();
            prop_assert_eq!(&view, &(0..rows).map(|y| terminal.row(y)).collect::<Vec<_>>());
        }
    }

    #[test]
    fn nothing_panics_and_rows_fit(
        steps in proptest::collection::vec((soup::output(12), 1_u16..60, 1_u16..20), 1..8)
    ) {
        let mut terminal = fresh(20, 5);
        for (bytes, cols, rows) in steps {
            terminal.feed(&bytes, &mut Vec::new());
            terminal.resize(Size::new(cols, rows), &mut Vec::new());
            let width = |row: Row| -> usize {
                row.runs.iter().map(abide::base::row::Run::cols).sum()
            };
            let fits = |row: Row| width(row) <= usize::from(cols);
            for y in 0..rows {
                prop_assert!(fits(terminal.row(y)));
            }
            for back in 0..terminal.history_rows() {
                prop_assert!(cols < 2 || fits(terminal.history_row(back)), "history row {} at {}: \
                    {:?}", back, cols, terminal.history_row(back));
            }
            prop_assert_eq!(terminal.check(), Ok(()));
            let memory = Box::new(HeapMemory::default());
            let again = Terminal::restore(terminal.snapshot(), options(), memory)
                .expect("its own snapshot");
            let drawn = |terminal: &Terminal| -> Vec<Row> {
                (0..rows).map(|y| terminal.row(y)).collect()
            };
            prop_assert_eq!(drawn(&terminal), drawn(&again));
        }
    }

    #[test]
    fn text_survives_a_change_of_width_and_back(
        lines in proptest::collection::vec("([a-z]{1,9}|漢字|👩‍👩‍👧| ){0,12}", 1..12),
        cols in 4_u16..30,
        widths in proptest::collection::vec(2_u16..60, 1..4)
    ) {
        let memory = Box::new(HeapMemory::default());
        let mut terminal = Terminal::new(Size::new(cols, 6), Options::default(), memory);
        terminal.feed(lines.join("\r\n").as_bytes(), &mut Vec::new());
        let whole = |terminal: &Terminal| terminal.text(-10_000..10_000).trim_end().to_owned();
        let (text, history) = (whole(&terminal), terminal.history_lines());
        for width in widths {
            terminal.resize(Size::new(width, 6), &mut Vec::new());
            prop_assert_eq!(whole(&terminal), text.clone(), "at {}", width);
        }
        terminal.resize(Size::new(cols, 6), &mut Vec::new());
        prop_assert_eq!(whole(&terminal), text);
        prop_assert!(terminal.history_lines() <= history + 6);
    }

    #[test]
    fn a_damaged_snapshot_is_refused_or_restored_but_never_a_panic(
        bytes in soup::output(20), more in soup::output(10),
        harm in proptest::collection::vec((any::<u16>(), any::<u64>()), 1..6)
    ) {
        let mut terminal = fresh(20, 5);
        terminal.feed(&bytes, &mut Vec::new());
        let mut snapshot = terminal.snapshot();
        for (at, value) in harm {
            damage(&mut snapshot, at, value);
        }
        let memory = Box::new(HeapMemory::default());
        if let Ok(mut restored) = Terminal::restore(snapshot, options(), memory) {
            restored.feed(&more, &mut Vec::new());
            restored.resize(Size::new(33, 9), &mut Vec::new());
            seen(&restored);
        }
    }

    #[test]
    fn damaged_memory_costs_scrollback_only(
        bytes in soup::output(20),
        harm in proptest::collection::vec((0_usize..8192, any::<u8>()), 1..12)
    ) {
        let shared = Shared::default();
        let memory = Box::new(View(HeapMemory::default(), shared.clone()));
        let mut terminal = Terminal::new(Size::new(20, 2), options(), memory);
        terminal.feed(&bytes, &mut Vec::new());
        terminal.feed(b"a\r\nb\r\nc\r\nd\r\n\x1b[31me\r\nf\r\n", &mut Vec::new());
        let (snapshot, screen) = (terminal.snapshot(), seen(&terminal).screen);
        drop(terminal);
        let mut memory = shared.copy();
        for (at, byte) in harm {
            if let Some(own) = memory.0.get_mut(at) {
                *own = byte;
            }
        }
        let mut restored = Terminal::restore(snapshot, options(), Box::new(memory))
            .expect("its own snapshot");
        prop_assert_eq!(seen(&restored).screen, screen);
        restored.resize(Size::new(7, 9), &mut Vec::new());
        seen(&restored);
    }

    #[test]
    fn replies_follow_the_grammar_and_echo_nothing(bytes in soup::output(40)) {
        let mut terminal = fresh(80, 24);
        let mut events = Vec::new();
        terminal.feed(&bytes, &mut events);
        for event in events {
            if let TermEvent::Reply(reply) = event {
                check_reply(&reply, &bytes);
            }
        }
    }

    #[test]
    fn what_a_screen_shows_can_be_drawn_again(
        bytes in soup::output(24),
        cols in 2_u16..40,
        rows in 1_u16..12
    ) {
        let mut terminal = fresh(cols, rows);
        terminal.feed(&bytes, &mut Vec::new());
        let screen: Vec<Row> = (0..rows).map(|y| terminal.row(y)).collect();
        // A cluster that was put together in another mode, or where it had no room, has not the
        // width it has on its own.
        let is_usual = |run: &Run| match run.kind {
            RunKind::Narrow => run.text.chars().all(|c| char_width(c) == 1),
            RunKind::Wide => run.text.chars().all(|c| char_width(c) == 2),
            RunKind::Cluster(cols) => width(&run.text) == usize::from(cols),
            // No text draws an image.
            RunKind::Under => false,
        };
        prop_assume!(screen.iter().flat_map(|row| &row.runs).all(is_usual));
        let mut again = fresh(cols, rows);
        again.feed(drawn(&terminal, &screen).as_bytes(), &mut Vec::new());
        for (y, row) in (0..rows).zip(&screen) {
            prop_assert_eq!(shown(&again, &again.row(y)), shown(&terminal, row), "row {}", y);
        }
    }
}

/// A row as it looks: styles, addresses of links and texts, cell by cell, without blanks at the
/// end.
fn shown(
    terminal: &Terminal,
    row: &Row,
) -> Vec<(String, abide::base::style::Style, Option<String>)> {
    let mut cells = Vec::new();
    for run in &row.runs {
        let link = terminal.link(run.link).map(str::to_owned);
        match run.kind {
            RunKind::Cluster(_) => cells.push((run.text.clone(), run.style, link)),
            _ => cells.extend(run.text.chars().map(|c| (c.to_string(), run.style, link.clone()))),
        }
    }
    while cells.last().is_some_and(|(text, style, link)| {
        text == " " && *style == abide::base::style::Style::default() && link.is_none()
    }) {
        cells.pop();
    }
    cells
}

/// Bytes that draw rows, one cell at a time so that none joins another.
fn drawn(terminal: &Terminal, rows: &[Row]) -> String {
    let mut out = String::from("\x1b[?7l");
    for (y, row) in rows.iter().enumerate() {
        let mut x = 0;
        for run in &row.runs {
            out.push_str(&sgr(run.style));
            write!(out, "\x1b]8;;{}\x1b\\", terminal.link(run.link).unwrap_or(""))
                .expect("a string takes it");
            let mut put = |text: &str, cols: usize| {
                write!(out, "\x1b[{};{}H{text}", y + 1, x + 1).expect("a string takes it");
                x += cols;
            };
            match run.kind {
                RunKind::Cluster(cols) => put(&run.text, usize::from(cols)),
                RunKind::Narrow | RunKind::Under => {
                    run.text.chars().for_each(|c| put(c.encode_utf8(&mut [0; 4]), 1));
                }
                RunKind::Wide => run.text.chars().for_each(|c| put(c.encode_utf8(&mut [0; 4]), 2)),
            }
        }
    }
    out
}

/// SGR for a style.
fn sgr(style: abide::base::style::Style) -> String {
    use abide::base::style::{Attrs, Colour};
    let mut text = String::from("\x1b[0");
    for (attrs, number) in [
        (Attrs::BOLD, 1),
        (Attrs::DIM, 2),
        (Attrs::ITALIC, 3),
        (Attrs::BLINK, 5),
        (Attrs::INVERSE, 7),
        (Attrs::CONCEAL, 8),
        (Attrs::STRIKE, 9),
        (Attrs::OVERLINE, 53),
    ] {
        if style.attrs.0 & attrs.0 != 0 {
            write!(text, ";{number}").expect("a string takes it");
        }
    }
    write!(text, ";4:{}", style.underline as u8).expect("a string takes it");
    for (colour, target) in [(style.fg, 38), (style.bg, 48), (style.underline_colour, 58)] {
        match colour {
            Colour::Default => {}
            Colour::Indexed(n) => write!(text, ";{target}:5:{n}").expect("a string takes it"),
            Colour::Rgb(r, g, b) => {
                write!(text, ";{target}:2::{r}:{g}:{b}").expect("a string takes it");
            }
        }
    }
    text + "m"
}

#[test]
fn text_marks_colours_and_cursor_come_back_from_another_width() {
    let mut terminal =
        Terminal::new(Size::new(120, 20), Options::default(), Box::new(HeapMemory::default()));
    let mut output = String::new();
    for n in 0..40 {
        write!(
            output,
            "\x1b]133;A\x07\x1b[1;32muser@host\x1b[m:\x1b[34m~/some/where\x1b[m$ \
            \x1b]133;B\x07command {n} with arguments\r\n"
        )
        .expect("a string takes it");
        write!(
            output,
            "\x1b]133;C\x07\x1b[3{}m{}\x1b[m plain 漢字 e\u{301} 👩‍👩‍👧\r\n\x1b]133;D;0\x07",
            n % 8,
            "word ".repeat(n)
        )
        .expect("a string takes it");
    }
    terminal.feed(output.as_bytes(), &mut Vec::new());
    terminal.feed(
        b"\x1b[35mthe cursor is in a line that is longer than the narrow screen\x1b[12D",
        &mut Vec::new(),
    );
    let everything = |terminal: &Terminal| {
        let history: Vec<Row> =
            (0..terminal.history_rows()).map(|back| terminal.history_row(back)).collect();
        let screen: Vec<Row> = (0..20).map(|y| terminal.row(y)).collect();
        let first = -i64::try_from(terminal.history_rows()).expect("few");
        let marks: Vec<_> = (first..20).map(|row| terminal.mark(row)).collect();
        (history, screen, marks, terminal.cursor())
    };
    let before = everything(&terminal);
    for width in [40, 120, 79, 3, 120] {
        terminal.resize(Size::new(width, 20), &mut Vec::new());
        assert_eq!(terminal.check(), Ok(()), "at {width}");
    }
    assert!(everything(&terminal) == before, "{:#?}", everything(&terminal).1);
}

#[test]
fn a_thousand_sizes_under_output_break_nothing() {
    let mut runner = proptest::test_runner::TestRunner::deterministic();
    let mut terminal = fresh(80, 24);
    let strategy = (soup::output(6), 1_u16..140, 1_u16..50);
    for round in 0..1000 {
        let (bytes, cols, rows) = strategy.new_tree(&mut runner).expect("no filters").current();
        terminal.feed(&bytes, &mut Vec::new());
        assert_eq!(
            terminal.check(),
            Ok(()),
            "after output {round}: {:?}",
            String::from_utf8_lossy(&bytes)
        );
        terminal.resize(Size::new(cols, rows), &mut Vec::new());
        assert_eq!(terminal.check(), Ok(()), "after resize {round} to {cols}x{rows}");
    }
}

/// The grammar of replies: ESC or BEL, fixed words, digits and separators; and apart from those
/// words nothing of the input.
fn check_reply(reply: &[u8], input: &[u8]) {
    let text: String = reply.iter().map(|byte| char::from(*byte)).collect();
    // With S8C1T, ESC and a letter are one control.
    let text = text
        .replace('\u{9b}', "\x1b[")
        .replace('\u{9c}', "\x1b\\")
        .replace('\u{9d}', "\x1b]")
        .replace('\u{90}', "\x1bP")
        .replace('\u{9f}', "\x1b_");
    for part in text.split('\x1b').filter(|part| !part.is_empty() && *part != "\\") {
        let words = [
            "[", "]", "P", "\\", "\x07", "_G", "abide", "rgb:", "OK", "EINVAL", "!|", "!~", ">|",
            "$r", "+r", "$y", "$u", "*{", "&w", "#Q", "\"w",
        ];
        let mut rest = part.to_owned();
        for word in words {
            rest = rest.replace(word, "");
        }
        let allowed = |c: char| {
            c.is_ascii_hexdigit()
                || ";:/?>()=,.\" *|$ip@<%&HKLNQRYZ".contains(c)
                || "Rcntmurqsxypm".contains(c)
                || "ghl@S".contains(c)
        };
        assert!(rest.chars().all(allowed), "{part:?} leaves {rest:?}");
        let is_numeral = |byte: &u8| byte.is_ascii_hexdigit() || b";:/".contains(byte);
        for copied in rest.as_bytes().split(is_numeral).flat_map(|piece| piece.windows(4)) {
            assert!(
                !input.windows(4).any(|window| window == copied),
                "{part:?} has {copied:?} of the input"
            );
        }
    }
}

/// Sets something of the snapshot to something else.
fn damage(snapshot: &mut Snapshot, at: u16, value: u64) {
    let small = u16::try_from(value & 0xffff).expect("masked");
    let byte = u8::try_from(value & 0xff).expect("masked");
    let len = snapshot.screen.cells.len().max(1);
    match at % 20 {
        0..=3 => {
            if let Some(cell) = snapshot.screen.cells.get_mut(usize::from(at) % len) {
                *cell = value;
            }
        }
        4 => snapshot.cursor.at = (small, byte.into()),
        5 => snapshot.stops.0 = [small, byte.into(), byte.into(), small],
        6 => snapshot.modes = [value, !value, value],
        7 => snapshot.stops.1.truncate(usize::from(byte)),
        8 => snapshot.styles.truncate(1),
        9 => snapshot.clusters.clear(),
        10 => snapshot.history.offset = u32::from(small),
        11 => snapshot.history.segment = value & 3,
        12 => snapshot.history.open_segment = value & 3,
        13 => snapshot.history.open_cells = u32::from(small),
        14 => snapshot.parser.state = byte,
        15 => snapshot.parser.utf8 = value.to_le_bytes()[..usize::from(byte & 7)].to_vec(),
        16 => snapshot.parser.values = vec![small; usize::from(byte)],
        17 => snapshot.saved[0].cursor.at = (small, small),
        18 => snapshot.size.cols ^= small & 1,
        _ => snapshot.screen.lines.iter_mut().for_each(|line| *line = (byte, byte, small)),
    }
}
