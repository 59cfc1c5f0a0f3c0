//! Picks a role. Nothing else happens here.

use std::ffi::OsString;
use std::process::ExitCode;

fn main() -> ExitCode {
    let args: Vec<OsString> = std::env::args_os().skip(1).collect();
    match args.first().and_then(|role| role.to_str()) {
        Some("keeper") => ExitCode::from(abide::keeper::run(&args[1..])),
        _ => ExitCode::from(2),
    }
}
