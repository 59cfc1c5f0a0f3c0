//! The example patches of docs/patches: each changes as few production files as CONTRIBUTING.md
//! says, applies to this tree, builds, and its own tests pass. Nothing here knows what they do.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use rustix::event::{Timespec, poll};

/// The patches in the order in which they are applied, each with the production files it touches.
const PATCHES: [(&str, usize); 4] =
    [("csi", 2), ("action", 1), ("overlay", 3), ("stop-outcome", 1)];
/// How long cargo may take; a build in an empty target directory is not meant to fit.
const BUILT_WITHIN: Duration = Duration::from_mins(5);
/// Folders that are no part of the tree.
const LEFT_OUT: [&str; 3] = ["target", ".git", "artifacts"];

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// The target directory of the build that this test is of.
fn target_directory() -> PathBuf {
    let scratch = Path::new(env!("CARGO_TARGET_TMPDIR"));
    scratch.parent().expect("cargo makes it below the target directory").to_owned()
}

fn patch_file(name: &str) -> PathBuf {
    root().join("docs/patches").join(name).with_extension("patch")
}

/// Every file of a tree, relative to it.
fn files(tree: &Path, folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).expect("it can be read") {
        let path = entry.expect("it can be read").path();
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        if path.is_dir() {
            if !LEFT_OUT.contains(&name.as_str()) {
                files(tree, &path, found);
            }
        } else if name != ".git" {
            found.push(path.strip_prefix(tree).expect("it is below the tree").to_owned());
        }
    }
}

/// Makes `to` the same tree as `from`. A file that is the same already keeps its time of change, so
/// that cargo builds only what differs from the run before.
fn synchronise(from: &Path, to: &Path) {
    let (mut wanted, mut there) = (Vec::new(), Vec::new());
    files(from, from, &mut wanted);
    fs::create_dir_all(to).expect("there is room");
    files(to, to, &mut there);
    for stale in there.iter().filter(|file| !wanted.contains(file)) {
        fs::remove_file(to.join(stale)).expect("it is ours");
    }
    for file in wanted {
        let bytes = fs::read(from.join(&file)).expect("it can be read");
        let copy = to.join(&file);
        if fs::read(&copy).is_ok_and(|old| old == bytes) {
            continue;
        }
        fs::create_dir_all(copy.parent().expect("it is below the tree")).expect("there is room");
        fs::write(copy, bytes).expect("there is room");
    }
}

/// Applies a patch to a tree, or only tries to.
#[track_caller]
fn apply(name: &str, tree: &Path, options: &[&str]) {
    let mut command = Command::new("git");
    command.arg("apply").args(options).arg(patch_file(name)).current_dir(tree);
    // A repository around the temporary directory is none of ours.
    command.env("GIT_CEILING_DIRECTORIES", tree.parent().unwrap_or(tree));
    let done = command.output().expect("git is installed");
    assert!(
        done.status.success(),
        "docs/patches/{name}.patch does not fit the tree; CONTRIBUTING.md says how it is made \
         anew\n{}",
        String::from_utf8_lossy(&done.stderr)
    );
}

/// The files that a patch touches.
fn touched(patch: &str) -> Vec<&str> {
    let old = |line: &str| line.starts_with("--- ");
    let new = |line: &str| line.starts_with("+++ ");
    let headers = patch.lines().filter(|line| old(line) || new(line));
    let mut paths: Vec<&str> = headers
        .filter_map(|line| line[4..].strip_prefix("a/").or(line[4..].strip_prefix("b/")))
        .collect();
    paths.sort_unstable();
    paths.dedup();
    paths
}

/// Whether a file is part of the program: no test and nothing generated.
fn is_production(path: &str) -> bool {
    path.starts_with("src/")
        && Path::new(path).extension().is_some_and(|extension| extension == "rs")
        && !path.ends_with("/tests.rs")
        && !path.contains("/tests/")
}

/// The tests that a patch adds.
fn own_tests(patch: &str) -> Vec<String> {
    let mut is_test = false;
    let mut names = Vec::new();
    for line in patch.lines() {
        let code = line.get(1..).unwrap_or_default().trim();
        let added = line.starts_with('+');
        let name = code.strip_prefix("fn ").and_then(|rest| rest.split('(').next());
        names.extend(name.filter(|_| added && is_test).map(str::to_owned));
        is_test = added && (code == "#[test]" || (is_test && code.starts_with("#[")));
    }
    names
}

/// What a child prints, read beside it so that it never waits for a reader.
fn read_beside(stream: impl std::io::Read + Send + 'static) -> thread::JoinHandle<String> {
    thread::spawn(move || {
        let (mut stream, mut bytes) = (stream, Vec::new());
        let read = stream.read_to_end(&mut bytes);
        assert!(read.is_ok(), "a pipe can be read: {read:?}");
        String::from_utf8_lossy(&bytes).into_owned()
    })
}

/// Runs the unit tests of these names in a tree, with what is built already; what cargo said.
///
/// Only the library is built: a program of that name in the target directory is what the tests
/// beside this one drive.
#[track_caller]
fn run_tests(tree: &Path, names: &[String]) -> String {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut child = Command::new(cargo)
        .args(["test", "--lib", "--offline", "--locked", "--"])
        .args(names)
        .current_dir(tree)
        .env("CARGO_TARGET_DIR", target_directory())
        // Changes this package alone: what it depends on has no debug information either way.
        .env("CARGO_PROFILE_DEV_DEBUG", "false")
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("cargo is installed");
    let out = read_beside(child.stdout.take().expect("it is a pipe"));
    let errors = read_beside(child.stderr.take().expect("it is a pipe"));
    let end = Instant::now() + BUILT_WITHIN;
    let status = loop {
        if let Some(status) = child.try_wait().expect("it is a child") {
            break Some(status);
        }
        if end < Instant::now() {
            child.kill().expect("it is a child");
            child.wait().expect("it is a child");
            break None;
        }
        // Gives the processor away; what is waited for happens in another process.
        let waited = poll(&mut [], Some(&Timespec { tv_sec: 0, tv_nsec: 20_000_000 }));
        assert!(waited.is_ok() || waited == Err(rustix::io::Errno::INTR));
    };
    let said = [out, errors].map(|reader| reader.join().expect("it ended"));
    assert!(
        status.is_some_and(|status| status.success()),
        "cargo test of the patched tree: {status:?}\n{}\n{}",
        said[1],
        said[0]
    );
    said[0].clone()
}

#[test]
fn every_example_patch_fits_touches_few_files_and_its_tests_pass() {
    let scratch = tempfile::tempdir().expect("there is room");
    let (clean, tree) = (scratch.path().join("clean"), scratch.path().join("tree"));
    synchronise(&root(), &clean);
    synchronise(&clean, &tree);
    let mut tests = Vec::new();
    for (name, files_max) in PATCHES {
        let patch = fs::read_to_string(patch_file(name))
            .unwrap_or_else(|fault| unreachable!("docs/patches/{name}.patch: {fault}"));
        let production: Vec<&str> =
            touched(&patch).into_iter().filter(|path| is_production(path)).collect();
        assert!(
            !production.is_empty() && production.len() <= files_max,
            "{name} may touch {files_max} production files and touches {production:?}"
        );
        let own = own_tests(&patch);
        assert!(!own.is_empty(), "{name} has no test");
        tests.extend(own);
        apply(name, &clean, &["--check"]);
        apply(name, &tree, &[]);
    }
    if tests.is_empty() {
        return;
    }
    if !cfg!(debug_assertions) {
        let mut said = std::io::stderr();
        let note = "NOT TESTED: the patched tree is built only without --release\n";
        assert!(std::io::Write::write_all(&mut said, note.as_bytes()).is_ok());
        return;
    }
    let kept = Path::new(env!("CARGO_TARGET_TMPDIR")).join("patched");
    synchronise(&tree, &kept);
    let said = run_tests(&kept, &tests);
    for name in tests {
        let passed = |line: &str| {
            line.strip_prefix("test ")
                .and_then(|rest| rest.strip_suffix(" ... ok"))
                .is_some_and(|path| path.rsplit("::").next() == Some(&name))
        };
        assert!(said.lines().any(passed), "{name} did not run:\n{said}");
    }
}

#[test]
fn a_patch_is_read_as_the_files_it_touches_and_the_tests_it_adds() {
    let patch = "--- a/src/a/b.rs\n+++ b/src/a/b.rs\n@@ -1 +1,5 @@\n\
                 -    #[test]\n-    fn old() {}\n\
                 +    #[test]\n+    #[cfg(unix)]\n+    fn new() {\n\
                 +    fn helper() {\n\x20    #[test]\n\x20    \
                 fn stays() {\n--- /dev/null\n+++ b/src/a/tests.rs\n+++ b/docs/x.md\n";
    assert_eq!(touched(patch), ["docs/x.md", "src/a/b.rs", "src/a/tests.rs"]);
    assert_eq!(own_tests(patch), ["new"]);
    let production: Vec<&str> = touched(patch).into_iter().filter(|p| is_production(p)).collect();
    assert_eq!(production, ["src/a/b.rs"]);
}
