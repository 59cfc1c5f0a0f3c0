//! Everything abide says on standard output and standard error; the only file that prints. A reader
//! that has gone away is no error.

use std::io::{self, Write};

use serde_json::{Value, json};

use crate::base::error::{Code, Refusal, ignore_failure};
use crate::base::text::sanitize;
use crate::cli::table_output;

const LINE_BYTES_MAX: usize = 64 << 10;

/// Writes `text` to standard output as it is, with a line end if it has none.
///
/// # Errors
/// `internal` if it cannot be written, for instance to a full disk; a closed pipe is no error.
pub(super) fn text(text: &str) -> Result<(), Refusal> {
    if text.is_empty() {
        return Ok(());
    }
    let mut out = io::stdout().lock();
    let end = if text.ends_with('\n') { "" } else { "\n" };
    let written = out
        .write_all(text.as_bytes())
        .and_then(|()| out.write_all(end.as_bytes()))
        .and_then(|()| out.flush());
    forgiven(written)
}

/// Writes bytes to standard output as they are.
///
/// # Errors
/// As [`text`].
pub(super) fn bytes(bytes: &[u8]) -> Result<(), Refusal> {
    let mut out = io::stdout().lock();
    forgiven(out.write_all(bytes).and_then(|()| out.flush()))
}

/// Writes bytes to standard error as they are.
///
/// # Errors
/// As [`text`].
pub(super) fn error_bytes(bytes: &[u8]) -> Result<(), Refusal> {
    forgiven(io::stderr().lock().write_all(bytes))
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

/// Says why something was not done: `abide: MESSAGE` and `hint: …`, or one line of JSON.
pub(super) fn refusal(refusal: &Refusal, as_json: bool) {
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

fn forgiven(written: io::Result<()>) -> Result<(), Refusal> {
    match written {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
            Err(Refusal::new(Code::Internal, format!("cannot write to standard output: {error}")))
        }
        _ => Ok(()),
    }
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
