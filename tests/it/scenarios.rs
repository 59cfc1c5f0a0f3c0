//! The lists of scenarios and of faults name tests that there are, and have all of them.

use std::fs;
use std::path::PathBuf;

use crate::p0::tests;

/// A page of the reference.
fn list(name: &str) -> String {
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    fs::read_to_string(root.join("docs/reference").join(name).with_extension("md"))
        .expect("it is there")
}

/// The rows of its table, cell by cell; the first cell is empty.
fn rows(list: &str) -> Vec<Vec<&str>> {
    list.lines()
        .filter(|line| line.starts_with("| "))
        .map(|line| line.split('|').map(str::trim).collect())
        .collect()
}

#[test]
fn every_scenario_names_tests_that_there_are() {
    let list = list("scenarios");
    let tests = tests();
    let rows = rows(&list);
    let proof =
        |id: &str| rows.iter().find(|row| row[1] == id).map(|row| row[3]).unwrap_or_default();
    let ids = (1..=52).map(|n| format!("S{n}")).chain((1..=18).map(|n| format!("V{n}")));
    for id in ids.chain(["S9b".to_owned()]) {
        let proof = proof(&id);
        assert!(
            proof.starts_with("not yet: ") || proof.starts_with('`'),
            "neither a test nor \"not yet\": {id}"
        );
    }
    for row in &rows {
        for name in row[3].split('`').skip(1).step_by(2) {
            assert!(tests.contains(name), "there is no test {name}: {row:?}");
        }
    }
}

#[test]
fn every_fault_names_tests_that_there_are_or_why_there_is_none() {
    let list = list("faults");
    let tests = tests();
    let rows: Vec<Vec<&str>> =
        rows(&list).into_iter().filter(|row| row[1].starts_with('F')).collect();
    let ids: Vec<&str> = rows.iter().map(|row| row[1]).collect();
    assert_eq!(ids, (1..=34).map(|number| format!("F{number}")).collect::<Vec<_>>());
    for row in &rows {
        let proof = row[4];
        assert!(
            proof.starts_with("not yet: ") || proof.starts_with('`'),
            "neither a test nor \"not yet\": {row:?}"
        );
        for name in proof.split('`').skip(1).step_by(2).filter(|_| proof.starts_with('`')) {
            assert!(tests.contains(name), "there is no test {name}: {row:?}");
        }
    }
}
