//! Commands of the user that a client runs: for the clipboard, and to open things. Nobody waits for
//! them, and what they say is not shown.

use std::io::{self, Write as _};
use std::process::{Command as Process, Stdio};
use std::thread;

use crate::base::error::ignore_failure;
use crate::client::model::ShellCommand;

/// Runs a command; it gets its input and is reaped on a thread of its own.
pub(super) fn run(command: ShellCommand) -> io::Result<()> {
    let ShellCommand { line, argument, input } = command;
    let mut process = Process::new("/bin/sh");
    match argument {
        Some(argument) => process.args(["-c", &format!("{line} \"$1\""), "sh", &argument]),
        None => process.args(["-c", &line]),
    };
    let mut child =
        process.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null()).spawn()?;
    thread::Builder::new().name("command".into()).spawn(move || {
        if let Some(mut pipe) = child.stdin.take() {
            let written = pipe.write_all(input.as_bytes());
            ignore_failure(written, "a command need not read all of it");
        }
        ignore_failure(child.wait(), "a command that is reaped already is over");
    })?;
    Ok(())
}
