//! Picks a role. Nothing else happens here.

use std::ffi::OsString;
use std::process::ExitCode;

use abide::cli::{self, Next};
use abide::{keeper, server};

fn main() -> ExitCode {
    let args: Vec<OsString> = std::env::args_os().skip(1).collect();
    let word = |at: usize| args.get(at).and_then(|word| word.to_str());
    match (word(0), word(1)) {
        (Some("keeper"), _) => return ExitCode::from(keeper::run(&args[1..])),
        (Some("server"), Some("run")) => return ExitCode::from(server::run(&args[2..])),
        _ => {}
    }
    match cli::run(args) {
        Next::Exit(status) => ExitCode::from(status),
        Next::Attach(_) => ExitCode::from(70),
    }
}
