//! Input without an end: the memory that the engine reports stays within a fixed
//! bound, and so does what it tells. Four times the bound of a string, twice that of images; the
//! fuzz targets and the benchmark feed more.

use std::fmt::Write as _;

use abide::base::geom::Size;
use abide::base::memory::HeapMemory;
use abide::term::{Options, TermEvent, Terminal};

/// Bytes fed of each kind, of its relatives, and of images, which may take 64 MiB.
const BYTES: usize = 8 << 20;
const FEWER_BYTES: usize = 4 << 20;
const IMAGE_BYTES: usize = 66 << 20;
const CHUNK: usize = 1 << 20;
/// A string is dropped beyond 1 MiB, and its buffer grows by doubling.
const STRING_MAX: usize = 2 << 20;
/// 4 MiB of links, and what each takes besides.
const LINKS_KEPT: usize = 5 << 20;
/// Tables of looks and clusters.
const TABLES_MAX: usize = 4 << 20;

fn terminal() -> Terminal {
    let options =
        Options { scrollback_lines_max: 1000, scrollback_bytes_max: 1 << 20, ..Options::default() };
    Terminal::new(Size::new(80, 24), options, Box::new(HeapMemory::default()))
}

/// Feeds `start`, then what `next` gives again and again, `bytes` in all; the most memory the
/// terminal held beyond that of a fresh one.
fn peak(start: &str, bytes: usize, mut next: impl FnMut(&mut Vec<u8>)) -> usize {
    let mut terminal = terminal();
    let fresh = terminal.memory_used();
    let (mut fed, mut peak) = (0, 0);
    let mut chunk = start.as_bytes().to_vec();
    let mut events = Vec::new();
    while fed < bytes {
        while chunk.len() < CHUNK {
            next(&mut chunk);
        }
        terminal.feed(&chunk, &mut events);
        peak = peak.max(terminal.memory_used());
        let told: usize = events.iter().map(size_of_event).sum();
        assert!(
            told <= 2 * chunk.len(),
            "{start:?}: {told} bytes of events after {} bytes",
            chunk.len()
        );
        fed += chunk.len();
        chunk.clear();
        events.clear();
    }
    // The engine still understands the text after it.
    terminal.feed(b"\x1b\\\x1bc\x1b[31mok\x1b[m", &mut events);
    assert_eq!(terminal.row(0).text(), "ok", "after {start:?}");
    peak.saturating_sub(fresh)
}

fn size_of_event(event: &TermEvent) -> usize {
    match event {
        TermEvent::Reply(bytes) => bytes.len(),
        TermEvent::Title(text) | TermEvent::Cwd(text) | TermEvent::Clipboard { text, .. } => {
            text.len()
        }
        _ => 1,
    }
}

#[test]
fn a_string_without_an_end_is_held_up_to_its_bound() {
    let cases = [
        ("\x1b]0;", "x", BYTES),
        ("\x1bPq", "#1!200~-", BYTES),
        ("\x1b_Ga=T;", "A", BYTES),
        ("\x1b]52;c;", "QUJD", FEWER_BYTES),
        ("\x1bP$q", "m", FEWER_BYTES),
        ("\x1b^", "x", FEWER_BYTES),
        ("\x1bX", "x", FEWER_BYTES),
    ];
    for (start, pattern, bytes) in cases {
        let block = pattern.repeat(CHUNK / pattern.len());
        let peak = peak(start, bytes, |chunk| chunk.extend_from_slice(block.as_bytes()));
        assert!(peak <= STRING_MAX, "{start:?} and endless {pattern:?}: {peak} bytes");
    }
}

#[test]
fn numbers_without_an_end_are_held_in_their_places() {
    let few = FEWER_BYTES;
    for (start, pattern, bytes) in [
        ("\x1b[", "1;", BYTES),
        ("\x1b[", "9", few),
        ("\x1b[?", "4:", few),
        ("\x1bP", "7;", few),
        ("\x1b[", "! ", few),
        ("\x1b(", "%", few),
    ] {
        let block = pattern.repeat(CHUNK / pattern.len());
        let peak = peak(start, bytes, |chunk| chunk.extend_from_slice(block.as_bytes()));
        assert!(peak <= 4096, "{start:?} and endless {pattern:?}: {peak} bytes");
    }
}

#[test]
fn marks_without_an_end_are_held_on_one_cell_up_to_its_bound() {
    let mut marks =
        (0x300_u32..0x36f).cycle().map(|code| char::from_u32(code).expect("a combining mark"));
    let peak = peak("e", BYTES, |chunk| {
        for mark in marks.by_ref().take(4096) {
            chunk.extend_from_slice(mark.encode_utf8(&mut [0; 4]).as_bytes());
        }
    });
    assert!(peak <= TABLES_MAX, "{peak} bytes");
}

#[test]
fn links_looks_and_clusters_without_an_end_are_given_back() {
    let mut count = 0_u32;
    // Twice what is kept, in links of a kilobyte; and ten thousand and more short ones in the test
    // beside the code.
    let links = peak("", BYTES, |chunk| {
        count += 1;
        let mut text = String::new();
        write!(text, "\x1b]8;;https://example.org/{count}/{}\x1b\\a", "x".repeat(1000))
            .expect("a string takes all");
        chunk.extend_from_slice(text.as_bytes());
    });
    assert!(links <= LINKS_KEPT, "links: {links} bytes");
    let looks = peak("", FEWER_BYTES, |chunk| {
        count += 1;
        let (r, g, b) = (count & 255, count >> 8 & 255, count >> 16 & 255);
        let mark = char::from_u32(0x300 + count % 100).expect("a combining mark");
        chunk.extend_from_slice(
            format!("\x1b[38;2;{r};{g};{b};48;2;{b};{r};{g}ma{mark}\u{20d0}").as_bytes(),
        );
    });
    assert!(looks <= 2 * TABLES_MAX, "looks and clusters: {looks} bytes");
}

#[test]
fn titles_modes_and_saved_cursors_without_an_end_are_bounded() {
    let pushed = format!("\x1b]2;{}\x07\x1b[22;0t", "t".repeat(900));
    for (pattern, bytes) in [
        (pushed.as_str(), BYTES),
        ("\x1b[>1u", FEWER_BYTES),
        ("\x1b7", FEWER_BYTES),
        ("\x1b[s\x1b[?2026h", FEWER_BYTES),
    ] {
        let block = pattern.repeat(CHUNK / pattern.len());
        let peak = peak("", bytes, |chunk| chunk.extend_from_slice(block.as_bytes()));
        assert!(peak <= 256 << 10, "{pattern:.20?}: {peak} bytes");
    }
}

#[test]
fn images_without_an_end_keep_to_their_budget() {
    let payload = "A".repeat(4000);
    let kinds = [
        (format!("\x1bP0;1q#1!200~-{}\x1b\\", "~".repeat(4000)), IMAGE_BYTES),
        (format!("\x1b_Ga=T,f=100,i=7,q=2;{payload}\x1b\\"), FEWER_BYTES),
        (format!("\x1b_Ga=t,f=100,m=1,q=2;{payload}\x1b\\"), FEWER_BYTES),
        (format!("\x1b]1337;File=inline=1:{payload}\x07"), FEWER_BYTES),
    ];
    for (pattern, bytes) in kinds {
        let block = pattern.repeat(CHUNK / pattern.len());
        let peak = peak("", bytes, |chunk| chunk.extend_from_slice(block.as_bytes()));
        assert!(peak <= 65 << 20, "endless {pattern:.30?}: {peak} bytes");
    }
}
