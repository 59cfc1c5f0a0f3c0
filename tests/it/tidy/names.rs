//! What things are called and where they lie: type names, `impl` blocks, the glossary, action
//! names.

use std::collections::{BTreeMap, BTreeSet};

use super::source::{Source, ident_at, words};

/// In how many files a type of one name may be defined.
const TYPE_FILES_MAX: usize = 2;

/// Over how many files the `impl` blocks of one type may be spread.
const IMPL_FILES_MAX: usize = 6;

/// How many production files may name an action: its own and, where it must, one more.
const ACTION_FILES_MAX: usize = 2;

/// Type names that stand for several things, each with the reason.
const SHARED_TYPE_NAMES: &[(&str, &str)] = &[];

/// The files of production code that define a type of each name.
pub(crate) fn type_files(files: &[Source]) -> BTreeMap<&str, BTreeSet<&str>> {
    let mut found: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for file in files {
        for keyword in ["struct", "enum", "trait", "type", "union"] {
            for at in words(&file.bare, keyword) {
                let name_at = at + keyword.len() + 1;
                let line = file.bare[..at].rfind('\n').map_or(0, |found| found + 1);
                let is_item = file.bare[line..].starts_with(|first: char| first.is_alphabetic());
                let name = file.bare.get(name_at..).map_or("", |_| ident_at(&file.bare, name_at));
                if is_item && name.starts_with(|first: char| first.is_uppercase()) {
                    found.entry(name).or_default().insert(&file.path);
                }
            }
        }
    }
    found
}

/// Type names that are defined in too many files: one name stands for one thing.
pub(crate) fn shared_type_names(files: &[Source]) -> Vec<String> {
    type_files(files)
        .iter()
        .filter(|(name, _)| SHARED_TYPE_NAMES.iter().all(|(shared, _)| shared != *name))
        .filter(|(_, places)| places.len() > TYPE_FILES_MAX)
        .map(|(name, places)| {
            let places: Vec<_> = places.iter().copied().collect();
            format!("`{name}` is defined in {} files: {}", places.len(), places.join(", "))
        })
        .collect()
}

/// Types whose own `impl` blocks are spread over too many files. `impl Trait for Type` is not
/// counted: where a trait is implemented follows the trait.
pub(crate) fn spread_impls(files: &[Source]) -> Vec<String> {
    let mut places: BTreeMap<String, BTreeSet<&str>> = BTreeMap::new();
    for file in files.iter().filter(|file| file.layer().is_some()) {
        for at in words(&file.bare, "impl") {
            if at != 0 && !file.bare[..at].ends_with('\n') {
                continue;
            }
            let head = file.bare[at + 4..].split('{').next().unwrap_or_default();
            let head = head.split(" where").next().unwrap_or_default();
            if head.contains(" for ") {
                continue;
            }
            let name = without_generics(head);
            let top = file.layer().unwrap_or_default();
            places.entry(format!("{top}::{name}")).or_default().insert(&file.path);
        }
    }
    places
        .iter()
        .filter(|(_, places)| places.len() > IMPL_FILES_MAX)
        .map(|(name, places)| {
            let places: Vec<_> = places.iter().copied().collect();
            format!("`impl {name}` stands in {} files: {}", places.len(), places.join(", "))
        })
        .collect()
}

/// `<'a, T: X<Y>> Name<'a, T>` as `Name`.
fn without_generics(head: &str) -> String {
    let mut depth = 0_usize;
    let outside = head.chars().filter(|&c| match c {
        '<' => {
            depth += 1;
            false
        }
        '>' => {
            depth = depth.saturating_sub(1);
            false
        }
        _ => depth == 0,
    });
    outside.collect::<String>().trim().to_owned()
}

/// Modules and public types one of whose words is neither in the glossary nor on its list of plain
/// words.
pub(crate) fn words_outside_glossary(files: &[Source], glossary: &str) -> Vec<String> {
    let known = glossary_words(glossary);
    let mut faults = Vec::new();
    let mut check = |path: &str, what: &str, name: &str| {
        for word in split_name(name).iter().filter(|word| !known.contains(word.as_str())) {
            faults.push(format!("{path}: {what} `{name}`: `{word}` is not in docs/glossary.md"));
        }
    };
    for file in files.iter().filter(|file| file.layer().is_some()) {
        for module in file.module().last().into_iter().filter(|module| *module != "tests") {
            check(&file.path, "module", module);
        }
        for keyword in ["struct", "enum", "trait", "union"] {
            for at in words(&file.bare, keyword) {
                let is_public =
                    file.bare[..at].ends_with("pub ") || file.bare[..at].ends_with("pub(crate) ");
                let name_at = at + keyword.len() + 1;
                if is_public && name_at < file.bare.len() {
                    check(&file.path, "type", ident_at(&file.bare, name_at));
                }
            }
        }
    }
    faults.sort();
    faults.dedup();
    faults
}

/// The words of the glossary: what stands in bold at the start of a line, and the words of its
/// plain list, which stand in backquotes.
fn glossary_words(glossary: &str) -> BTreeSet<String> {
    let bold = glossary
        .lines()
        .filter_map(|line| line.strip_prefix("- **")?.split("**").next())
        .flat_map(|term| term.split(|c: char| !c.is_ascii_alphanumeric()).map(str::to_lowercase));
    let plain = glossary
        .split_once("## Plain words")
        .map_or("", |(_, list)| list)
        .split_whitespace()
        .map(|word| word.trim_matches(|c: char| !c.is_ascii_alphanumeric()).to_lowercase());
    let mut known: BTreeSet<String> = bold.chain(plain).filter(|word| !word.is_empty()).collect();
    let plurals: Vec<String> = known.iter().map(|word| format!("{word}s")).collect();
    known.extend(plurals);
    known
}

/// `CopyMode` and `copy_mode` as `copy`, `mode`; digits belong to the word before.
fn split_name(name: &str) -> Vec<String> {
    let mut found: Vec<String> = Vec::new();
    let mut begins = true;
    for c in name.chars() {
        if c == '_' {
            begins = true;
            continue;
        }
        if begins || c.is_uppercase() {
            found.push(String::new());
        }
        begins = false;
        let last = found.last_mut().expect("a word was begun with the first character");
        last.extend(c.to_lowercase());
    }
    found
}

/// Actions named in more production files than their own and one more, as a text or by `NAME` of
/// their type.
pub(crate) fn repeated_actions(files: &[Source]) -> Vec<String> {
    let mut faults = Vec::new();
    for (name, owner) in action_names(files) {
        let literal = format!("\"{name}\"");
        let places: Vec<_> = files
            .iter()
            .filter(|file| file.layer().is_some() && file.code.contains(&literal))
            .map(|file| file.path.as_str())
            .collect();
        if places.len() > ACTION_FILES_MAX {
            faults.push(format!(
                "{owner}: the action {literal} is named in {} files: {}",
                places.len(),
                places.join(", ")
            ));
        }
    }
    faults
}

/// Comparisons of an action's name outside the table: what an action means is told by its type.
pub(crate) fn compared_names(files: &[Source]) -> Vec<String> {
    let mut faults = Vec::new();
    for file in files.iter().filter(|file| file.layer().is_some_and(|layer| layer != "action")) {
        for (at, _) in file.bare.match_indices("::NAME") {
            let before = file.bare[..at]
                .trim_end_matches(|c: char| c.is_alphanumeric() || c == '_' || c == ':');
            if before.trim_end().ends_with("==") || before.trim_end().ends_with("!=") {
                let line = super::source::line_of(&file.bare, at);
                faults.push(format!(
                    "{}:{line}: an action is told by its type, not by comparing its name",
                    file.path
                ));
            }
        }
    }
    faults
}

/// The names that `const NAME: &str = "…"` gives to actions, with the file of each.
fn action_names(files: &[Source]) -> BTreeMap<String, String> {
    let mut names = BTreeMap::new();
    for file in files.iter().filter(|file| file.layer() == Some("action")) {
        for (at, found) in file.code.match_indices("const NAME: &str = \"") {
            let rest = &file.code[at + found.len()..];
            names
                .insert(rest[..rest.find('"').unwrap_or(rest.len())].to_owned(), file.path.clone());
        }
    }
    names
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sources(texts: &[&str]) -> Vec<Source> {
        texts
            .iter()
            .enumerate()
            .map(|(idx, text)| Source::new(&format!("src/term/f{idx}.rs"), text))
            .collect()
    }

    #[test]
    fn a_type_name_in_three_files_is_caught() {
        let three = sources(&["pub struct A;", "enum A {}", "pub(crate) trait A {}"]);
        assert_eq!(shared_type_names(&three).len(), 1);
        assert_eq!(shared_type_names(&three[..2]).len(), 0);
        let inside = sources(&["struct A;", "struct A;", "impl B {\n    type A = u8;\n}"]);
        assert_eq!(shared_type_names(&inside).len(), 0, "a type of a trait is the trait's");
    }

    #[test]
    fn an_impl_in_seven_files_is_caught() {
        let texts = ["impl<'a, T: X<Y>> A<'a, T> {}"; 7];
        assert_eq!(spread_impls(&sources(&texts)).len(), 1);
        assert_eq!(spread_impls(&sources(&texts[..6])).len(), 0);
        assert_eq!(spread_impls(&sources(&["impl Drop for A {}"; 7])).len(), 0);
    }

    #[test]
    fn a_word_outside_the_glossary_is_caught() {
        let glossary = "# Words\n- **copy mode**: x\n\n## Plain words\nrow, f0\n";
        let faults = |text: &str| words_outside_glossary(&sources(&[text]), glossary).len();
        assert_eq!(faults("pub struct CopyRows;"), 0);
        assert_eq!(faults("pub(crate) enum Quarry {}"), 1);
        assert_eq!(faults("struct Quarry;"), 0, "a private type is its file's affair");
        let module = [Source::new("src/term/shelf.rs", "")];
        assert_eq!(words_outside_glossary(&module, glossary).len(), 1);
    }

    #[test]
    fn an_action_named_in_three_files_is_caught() {
        let owner = || Source::new("src/action/pane.rs", "const NAME: &str = \"pane.swap\";");
        let user =
            |path: &str| Source::new(path, "fn f() { call(\"pane.swap\") } // \"pane.close\"");
        let three = [owner(), user("src/client/a.rs"), user("src/cli/b.rs")];
        assert_eq!(repeated_actions(&three).len(), 1);
        let two = [owner(), user("src/client/a.rs"), user("tests/it/b.rs")];
        assert_eq!(repeated_actions(&two).len(), 0);
    }

    #[test]
    fn a_compared_name_is_caught() {
        let check = |text: &str| compared_names(&[Source::new("src/cli/x.rs", text)]).len();
        assert_eq!(check("fn f() { if entry.name == session::New::NAME {} }"), 1);
        assert_eq!(check("fn f() { call(session::New::NAME) }"), 0);
    }
}
