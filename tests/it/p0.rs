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

/// The names of all tests of the package.
pub(crate) fn tests() -> BTreeSet<String> {
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    let mut all = Vec::new();
    files(&root.join("src"), &mut all);
    files(&root.join("tests/it"), &mut all);
    let mut names = BTreeSet::new();
    for file in all {
        let text = fs::read_to_string(&file).expect("it is UTF-8");
        let mut is_test = false;
        for line in text.lines().map(str::trim) {
            let name = || Some(line.strip_prefix("fn ")?.split('(').next()?.to_owned());
            names.extend(name().filter(|_| is_test));
            is_test = line == "#[test]" || (is_test && line.starts_with("#["));
        }
    }
    names
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
