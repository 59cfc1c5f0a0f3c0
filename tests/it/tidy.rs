//! The rules of ARCHITECTURE.md and CONTRIBUTING.md as tests over the tree. Each rule's own file
//! shows what it catches.

mod comments;
mod imports;
mod names;
mod sizes;
mod source;
mod words;

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use source::Source;

/// Folders that hold nothing of the repository's own text.
const SKIPPED_FOLDERS: &[&str] = &["target", ".git", "node_modules", "corpus", "artifacts"];

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// All files below `folder`, sorted; a folder that is not there has none.
fn files_below(folder: &Path) -> Vec<PathBuf> {
    let Ok(entries) = fs::read_dir(folder) else { return Vec::new() };
    let mut found = Vec::new();
    for entry in entries {
        let path = entry.expect("a folder of the repository can be read").path();
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        if path.is_dir() && !SKIPPED_FOLDERS.contains(&name.as_str()) {
            found.extend(files_below(&path));
        } else if path.is_file() {
            found.push(path);
        }
    }
    found.sort();
    found
}

/// The Rust files below the given folders of the repository.
fn sources(folders: &[&str]) -> Vec<Source> {
    let root = root();
    let mut found = Vec::new();
    for file in folders
        .iter()
        .flat_map(|folder| files_below(&root.join(folder)))
        .filter(|file| file.extension().is_some_and(|ext| ext == "rs"))
    {
        let text = fs::read_to_string(&file).expect("a source file is UTF-8");
        let path = file.strip_prefix(&root).expect("it was found below the root");
        found.push(Source::new(&path.to_string_lossy(), &text));
    }
    assert!(!found.is_empty(), "no source file below {folders:?}");
    found
}

fn manifest() -> String {
    fs::read_to_string(root().join("Cargo.toml")).expect("the package has a manifest")
}

#[track_caller]
fn none(faults: &[String]) {
    assert!(faults.is_empty(), "{} faults:\n{}", faults.len(), faults.join("\n"));
}

#[test]
fn imports_keep_to_the_matrix() {
    let dependencies: BTreeSet<String> = words::dependency_names(&manifest()).into_iter().collect();
    let architecture =
        fs::read_to_string(root().join("ARCHITECTURE.md")).expect("the map is in the repository");
    let matrix = imports::matrix(&architecture);
    none(&imports::outside_matrix(&sources(&["src"]), &matrix, &dependencies));
}

#[test]
fn no_folder_imports_itself_in_a_circle() {
    none(&imports::folder_cycles(&sources(&["src"])));
}

#[test]
fn pure_layers_know_no_world() {
    none(&imports::impure(&sources(&["src"])));
}

#[test]
fn nothing_grows_too_large() {
    let all = sources(&["src", "tests", "examples", "benches"]);
    none(&[sizes::long_files(&all), sizes::long_functions(&all), sizes::wide_enums(&all)].concat());
    none(&sizes::large_keeper(&all));
}

#[test]
fn lines_parameters_and_the_number_of_files_have_bounds() {
    none(&sizes::wide_lines(&sources(&["src", "tests", "examples", "benches", "fuzz"])));
    let production = sources(&["src"]);
    none(&[sizes::tuple_parameters(&production), sizes::many_files(&production)].concat());
}

#[test]
fn a_name_stands_for_one_thing_and_lies_in_few_files() {
    let production = sources(&["src"]);
    none(&[names::shared_type_names(&production), names::spread_impls(&production)].concat());
}

#[test]
fn modules_and_public_types_are_made_of_the_words_of_the_glossary() {
    let glossary = fs::read_to_string(root().join("docs/glossary.md"))
        .expect("the glossary is in the repository");
    none(&names::words_outside_glossary(&sources(&["src"]), &glossary));
}

#[test]
fn an_action_is_told_by_its_type() {
    none(&names::compared_names(&sources(&["src"])));
}

#[test]
fn comments_open_with_their_subject_and_expects_say_why() {
    let production = sources(&["src"]);
    none(&[comments::without_subject(&production), comments::short_expects(&production)].concat());
}

#[test]
fn every_file_says_what_it_is() {
    none(&words::headless(&sources(&["src", "tests", "examples", "benches", "fuzz"])));
}

#[test]
fn nothing_is_left_for_later_and_nothing_sleeps() {
    none(&words::banned_words(&sources(&["src", "tests", "examples", "benches"])));
}

#[test]
fn unsafe_stays_in_three_files() {
    none(&words::stray_unsafe(&sources(&["src", "tests", "examples", "benches"])));
}

#[test]
fn every_lint_exception_has_a_reason() {
    none(&words::unreasoned_lints(&sources(&["src", "tests", "examples", "benches"])));
}

#[test]
fn only_the_printer_prints() {
    none(&words::stray_prints(&sources(&["src"])));
}

#[test]
fn an_action_is_named_in_two_files_at_most() {
    none(&names::repeated_actions(&sources(&["src"])));
}

#[test]
fn every_dependency_says_why() {
    none(&words::unexplained_dependencies(&manifest()));
}

#[test]
fn no_file_knows_the_machine_it_was_written_on() {
    let root = root();
    let mut faults = Vec::new();
    for file in files_below(&root) {
        let path = file
            .strip_prefix(&root)
            .expect("it was found below the root")
            .to_string_lossy()
            .into_owned();
        if let Ok(text) = fs::read_to_string(&file)
            && path != ".git"
        {
            faults.extend(words::machine_paths(&path, &text));
        }
    }
    none(&faults);
}
