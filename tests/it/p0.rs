//! The list of what a multiplexer has to be able to do names tests that there are.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

/// Every Rust file below a folder.
fn files(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).expect("it can be read") {
        let path = entry.expect("it can be read").path();
        if path.is_dir() {
            files(&path, found);
        } else if path.extension().is_some_and(|ext| ext == "rs") {
            found.push(path);
        }
    }
}

/// The names of all tests of the package, as `cargo test` takes them: with their modules.
pub(crate) fn test_paths() -> BTreeSet<String> {
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    let mut paths = BTreeSet::new();
    for base in [root.join("src"), root.join("tests/it")] {
        let mut all = Vec::new();
        files(&base, &mut all);
        for file in all {
            let place = file.strip_prefix(&base).expect("it lies there").with_extension("");
            let module = place.to_str().expect("it is UTF-8").replace('/', "::");
            let module = module.strip_suffix("::mod").unwrap_or(&module);
            let text = fs::read_to_string(&file).expect("it is UTF-8");
            paths.extend(tests_of(&text).into_iter().map(|name| format!("{module}::{name}")));
        }
    }
    paths
}

/// The tests of a file, those in a module of their own with its name.
fn tests_of(text: &str) -> Vec<String> {
    let (mut names, mut inner, mut is_test) = (Vec::new(), String::new(), false);
    for line in text.lines() {
        if let Some(name) = line.strip_prefix("mod ").and_then(|rest| rest.strip_suffix(" {")) {
            inner = format!("{name}::");
        } else if line == "}" {
            inner.clear();
        }
        let line = line.trim();
        let name = line.strip_prefix("fn ").and_then(|rest| rest.split('(').next());
        names.extend(name.filter(|_| is_test).map(|name| format!("{inner}{name}")));
        is_test = line == "#[test]" || (is_test && line.starts_with("#["));
    }
    names
}

/// The names of all tests of the package.
pub(crate) fn tests() -> BTreeSet<String> {
    test_paths().iter().filter_map(|path| path.rsplit("::").next()).map(str::to_owned).collect()
}

#[test]
fn every_row_of_the_list_names_tests_that_there_are() {
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    let list = fs::read_to_string(root.join("docs/reference/p0.md")).expect("it is there");
    let tests = tests();
    let rows: Vec<&str> =
        list.lines().filter(|line| line.starts_with("| ") && !line.starts_with("| what")).collect();
    assert!(rows.len() > 80, "{} rows", rows.len());
    for row in rows {
        let proofs = row.split('|').nth(2).expect("a row has two cells").trim();
        let is_open = proofs.starts_with("not yet");
        let named: Vec<&str> = proofs.split('`').skip(1).step_by(2).collect();
        assert!(is_open || !named.is_empty(), "neither a test nor \"not yet\": {row}");
        for name in named {
            assert!(tests.contains(name), "there is no test {name}: {row}");
        }
    }
}
