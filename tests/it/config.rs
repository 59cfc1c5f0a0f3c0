//! Configuration: broken files and their diagnostics, the default file and the schema against the types, the keymap.

use std::fs;
use std::path::{Path, PathBuf};

use abide::base::key::Key;
use abide::config::diag::listing;
use abide::config::keymap::{Keymap, Lookup};
use abide::config::load::{DEFAULT, FILE_BYTES_MAX, load};
use abide::config::reference;
use abide::settings::Settings;
use abide::settings::shape::schema;

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// Compares a generated file of the repository; with `UPDATE=1` it is written anew.
#[track_caller]
pub(crate) fn generated(path: &str, text: &str) {
    let file = root().join(path);
    if std::env::var_os("UPDATE").is_some() {
        fs::create_dir_all(file.parent().expect("it is in a folder")).expect("the folder can be made");
        fs::write(&file, text).expect("the file can be written");
    }
    let committed = fs::read_to_string(&file).unwrap_or_default();
    let differing = committed.lines().zip(text.lines()).position(|(a, b)| a != b);
    let line = differing.unwrap_or_else(|| committed.lines().count().min(text.lines().count()));
    assert!(
        committed == text,
        "{path} is not what its source gives; first difference in line {}:\n- {}\n+ {}\nUPDATE=1 cargo test --test it writes it anew",
        line + 1,
        committed.lines().nth(line).unwrap_or("(end)"),
        text.lines().nth(line).unwrap_or("(end)"),
    );
}

fn toml_files(folder: &str) -> Vec<PathBuf> {
    let entries = fs::read_dir(root().join(folder)).expect("the folder is there");
    let mut files: Vec<_> = entries.map(|entry| entry.expect("it can be read").path()).collect();
    files.retain(|file| file.extension().is_some_and(|ext| ext == "toml"));
    files.sort();
    files
}

fn file_name(path: &Path) -> String {
    path.file_name().unwrap_or_default().to_string_lossy().into_owned()
}

#[test]
fn every_broken_file_has_exactly_its_diagnostics() {
    let files = toml_files("tests/configs/invalid");
    assert!(files.len() >= 30, "{} files", files.len());
    let mut wrong = Vec::new();
    for file in files {
        let name = file_name(&file);
        let text = fs::read_to_string(&file).expect("it is UTF-8");
        let shown = match load(&name, &text) {
            Ok(_) => "accepted\n".to_owned(),
            Err(problems) => listing(&problems),
        };
        let expected_file = file.with_extension("txt");
        if std::env::var_os("UPDATE").is_some() {
            fs::write(&expected_file, &shown).expect("it can be written");
        }
        let expected = fs::read_to_string(&expected_file).unwrap_or_default();
        if shown != expected || shown == "accepted\n" {
            wrong.push(format!("{name}:\nexpected:\n{expected}\nshown:\n{shown}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_good_file_is_accepted() {
    for file in toml_files("tests/configs/valid") {
        let text = fs::read_to_string(&file).expect("it is UTF-8");
        if let Err(problems) = load(&file_name(&file), &text) {
            panic!("{}", listing(&problems));
        }
    }
}

#[test]
fn the_default_file_is_the_defaults() {
    generated("config/default.toml", &reference::default_toml());
    assert_eq!(load("default.toml", &reference::default_toml()), Ok(Settings::default()));
    assert_eq!(load("empty.toml", ""), Ok(Settings::default()));
    assert_eq!(DEFAULT, reference::default_toml(), "the embedded file is the one of the last build");
}

#[test]
fn the_schema_file_is_that_of_the_types() {
    let text = serde_json::to_string_pretty(&schema()).expect("a schema is JSON");
    generated("config/schema.json", &(text + "\n"));
}

#[test]
fn a_file_that_is_too_large_is_not_read() {
    let problems = load("big.toml", &"#".repeat(FILE_BYTES_MAX + 1)).expect_err("too large");
    assert!(problems[0].message.contains("at most"), "{}", problems[0]);
}
