//! A client in a terminal: what it writes goes into abide's own engine, which answers as terminals
//! do, and into a recording.

use std::io::{Read as _, Write};
use std::sync::mpsc::{Receiver, sync_channel};
use std::thread;
use std::time::{Duration, Instant};

use abide::base::geom::Size;
use abide::base::memory::HeapMemory;
use abide::state::export::svg;
use abide::term::{Options, TermEvent, Terminal};
use anyhow::{Context as _, bail};
use portable_pty::{Child, CommandBuilder, PtySize, native_pty_system};
use serde_json::json;

use crate::place::Place;

/// How long something may take to be shown.
const PATIENCE: Duration = Duration::from_secs(20);
/// So long without output nothing more is expected.
const QUIET: Duration = Duration::from_millis(700);
/// What the imagined typist takes for a key, and to look, in milliseconds.
const KEY_MS: u64 = 70;
const LOOK_MS: u64 = 900;
/// How the engine calls itself.
const NAME: &[u8] = b"abide";

/// A client in a terminal.
pub(crate) struct Stage {
    size: Size,
    terminal: Terminal,
    output: Receiver<Vec<u8>>,
    input: Box<dyn Write + Send>,
    child: Box<dyn Child + Send + Sync>,
    /// The imagined time, and what was written then.
    clock_ms: u64,
    written: Vec<(u64, Vec<u8>)>,
}

impl Stage {
    /// Starts `abide ARGS…`.
    pub(crate) fn open(
        place: &Place,
        (cols, rows): (u16, u16),
        args: &[&str],
    ) -> anyhow::Result<Self> {
        let pair =
            native_pty_system().openpty(PtySize { rows, cols, pixel_width: 0, pixel_height: 0 })?;
        let mut command = CommandBuilder::new(Place::program()?);
        command.args(args);
        command.env_clear();
        for (name, value) in place.variables() {
            command.env(name, value);
        }
        command.cwd(place.path("home"));
        let child = pair.slave.spawn_command(command)?;
        let mut reader = pair.master.try_clone_reader()?;
        let input = pair.master.take_writer()?;
        let (sender, output) = sync_channel(1024);
        thread::spawn(move || {
            let _master = pair.master;
            let mut buffer = vec![0; 64 << 10];
            while let Ok(len @ 1..) = reader.read(&mut buffer) {
                if sender.send(buffer[..len].to_vec()).is_err() {
                    return;
                }
            }
        });
        let size = Size::new(cols, rows);
        let terminal = Terminal::new(size, Options::default(), Box::new(HeapMemory::default()));
        Ok(Self { size, terminal, output, input, child, clock_ms: 0, written: Vec::new() })
    }

    /// Types text or keys.
    pub(crate) fn press(&mut self, keys: &str) -> anyhow::Result<()> {
        for key in keys.split_inclusive(|_: char| true) {
            self.input.write_all(key.as_bytes())?;
            self.input.flush()?;
            self.clock_ms += KEY_MS;
            self.take(Duration::from_millis(30))?;
        }
        self.settle()
    }

    /// Types a line and Enter.
    pub(crate) fn type_line(&mut self, line: &str) -> anyhow::Result<()> {
        self.press(line)?;
        self.press("\r")
    }

    /// Somebody looks for a while.
    pub(crate) fn pause(&mut self, ms: u64) {
        self.clock_ms += ms;
    }

    /// Waits until the screen is as wanted, and then until nothing more comes.
    pub(crate) fn until(&mut self, what: &str, holds: impl Fn(&str) -> bool) -> anyhow::Result<()> {
        let end = Instant::now() + PATIENCE;
        while !holds(&self.text()) {
            if end < Instant::now() {
                bail!("{what} did not come:\n{}", self.text());
            }
            self.take(Duration::from_millis(50))?;
        }
        self.clock_ms += LOOK_MS;
        self.settle()
    }

    fn settle(&mut self) -> anyhow::Result<()> {
        while self.take(QUIET)? {}
        Ok(())
    }

    /// Takes what comes within that time; whether something did.
    fn take(&mut self, within: Duration) -> anyhow::Result<bool> {
        let Ok(bytes) = self.output.recv_timeout(within) else { return Ok(false) };
        let mut events = Vec::new();
        self.terminal.feed(&bytes, &mut events);
        self.written.push((self.clock_ms, bytes));
        for event in events {
            // A terminal of another make: in one of its own the client says that it is inside
            // abide.
            if let TermEvent::Reply(reply) = event
                && !reply.windows(NAME.len()).any(|part| part == NAME)
            {
                self.input.write_all(&reply).context("the client takes no answers")?;
            }
        }
        self.input.flush()?;
        Ok(true)
    }

    fn text(&self) -> String {
        self.terminal.text(0..i64::from(self.size.rows))
    }

    /// What it shows, as a picture.
    pub(crate) fn picture(&self) -> String {
        svg(self.terminal.rows(0..i64::from(self.size.rows)).into_iter(), self.size.cols)
    }

    /// What was written, as a recording (asciicast, version 2).
    pub(crate) fn cast(&self) -> String {
        let head = json!({
            "version": 2, "width": self.size.cols, "height": self.size.rows, "title": "abide",
            "env": { "TERM": "xterm-256color" },
        });
        let mut lines = vec![head.to_string()];
        let mut rest: Vec<u8> = Vec::new();
        for (at, bytes) in &self.written {
            rest.extend_from_slice(bytes);
            // A character may be cut in two by a read: what is whole is written, what is not waits.
            let whole = match std::str::from_utf8(&rest) {
                Ok(text) => text.len(),
                Err(error) => error.valid_up_to(),
            };
            let text = String::from_utf8_lossy(&rest[..whole]).into_owned();
            rest.drain(..whole);
            let seconds = f64::from(u32::try_from(*at).unwrap_or(u32::MAX)) / 1000.0;
            lines.push(json!([seconds, "o", text]).to_string());
        }
        lines.join("\n") + "\n"
    }
}

impl Drop for Stage {
    fn drop(&mut self) {
        // It may have ended by itself.
        drop(self.child.kill());
        drop(self.child.wait());
    }
}
