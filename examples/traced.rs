//! abide as the path trace sees it: the same roles, with the files on the way of an input written
//! down. For tests/it/path_trace.rs only.

use std::process::ExitCode;

#[path = "../src/main.rs"]
mod roles;

fn main() -> ExitCode {
    abide::platform::path_trace::start();
    roles::main()
}
