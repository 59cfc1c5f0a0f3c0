//! The programs that run inside a pane: they echo, flood, fill the screen or do nothing, each on a
//! signal from outside.

use std::io::IsTerminal as _;
use std::os::unix::process::CommandExt as _;
use std::process::Command;

use anyhow::{Context as _, bail};
use rustix::io::{Errno, read, write};
use rustix::stdio::{stdin, stdout};
use rustix::termios::{OptionalActions, tcgetattr, tcsetattr};

/// Printed once a program is ready. No text that is flooded holds these characters.
pub(crate) const READY: &str = "@READY@";

/// Printed after the last byte of what was asked for.
pub(crate) const DONE: &str = "@ZQ@DONE@ZQ@";

/// Starts what the outer side asks for; returns when it has ended.
pub(crate) fn run(args: &[String]) -> anyhow::Result<()> {
    let words: Vec<&str> = args.iter().map(String::as_str).collect();
    match words[..] {
        ["exec", program, ..] => exec(program, &args[2..]),
        ["echo"] => echo(),
        ["flood", kind, mib] => flood(kind, mib.parse().context("flood takes a number of MiB")?),
        ["stream", kind] => stream(kind),
        ["lines", count] => lines(count.parse().context("lines takes a number")?),
        ["full"] => full(),
        ["idle"] => idle(),
        _ => bail!(
            "inner programs are exec, echo, flood KIND MIB, stream KIND, lines COUNT, full and idle"
        ),
    }
}

/// Takes the terminal on standard input as its own and becomes `program`.
fn exec(program: &str, args: &[String]) -> anyhow::Result<()> {
    rustix::process::setsid().context("no session of its own")?;
    rustix::process::ioctl_tiocsctty(stdin()).context("no controlling terminal")?;
    Err(Command::new(program).args(args).exec())
        .with_context(|| format!("{program} cannot be started"))
}

/// Gives every byte back at once.
fn echo() -> anyhow::Result<()> {
    raw()?;
    put(READY.as_bytes())?;
    let mut buffer = [0; 4096];
    loop {
        match take(&mut buffer)? {
            0 => return Ok(()),
            count => put(&buffer[..count])?,
        }
    }
}

/// After one byte of input, `mib` MiB of one kind and the end mark; again after the next.
fn flood(kind: &str, mib: usize) -> anyhow::Result<()> {
    raw()?;
    let block = block(kind)?;
    put(READY.as_bytes())?;
    while take(&mut [0; 16])? > 0 {
        let mut left = mib << 20;
        while left > 0 {
            let count = left.min(block.len());
            put(&block[..count])?;
            left -= count;
        }
        put(format!("\x1b[m\x1b[99;1H\r\n{DONE}").as_bytes())?;
    }
    Ok(())
}

/// Floods at once and until it is ended.
fn stream(kind: &str) -> anyhow::Result<()> {
    let block = block(kind)?;
    loop {
        put(&block)?;
    }
}

/// After one byte of input, `count` lines of 120 columns and the end mark; then nothing.
fn lines(count: usize) -> anyhow::Result<()> {
    raw()?;
    put(READY.as_bytes())?;
    take(&mut [0; 16])?;
    let text: Vec<u8> = (0..count)
        .flat_map(|number| {
            format!(
                "{number:08} {}\r\n",
                "some words of a log line ".repeat(5).get(..111).unwrap_or("")
            )
            .into_bytes()
        })
        .collect();
    put(&text)?;
    put(DONE.as_bytes())?;
    idle_input()
}

/// A full screen of text with the end mark in its last row.
fn full() -> anyhow::Result<()> {
    raw()?;
    let row = "full screen of text 0123456789 ".repeat(5);
    let text: Vec<u8> = (0..70)
        .flat_map(|number| format!("\x1b[3{}m{row}\x1b[m\r\n", number % 8).into_bytes())
        .collect();
    put(&text)?;
    put(format!("{READY} {DONE}").as_bytes())?;
    idle_input()
}

/// Nothing, for as long as the terminal is there.
fn idle() -> anyhow::Result<()> {
    raw()?;
    put(READY.as_bytes())?;
    idle_input()
}

fn idle_input() -> anyhow::Result<()> {
    while take(&mut [0; 16])? > 0 {}
    Ok(())
}

/// No line discipline: what is typed comes at once, what is written goes unchanged.
fn raw() -> anyhow::Result<()> {
    if std::io::stdin().is_terminal() {
        let mut modes = tcgetattr(stdin())?;
        modes.make_raw();
        tcsetattr(stdin(), OptionalActions::Now, &modes)?;
    }
    Ok(())
}

fn take(buffer: &mut [u8]) -> anyhow::Result<usize> {
    loop {
        match read(stdin(), &mut *buffer) {
            Err(Errno::INTR) => {}
            Err(Errno::IO) => return Ok(0),
            other => return other.context("the terminal cannot be read"),
        }
    }
}

fn put(bytes: &[u8]) -> anyhow::Result<()> {
    let mut rest = bytes;
    while !rest.is_empty() {
        match write(stdout(), &rest[..rest.len().min(64 * 1024)]) {
            Ok(count) => rest = &rest[count..],
            Err(Errno::INTR) => {}
            Err(fault) => return Err(fault).context("the terminal cannot be written"),
        }
    }
    Ok(())
}

/// About 256 KiB of one kind of output, ending at a line.
fn block(kind: &str) -> anyhow::Result<Vec<u8>> {
    let line: fn(usize) -> String = match kind {
        "plain" => |number| {
            format!(
                "{number:06} the quick brown fox jumps over the lazy dog and runs through the \
                 long plain text of a build log, on and on\r\n"
            )
        },
        "sgr" => |number| {
            format!(
                "\x1b[1;3{}mwarn\x1b[m \x1b[4mfile_{number}.rs\x1b[m:\x1b[33m{}\x1b[m \
                 \x1b[2mnote\x1b[22m \x1b[7mhere\x1b[27m \x1b[38;5;{}mshade\x1b[39m\r\n",
                number % 8,
                number % 997,
                number % 256
            )
        },
        "truecolor" => truecolor_line,
        "unicode" => |number| {
            format!(
                "{number:06} 漢字とかな 한국어 e\u{301}a\u{308} 👩\u{200d}🚀 🇪🇺 naïve ελληνικά русский ═══▶ \
                 終わり\r\n"
            )
        },
        "fullscreen" => |number| {
            format!(
                "\x1b[{};{}Hcell {number:05}\x1b[K\x1b[{};1H\x1b[3{}mrow of a full screen \
                 program\x1b[m",
                number % 48 + 1,
                number % 100 + 1,
                number % 49 + 1,
                number % 8
            )
        },
        other => bail!("unknown kind of flood {other:?}"),
    };
    let mut block = Vec::new();
    for number in 0.. {
        block.extend_from_slice(line(number).as_bytes());
        if block.len() >= 256 << 10 {
            break;
        }
    }
    Ok(block)
}

fn truecolor_line(number: usize) -> String {
    let cell = |x: usize| {
        format!(
            "\x1b[38;2;{};{};{}m{}",
            x * 3 % 256,
            number % 256,
            (x + number) % 256,
            char::from(b'a' + u8::try_from(x % 26).unwrap_or(0))
        )
    };
    (0..80).map(cell).collect::<Vec<_>>().concat() + "\x1b[m\r\n"
}
