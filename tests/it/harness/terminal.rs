//! A terminal with a program in it: what it shows is kept by the vt100 crate, what is typed goes to
//! the program.

use std::io::{Read as _, Write as _};
use std::num::NonZeroU16;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use portable_pty::{CommandBuilder, MasterPty, PtySize, native_pty_system};
use rustix::process::Signal;

use super::world::World;
use super::{PATIENCE, keys, procs};

/// What the terminal shows.
pub(crate) struct Screen(pub(crate) vt100::Screen);

impl Screen {
    /// Its rows without trailing blanks.
    pub(crate) fn rows(&self) -> Vec<String> {
        let (_, cols) = self.0.size();
        self.0.rows(0, cols.get()).map(|row| row.trim_end().to_owned()).collect()
    }

    /// Its text.
    pub(crate) fn text(&self) -> String {
        self.rows().join("\n")
    }

    /// Whether `text` stands in one row.
    pub(crate) fn shows(&self, text: &str) -> bool {
        self.position(text).is_some()
    }

    /// Column and row where `text` first stands.
    pub(crate) fn position(&self, text: &str) -> Option<(u16, u16)> {
        for (y, row) in (0_u16..).zip(self.rows()) {
            if let Some(at) = row.find(text) {
                let wanted = row[..at].chars().count();
                return self.column(y, wanted).map(|x| (x, y));
            }
        }
        None
    }

    /// The column of the `wanted`th character of a row: wide characters take two.
    fn column(&self, y: u16, wanted: usize) -> Option<u16> {
        let (_, cols) = self.0.size();
        let mut seen = 0;
        for x in 0..cols.get() {
            let cell = self.0.cell(y, x)?;
            if cell.is_wide_continuation() {
                continue;
            }
            if seen >= wanted {
                return Some(x);
            }
            seen += cell.contents().chars().count().max(1);
        }
        None
    }

    /// The cell in which `text` starts.
    #[track_caller]
    pub(crate) fn cell_of(&self, text: &str) -> &vt100::Cell {
        let (x, y) =
            self.position(text).unwrap_or_else(|| unreachable!("no {text:?} on\n{}", self.text()));
        self.0.cell(y, x).expect("it is on the screen")
    }
}

/// How much of what a program wrote is kept as it came, for what the screen does not show.
const RAW_BYTES_MAX: usize = 1 << 20;

/// What the reader and the tests share.
struct Seen {
    parser: vt100::Parser<Outer>,
    /// The latest bytes that were read, at most [`RAW_BYTES_MAX`].
    raw: Vec<u8>,
    /// Grows with each read.
    reads: u64,
    /// The end of the program: its exit code, and the name of the signal if one ended it.
    ended: Option<(u32, Option<String>)>,
    /// Whether the other side has closed the terminal.
    closed: bool,
}

/// What the terminal itself answers, as any terminal does.
#[derive(Default)]
struct Outer {
    replies: Vec<u8>,
}

impl vt100::Callbacks for Outer {
    fn unhandled_csi(
        &mut self,
        screen: &mut vt100::Screen,
        i1: Option<u8>,
        _: Option<u8>,
        params: &[&[u16]],
        c: char,
    ) {
        let first = params.first().and_then(|param| param.first()).copied().unwrap_or(0);
        match (i1, c, first) {
            (None, 'c', 0) => self.replies.extend(b"\x1b[?62;22c"),
            (None, 'n', 5) => self.replies.extend(b"\x1b[0n"),
            (None, 'n', 6) => {
                let (row, col) = screen.cursor_position();
                self.replies.extend(format!("\x1b[{};{}R", row + 1, col + 1).bytes());
            }
            _ => {}
        }
    }
}

type Writer = Arc<Mutex<Box<dyn std::io::Write + Send>>>;

/// A program in a terminal; `abide` unless said otherwise.
pub(crate) struct Abide {
    world: Arc<World>,
    seen: Arc<(Mutex<Seen>, Condvar)>,
    master: Box<dyn MasterPty + Send>,
    writer: Writer,
    pid: i32,
    what: String,
}

impl Abide {
    /// Starts `abide ARGS…` in a fresh environment, in a terminal of `size` (columns, rows).
    #[track_caller]
    pub(crate) fn start(args: &[&str], size: (u16, u16)) -> Self {
        Self::start_in(&Arc::new(World::new()), args, size)
    }

    /// Starts `abide ARGS…` in a terminal, in an environment that others share.
    #[track_caller]
    pub(crate) fn start_in(world: &Arc<World>, args: &[&str], size: (u16, u16)) -> Self {
        Self::spawn(world, env!("CARGO_BIN_EXE_abide"), args, size)
    }

    /// Starts another client in a terminal of its own, in the same environment.
    #[track_caller]
    pub(crate) fn another(&self, args: &[&str], size: (u16, u16)) -> Self {
        Self::start_in(&self.world, args, size)
    }

    /// Starts any program in a terminal.
    #[track_caller]
    pub(crate) fn spawn(
        world: &Arc<World>,
        program: &str,
        args: &[&str],
        size: (u16, u16),
    ) -> Self {
        let pair =
            native_pty_system().openpty(pty_size(size)).expect("the kernel has a terminal left");
        let words = world.command_line(program, args);
        let mut command = CommandBuilder::new(&words[0]);
        command.args(&words[1..]);
        command.env_clear();
        for (name, value) in world.variables() {
            command.env(name, value);
        }
        command.cwd(world.home());
        let child = pair
            .slave
            .spawn_command(command)
            .unwrap_or_else(|fault| unreachable!("{program} cannot be started: {fault}"));
        drop(pair.slave);
        let pid = child.process_id().and_then(|pid| i32::try_from(pid).ok()).expect("it has a pid");
        let writer: Writer =
            Arc::new(Mutex::new(pair.master.take_writer().expect("it was not taken before")));
        let reader = pair.master.try_clone_reader().expect("a descriptor is left");
        let parser =
            vt100::Parser::new_with_callbacks(cells(size.1), cells(size.0), 0, Outer::default());
        let seen = Arc::new((
            Mutex::new(Seen { parser, raw: Vec::new(), reads: 0, ended: None, closed: false }),
            Condvar::new(),
        ));
        watch_output(reader, Arc::clone(&seen), Arc::clone(&writer));
        watch_end(child, Arc::clone(&seen));
        Self {
            world: Arc::clone(world),
            seen,
            master: pair.master,
            writer,
            pid,
            what: format!("{program} {}", args.join(" ")),
        }
    }

    /// The environment it runs in.
    pub(crate) fn world(&self) -> &Arc<World> {
        &self.world
    }

    /// Runs `abide ARGS…` in the same environment, without a terminal.
    #[track_caller]
    pub(crate) fn cli(&self, args: &[&str]) -> super::Output {
        self.world.cli(args)
    }

    /// The pid of the program in the terminal.
    pub(crate) fn pid(&self) -> i32 {
        self.pid
    }

    /// Presses keys: `C-b d Enter M-x Up`, separated by blanks.
    #[track_caller]
    pub(crate) fn press(&self, keys: &str) {
        self.send(&keys::encode(keys));
    }

    /// Types text as it is.
    #[track_caller]
    pub(crate) fn type_text(&self, text: &str) {
        self.send(text.as_bytes());
    }

    /// Types a line and Enter.
    #[track_caller]
    pub(crate) fn type_line(&self, line: &str) {
        self.send(format!("{line}\r").as_bytes());
    }

    /// Pastes text as a terminal does: bracketed where the program asked for it.
    #[track_caller]
    pub(crate) fn paste(&self, text: &str) {
        let bracketed = self.lock().parser.screen().bracketed_paste();
        self.send(
            if bracketed { format!("\x1b[200~{text}\x1b[201~") } else { text.to_owned() }
                .as_bytes(),
        );
    }

    /// Clicks with the left button on a cell (0-based column and row).
    #[track_caller]
    pub(crate) fn click(&self, (x, y): (u16, u16)) {
        self.mouse(0, (x, y), 'M');
        self.mouse(0, (x, y), 'm');
    }

    /// Sends one mouse report in the encoding that was asked for: the button, the 0-based cell, `M`
    /// for pressed or `m` for released.
    #[track_caller]
    pub(crate) fn mouse(&self, button: u8, (x, y): (u16, u16), kind: char) {
        let encoding = self.lock().parser.screen().mouse_protocol_encoding();
        if encoding == vt100::MouseProtocolEncoding::Sgr {
            return self.send(format!("\x1b[<{button};{};{}{kind}", x + 1, y + 1).as_bytes());
        }
        let button = if kind == 'm' { 3 } else { button };
        let place =
            |cell: u16| u8::try_from(cell + 33).expect("the old encoding reaches column 222");
        self.send(&[0x1b, b'[', b'M', button + 32, place(x), place(y)]);
    }

    /// Sends bytes as if the terminal had.
    #[track_caller]
    pub(crate) fn send(&self, bytes: &[u8]) {
        let mut writer = self.writer.lock().unwrap_or_else(PoisonError::into_inner);
        let sent = writer.write_all(bytes).and_then(|()| writer.flush());
        assert!(sent.is_ok(), "`{}` takes no input: {sent:?}", self.what);
    }

    /// Gives the terminal another size (columns, rows).
    #[track_caller]
    pub(crate) fn resize(&self, size: (u16, u16)) {
        self.lock().parser.set_size(cells(size.1), cells(size.0));
        self.master.resize(pty_size(size)).expect("the terminal can be resized");
    }

    /// Types `text` again and again until the screen is as `predicate` says: for keys that a
    /// program drops while it learns of a new size.
    #[track_caller]
    pub(crate) fn insist(&self, text: &str, what: &str, predicate: impl Fn(&Screen) -> bool) {
        for _ in 0..10 {
            self.type_text(text);
            let seen =
                self.wait(PATIENCE / 10, |seen| predicate(&Screen(seen.parser.screen().clone())));
            if predicate(&Screen(seen.parser.screen().clone())) {
                return;
            }
        }
        self.expect_screen(what, predicate);
    }

    /// Clicks on `text` until the program ends of it, and gives its exit status: one that counts
    /// clicks by time may take a slow one for two halves, and one that draws in pieces shows the
    /// text only now and then.
    #[track_caller]
    pub(crate) fn expect_exit_by_click(&self, text: &str) -> u32 {
        for _ in 0..10 {
            let shows = |seen: &Seen| Screen(seen.parser.screen().clone()).position(text);
            let place = shows(
                &self.wait(PATIENCE / 10, |seen| shows(seen).is_some() || seen.ended.is_some()),
            );
            let Some(place) = place else { break };
            self.click(place);
            if self.wait(PATIENCE / 10, |seen| seen.ended.is_some()).ended.is_some() {
                break;
            }
        }
        self.expect_exit()
    }

    /// What it shows now.
    pub(crate) fn screen(&self) -> Screen {
        Screen(self.lock().parser.screen().clone())
    }

    /// Waits until `text` stands on the screen.
    #[track_caller]
    pub(crate) fn expect(&self, text: &str) -> Screen {
        self.expect_screen(&format!("{text:?} on the screen"), |screen| screen.shows(text))
    }

    /// Waits until the program has written `bytes`: for what reaches a terminal and is not shown.
    #[track_caller]
    pub(crate) fn expect_bytes(&self, bytes: &str) {
        let holds = |seen: &Seen| String::from_utf8_lossy(&seen.raw).contains(bytes);
        let seen = self.wait(PATIENCE, |seen| seen.closed || holds(seen));
        let (held, raw) = (holds(&seen), String::from_utf8_lossy(&seen.raw).into_owned());
        drop(seen);
        assert!(
            held,
            "`{}` has not written {bytes:?} but {raw:?}\n{}",
            self.what,
            self.world.logs()
        );
    }

    /// Waits until `text` no longer stands on the screen.
    #[track_caller]
    pub(crate) fn expect_without(&self, text: &str) -> Screen {
        self.expect_screen(&format!("no {text:?} on the screen"), |screen| !screen.shows(text))
    }

    /// Waits until the screen is as `predicate` says; `what` names that in the failure.
    #[track_caller]
    pub(crate) fn expect_screen(&self, what: &str, predicate: impl Fn(&Screen) -> bool) -> Screen {
        self.expect_within(PATIENCE, what, predicate)
    }

    /// The same with a deadline of its own.
    #[track_caller]
    pub(crate) fn expect_within(
        &self,
        patience: Duration,
        what: &str,
        predicate: impl Fn(&Screen) -> bool,
    ) -> Screen {
        let seen = self
            .wait(patience, |seen| seen.closed || predicate(&Screen(seen.parser.screen().clone())));
        let screen = Screen(seen.parser.screen().clone());
        let ended = seen.ended.clone();
        drop(seen);
        assert!(
            predicate(&screen),
            "expected {what} within {patience:?}\n`{}` (end: {ended:?}) shows:\n{}\n{}",
            self.what,
            framed(&screen),
            self.world.logs()
        );
        screen
    }

    /// Waits until the program in the terminal has ended; its exit code, or 128 and the signal.
    #[track_caller]
    pub(crate) fn expect_exit(&self) -> u32 {
        drop(self.wait(PATIENCE, |seen| seen.ended.is_some()));
        // The last it wrote may still be on its way, and somebody else may hold the terminal open.
        let seen = self.wait(Duration::from_secs(1), |seen| seen.closed);
        let ended = seen.ended.clone();
        let screen = Screen(seen.parser.screen().clone());
        drop(seen);
        let Some((code, signal)) = ended else {
            unreachable!(
                "`{}` did not end; it shows:\n{}\n{}",
                self.what,
                framed(&screen),
                self.world.logs()
            )
        };
        assert!(signal.is_none() || code != 0, "a signal is no success");
        code
    }

    /// Gives the program the next `span` to write; whether it did.
    pub(crate) fn writes_within(&self, span: Duration) -> bool {
        let before = self.lock().reads;
        self.wait(span, |seen| seen.reads != before).reads != before
    }

    /// Kills the client with SIGKILL.
    #[track_caller]
    pub(crate) fn kill_client(&self) {
        procs::signal(self.pid, Signal::KILL);
        self.expect_exit();
    }

    /// Sends SIGHUP, as the kernel does when the window is closed.
    #[track_caller]
    pub(crate) fn hang_up(&self) {
        procs::signal(self.pid, Signal::HUP);
        self.expect_exit();
    }

    /// Stops the client with SIGSTOP: it reads nothing and writes nothing until [`Self::resume`].
    #[track_caller]
    pub(crate) fn stall(&self) {
        procs::signal(self.pid, Signal::STOP);
    }

    /// Lets a stalled client go on.
    #[track_caller]
    pub(crate) fn resume(&self) {
        procs::signal(self.pid, Signal::CONT);
    }

    fn lock(&self) -> MutexGuard<'_, Seen> {
        self.seen.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits on the reader until `done` or the deadline.
    fn wait(&self, patience: Duration, done: impl Fn(&Seen) -> bool) -> MutexGuard<'_, Seen> {
        let end = Instant::now() + patience;
        let mut seen = self.lock();
        while !done(&seen) {
            let Some(left) =
                end.checked_duration_since(Instant::now()).filter(|left| !left.is_zero())
            else {
                break;
            };
            seen = self.seen.1.wait_timeout(seen, left).unwrap_or_else(PoisonError::into_inner).0;
        }
        seen
    }
}

impl Drop for Abide {
    fn drop(&mut self) {
        procs::signal(self.pid, Signal::KILL);
        drop(self.wait(Duration::from_secs(5), |seen| seen.ended.is_some()));
    }
}

/// Reads what the program writes until it closes the terminal.
fn watch_output(
    mut reader: Box<dyn std::io::Read + Send>,
    seen: Arc<(Mutex<Seen>, Condvar)>,
    writer: Writer,
) {
    thread::spawn(move || {
        let mut buffer = vec![0; 64 * 1024];
        loop {
            let count = reader.read(&mut buffer).unwrap_or(0);
            let mut state = seen.0.lock().unwrap_or_else(PoisonError::into_inner);
            state.parser.process(&buffer[..count]);
            state.raw.extend(&buffer[..count]);
            let excess = state.raw.len().saturating_sub(RAW_BYTES_MAX);
            state.raw.drain(..excess);
            state.reads += 1;
            state.closed = count == 0;
            let replies = std::mem::take(&mut state.parser.callbacks_mut().replies);
            drop(state);
            seen.1.notify_all();
            if count == 0 {
                return;
            }
            if !replies.is_empty() {
                drop(writer.lock().unwrap_or_else(PoisonError::into_inner).write_all(&replies));
            }
        }
    });
}

/// Reaps the program and tells how it ended.
fn watch_end(
    mut child: Box<dyn portable_pty::Child + Send + Sync>,
    seen: Arc<(Mutex<Seen>, Condvar)>,
) {
    thread::spawn(move || {
        let status =
            child.wait().map(|status| (status.exit_code(), status.signal().map(str::to_owned)));
        seen.0.lock().unwrap_or_else(PoisonError::into_inner).ended =
            Some(status.unwrap_or((u32::MAX, None)));
        seen.1.notify_all();
    });
}

fn pty_size((cols, rows): (u16, u16)) -> PtySize {
    PtySize { rows, cols, pixel_width: 0, pixel_height: 0 }
}

fn cells(count: u16) -> NonZeroU16 {
    NonZeroU16::new(count).expect("a terminal has at least one cell")
}

/// A screen with a frame, for a failure.
fn framed(screen: &Screen) -> String {
    let (_, cols) = screen.0.size();
    let line = "─".repeat(cols.get().into());
    format!(
        "┌{line}\n{}\n└{line}",
        screen.rows().iter().map(|row| format!("│{row}")).collect::<Vec<_>>().join("\n")
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::harness::World;

    fn shell() -> (Arc<World>, Abide) {
        let world = Arc::new(World::new());
        let shell = Abide::spawn(&world, "/bin/bash", &[], (60, 10));
        shell.expect("ready$");
        (world, shell)
    }

    #[test]
    fn the_harness_types_sees_resizes_and_waits_for_the_end() {
        let (_world, shell) = shell();
        shell.type_line("printf '\\e[31mr%s\\e[m 語%s\\n' ed x; echo $HOME");
        let screen = shell.expect("red 語x");
        assert_eq!(screen.cell_of("red").fgcolor(), vt100::Color::Idx(1));
        assert_eq!(screen.position("語x").map(|(x, _)| x), Some(4));
        assert_eq!(
            screen.cell_of("x").contents(),
            "x",
            "what follows a wide character is found behind both its cells"
        );
        shell.expect("/home");
        shell.resize((90, 20));
        shell.type_line("stty size");
        shell.expect("20 90");
        shell.expect_screen("the next prompt", |screen| {
            screen.rows().iter().any(|row| row.trim_end() == "ready$")
        });
        shell.type_line("echo on-$((1)); cat");
        shell.expect("on-1");
        shell.type_line("heard");
        shell.expect_screen("it echoed and written", |screen| {
            screen.rows().iter().filter(|row| row.trim_end() == "heard").count() == 2
        });
        shell.press("C-c");
        shell.expect_screen("the prompt after that", |screen| {
            let rows = screen.rows();
            let rest = rows.iter().skip_while(|row| !row.contains("^C"));
            rest.skip(1).any(|row| row.trim_end() == "ready$")
        });
        shell.type_line("exit 7");
        assert_eq!(shell.expect_exit(), 7);
    }

    #[test]
    fn the_harness_sees_who_is_left_and_signals() {
        let (world, shell) = shell();
        shell.type_line("echo on-$((1)); cat");
        shell.expect("on-1");
        assert!(world.processes().contains(&shell.pid()));
        shell.press("C-d");
        shell.hang_up();
        assert!(!is_listed(&world, &shell));
    }

    fn is_listed(world: &World, shell: &Abide) -> bool {
        world.processes().contains(&shell.pid())
    }

    #[test]
    #[should_panic(expected = "left behind")]
    fn a_process_that_is_left_behind_fails_the_test() {
        let world = World::new();
        let started = world
            .run("/bin/sh", &["-c", "sleep 60 </dev/null >/dev/null 2>&1 & echo $!"], b"")
            .ok();
        assert!(started.stdout.trim().parse::<u32>().is_ok());
    }

    #[test]
    #[should_panic(expected = "expected \"never\"")]
    fn a_missed_expectation_shows_the_screen() {
        let (_world, shell) = shell();
        shell.expect_within(Duration::from_millis(1), "\"never\"", |screen| screen.shows("never"));
    }
}
