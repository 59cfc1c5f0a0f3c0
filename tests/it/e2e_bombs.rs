//! Output that is made to hurt, in four panes of a very large client, while clients come and go:
//! the server goes on, its memory stays bounded, and the terminal is one afterwards.

use std::fmt::Write as _;
use std::sync::Arc;

use crate::e2e_survive::wait_until;
use crate::harness::{Abide, World, status_field};

/// Larger than any real terminal.
const SIZE: (u16, u16) = (640, 180);
/// Bytes of one kind of output.
const BOMB_LEN: usize = 40 << 10;
/// The most memory the server may have had at once, in KiB: four screens of this size with
/// everything a cell can carry, their scrollback, and frames on their way.
const PEAK_KIB_MAX: u64 = 700 << 10;

/// A piece of output for each number, to be repeated.
type Piece = fn(usize) -> String;

/// Kinds of output: each is another thing that a terminal has to bound.
const PIECES: [Piece; 30] = [
    |n| format!("\x1b]8;;http://{}{n}/\x1b\\{n}\x1b]8;;\x1b\\", "long".repeat(200)),
    |n| format!("e{}", ['\u{301}', '\u{308}', '\u{20dd}'][n % 3].to_string().repeat(40)),
    |n| format!("\x1b[{};{}H\x1b[38;2;{};{};{}m█", n % 200, n % 700, n % 256, n % 77, n % 13),
    |n| format!("\x1b[{}b", 1_000_000 + n),
    |n| format!("\x1b[{}L\x1b[{}M\x1b[{}@\x1b[{}P", n, n * 7, n * 99, n * 3),
    |_| "\x1b#8\x1bM\x1bD\x1bE".to_owned(),
    |n| format!("\x1b[?1049{}", ['h', 'l'][n % 2]),
    |n| format!("\x1b]2;{}{n}\x07", "title ".repeat(300)),
    |n| format!("\x1b]52;c;{}\x07", "QUJD".repeat(n % 400)),
    |n| format!("\x1b]9;notice {n}\x07\x07\x1b]777;notify;a;b{n}\x07"),
    |n| format!("\x1bP{}q#{};2;1;2;3{}\x1b\\", n % 9, n % 300, "~".repeat(900)),
    |n| format!("\x1b_Ga=T,f=24,s=8,v=8,i={n};{}\x1b\\", "AAAA".repeat(64)),
    |n| format!("\x1b[{}m", (0..60).map(|k| (k * n % 110).to_string() + ";").collect::<String>()),
    |n| format!("👨‍👩‍👧‍👦{}字{}", "🏽".repeat(n % 5), "\u{200d}".repeat(n % 30)),
    |n| format!("\x1b[{};{}r\x1b[{}S\x1b[{}T", n % 180, n % 90, n % 300, n % 300),
    |n| format!("\x1b[?69h\x1b[{};{}s\r\n{}", n % 100, n % 640, "x".repeat(700)),
    |n| format!("\x1b[{}I\x1bH\x1b[{}Z\x1b[3g", n * 31, n),
    |n| format!("\x1b[>{}u\x1b[<{}u\x1b[={n}u", n % 32, n % 300),
    |n| format!("\x1b]4;{};rgb:{:02x}/00/ff\x07\x1b]104\x07", n % 400, n % 256),
    |n| format!("\x1b]133;A\x07$ \x1b]133;B\x07c{n}\x1b]133;C\x07out\x1b]133;D;{n}\x07\r\n"),
    |n| format!("\x1b[{}t\x1b[8;{};{}t", 11 + n % 12, n * 5, n * 9),
    |_| "\x1b[c\x1b[>c\x1b[5n\x1b[6n\x1b[?2026$p\x1bP+q544e\x1b\\".to_owned(),
    |n| format!("\x1b[?2026h{}\x1b[?2026l", "flicker".repeat(n % 50)),
    |n| format!("\x1b7\x1b[{n}A\x1b8\x1b[s\x1b[{n}B\x1b[u"),
    |n| format!("\x1b[2J\x1b[3J\x1b[{}J\x1b[{}K", n % 4, n % 3),
    |n| format!("\x1b]1337;File=inline=1;size={n}:{}\x07", "iVBO".repeat(100)),
    |n| format!("\x1b(0{}\x1b(B\x0e\x0f", "lqqk".repeat(n % 99)),
    |n| format!("{}\x1b[", "\x1b]8;id=a;x:\x1b\\".repeat(n % 40)),
    |n| format!("\u{202e}{n}\u{2066}\u{feff}\u{ad}\u{1160}\u{e0041}\r"),
    |n| format!("{}\r\n", "wide 宽 ".repeat(n % 200)),
];

/// A kind of output as a stream; every second one is cut at places that suit nobody.
fn bomb(number: usize) -> Vec<u8> {
    let piece = PIECES[number % PIECES.len()];
    let mut text = String::with_capacity(BOMB_LEN + 4096);
    for n in 0.. {
        if BOMB_LEN <= text.len() {
            break;
        }
        write!(text, "{}", piece(n + number)).expect("text takes text");
    }
    let mut bytes = text.into_bytes();
    if PIECES.len() <= number {
        let mut at = 0;
        bytes.retain(|_| {
            at += 1;
            at % 211 != 0
        });
    }
    bytes
}

#[test]
fn sixty_kinds_of_output_in_four_panes_end_no_server_while_clients_come_and_go() {
    let world = Arc::new(World::new());
    for number in 0..2 * PIECES.len() {
        world.write(&format!("home/bombs/{number:02}"), bomb(number));
    }
    let script = "for f in bombs/*; do cat $f; done; printf '\\033c'; \
                  echo over > over-$ABIDE_PANE; exec cat";
    world.cli(&["new", "-d", "work", "--", "sh", "-c", script]).ok();
    for _ in 1..4 {
        world.cli(&["pane", "split", "-t", "work", "--", "sh", "-c", script]).ok();
    }
    let server = world.server_pid();
    let is_over = || {
        let names = std::fs::read_dir(world.home()).expect("it is there");
        let over = names.filter_map(|entry| entry.ok()?.file_name().into_string().ok());
        over.filter(|name| name.starts_with("over-")).count() == 4
    };
    wait_until("all is printed", || {
        let client = Abide::start_in(&world, &["attach", "work"], SIZE);
        client.expect("work");
        client.press("C-b d");
        assert_eq!(client.expect_exit(), 0);
        is_over()
    });
    assert_eq!(world.server_pid(), server, "the server is the same\n{}", world.logs());
    let peak = status_field(server, "VmHWM").expect("it runs");
    let peak: u64 = peak.trim_end_matches(" kB").trim().parse().expect("a number");
    assert!(peak < PEAK_KIB_MAX, "{peak} KiB at the most");
    let client = Abide::start_in(&world, &["attach", "work"], SIZE);
    client.type_line("still here");
    client.expect("still here");
}
