//! The bodies of the fuzz targets: each takes any bytes and must neither panic nor break its
//! property. Also run on the seeds by `cargo test`.

use abide::base::geom::Size;
use abide::base::memory::HeapMemory;
use abide::base::row::{Row, Run};
use abide::term::{Options, TermEvent, Terminal};

fn terminal(size: Size) -> Terminal {
    let options =
        Options { scrollback_lines_max: 200, scrollback_bytes_max: 1 << 18, ..Options::default() };
    Terminal::new(size, options, Box::new(HeapMemory::default()))
}

fn rows(terminal: &Terminal) -> Vec<Row> {
    (0..terminal.size().rows).map(|y| terminal.row(y)).collect()
}

/// A size from two bytes: small ones are the interesting ones.
fn size(a: u8, b: u8) -> Size {
    Size::new(u16::from(a % 90) + 1, u16::from(b % 30) + 1)
}

/// A stream with resizes, splits and snapshots in between: 0xff and three bytes say what happens.
pub(crate) fn vt_stream(data: &[u8]) {
    let mut terminal = terminal(Size::new(20, 6));
    let mut events = Vec::new();
    let mut parts = data.split(|byte| *byte == 0xff);
    terminal.feed(parts.next().unwrap_or(&[]), &mut events);
    for part in parts {
        let [what, a, b, rest @ ..] = part else { continue };
        match what % 4 {
            0 => terminal.resize(size(*a, *b), &mut events),
            1 => {
                let before = rows(&terminal);
                terminal = Terminal::restore(
                    terminal.snapshot(),
                    Options::default(),
                    Box::new(HeapMemory::default()),
                )
                .expect("its own snapshot");
                assert_eq!(rows(&terminal), before);
            }
            2 => terminal.clear_history(),
            _ => {}
        }
        rest.chunks(usize::from(*a) + 1).for_each(|chunk| terminal.feed(chunk, &mut events));
        events.clear();
        for row in rows(&terminal) {
            assert!(
                row.runs.iter().map(Run::cols).sum::<usize>() <= usize::from(terminal.size().cols)
            );
            assert!(
                row.runs
                    .iter()
                    .all(|run| !run.text.is_empty() && !run.text.contains(char::is_control))
            );
        }
        assert!(
            terminal.cursor().x < terminal.size().cols
                && terminal.cursor().y < terminal.size().rows
        );
    }
    // A row of a long line is found by reading the line: all rows of one would take the square of
    // its length.
    (0..terminal.history_rows().min(300)).for_each(|back| drop(terminal.history_row(back)));
}

/// Whole = split, and replies hold nothing but what the grammar has.
pub(crate) fn vt_reply(data: &[u8]) {
    let (mut whole, mut split) = (terminal(Size::new(40, 10)), terminal(Size::new(40, 10)));
    let (mut events, mut pieces) = (Vec::new(), Vec::new());
    whole.feed(data, &mut events);
    data.chunks(1).for_each(|byte| split.feed(byte, &mut pieces));
    assert_eq!(rows(&whole), rows(&split));
    for event in events {
        if let TermEvent::Reply(bytes) = event {
            assert!(bytes.len() <= 64 << 10);
            // Above ASCII are the C1 controls that S8C1T and DECSCL ask for.
            assert!(
                bytes.iter().all(|byte| matches!(byte, 0x1b | 0x07 | 0x20..=0x7e | 0x80..=0x9f))
            );
        }
    }
}

/// Text survives changes of width: the first byte counts the widths that follow, the rest is the
/// text.
pub(crate) fn reflow(data: &[u8]) {
    let [count, rest @ ..] = data else { return };
    let (widths, text) = rest.split_at(usize::from(count % 8).min(rest.len()));
    let text: String = String::from_utf8_lossy(text)
        .chars()
        .filter(|c| !c.is_control() || *c == '\n')
        .take(2000)
        .collect();
    let mut terminal =
        Terminal::new(Size::new(30, 8), Options::default(), Box::new(HeapMemory::default()));
    terminal.feed(text.replace('\n', "\r\n").as_bytes(), &mut Vec::new());
    let whole = |terminal: &Terminal| terminal.text(-100_000..100).trim_end().to_owned();
    let before = whole(&terminal);
    for width in widths {
        terminal.resize(Size::new(u16::from(*width).max(2), 8), &mut Vec::new());
        assert_eq!(whole(&terminal), before);
    }
}

/// An operating system command, or an image by one of the three protocols.
pub(crate) fn osc_dispatch(data: &[u8]) {
    for (start, end) in [
        ("\x1b]", "\x07"),
        ("\x1bPq", "\x1b\\"),
        ("\x1b_G", "\x1b\\"),
        ("\x1b]1337;File=inline=1:", "\x07"),
    ] {
        let mut terminal = terminal(Size::new(40, 10));
        let mut events = Vec::new();
        for part in [start.as_bytes(), data, end.as_bytes()] {
            terminal.feed(part, &mut events);
        }
        assert!(terminal.title().len() <= 1024 && !terminal.title().contains(char::is_control));
        assert!(
            terminal
                .images()
                .iter()
                .all(|image| image.cells.0 <= 4096 && image.cells.1 <= 4096 && image.col < 40)
        );
    }
}

/// Images by all three protocols, between text, scrolling and changes of size: each part after 0xff
/// starts with a byte that says what it is.
pub(crate) fn image(data: &[u8]) {
    let (mut whole, mut split) = (terminal(Size::new(40, 10)), terminal(Size::new(40, 10)));
    let mut events = Vec::new();
    for part in data.split(|byte| *byte == 0xff) {
        let [what, rest @ ..] = part else { continue };
        let (start, end): (&[u8], &[u8]) = match what % 6 {
            0 => (b"\x1b_G", b"\x1b\\"),
            1 => (b"\x1bP", b"\x1b\\"),
            2 => (b"\x1b]1337;File=inline=1;", b"\x07"),
            3 => {
                let size =
                    size(rest.first().copied().unwrap_or(40), rest.get(1).copied().unwrap_or(10));
                whole.resize(size, &mut events);
                split.resize(size, &mut events);
                continue;
            }
            _ => (b"", b""),
        };
        let bytes = [start, rest, end].concat();
        whole.feed(&bytes, &mut events);
        bytes.chunks(1).for_each(|byte| split.feed(byte, &mut events));
        events.clear();
        assert_eq!(whole.images(), split.images());
        let (size, mut total) = (whole.size(), 0);
        for image in whole.images() {
            total += image.picture.data.len();
            assert!(image.cells.0 >= 1 && image.cells.1 >= 1, "{:?}", image.cells);
            assert!(
                image.row < i64::from(size.rows) && image.col < size.cols,
                "{} {} on {size}",
                image.row,
                image.col
            );
        }
        assert!(total <= 64 << 20 && whole.images().len() <= 2048);
    }
}
