//! What may not be written: words, lint exceptions without a reason, `unsafe`, prints, undeclared
//! dependencies, machine paths.

use super::source::{Source, closing, is_ident, line_of, words};

/// The only files with `unsafe`, each block argued.
const UNSAFE_FILES: &[&str] =
    &["src/keeper/spawn.rs", "src/platform/memory.rs", "src/platform/sys.rs"];

/// Where text for people is written to standard output and error.
const PRINT_FILES: &[&str] = &["src/cli/print.rs", "src/cli/print/"];

/// Words that may stand nowhere in source or tests, comments included; split so that this list is
/// not a hit itself.
const BANNED: &[&str] = &[
    concat!("TO", "DO"),
    concat!("FIX", "ME"),
    concat!("to", "do!"),
    concat!("un", "implemented!"),
    concat!("#[", "ignore"),
    concat!("db", "g!"),
    concat!("thread::", "sleep"),
    concat!("time::", "sleep"),
    concat!("unbounded_", "channel"),
];

/// Home directories that documentation and tests may use as an example.
const EXAMPLE_HOMES: &[&str] = &["me", "user"];

/// Banned words, wherever they stand.
pub(crate) fn banned_words(files: &[Source]) -> Vec<String> {
    let mut faults = Vec::new();
    for file in files {
        for word in BANNED {
            for (at, _) in file.text.match_indices(word) {
                let bytes = file.text.as_bytes();
                let begins = at == 0 || !is_ident(bytes[at - 1]) || !is_ident(word.as_bytes()[0]);
                let ends = bytes.get(at + word.len()).is_none_or(|&next| !is_ident(next))
                    || word.ends_with('!');
                if begins && ends {
                    faults.push(format!("{}:{}: `{word}`", file.path, line_of(&file.text, at)));
                }
            }
        }
    }
    faults
}

/// Files whose first line is not `//!`.
pub(crate) fn headless(files: &[Source]) -> Vec<String> {
    files
        .iter()
        .filter(|file| !file.text.starts_with("//! "))
        .map(|file| {
            format!(
                "{}: the first line must be `//!` and one sentence: what the file is",
                file.path
            )
        })
        .collect()
}

/// `unsafe` outside the files that may have it.
pub(crate) fn stray_unsafe(files: &[Source]) -> Vec<String> {
    files
        .iter()
        .filter(|file| !UNSAFE_FILES.contains(&file.path.as_str()))
        .flat_map(|file| {
            words(&file.whole, "unsafe")
                .into_iter()
                .map(|at| format!("{}:{}: `unsafe`", file.path, line_of(&file.whole, at)))
        })
        .collect()
}

/// `allow` and `expect` attributes that give no reason.
pub(crate) fn unreasoned_lints(files: &[Source]) -> Vec<String> {
    let mut faults = Vec::new();
    for file in files {
        for word in ["allow", "expect"] {
            for at in words(&file.whole, word) {
                let open = at + word.len();
                if !in_attribute(&file.whole, at) || !file.whole[open..].starts_with('(') {
                    continue;
                }
                if words(&file.whole[open..closing(&file.whole, open)], "reason").is_empty() {
                    faults.push(format!(
                        "{}:{}: `{word}` of a lint without `reason = \"…\"`",
                        file.path,
                        line_of(&file.whole, at)
                    ));
                }
            }
        }
    }
    faults
}

/// Whether the word at `at` stands directly in `#[…]`, `#![…]` or `cfg_attr(…, …)`.
fn in_attribute(text: &str, at: usize) -> bool {
    let before = text[..at].trim_end();
    let directly = before.ends_with("#[") || before.ends_with("#![");
    let line = before.rfind('\n').map_or(0, |found| found + 1);
    directly || text[line..at].contains("cfg_attr(")
}

/// Printing macros outside the one place that prints.
pub(crate) fn stray_prints(files: &[Source]) -> Vec<String> {
    let mut faults = Vec::new();
    for file in files.iter().filter(|file| {
        file.layer().is_some() && !PRINT_FILES.iter().any(|place| file.path.starts_with(place))
    }) {
        for word in ["print", "println", "eprint", "eprintln"] {
            for at in words(&file.bare, word) {
                if file.bare[at + word.len()..].starts_with('!') {
                    faults.push(format!(
                        "{}:{}: `{word}!`; only cli/print prints",
                        file.path,
                        line_of(&file.bare, at)
                    ));
                }
            }
        }
    }
    faults
}

/// Dependencies without a comment above that says why.
pub(crate) fn unexplained_dependencies(manifest: &str) -> Vec<String> {
    let mut faults = Vec::new();
    let (mut in_section, mut explained) = (false, false);
    for line in manifest.lines() {
        if line.starts_with('[') {
            in_section = line.trim_end().ends_with("dependencies]");
        } else if in_section
            && !explained
            && line.contains('=')
            && line.starts_with(|first: char| first.is_ascii_alphabetic())
        {
            faults.push(format!("Cargo.toml: no comment above `{line}` says why it is needed"));
        }
        explained = line.starts_with("# ");
    }
    faults
}

/// The names of the dependencies as Rust writes them.
pub(crate) fn dependency_names(manifest: &str) -> Vec<String> {
    let mut names = Vec::new();
    let mut in_section = false;
    for line in manifest.lines() {
        if line.starts_with('[') {
            in_section = line.trim_end().ends_with("dependencies]");
        } else if in_section && let Some((name, _)) = line.split_once('=') {
            names.extend(
                (!name.starts_with('#'))
                    .then(|| name.trim().split('.').next().unwrap_or_default().replace('-', "_")),
            );
        }
    }
    names
}

/// Paths of the machine that something was written on, in any tracked text.
pub(crate) fn machine_paths(path: &str, text: &str) -> Vec<String> {
    let mut faults = Vec::new();
    for root in [concat!("/wo", "rk/"), concat!("/ro", "ot/"), concat!("/ho", "me/")] {
        for (at, _) in text.match_indices(root) {
            let inside_a_path =
                text[..at].ends_with(|c: char| c.is_alphanumeric() || "._-}~*".contains(c));
            let rest = &text[at + root.len()..];
            let name = &rest[..rest
                .find(|c: char| !c.is_ascii_alphanumeric() && !"-_.".contains(c))
                .unwrap_or(rest.len())];
            let example = root.contains("me") && EXAMPLE_HOMES.contains(&name);
            if !inside_a_path && !name.is_empty() && !example {
                faults.push(format!(
                    "{path}:{}: a path of one machine: {root}{name}",
                    line_of(text, at)
                ));
            }
        }
    }
    faults
}

#[cfg(test)]
mod tests {
    use super::*;

    fn source(path: &str, text: &str) -> [Source; 1] {
        [Source::new(path, text)]
    }

    #[test]
    fn banned_words_are_caught_even_in_comments() {
        for word in BANNED {
            assert_eq!(
                banned_words(&source("src/term/x.rs", &format!("//! x\n// {word}"))).len(),
                1,
                "{word}"
            );
        }
        assert!(
            banned_words(&source(
                "src/term/x.rs",
                "fn mastodon() { tokio_time::sleepless(); time::sleep_until(then) }"
            ))
            .is_empty()
        );
    }

    #[test]
    fn a_file_without_a_head_is_caught() {
        assert_eq!(headless(&source("src/term/x.rs", "use a;")).len(), 1);
        assert_eq!(headless(&source("src/term/x.rs", "//! Rows.\nuse a;")).len(), 0);
    }

    #[test]
    fn unsafe_is_caught_outside_three_files() {
        let text = "fn f() { unsafe { g() } }";
        assert_eq!(stray_unsafe(&source("src/term/x.rs", text)).len(), 1);
        assert_eq!(stray_unsafe(&source("src/platform/sys.rs", text)).len(), 0);
        assert_eq!(
            stray_unsafe(&source("src/term/x.rs", "#![deny(unsafe_code)] // unsafe")).len(),
            0
        );
    }

    #[test]
    fn a_lint_exception_without_reason_is_caught() {
        for text in [
            "#[allow(dead_code)]",
            "#![expect(dead_code)]",
            "#[cfg_attr(test, allow(dead_code))]",
            "#[allow(\n    dead_code,\n)]",
        ] {
            assert_eq!(unreasoned_lints(&source("src/term/x.rs", text)).len(), 1, "{text}");
        }
        assert!(
            unreasoned_lints(&source(
                "src/term/x.rs",
                "#[allow(dead_code, reason = \"x\")] fn f() { a.expect(\"b\"); allow(c); }"
            ))
            .is_empty()
        );
    }

    #[test]
    fn prints_are_caught_outside_the_printer() {
        for word in ["print", "println", "eprint", "eprintln"] {
            let text = format!("fn f() {{ {word}!(\"x\"); }}");
            assert_eq!(stray_prints(&source("src/cli/doctor.rs", &text)).len(), 1, "{word}");
            assert_eq!(stray_prints(&source("src/cli/print.rs", &text)).len(), 0, "{word}");
        }
    }

    #[test]
    fn an_unexplained_dependency_is_caught() {
        assert_eq!(
            unexplained_dependencies(
                "[dependencies]\n# Why.\na = \"1\"\nb = \"1\"\n[lints.rust]\nc = \"deny\""
            )
            .len(),
            1
        );
        assert_eq!(
            unexplained_dependencies("[target.'cfg(unix)'.dependencies]\na = \"1\"").len(),
            1
        );
        assert_eq!(
            dependency_names(
                "[package]\nname = \"x\"\n[dependencies]\n# Why = so.\na-b = \
                 \"1\"\n[dev-dependencies]\nc.version = \"1\""
            ),
            ["a_b", "c"]
        );
    }

    #[test]
    fn machine_paths_are_caught() {
        for path in [
            concat!("/wo", "rk/wt"),
            concat!("\"/ro", "ot/.cargo\""),
            concat!("cd /ho", "me/ann/x"),
        ] {
            assert_eq!(machine_paths("a.md", path).len(), 1, "{path}");
        }
        for path in [
            concat!("dir/wo", "rk/x"),
            concat!("/ho", "me/me/src"),
            concat!("file://h/ho", "me/user"),
        ] {
            assert_eq!(machine_paths("a.md", path).len(), 0, "{path}");
        }
    }
}
