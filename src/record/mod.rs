//! The recorder: runs a program on a terminal of its own and writes down what it prints and how the
//! size changes. It interprets none of it and needs no server.
//!
//! The form is asciicast version 2: a JSON object, then a JSON array a line: seconds, what, data.
//! `o` is output, `r` a new size. Bytes that are no UTF-8 stand as hexadecimal digits in an `x`,
//! which players pass over.
//!
//! Only `main` uses it. Tests: beside the code, `tests/it/e2e_fullscreen.rs`.

use std::ffi::OsString;
use std::fmt::Write as _;
use std::fs::File;
use std::io::{self, Write};
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::process::{Child, Command, ExitStatus};

use anyhow::{Context, bail};
use rustix::event::{PollFd, PollFlags, poll};
use rustix::io::Errno;
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};

use crate::base::geom::Size;
use crate::base::signal;
use crate::base::time::Tick;
use crate::platform::host_terminal::HostTerminal;
use crate::platform::{SignalFd, clear_signal_mask, lead_terminal, now, tty};

/// The usage, for errors.
const USAGE: &str = "abide capture --record FILE [--size COLSxROWS] [-- COMMAND [ARGUMENTS]]";
/// Bytes read at once from the program or for it.
const READ_BYTES: usize = 16 << 10;
/// The longest time in which the terminal we are in accepts what the program wrote.
const SHOWN_WITHIN_MS: u32 = 60_000;

/// True if these words of the command line ask for a recording.
#[must_use]
pub fn is_asked_for(args: &[OsString]) -> bool {
    args.first().is_some_and(|word| word == "capture")
        && args.iter().take_while(|word| *word != "--").any(|word| word == "--record")
}

/// Records what the command line says; gives the exit status of the program, 128 and the number of
/// the signal that ended it, or 2 for a wrong use.
#[must_use]
pub fn run(args: &[OsString]) -> u8 {
    let wanted = match RecordOptions::read(args) {
        Ok(wanted) => wanted,
        Err(error) => return said(&format!("{error:#}; say {USAGE}"), 2),
    };
    wanted.record().unwrap_or_else(|error| said(&format!("{error:#}"), 1))
}

fn said(message: &str, status: u8) -> u8 {
    // If standard error is gone, nobody can be told.
    rustix::io::write(rustix::stdio::stderr(), format!("abide: {message}\n").as_bytes()).ok();
    status
}

/// The command line of a recording.
#[derive(Debug, PartialEq, Eq)]
struct RecordOptions {
    file: OsString,
    size: Option<Size>,
    argv: Vec<OsString>,
}

impl RecordOptions {
    /// Reads the words after the program's name: `capture --record FILE …`.
    fn read(args: &[OsString]) -> anyhow::Result<Self> {
        let mut wanted = Self { file: OsString::new(), size: None, argv: Vec::new() };
        let mut words = args.iter().skip(1);
        while let Some(word) = words.next() {
            match word.to_str() {
                Some("--record") => {
                    wanted.file = words.next().cloned().context("--record needs a file")?;
                }
                Some("--size") => {
                    wanted.size = Some(
                        size(words.next())
                            .context("--size needs columns and rows, such as 80x24")?,
                    );
                }
                Some("-t" | "--target") => {
                    bail!("a pane is recorded from inside: run the recorder in it, around a shell")
                }
                Some("--") => wanted.argv = words.by_ref().cloned().collect(),
                _ => bail!("{} is not understood", word.display()),
            }
        }
        if wanted.file.is_empty() {
            bail!("--record needs a file");
        }
        if wanted.argv.is_empty() {
            wanted.argv.push(std::env::var_os("SHELL").unwrap_or_else(|| "/bin/sh".into()));
        }
        Ok(wanted)
    }

    fn record(&self) -> anyhow::Result<u8> {
        let signals = SignalFd::new().context("signals cannot be received")?;
        let outer = HostTerminal::open().ok();
        let size = match (&outer, self.size) {
            (_, Some(size)) => size,
            (Some(outer), None) => outer.size().context("this terminal tells no size")?.0,
            (None, None) => Size::new(80, 24),
        };
        let file = File::create(&self.file)
            .with_context(|| format!("cannot write {}", self.file.display()))?;
        let cast = Cast::begin(file, size, now().tick).context("cannot write the recording")?;
        let (master, child) = start(&self.argv, size)
            .with_context(|| format!("cannot start {}", self.argv[0].display()))?;
        if let Some(outer) = &outer {
            outer.raw().context("this terminal cannot be prepared")?;
        }
        let follows = self.size.is_none();
        let mut recorder = Recorder {
            master,
            child,
            signals,
            outer,
            follows,
            cast,
            typed: Vec::new(),
            takes_input: true,
        };
        let status = recorder.serve();
        if let Some(outer) = &recorder.outer {
            // A terminal that is gone needs nothing put back.
            outer.restore().ok();
        }
        recorder.cast.end(now().tick).context("cannot write the recording")?;
        status.context("the recording was broken off")
    }
}

/// A size such as `80x24`.
fn size(word: Option<&OsString>) -> Option<Size> {
    let size: Size = word?.to_str()?.parse().ok()?;
    (size == size.clamped()).then_some(size)
}

/// Starts a program on a new terminal; gives the master, which does not block.
fn start(argv: &[OsString], size: Size) -> io::Result<(OwnedFd, Child)> {
    let master = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY | OpenptFlags::CLOEXEC)?;
    grantpt(&master)?;
    unlockpt(&master)?;
    tty::set_size(&master, size)?;
    let name = ptsname(&master, Vec::new())?;
    let slave = rustix::fs::open(
        &name,
        rustix::fs::OFlags::RDWR | rustix::fs::OFlags::CLOEXEC | rustix::fs::OFlags::NOCTTY,
        rustix::fs::Mode::empty(),
    )?;
    let mut command = Command::new(&argv[0]);
    command.args(&argv[1..]).stdin(slave.try_clone()?).stdout(slave.try_clone()?).stderr(slave);
    clear_signal_mask(&mut command);
    lead_terminal(&mut command);
    let child = command.spawn()?;
    rustix::io::ioctl_fionbio(&master, true)?;
    Ok((master, child))
}

/// A recording under way.
struct Recorder {
    master: OwnedFd,
    child: Child,
    signals: SignalFd,
    /// The terminal we are in, where we are in one.
    outer: Option<HostTerminal>,
    /// The size is that of the terminal we are in.
    follows: bool,
    cast: Cast<File>,
    /// Input that was typed and the program has not read; nothing more is read meanwhile.
    typed: Vec<u8>,
    /// There may be more to be typed.
    takes_input: bool,
}

impl Recorder {
    /// Passes bytes on until the program has ended, or a signal ends the recording.
    fn serve(&mut self) -> io::Result<u8> {
        loop {
            let (readable, typable) = self.wait()?;
            if readable && !self.take_output()? {
                return Ok(status(self.child.wait()?));
            }
            if typable {
                self.take_input()?;
            }
            self.give_input()?;
            while let Some(signal) = self.signals.next() {
                match signal {
                    signal::CHLD => {
                        if let Some(ended) = self.child.try_wait()? {
                            // The program's last output is still there. Another process that holds
                            // the terminal is not waited for.
                            while self.is_readable()? && self.take_output()? {}
                            return Ok(status(ended));
                        }
                    }
                    signal::WINCH => self.resize()?,
                    signal::HUP | signal::INT | signal::TERM => {
                        return Ok(128 + u8::try_from(signal).unwrap_or(0));
                    }
                    _ => {}
                }
            }
        }
    }

    /// Waits until something happens: whether there is output, and whether something was typed.
    fn wait(&self) -> io::Result<(bool, bool)> {
        let for_master =
            if self.typed.is_empty() { PollFlags::IN } else { PollFlags::IN | PollFlags::OUT };
        let mut fds =
            vec![PollFd::new(&self.master, for_master), PollFd::new(&self.signals, PollFlags::IN)];
        let keyboard = self.keyboard();
        if self.takes_input && self.typed.is_empty() {
            fds.push(PollFd::new(&keyboard, PollFlags::IN));
        }
        match poll(&mut fds, None) {
            Ok(_) | Err(Errno::INTR) => {}
            Err(error) => return Err(error.into()),
        }
        let is_ready = |fd: Option<&PollFd<'_>>| {
            fd.is_some_and(|fd| {
                fd.revents().intersects(PollFlags::IN | PollFlags::HUP | PollFlags::ERR)
            })
        };
        Ok((is_ready(fds.first()), is_ready(fds.get(2))))
    }

    fn is_readable(&self) -> io::Result<bool> {
        let mut fds = [PollFd::new(&self.master, PollFlags::IN)];
        Ok(poll(&mut fds, Some(&rustix::event::Timespec { tv_sec: 0, tv_nsec: 0 }))? > 0)
    }

    /// The source of input.
    fn keyboard(&self) -> BorrowedFd<'_> {
        self.outer.as_ref().map_or_else(|| rustix::stdio::stdin(), AsFd::as_fd)
    }

    /// Records and shows what the program wrote; false if it has closed its terminal.
    fn take_output(&mut self) -> io::Result<bool> {
        let mut buffer = [0; READ_BYTES];
        let len = match rustix::io::read(&self.master, &mut buffer) {
            Ok(0) | Err(Errno::IO) => return Ok(false),
            Ok(len) => len,
            Err(Errno::AGAIN | Errno::INTR) => return Ok(true),
            Err(error) => return Err(error.into()),
        };
        self.cast.output(now().tick, &buffer[..len])?;
        if let Some(outer) = &self.outer {
            outer.write_last(&buffer[..len], SHOWN_WITHIN_MS)?;
        }
        Ok(true)
    }

    fn take_input(&mut self) -> io::Result<()> {
        let mut buffer = [0; READ_BYTES];
        match rustix::io::read(self.keyboard(), &mut buffer) {
            Ok(0) | Err(Errno::IO) => self.takes_input = false,
            Ok(len) => self.typed.extend_from_slice(&buffer[..len]),
            Err(Errno::AGAIN | Errno::INTR) => {}
            Err(error) => return Err(error.into()),
        }
        Ok(())
    }

    fn give_input(&mut self) -> io::Result<()> {
        if self.typed.is_empty() {
            return Ok(());
        }
        match rustix::io::write(&self.master, &self.typed) {
            Ok(len) => drop(self.typed.drain(..len)),
            Err(Errno::AGAIN | Errno::INTR) => {}
            // The program is gone: so is what was typed for it.
            Err(Errno::IO) => self.typed.clear(),
            Err(error) => return Err(error.into()),
        }
        Ok(())
    }

    fn resize(&mut self) -> io::Result<()> {
        let Some(outer) = self.outer.as_ref().filter(|_| self.follows) else { return Ok(()) };
        let size = outer.size()?.0;
        tty::set_size(&self.master, size)?;
        self.cast.resized(now().tick, size)
    }
}

fn status(ended: ExitStatus) -> u8 {
    use std::os::unix::process::ExitStatusExt;
    let code = ended.code().unwrap_or_else(|| 128 + ended.signal().unwrap_or(0));
    u8::try_from(code & 0xff).unwrap_or(1)
}

/// The file of a recording.
#[derive(Debug)]
struct Cast<W> {
    file: W,
    start: Tick,
    /// The beginning of a character of which the rest has not come.
    cut: Vec<u8>,
}

impl<W: Write> Cast<W> {
    /// Begins with the size. Neither time nor place nor command is told.
    fn begin(mut file: W, size: Size, start: Tick) -> io::Result<Self> {
        let term = std::env::var("TERM").unwrap_or_default();
        let head = serde_json::json!({
            "version": 2, "width": size.cols, "height": size.rows, "env": { "TERM": term },
        });
        writeln!(file, "{head}")?;
        Ok(Self { file, start, cut: Vec::new() })
    }

    /// Writes output of the program.
    fn output(&mut self, at: Tick, bytes: &[u8]) -> io::Result<()> {
        let mut bytes = [&std::mem::take(&mut self.cut), bytes].concat();
        while !bytes.is_empty() {
            let (valid, wrong) = match std::str::from_utf8(&bytes) {
                Ok(_) => (bytes.len(), 0),
                Err(error) => (error.valid_up_to(), error.error_len().unwrap_or(0)),
            };
            if valid > 0 {
                self.event(at, "o", &String::from_utf8_lossy(&bytes[..valid]))?;
            }
            if wrong == 0 {
                self.cut = bytes.split_off(valid);
                break;
            }
            self.raw(at, &bytes[valid..valid + wrong])?;
            bytes.drain(..valid + wrong);
        }
        Ok(())
    }

    fn resized(&mut self, at: Tick, size: Size) -> io::Result<()> {
        self.event(at, "r", &size.to_string())
    }

    /// Nothing more comes: half a character stays half.
    fn end(&mut self, at: Tick) -> io::Result<()> {
        let cut = std::mem::take(&mut self.cut);
        if cut.is_empty() { Ok(()) } else { self.raw(at, &cut) }
    }

    fn raw(&mut self, at: Tick, bytes: &[u8]) -> io::Result<()> {
        let mut digits = String::new();
        for byte in bytes {
            // Writing to a string cannot fail.
            write!(digits, "{byte:02x}").expect("a string takes all");
        }
        self.event(at, "x", &digits)
    }

    /// A line: seconds with milliseconds, what, data.
    fn event(&mut self, at: Tick, what: &str, data: &str) -> io::Result<()> {
        let ms = at.0.saturating_sub(self.start.0) / 1_000_000;
        writeln!(
            self.file,
            "[{}.{:03}, \"{what}\", {}]",
            ms / 1000,
            ms % 1000,
            serde_json::Value::from(data)
        )
    }
}

#[cfg(test)]
mod tests {
    use std::ffi::OsString;

    use super::{Cast, RecordOptions, is_asked_for};
    use crate::base::geom::Size;
    use crate::base::time::Tick;

    fn words(line: &str) -> Vec<OsString> {
        line.split(' ').map(OsString::from).collect()
    }

    #[test]
    fn words_say_what_is_recorded() {
        let read =
            |line: &str| RecordOptions::read(&words(line)).map_err(|error| error.to_string());
        let wanted = read("capture --record f --size 100x30 -- ls --record").expect("well said");
        assert_eq!(
            (wanted.file, wanted.size, wanted.argv),
            ("f".into(), Some(Size::new(100, 30)), words("ls --record"))
        );
        for wrong in [
            "capture --record",
            "capture --record f -t 1",
            "capture --record f --size 0x9",
            "capture --record f ls",
            "capture --size 8x8",
        ] {
            assert!(read(wrong).is_err(), "{wrong}");
        }
        assert!(
            is_asked_for(&words("capture --record f")) && !is_asked_for(&words("capture -t x"))
        );
        assert!(
            !is_asked_for(&words("exec -- capture --record"))
                && !is_asked_for(&words("capture -- --record"))
        );
    }

    #[test]
    fn every_byte_is_in_the_recording() {
        let mut cast =
            Cast::begin(Vec::new(), Size::new(10, 3), Tick(5_000_000)).expect("memory takes all");
        let pieces: [&[u8]; 4] = [b"a\x1b[1m\xe6\xbc", b"\xa2\"\xff", b"\x80b\r\n", b"\xf0\x9f"];
        for (piece, at) in pieces.into_iter().zip(1..) {
            cast.output(Tick(at * 1_005_000_000), piece).expect("memory takes all");
        }
        cast.resized(Tick(9_000_000_000), Size::new(20, 4)).expect("memory takes all");
        cast.end(Tick(9_000_000_000)).expect("memory takes all");
        let text = String::from_utf8(cast.file).expect("JSON is text");
        let lines: Vec<&str> = text.lines().skip(1).collect();
        assert_eq!(
            lines,
            [
                r#"[1.000, "o", "a\u001b[1m"]"#,
                r#"[2.005, "o", "漢\""]"#,
                r#"[2.005, "x", "ff"]"#,
                r#"[3.010, "x", "80"]"#,
                r#"[3.010, "o", "b\r\n"]"#,
                r#"[8.995, "r", "20x4"]"#,
                r#"[8.995, "x", "f09f"]"#,
            ]
        );
        assert!(text.starts_with(r#"{"version":2,"width":10,"height":3,"env""#), "{text}");
    }
}
