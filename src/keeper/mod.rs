//! The keeper: opens PTYs, spawns, reads output into rings, reaps, and keeps the server alive. It parses no output, knows no layout and talks to no client.

use std::ffi::OsString;

/// Runs the keeper until it is told to end; gives its exit status. `args` is what follows `keeper` on the command line.
#[must_use]
pub fn run(args: &[OsString]) -> u8 {
    u8::from(!args.is_empty())
}
