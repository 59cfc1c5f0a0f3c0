//! The real vttest program drives the engine: at each of its stops the screen is what a person who
//! knows a VT would want to see.
//!
//! The screens in `tests/refs/vttest` were looked at one by one, and compared with what xterm
//! prints of the same bytes (see the README there).

use std::fmt::Write as _;
use std::io::{Read as _, Write as _};
use std::path::Path;
use std::sync::mpsc::{Receiver, sync_channel};
use std::thread;

use abide::base::geom::Size;
use abide::base::key::{Key, KeyCode};
use abide::base::memory::HeapMemory;
use abide::term::{Options, TermEvent, Terminal};
use portable_pty::{CommandBuilder, PtySize, native_pty_system};

use crate::harness::{PATIENCE, World, missing_tool};
use crate::screen_text::{compare, describe};

/// The input that vttest waits for.
#[derive(Debug, PartialEq, Eq)]
enum Stop {
    /// RETURN.
    Push,
    /// A number and RETURN.
    Menu,
    /// Nothing: it has ended.
    End,
}

/// vttest in a terminal that is our engine.
struct Vttest {
    terminal: Terminal,
    /// The output in pieces; an empty one is the end.
    output: Receiver<Vec<u8>>,
    writer: Box<dyn std::io::Write + Send>,
    /// The last bytes it wrote.
    tail: Vec<u8>,
    /// All it wrote since the last screen.
    part: Vec<u8>,
    child: Box<dyn portable_pty::Child + Send + Sync>,
}

impl Vttest {
    fn start(world: &World) -> Self {
        let size = PtySize { rows: 24, cols: 80, pixel_width: 0, pixel_height: 0 };
        let pair = native_pty_system().openpty(size).expect("the kernel has a terminal left");
        let mut command = CommandBuilder::new("/usr/bin/vttest");
        command.arg("24x80.132");
        command.env_clear();
        command.env("TERM", "xterm-256color");
        command.cwd(world.home());
        let child = pair.slave.spawn_command(command).expect("vttest is installed");
        drop(pair.slave);
        let mut reader = pair.master.try_clone_reader().expect("a descriptor is left");
        let writer = pair.master.take_writer().expect("it was not taken before");
        let (sender, output) = sync_channel(64);
        thread::spawn(move || {
            let mut buffer = vec![0; 64 << 10];
            loop {
                let count = reader.read(&mut buffer).unwrap_or(0);
                if sender.send(buffer[..count].to_vec()).is_err() || count == 0 {
                    return;
                }
            }
        });
        let terminal =
            Terminal::new(Size::new(80, 24), Options::default(), Box::new(HeapMemory::default()));
        Self { terminal, output, writer, tail: Vec::new(), part: Vec::new(), child }
    }

    /// Lets it run until it waits for somebody. What it writes last before it waits is its
    /// question.
    fn run(&mut self) -> Stop {
        loop {
            if let Some(stop) = self.asked() {
                self.tail.clear();
                return stop;
            }
            let piece = self.output.recv_timeout(PATIENCE);
            let Ok(piece) = piece else {
                let tail = String::from_utf8_lossy(&self.tail).into_owned();
                unreachable!(
                    "vttest neither asks nor goes on after {tail:?}; it shows\n{}",
                    describe(&self.terminal)
                )
            };
            if piece.is_empty() {
                return Stop::End;
            }
            self.take(&piece);
        }
    }

    fn take(&mut self, piece: &[u8]) {
        self.part.extend_from_slice(piece);
        self.tail.extend_from_slice(piece);
        self.tail.drain(..self.tail.len().saturating_sub(64));
        // Byte by byte: a new size holds for what comes right after it.
        for byte in piece {
            let mut events = Vec::new();
            self.terminal.feed(&[*byte], &mut events);
            for event in events {
                self.obey(event);
            }
        }
    }

    fn obey(&mut self, event: TermEvent) {
        match event {
            TermEvent::Reply(bytes) => self.send(&bytes),
            // A window of its own follows DECCOLM.
            TermEvent::SizeWanted { cols, rows } => {
                let size = self.terminal.size();
                let or = |wanted: u16, own: u16| if wanted == 0 { own } else { wanted };
                self.terminal
                    .resize(Size::new(or(cols, size.cols), or(rows, size.rows)), &mut Vec::new());
            }
            _ => {}
        }
    }

    /// The question at the end of what was written.
    fn asked(&self) -> Option<Stop> {
        let text = String::from_utf8_lossy(&self.tail);
        // The last two are of 6.1, which asks for the answerback message last, and of 6.2.
        if ["Push <RETURN>", "\x05", "Push the RETURN key: "].iter().any(|end| text.ends_with(end))
        {
            return Some(Stop::Push);
        }
        let (_, menu) = text.rsplit_once("Enter choice number (")?;
        menu.ends_with("): ").then_some(Stop::Menu)
    }

    /// Presses RETURN, as the modes want it.
    fn enter(&mut self) {
        let mut bytes = Vec::new();
        self.terminal.input().encode_key(&Key::plain(KeyCode::Enter).into(), &mut bytes);
        self.send(&bytes);
    }

    fn send(&mut self, bytes: &[u8]) {
        let sent = self.writer.write_all(bytes).and_then(|()| self.writer.flush());
        assert!(sent.is_ok(), "vttest takes no input: {sent:?}");
    }
}

impl Drop for Vttest {
    fn drop(&mut self) {
        let ended = self.child.kill().and_then(|()| self.child.wait());
        assert!(ended.is_ok() || thread::panicking(), "vttest cannot be ended: {ended:?}");
    }
}

/// Goes down the menus by `path`, numbers with dots between, and gives the screen at each stop
/// until a menu comes back.
fn screens(path: &str) -> String {
    let world = World::new();
    let mut vttest = Vttest::start(&world);
    let mut text = String::new();
    let mut choices = path.split('.');
    let mut count = 0;
    loop {
        match vttest.run() {
            Stop::Menu => {
                let Some(choice) = choices.next() else { return text };
                vttest.send(choice.as_bytes());
                vttest.enter();
            }
            Stop::Push => {
                count += 1;
                writeln!(text, "── {path} screen {count}").expect("a string takes all");
                text.push_str(&describe(&vttest.terminal));
                // To be shown to another terminal.
                if let Some(folder) = std::env::var_os("ABIDE_VTTEST_BYTES") {
                    let name = format!("{path}-{count:03}");
                    std::fs::write(Path::new(&folder).join(name), &vttest.part)
                        .expect("the folder can be written");
                }
                vttest.part.clear();
                vttest.enter();
            }
            Stop::End => return text,
        }
    }
}

/// The screens of each path are those of the file; gives them, or nothing without vttest.
fn check(name: &str, paths: &[&str]) -> String {
    if missing_tool("vttest") {
        return String::new();
    }
    let text: String = paths.iter().map(|path| screens(path)).collect();
    let path =
        Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/refs/vttest").join(format!("{name}.txt"));
    let difference = compare(&path, &text).err();
    assert!(difference.is_none(), "{}", difference.unwrap_or_default());
    text
}

#[test]
fn menu_1_cursor_movements() {
    check("menu-1", &["1"]);
}

#[test]
fn menu_2_screen_features() {
    check("menu-2", &["2"]);
}

/// 10 is left out: it writes 8-bit characters after it has left UTF-8, which we never do.
#[test]
fn menu_3_character_sets() {
    check("menu-3", &["3.8", "3.9", "3.11"]);
}

#[test]
fn menu_6_reports() {
    let text = check("menu-6", &["6.1", "6.2", "6.3", "6.4", "6.5", "6.6", "6.7"]);
    assert!(
        !text.contains("Not expected") && !text.contains("Unknown"),
        "vttest is not content with an answer:\n{text}"
    );
}

#[test]
fn menu_8_vt102_features() {
    check("menu-8", &["8"]);
}

#[test]
fn menu_11_vt220_features() {
    check("menu-11-1", &["11.1.1.1", "11.1.2.2", "11.1.2.3", "11.1.2.4", "11.1.6"]);
}

/// Panning, and the reports of VT320 and VT420.
#[test]
fn menu_11_vt320_features() {
    check("menu-11-2", &["11.2.2.1", "11.2.2.2"]);
}

/// Movement, without and with origin mode (2) and left and right margins (3), with margins that
/// stay (4, 5).
#[test]
fn menu_11_vt420_cursor_movement() {
    let plain = ["11.3.2.7", "11.3.2.8", "11.3.2.9", "11.3.2.10"];
    let margins = ["11.3.2.3.4.5.9", "11.3.2.3.4.5.10", "11.3.2.2.3.4.5.9", "11.3.2.2.3.4.5.10"];
    check("menu-11-3-2", &[plain, margins].concat());
}

/// Insert and delete column, line and character, scrolling and formatting, with the same margins.
#[test]
fn menu_11_vt420_editing() {
    let plain = ["11.3.3.9", "11.3.3.10", "11.3.3.11", "11.3.3.12", "11.3.3.13"];
    let margins = [
        "11.3.3.2.3.4.9",
        "11.3.3.2.3.4.10",
        "11.3.3.2.3.4.11",
        "11.3.3.2.3.4.12",
        "11.3.3.2.3.4.13",
    ];
    check("menu-11-3-3", &[plain, margins].concat());
}

/// Copy, erase, fill and selective erase; DECCARA and DECRARA are not supported.
#[test]
fn menu_11_vt420_rectangles() {
    check(
        "menu-11-3-6",
        &["11.3.6.8", "11.3.6.9", "11.3.6.10", "11.3.6.12", "11.3.6.2.3.8", "11.3.6.2.3.9"],
    );
}

#[test]
fn menu_11_vt520_features() {
    let movement = (7..=14).map(|item| format!("11.4.2.2.3.{item}"));
    let paths: Vec<String> = movement.chain(["11.4.6.2".to_owned()]).collect();
    check("menu-11-4", &paths.iter().map(String::as_str).collect::<Vec<_>>());
}

#[test]
fn menu_11_iso_6429_cursor_movement() {
    let paths: Vec<String> = (1..=9).map(|item| format!("11.5.{item}")).collect();
    check("menu-11-5", &paths.iter().map(String::as_str).collect::<Vec<_>>());
}

#[test]
fn menu_11_iso_6429_colours() {
    let paths: Vec<String> = (2..=9).map(|item| format!("11.6.{item}")).collect();
    check("menu-11-6", &paths.iter().map(String::as_str).collect::<Vec<_>>());
}

/// 1, protected areas by SPA, is not supported; DECSCA is (11.1.2.4).
#[test]
fn menu_11_other_features_of_iso_6429() {
    check("menu-11-7", &["11.7.2", "11.7.3", "11.7.4", "11.7.5", "11.7.6"]);
}

#[test]
fn menu_11_xterm_alternate_screens() {
    check("menu-11-8", &["11.8.7.3", "11.8.7.4", "11.8.7.5"]);
}
