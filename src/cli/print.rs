//! Everything abide says on standard output and standard error; the only file that prints. A reader
//! that has gone away ends the call, as a filter ends by SIGPIPE.

use std::fs::File;
use std::io::{self, Write};
use std::os::fd::{AsFd, BorrowedFd};
use std::sync::atomic::{AtomicBool, Ordering};

use serde_json::{Value, json};

use crate::base::error::{Code, Refusal, ignore_failure};
use crate::base::text::sanitize;
use crate::base::time::Span;
use crate::cli::table_output;
use crate::platform::poll::{Ready, input_or_reader_gone, poll};

const LINE_BYTES_MAX: usize = 64 << 10;

/// Something was written to standard output.
static HAS_SPOKEN: AtomicBool = AtomicBool::new(false);

/// Writes `text` to standard output as it is, with a line end if it has none.
///
/// # Errors
/// `reader_gone` if nobody reads it, `output_failed` if it cannot be written, for instance to a
/// full disk.
pub(super) fn text(text: &str) -> Result<(), Refusal> {
    if text.is_empty() {
        return Ok(());
    }
    let end = if text.ends_with('\n') { "" } else { "\n" };
    bytes(&[text.as_bytes(), end.as_bytes()].concat())
}

/// Writes bytes to standard output as they are.
///
/// # Errors
/// As [`text`].
pub(super) fn bytes(bytes: &[u8]) -> Result<(), Refusal> {
    if bytes.is_empty() {
        return Ok(());
    }
    let out = io::stdout().lock();
    HAS_SPOKEN.store(true, Ordering::Relaxed);
    written("output", write_to(out.as_fd(), bytes))
}

/// Writes bytes to standard error as they are.
///
/// # Errors
/// As [`text`].
pub(super) fn error_bytes(bytes: &[u8]) -> Result<(), Refusal> {
    let out = io::stderr().lock();
    written("error", write_to(out.as_fd(), bytes))
}

/// Waits until there is something to read, at most `limit`. True if standard output had a reader
/// and nobody reads it any more; before anything was written to it this is looked for, and waited
/// without a limit, only if `is_asked`.
pub(super) fn is_reader_gone(
    input: BorrowedFd<'_>,
    is_asked: bool,
    limit: Option<Span>,
) -> io::Result<bool> {
    if is_asked || HAS_SPOKEN.load(Ordering::Relaxed) {
        return input_or_reader_gone(input, io::stdout().as_fd(), limit);
    }
    if limit.is_some() {
        poll([(input, Ready::INPUT)], limit)?;
    }
    Ok(false)
}

/// Writes all bytes, also where a neighbour such as ssh made the output non-blocking for all who
/// share it.
fn write_to(out: BorrowedFd<'_>, bytes: &[u8]) -> io::Result<()> {
    let mut out = File::from(out.try_clone_to_owned()?);
    let mut rest = bytes;
    while !rest.is_empty() {
        match out.write(rest) {
            Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
            Ok(count) => rest = &rest[count..],
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                poll([(out.as_fd(), Ready { input: false, room: true })], None)?;
            }
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

/// Writes a line for people to standard error.
pub(super) fn note(line: &str) {
    let mut shown: String =
        line.lines().map(|line| sanitize(line, LINE_BYTES_MAX) + "\n").collect();
    if shown.is_empty() {
        shown.push('\n');
    }
    let written = io::stderr().lock().write_all(shown.as_bytes());
    ignore_failure(written, "if standard error is gone, nobody can be told");
}

/// Says why something was not done: `abide: MESSAGE` and `hint: …`, or one line of JSON; nothing
/// where it is that nobody reads.
pub(super) fn refusal(refusal: &Refusal, as_json: bool) {
    if refusal.code == Code::ReaderGone {
        return;
    }
    if as_json {
        let (code, message, hint) = (refusal.code.name(), &refusal.message, &refusal.hint);
        let data = json!({ "error": { "code": code, "message": message, "hint": hint } });
        return note(&data.to_string());
    }
    note(&format!("abide: {}", refusal.message));
    if !refusal.hint.is_empty() {
        note(&format!("hint: {}", refusal.hint));
    }
}

fn written(name: &str, written: io::Result<()>) -> Result<(), Refusal> {
    written.map_err(|error| {
        let code = match error.kind() {
            io::ErrorKind::BrokenPipe => Code::ReaderGone,
            _ => Code::OutputFailed,
        };
        Refusal::new(code, format!("cannot write to standard {name}: {error}"))
    })
}

/// Prints one or the other.
///
/// # Errors
/// If standard output cannot be written.
pub(super) fn give(
    as_json: bool,
    value: impl FnOnce() -> Value,
    shown: impl FnOnce() -> String,
) -> Result<u8, Refusal> {
    text(&if as_json { table_output::json(&value()) } else { shown() }).map(|()| 0)
}
