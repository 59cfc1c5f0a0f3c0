//! Configuration: broken files and their diagnostics, the default file and the schema against the
//! types, the keymap.

use std::fs;
use std::path::{Path, PathBuf};

use abide::base::key::Key;
use abide::config::diag::listing;
use abide::config::keymap::{Keymap, Lookup};
use abide::config::load::{DEFAULT, FILE_BYTES_MAX, load};
use abide::config::reference;
use abide::settings::Settings;
use abide::settings::shape::schema;
use proptest::prelude::*;

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// Compares a generated file of the repository; with `UPDATE=1` it is written anew.
#[track_caller]
pub(crate) fn generated(path: &str, text: &str) {
    let file = root().join(path);
    if std::env::var_os("UPDATE").is_some() {
        fs::create_dir_all(file.parent().expect("it is in a folder"))
            .expect("the folder can be made");
        fs::write(&file, text).expect("the file can be written");
    }
    let committed = fs::read_to_string(&file).unwrap_or_default();
    let differing = committed.lines().zip(text.lines()).position(|(a, b)| a != b);
    let line = differing.unwrap_or_else(|| committed.lines().count().min(text.lines().count()));
    assert!(
        committed == text,
        "{path} is not what its source gives; first difference in line {}:\n- {}\n+ {}\nUPDATE=1 \
         cargo test --test it writes it anew",
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
    assert_eq!(
        DEFAULT,
        reference::default_toml(),
        "the embedded file is the one of the last build"
    );
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

/// The keymap of a configuration.
#[track_caller]
fn keymap(text: &str) -> Keymap {
    Keymap::new(&load("config.toml", text).expect("it is valid").keys)
}

/// What pressing these keys one after the other means: the action, `…` while more are awaited, `-`
/// for none.
fn press(map: &Keymap, keys: &str) -> String {
    let keys: Vec<Key> = keys.split(' ').map(|key| key.parse().expect("a key")).collect();
    let (last, pending) = keys.split_last().expect("at least one");
    match map.lookup(pending, *last) {
        Lookup::Hit(bound) => bound.words.clone(),
        Lookup::Pending => "…".into(),
        Lookup::Miss => "-".into(),
    }
}

#[test]
fn a_chord_is_pending_until_it_is_whole() {
    let map = keymap("[keys.bind]\n\"prefix g h\" = \"ls\"\n\"M-Left\" = \"session.ls\"\n");
    assert_eq!(press(&map, "C-b"), "…");
    assert_eq!(press(&map, "C-b g"), "…");
    assert_eq!(press(&map, "C-b g h"), "ls");
    assert_eq!(press(&map, "C-b g x"), "-");
    assert_eq!(press(&map, "M-Left"), "session.ls");
    assert_eq!(press(&map, "g"), "-");
    assert_eq!(press(&map, "C-b F30"), "-");
}

#[test]
fn every_prefix_key_begins_a_chord_and_is_sent_on_when_pressed_twice() {
    let map = keymap("[keys]\nprefix = [\"C-a\", \"F12\"]\n[keys.bind]\n\"prefix G\" = \"ls\"\n");
    assert_eq!(map.prefixes(), ["C-a", "F12"].map(|key| key.parse::<Key>().expect("a key")));
    assert_eq!(press(&map, "C-a G"), "ls");
    assert_eq!(press(&map, "F12 G"), "ls");
    assert_eq!(press(&map, "C-b"), "-");
    assert_eq!(press(&map, "C-a C-a"), "send --key C-a");
    assert_eq!(press(&map, "F12 F12"), "send --key F12");
    assert_eq!(
        map.following(&["F12".parse().expect("a key")])
            .iter()
            .find(|listed| listed.words == "ls")
            .map(|listed| listed.keys.as_str()),
        Some("C-a G")
    );
}

#[test]
fn a_binding_replaces_what_it_collides_with_and_an_empty_one_frees_the_key() {
    let map = keymap(
        "[keys.bind]\n\"prefix %\" = \"\"\n\"prefix c x\" = \"ls\"\n\"prefix d\" = \"ls\"\n",
    );
    assert_eq!(press(&map, "C-b %"), "-");
    assert_eq!(press(&map, "C-b c"), "…");
    assert_eq!(press(&map, "C-b c x"), "ls");
    assert_eq!(press(&map, "C-b d"), "ls");
}

#[test]
fn the_keys_of_tmux_mean_what_they_mean_there() {
    let map = keymap("");
    let meant = [
        ("c", "tab new"),
        ("&", "tab close"),
        ("n", "tab next"),
        ("p", "tab prev"),
        ("l", "tab last"),
        ("3", "tab go 3"),
        ("%", "pane split --right"),
        ("\"", "pane split --down"),
        ("x", "pane close"),
        ("z", "pane zoom"),
        ("Left", "pane focus --left"),
        ("o", "pane next"),
        ("d", "detach"),
        ("Space", "layout next"),
        ("C-b", "send --key C-b"),
    ];
    for (key, words) in meant {
        assert_eq!(press(&map, &format!("C-b {key}")), words, "prefix {key}");
    }
}

#[test]
fn the_screen_preset_has_its_own_prefix_and_keys() {
    let map = keymap("[keys]\npreset = \"screen\"\n");
    assert_eq!(press(&map, "C-a a"), "send --key C-a");
    assert_eq!(press(&map, "C-a C-a"), "tab last");
    assert_eq!(press(&map, "C-a k"), "tab close");
    assert_eq!(press(&map, "C-a d"), "detach");
    assert_eq!(press(&map, "C-b"), "-");
}

#[test]
fn lists_show_the_keys_to_press() {
    let map = keymap("[keys]\nprefix = [\"C-a\"]\n[keys.bind]\n\"prefix G\" = \"session ls\"\n");
    let listed =
        map.listing().into_iter().find(|listed| listed.chord == "prefix G").expect("it is bound");
    assert_eq!(
        (listed.keys.as_str(), listed.name, listed.summary.as_str()),
        ("C-a G", "session.ls", "List sessions")
    );
    assert_eq!(map.keys_of("session.ls").as_deref(), Some("C-a G"));
    assert_eq!(map.keys_of("no.such"), None);
}

/// A piece that a mutation puts into a file: what configuration files are made of, and what breaks
/// them.
fn piece() -> impl Strategy<Value = String> {
    let known = vec![
        "[keys]",
        "[keys.bind]",
        "[theme]",
        "prefix",
        "=",
        "\"",
        "'",
        "[",
        "]",
        "{",
        "}",
        ",",
        ".",
        "\n",
        "\r\n",
        "#",
        "\\u0000",
        "é漢",
    ];
    prop_oneof![
        proptest::sample::select(known).prop_map(str::to_owned),
        any::<char>().prop_map(String::from),
        "[a-z0-9_]{0,8}"
    ]
}

proptest! {
    #[test]
    fn no_text_breaks_the_loader(
        cuts in proptest::collection::vec((any::<proptest::sample::Index>(), piece()), 0..6),
        start in proptest::sample::select(vec!["", DEFAULT]),
    ) {
        let mut text = start.to_owned();
        for (at, piece) in cuts {
            let mut at = at.index(text.len() + 1);
            while !text.is_char_boundary(at) {
                at -= 1;
            }
            text.insert_str(at, &piece);
        }
        if let Err(problems) = load("config.toml", &text) {
            prop_assert!(!problems.is_empty());
            for problem in problems {
                let lines = text.matches('\n').count() + 1;
                prop_assert!((1..=lines).contains(&problem.line), "{problem}");
                let is_harmless = !problem.to_string().contains('\x1b');
                prop_assert!(is_harmless && !problem.message.is_empty());
            }
        }
    }
}
