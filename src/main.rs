//! Picks a role. Nothing else happens here.

use std::ffi::OsString;
use std::process::ExitCode;

use abide::cli::{self, Next};
use abide::keeper;

fn main() -> ExitCode {
    let args: Vec<OsString> = std::env::args_os().skip(1).collect();
    let role = args.first().and_then(|role| role.to_str());
    if role == Some("keeper") {
        return ExitCode::from(keeper::run(&args[1..]));
    }
    match cli::run(args) {
        Next::Exit(status) => ExitCode::from(status),
        Next::Attach(_) => ExitCode::from(70),
    }
}
