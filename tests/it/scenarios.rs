//! The lists of scenarios and of faults name tests that there are, and have all of them; the list
//! of what users hit names each with its module.

use std::collections::BTreeSet;
use std::fs;
use std::path::PathBuf;

use crate::p0::{test_paths, tests};

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

/// The rows of the list of what users hit: from X1, commands, to B17 and the smaller ones.
const USER_FAULTS: [(&str, u32, &[u32]); 5] = [
    ("X", 18, &[]),
    ("U", 26, &[10, 11, 12, 13, 14, 15, 16, 17, 18, 22, 24, 25]),
    ("T", 10, &[]),
    ("D", 7, &[]),
    ("B", 17, &[]),
];

#[test]
fn every_fault_that_users_hit_names_tests_that_there_are_or_says_what_happens_today() {
    let list = list("user-faults").replace("\\|", "/");
    let (holds, open) = list.split_once("\n## ").expect("it has two tables");
    let paths = test_paths();
    let mut ids = BTreeSet::new();
    for row in rows(holds).iter().filter(|row| row[1] != "row") {
        ids.insert(row[1]);
        let named: Vec<&str> = row[3].split('`').skip(1).step_by(2).collect();
        assert!(row.len() == 5 && !named.is_empty(), "no test: {row:?}");
        for path in named {
            assert!(paths.contains(path), "there is no test {path}: {row:?}");
        }
    }
    for row in rows(open).iter().filter(|row| row[1] != "row") {
        ids.insert(row[1]);
        assert!(row.len() == 4 && !row[2].is_empty(), "nothing is said: {row:?}");
    }
    for (letter, last, left_out) in USER_FAULTS {
        for number in (1..=last).filter(|number| !left_out.contains(number)) {
            let id = format!("{letter}{number}");
            assert!(ids.contains(&*id), "{id} is in neither table");
        }
    }
    assert!(ids.contains("U Low") && ids.contains("B Smaller"), "the small ones are there");
}
