//! The way of a key through the source files, traced in a build that notes the files on the stack
//! at each station, against the list in ARCHITECTURE.md and its bound.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;
use std::process::Command;
use std::sync::Arc;

use super::harness::{Abide, World};

/// The most files that may handle a key on its way from the decoder to the terminal of its program.
const KEY_FILES_MAX: usize = 14;
/// The most files that may handle a call of `exec` on its way from the command line to the answer.
/// Fifteen were wanted: nine of these are the way of any call through two processes, and the
/// server's own part is one folder.
const EXEC_FILES_MAX: usize = 20;

/// The program that notes, built beside the others.
fn traced_program() -> String {
    let plain = Path::new(env!("CARGO_BIN_EXE_abide"));
    let folder = plain.parent().expect("a program lies in a folder");
    let target = folder.parent().expect("that folder is one of the target directory");
    let build = Command::new(env!("CARGO"))
        .args(["build", "--quiet", "--offline", "--locked", "--example", "traced"])
        .args(["--features", "path-trace"])
        .env("CARGO_TARGET_DIR", target)
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()
        .expect("cargo built this test");
    assert!(build.status.success(), "{}", String::from_utf8_lossy(&build.stderr));
    target.join("debug/examples/traced").to_string_lossy().into_owned()
}

/// The files noted so far, by the kind of the way.
fn noted(folder: &Path) -> BTreeMap<String, BTreeSet<String>> {
    let mut found: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for process in fs::read_dir(folder).expect("the test made it") {
        let path = process.expect("it can be listed").path();
        let text = fs::read_to_string(path).expect("a trace is text");
        for line in text.lines() {
            let mut words = line.split(' ').map(str::to_owned);
            let way = words.next().expect("a line has a first word");
            found.entry(way).or_default().extend(words);
        }
    }
    found
}

/// The files that ARCHITECTURE.md lists under `heading`, as `src/…` in backquotes.
fn listed(heading: &str) -> BTreeSet<String> {
    let page = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("ARCHITECTURE.md"))
        .expect("the map is in the repository");
    let (_, section) = page.split_once(heading).expect("the map has the heading");
    let section = section.split("\n## ").next().unwrap_or_default();
    let words = section.split('`').skip(1).step_by(2);
    words
        .filter(|word| word.starts_with("src/") && word.contains(".rs"))
        .map(str::to_owned)
        .collect()
}

/// Fails unless the files of a way are those listed, and no more than `most`.
#[track_caller]
fn check(files: &BTreeSet<String>, heading: &str, most: usize) {
    let listed = listed(heading);
    let unlisted: Vec<_> = files.difference(&listed).collect();
    let idle: Vec<_> = listed.difference(files).collect();
    assert!(unlisted.is_empty(), "not under {heading:?} of ARCHITECTURE.md: {unlisted:?}");
    assert!(idle.is_empty(), "under {heading:?} of ARCHITECTURE.md, but not on the way: {idle:?}");
    assert!(files.len() <= most, "{} files, at most {most}: {files:?}", files.len());
}

#[test]
fn a_key_passes_the_files_that_the_map_lists() {
    let program = traced_program();
    let world = Arc::new(World::new());
    world.write("traces/none", "");
    let folder = world.path("traces");
    let variable = format!("ABIDE_PATH_TRACE={}", folder.display());
    let client =
        Abide::spawn(&world, "/usr/bin/env", &[&variable, &program, "new", "work"], (80, 24));
    client.expect("ready$");
    // The client's questions to its terminal are answered by now, so that only the key is noted.
    client.type_text("x");
    client.expect("ready$ x");
    check(&noted(&folder)["key"], "## A keystroke", KEY_FILES_MAX);
    client.press("C-b d");
    assert_eq!(client.expect_exit(), 0, "the client leaves as any other");
}

#[test]
fn an_exec_passes_the_files_that_the_map_lists() {
    let program = traced_program();
    let world = World::new();
    world.write("traces/none", "");
    let folder = world.path("traces");
    let variable = format!("ABIDE_PATH_TRACE={}", folder.display());
    let traced = |args: &[&str]| {
        let output = world.run("/usr/bin/env", &[&[&*variable, &*program], args].concat(), b"");
        assert_eq!(output.code, 0, "{output:?}");
        output.stdout
    };
    traced(&["new", "-d", "work"]);
    // The first command starts the session's shell; the second is the usual way.
    traced(&["exec", "-t", "work", "--", "true"]);
    for file in fs::read_dir(&folder).expect("the test made it") {
        let path = file.expect("it can be listed").path();
        fs::write(path, "").expect("a trace of this test can be emptied");
    }
    assert_eq!(traced(&["exec", "-t", "work", "--", "echo done"]), "done\n");
    check(&noted(&folder)["exec"], "## A command", EXEC_FILES_MAX);
}
