//! The engine against a parser that does nothing (vte), `vt100` and `alacritty_terminal`, on the
//! same bytes in the same run, scrollback on.
//!
//! `cargo bench --bench term` prints a table of ratios first: medians of interleaved rounds, so
//! that a noisy machine does not decide.

#![expect(clippy::print_stdout, reason = "the table is what a benchmark is for")]

use std::fmt::Write as _;
use std::hint::black_box;
use std::num::NonZero;
use std::time::{Duration, Instant};

use abide::base::geom::Size;
use abide::base::memory::HeapMemory;
use abide::term::{Case, Direction, Options, Pattern, Syntax, Terminal};
use criterion::{Criterion, Throughput};

const SIZE: Size = Size { cols: 120, rows: 50 };
const CHUNK: usize = 64 << 10;
const HISTORY_LINES: usize = 10_000;

/// Numbers that look random and are the same every time.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: u64) -> u64 {
        self.0 =
            self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % sides
    }
}

fn plain(bytes: usize) -> Vec<u8> {
    let (mut out, mut dice) = (String::new(), Dice(1));
    while out.len() < bytes {
        for _ in 0..60 + dice.roll(60) {
            out.push(char::from(b'!' + u8::try_from(dice.roll(94)).expect("small")));
        }
        out.push_str("\r\n");
    }
    out.into_bytes()
}

fn coloured(bytes: usize) -> Vec<u8> {
    let (mut out, mut dice) = (String::new(), Dice(2));
    while out.len() < bytes {
        for _ in 0..5 {
            write!(out, "\x1b[{};3{}m", dice.roll(2), dice.roll(8)).expect("a string");
            for _ in 0..4 + dice.roll(12) {
                out.push(char::from(b'a' + u8::try_from(dice.roll(26)).expect("small")));
            }
            out.push_str("\x1b[0m  ");
        }
        out.push_str("\r\n");
    }
    out.into_bytes()
}

fn redraw(bytes: usize) -> Vec<u8> {
    let (mut out, mut dice) = (String::from("\x1b[?1049h"), Dice(3));
    while out.len() < bytes {
        for row in 1..=SIZE.rows {
            write!(out, "\x1b[{row};1H\x1b[48;5;{}m\x1b[38;5;{}m", dice.roll(256), dice.roll(256))
                .expect("a string");
            for _ in 0..3 {
                for _ in 0..5 + dice.roll(20) {
                    out.push(char::from(b'a' + u8::try_from(dice.roll(26)).expect("small")));
                }
                write!(out, "\x1b[{}m", 1 + dice.roll(7)).expect("a string");
            }
            out.push_str("\x1b[m\x1b[K");
        }
    }
    out.into_bytes()
}

fn unicode(bytes: usize) -> Vec<u8> {
    const WORDS: [&str; 12] = [
        "漢字かな",
        "Привет",
        "κόσμε",
        "plain",
        "e\u{301}té",
        "👩‍👩‍👧",
        "한국어",
        "🇩🇪",
        "❤\u{fe0f}",
        "naïve",
        "──┼──",
        "hello world",
    ];
    let (mut out, mut dice) = (String::new(), Dice(4));
    while out.len() < bytes {
        for _ in 0..10 {
            out.push_str(WORDS[usize::try_from(dice.roll(12)).expect("small")]);
            out.push(' ');
        }
        out.push_str("\r\n");
    }
    out.into_bytes()
}

fn true_colour(bytes: usize) -> Vec<u8> {
    let (mut out, mut dice) = (String::new(), Dice(5));
    while out.len() < bytes {
        for _ in 0..80 {
            let (r, g, b) = (dice.roll(256), dice.roll(256), dice.roll(256));
            write!(out, "\x1b[38;2;{r};{g};{b}m\x1b[48;2;{b};{r};{g}mx").expect("a string");
        }
        out.push_str("\x1b[m\r\n");
    }
    out.into_bytes()
}

struct Nothing;
impl vte::Perform for Nothing {}

fn run_vte(bytes: &[u8]) {
    let mut parser = vte::Parser::new();
    bytes.chunks(CHUNK).for_each(|chunk| parser.advance(&mut Nothing, chunk));
}

fn run_abide(bytes: &[u8]) {
    let options = Options { scrollback_lines_max: HISTORY_LINES, ..Options::default() };
    let mut terminal = Terminal::new(SIZE, options, Box::new(HeapMemory::default()));
    let mut events = Vec::new();
    for chunk in bytes.chunks(CHUNK) {
        terminal.feed(chunk, &mut events);
        events.clear();
    }
    black_box(terminal.tick());
}

fn run_vt100(bytes: &[u8]) {
    let side = |n| NonZero::new(n).expect("a size is never 0");
    let mut parser = vt100::Parser::new(side(SIZE.rows), side(SIZE.cols), HISTORY_LINES);
    bytes.chunks(CHUNK).for_each(|chunk| parser.process(chunk));
    black_box(parser.screen().cursor_position());
}

struct Dimensions;
impl alacritty_terminal::grid::Dimensions for Dimensions {
    fn total_lines(&self) -> usize {
        usize::from(SIZE.rows)
    }
    fn screen_lines(&self) -> usize {
        usize::from(SIZE.rows)
    }
    fn columns(&self) -> usize {
        usize::from(SIZE.cols)
    }
}

fn run_alacritty(bytes: &[u8]) {
    let config =
        alacritty_terminal::term::Config { scrolling_history: HISTORY_LINES, ..Default::default() };
    let mut term =
        alacritty_terminal::Term::new(config, &Dimensions, alacritty_terminal::event::VoidListener);
    let mut parser: alacritty_terminal::vte::ansi::Processor =
        alacritty_terminal::vte::ansi::Processor::new();
    bytes.chunks(CHUNK).for_each(|chunk| parser.advance(&mut term, chunk));
    black_box(term.grid().cursor.point);
}

type Run = fn(&[u8]);
const ENGINES: [(&str, Run); 4] =
    [("vte", run_vte), ("abide", run_abide), ("vt100", run_vt100), ("alacritty", run_alacritty)];

fn workloads(bytes: usize) -> [(&'static str, Vec<u8>); 5] {
    [
        ("plain", plain(bytes)),
        ("sgr", coloured(bytes)),
        ("redraw", redraw(bytes)),
        ("unicode", unicode(bytes)),
        ("rgb", true_colour(bytes)),
    ]
}

/// Time this thread was on a processor, where Linux tells; others share the machine. Elsewhere,
/// time.
fn busy() -> Duration {
    static START: std::sync::OnceLock<Instant> = std::sync::OnceLock::new();
    let stat = std::fs::read_to_string("/proc/thread-self/schedstat").ok();
    let nanos = stat.and_then(|stat| stat.split(' ').next()?.parse().ok());
    nanos.map_or_else(|| START.get_or_init(Instant::now).elapsed(), Duration::from_nanos)
}

fn median(mut times: Vec<Duration>) -> Duration {
    times.sort_unstable();
    times[times.len() / 2]
}

/// MB/s of every engine, and the ratios that are promised.
fn table() {
    println!(
        "{:10} {:>8} {:>8} {:>8} {:>9}   of vte   x vt100  x alacritty",
        "MB/s", "vte", "abide", "vt100", "alacritty"
    );
    for (name, bytes) in workloads(8 << 20) {
        let mut times = vec![Vec::new(); ENGINES.len()];
        for _round in 0..5 {
            for (times, (_, run)) in times.iter_mut().zip(ENGINES) {
                let start = busy();
                run(&bytes);
                times.push(busy().saturating_sub(start));
            }
        }
        #[expect(clippy::cast_precision_loss, reason = "a display of megabytes")]
        let rates: Vec<f64> = times
            .into_iter()
            .map(|times| bytes.len() as f64 / 1e6 / median(times).as_secs_f64())
            .collect();
        println!(
            "{name:10} {:8.0} {:8.0} {:8.0} {:9.0}   {:6.2}   {:7.1}  {:11.1}",
            rates[0],
            rates[1],
            rates[2],
            rates[3],
            rates[1] / rates[0],
            rates[1] / rates[2],
            rates[1] / rates[3]
        );
    }
}

fn filled(lines: usize) -> Terminal {
    let mut terminal = Terminal::new(SIZE, Options::default(), Box::new(HeapMemory::default()));
    let line = [vec![b'x'; 119], b"\r\n".to_vec()].concat();
    let mut events = Vec::new();
    (0..lines).for_each(|_| terminal.feed(&line, &mut events));
    terminal
}

fn history() {
    let mut terminal = filled(100_000);
    let bytes_per_line = terminal.memory_used() / terminal.history_lines();
    let mut times = Vec::new();
    for round in 0..20 {
        let start = Instant::now();
        terminal.resize(Size::new(if round % 2 == 0 { 100 } else { 120 }, 50), &mut Vec::new());
        times.push(start.elapsed());
    }
    println!(
        "history: {bytes_per_line} bytes a line of 119 columns; width change with 100 000 lines: \
         {:?}",
        median(times)
    );
    let start = Instant::now();
    (0..50).for_each(|back| drop(black_box(terminal.history_row(50_000 + back))));
    println!("history: a page of 50 rows from the middle: {:?}", start.elapsed());
}

/// Full lines as programs print them: times, words, numbers; what is looked for stands in one line
/// in ten thousand.
fn logged(lines: usize) -> Terminal {
    let options = Options {
        scrollback_lines_max: lines,
        scrollback_bytes_max: 1 << 30,
        ..Options::default()
    };
    let mut terminal = Terminal::new(SIZE, options, Box::new(HeapMemory::default()));
    let (mut text, mut events, mut dice) = (String::new(), Vec::new(), Dice(6));
    for n in 0..lines {
        text.clear();
        let word = if n % 10_000 == 5_000 { "failure" } else { "request" };
        write!(
            text,
            "2026-11-21 10:{:02}:{:02} INFO worker-{} {word} id={:016x} took {} ms ",
            n / 60 % 60,
            n % 60,
            n % 8,
            dice.roll(1 << 30),
            n % 997
        )
        .expect("a string");
        while text.len() < 120 {
            text.push(char::from(b'a' + u8::try_from(dice.roll(26)).expect("small")));
        }
        text.truncate(120);
        text.push_str("\r\n");
        terminal.feed(text.as_bytes(), &mut events);
        events.clear();
    }
    terminal
}

/// Searches all of a terminal; gives how much was found, and the time until the first hit.
fn search(terminal: &Terminal, pattern: &str) -> (usize, Duration) {
    let pattern = Pattern::new(pattern, Syntax::Regex, Case::Smart).expect("a pattern");
    let (mut from, mut hits, start, mut first) = (None, 0, busy(), None);
    loop {
        let found = terminal.search(&pattern, from, Direction::Older, 1000);
        hits += found.hits.len();
        if 0 < hits && first.is_none() {
            first = Some(busy().saturating_sub(start));
        }
        from = found.next;
        if from.is_none() {
            return (hits, first.unwrap_or_default());
        }
    }
}

fn searches() {
    const PATTERNS: [&str; 5] = [
        "failure id=[0-9a-f]+",
        "error|failure",
        "took 99[0-9] ms",
        "[a-z]+-9 ",
        r"\bid=0+1\w{5} ",
    ];
    for lines in [100_000, 1_000_000] {
        let terminal = logged(lines);
        for pattern in PATTERNS {
            let mut times = Vec::new();
            let mut hits = 0;
            for _round in 0..5 {
                let start = busy();
                hits = search(&terminal, pattern).0;
                times.push(busy().saturating_sub(start));
            }
            println!(
                "search: {pattern:24} over {lines} full lines: {:?}, {hits} hits",
                median(times)
            );
        }
    }
}

fn main() {
    let is_test = std::env::args().any(|arg| arg == "--test");
    if !is_test && !std::env::args().any(|arg| arg == "--profile-time") {
        if !std::env::args().any(|arg| arg == "search") {
            table();
            history();
        }
        searches();
    }
    let mut criterion = Criterion::default()
        .sample_size(10)
        .measurement_time(Duration::from_secs(2))
        .configure_from_args();
    for (name, bytes) in workloads(if is_test { 4096 } else { 4 << 20 }) {
        let mut group = criterion.benchmark_group(name);
        group.throughput(Throughput::Bytes(bytes.len() as u64));
        for (engine, run) in ENGINES {
            group.bench_function(engine, |bencher| bencher.iter(|| run(black_box(&bytes))));
        }
        group.finish();
    }
    let mut terminal = filled(if is_test { 100 } else { 100_000 });
    let logged = logged(if is_test { 100 } else { 100_000 });
    criterion.bench_function("search", |bencher| {
        bencher.iter(|| search(black_box(&logged), "failure id=[0-9a-f]+"));
    });
    let mut cols = 120;
    criterion.bench_function("width change", |bencher| {
        bencher.iter(|| {
            cols = 220 - cols;
            terminal.resize(Size::new(cols, 50), &mut Vec::new());
        });
    });
    criterion.bench_function("snapshot", |bencher| bencher.iter(|| black_box(terminal.snapshot())));
    criterion.final_summary();
}
