//! Writes down which source files are on the stack when an input passes (`base::path_trace`).

use std::backtrace::Backtrace;
use std::collections::BTreeSet;
use std::fs::OpenOptions;
use std::io::Write as _;

use crate::base::path_trace;

/// The variable that names the folder for the traces, a file for each process.
pub const FOLDER_VARIABLE: &str = "ABIDE_PATH_TRACE";

/// The sources of this package, as the compiler was told.
const SOURCES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/src/");

/// Begins to write, when the environment names a folder.
pub fn start() {
    if std::env::var_os(FOLDER_VARIABLE).is_some() {
        path_trace::set_sink(write);
    }
}

/// Appends a line `PATH FILE FILE …` to this process's file: the files of this package on the
/// stack. A trace that cannot be written shows as a file that is missing, which fails the test.
fn write(path: &str) {
    let stack = format!("{:?}", Backtrace::force_capture());
    let files: BTreeSet<&str> = stack
        .split("file: \"")
        .filter_map(|part| part.split('"').next()?.split_once(SOURCES))
        .map(|(_, file)| file)
        .filter(|file| !file.ends_with("path_trace.rs"))
        .collect();
    let line = files.iter().fold(path.to_owned(), |line, file| line + " src/" + file);
    let folder = std::env::var_os(FOLDER_VARIABLE).unwrap_or_default();
    let file = std::path::Path::new(&folder).join(std::process::id().to_string());
    let trace = OpenOptions::new().create(true).append(true).open(file);
    if let Ok(mut trace) = trace {
        writeln!(trace, "{line}").unwrap_or_default();
    }
}
