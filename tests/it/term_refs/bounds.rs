//! Everything a program can make large is bounded: time for each byte, memory, replies, strings.

use abide::base::geom::Size;
use abide::base::memory::HeapMemory;
use abide::base::style::Style;
use abide::term::{Options, TermEvent, Terminal};

fn terminal(cols: u16, rows: u16) -> Terminal {
    let options =
        Options { scrollback_lines_max: 1000, scrollback_bytes_max: 1 << 20, ..Options::default() };
    Terminal::new(Size::new(cols, rows), options, Box::new(HeapMemory::default()))
}

/// Feeds `start` and then `pattern` again and again, and gives the memory it made the terminal take
/// beyond a fresh one's and its scrollback's.
fn grown(start: &str, pattern: &str, bytes: usize) -> usize {
    let mut terminal = terminal(80, 24);
    let before = terminal.memory_used();
    let bytes = pattern.as_bytes().repeat(bytes / pattern.len() + 1);
    let mut events = Vec::new();
    terminal.feed(start.as_bytes(), &mut events);
    for chunk in bytes.chunks(64 << 10) {
        terminal.feed(chunk, &mut events);
        let replies: usize = events
            .iter()
            .map(|event| if let TermEvent::Reply(bytes) = event { bytes.len() } else { 0 })
            .sum();
        assert!(replies <= 64 << 10, "{pattern:?} causes {replies} bytes of replies");
        events.clear();
    }
    terminal.clear_history();
    terminal.memory_used().saturating_sub(before)
}

#[test]
fn no_output_makes_memory_grow() {
    let bombs = [
        "x",
        "漢",
        "\r\n",
        "\0",
        "\u{9b}",
        "\x1b",
        "\x1b[",
        "\x1b[1;",
        "\x1b]0;a\x07",
        "\x1b[22t",
        "\x1b[>1u",
        "\x1b7",
        "e\u{301}\u{302}",
        "\u{301}",
        "\x1b[c",
        "\x1bH\t",
        "\x1b[?1049h\x1b[?1049l",
        "\x07",
        "\x1b]133;A\x07",
        "\x1b]4;1;rgb:1/2/3\x07",
        "\x1b[65535b",
        "a\x1b[65535b",
        "\x1b[65535L",
        "\x1b[65535S",
        "\x1b[65535@",
    ];
    for bomb in bombs {
        let grown = grown("", bomb, 100 << 10);
        assert!(grown < 1 << 20, "{bomb:?} makes it grow by {grown}");
    }
    for (start, bomb) in [
        ("\x1b]0;", "x"),
        ("\x1bPq", "~"),
        ("\x1b_G", "A"),
        ("\x1b[", "1;"),
        ("\x1b", " "),
        ("\x1b^", "x"),
    ] {
        let grown = grown(start, bomb, 3 << 20);
        assert!(grown < 3 << 20, "{start:?} and endless {bomb:?} make it grow by {grown}");
    }
}

#[test]
fn links_styles_and_clusters_are_given_back() {
    let mut terminal = terminal(80, 24);
    let mut events = Vec::new();
    for n in 0..60_000_u32 {
        let (r, g, b) = (n & 255, n >> 8 & 255, n >> 4 & 255);
        let mark = char::from_u32(0x300 + n % 100).expect("a combining mark");
        let text =
            format!("\x1b[38;2;{r};{g};{b}m\x1b]8;;http://example.org/{n}\x1b\\a{mark}\u{20d0}");
        terminal.feed(text.as_bytes(), &mut events);
        events.clear();
    }
    terminal.clear_history();
    assert!(terminal.memory_used() < 8 << 20, "{}", terminal.memory_used());
    // Text on the screen still has its own link and colour.
    let row = terminal.row(0);
    let run = row.runs.first().expect("text");
    assert_ne!(run.style, Style::default());
    let link = terminal.link(run.link).expect("a link");
    assert!(link.starts_with("http://example.org/"), "{link}");
}

#[test]
fn work_for_each_byte_is_bounded() {
    const CELLS: u64 = 200 * 100;
    for pattern in [
        "\x1b[2J",
        "a\x1b[65535b",
        "\x1b[65535L",
        "\x1b[65535M",
        "\x1b[65535S",
        "\x1b[65535T",
        "\x1b[65535@",
        "\x1b[65535P",
        "\x1b[65535X",
        "\x1b[65535I",
        "\x1b[65535Z",
        "\x1b[65535'}",
        "\x1b[65535'~",
        "\x1b[65535 @",
        "\x1b[?45h\x1b[65535D",
        "\x1b#8",
        "\x1b[88;1;1;65535;65535$x",
        "\x1b[1;1;65535;65535;1;1;1;1$v",
        "\x1b[1;1;65535;65535;7$t",
        "\x1b[?1049h\x1b[?1049l",
        "\x1bc",
    ] {
        let mut terminal = terminal(200, 100);
        let rounds = 50;
        terminal.feed(&pattern.as_bytes().repeat(rounds), &mut Vec::new());
        let work = terminal.work() / rounds as u64;
        assert!(work <= 3 * CELLS, "{pattern:?} clears and moves {work} cells of {CELLS}");
    }
}

#[test]
fn a_line_without_end_stays_within_its_budget() {
    let mut terminal = terminal(120, 40);
    let block = vec![b'x'; 1 << 20];
    for _ in 0..20 {
        terminal.feed(&block, &mut Vec::new());
    }
    assert!(terminal.memory_used() < 3 << 20, "{}", terminal.memory_used());
    assert!(terminal.history_rows() > 1000);
    assert_eq!(terminal.history_row(5).text(), "x".repeat(120));
    terminal.resize(Size::new(77, 40), &mut Vec::new());
    assert_eq!(terminal.history_row(500).text(), "x".repeat(77));
}

#[test]
fn scrollback_keeps_to_its_lines() {
    for lines_max in [0, 1, 10, 1000] {
        let options = Options { scrollback_lines_max: lines_max, ..Options::default() };
        let mut terminal =
            Terminal::new(Size::new(10, 2), options, Box::new(HeapMemory::default()));
        for n in 0..5000 {
            terminal.feed(format!("{n}\r\n").as_bytes(), &mut Vec::new());
        }
        assert_eq!(terminal.history_lines(), lines_max);
        assert_eq!(terminal.history_rows(), lines_max);
        if lines_max > 0 {
            assert_eq!(terminal.history_row(0).text(), "4998");
            assert_eq!(terminal.history_row(lines_max - 1).text(), (4999 - lines_max).to_string());
            assert_eq!(terminal.history_row(lines_max).text(), "");
        }
    }
}

#[test]
fn a_prompt_drawn_again_leaves_no_ghost() {
    // zsh at a change of size goes up by the rows of its prompt, clear, draw again.
    let prompt = "\x1b]133;A\x07long prompt of one row $ \x1b]133;B\x07";
    let mut terminal = terminal(30, 6);
    terminal.feed(format!("output\r\n{prompt}").as_bytes(), &mut Vec::new());
    for cols in [12, 30, 50] {
        terminal.resize(Size::new(cols, 6), &mut Vec::new());
        terminal.feed(
            format!("\r\x1b[J{}", "\x1b]133;A\x07$ \x1b]133;B\x07").as_bytes(),
            &mut Vec::new(),
        );
        let rows: Vec<String> = (0..6).map(|y| terminal.row(y).text()).collect();
        assert_eq!(rows, ["output", "$", "", "", "", ""], "at {cols}");
    }
}

#[test]
fn prompt_marks_stay_on_their_lines() {
    let mut terminal = terminal(20, 4);
    for n in 0..10 {
        terminal.feed(
            format!(
                "\x1b]133;A\x07$ command number {n}\r\n\x1b]133;C\x07some output that is \
                longer than the row {n}\r\n"
            )
            .as_bytes(),
            &mut Vec::new(),
        );
    }
    for cols in [20, 9, 33] {
        terminal.resize(Size::new(cols, 4), &mut Vec::new());
        let rows = i64::try_from(terminal.history_rows()).expect("small");
        let marked: Vec<String> = (-rows..4)
            .filter(|row| terminal.mark(*row).is_some())
            .map(|row| terminal.text(row..row + 1))
            .collect();
        assert_eq!(marked.len(), 20, "at {cols}");
        assert!(marked.iter().step_by(2).all(|text| text.starts_with("$ ")), "{marked:?}");
        assert!(
            marked.iter().skip(1).step_by(2).all(|text| text.starts_with("some")),
            "{marked:?}"
        );
    }
}
