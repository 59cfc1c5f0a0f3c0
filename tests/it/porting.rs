//! `docs/porting.md` lists every public function of `src/platform`, and nothing else.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// The public functions of a file, each as `function` or `Type::function`.
fn public_functions(text: &str) -> BTreeSet<String> {
    let code = text.split("#[cfg(test)]\nmod tests").next().unwrap_or_default();
    let (mut owner, mut found) = (String::new(), BTreeSet::new());
    for line in code.lines() {
        if let Some(head) = line.strip_prefix("impl") {
            let head = head.trim_end_matches(" {");
            let head = head
                .strip_prefix('<')
                .and_then(|rest| rest.split_once("> "))
                .map_or(head, |it| it.1);
            let name = head.rsplit(" for ").next().unwrap_or_default().trim();
            name.split('<').next().unwrap_or_default().clone_into(&mut owner);
        } else if line == "}" {
            owner.clear();
        }
        let words: Vec<&str> = line.trim_start().split(' ').take(5).collect();
        let Some(at) = words.iter().position(|word| *word == "fn") else { continue };
        if words.first() != Some(&"pub") {
            continue;
        }
        let name = words.get(at + 1).and_then(|name| name.split(['(', '<']).next());
        let name = name.expect("a function has a name");
        found.insert(match owner.as_str() {
            "" => name.to_owned(),
            owner => format!("{owner}::{name}"),
        });
    }
    found
}

/// The functions that the page lists under a file's name.
fn listed(page: &str, file: &str) -> BTreeSet<String> {
    page.lines()
        .skip_while(|line| *line != format!("## {file}"))
        .skip(1)
        .take_while(|line| !line.starts_with("## "))
        .filter_map(|line| Some(line.strip_prefix("| `")?.split_once('`')?.0.to_owned()))
        .collect()
}

fn sources(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).expect("the folder is there");
    let mut found: Vec<PathBuf> =
        entries.map(|entry| entry.expect("it can be read").path()).collect();
    assert!(found.iter().all(|path| path.is_file()), "platform has no folders");
    found.sort();
    found
}

#[test]
fn every_public_function_of_platform_is_listed() {
    let page = fs::read_to_string(root().join("docs/porting.md")).expect("the page is there");
    for path in sources(&root().join("src/platform")) {
        let file = path.file_stem().expect("a file has a name").to_string_lossy().into_owned();
        let text = fs::read_to_string(&path).expect("a source file is UTF-8");
        assert_eq!(listed(&page, &file), public_functions(&text), "src/platform/{file}.rs");
    }
}
