//! How large things may get: files, functions, structs, enums and the keeper.

use super::source::{Source, closing, ident_at, line_of, split_top, words};

const FILE_LINES_MAX: usize = 800;
const ENTRY_LINES_MAX: usize = 64;
const FN_LINES_MAX: usize = 70;
const ENUM_VARIANTS_MAX: usize = 24;
const LINE_COLUMNS_MAX: usize = 100;
/// Production files: a subject has one, so that a reader finds it.
const SOURCE_FILES_MAX: usize = 340;
/// 1,500 before lines had 100 columns instead of 140, and a hundred more since two servers live
/// side by side in a hand-over: without that a kill in its midst loses everything.
const KEEPER_LINES_MAX: usize = 2_000;

/// Files that are too long; `main.rs` and `lib.rs` only list and dispatch.
pub(crate) fn long_files(files: &[Source]) -> Vec<String> {
    files
        .iter()
        .filter_map(|file| {
            let limit = if matches!(file.path.as_str(), "src/main.rs" | "src/lib.rs") {
                ENTRY_LINES_MAX
            } else {
                FILE_LINES_MAX
            };
            let lines = file.text.lines().count();
            (lines > limit).then(|| format!("{}: {lines} lines, at most {limit}", file.path))
        })
        .collect()
}

/// Functions whose body has too many lines of code; blank lines and comments are free.
pub(crate) fn long_functions(files: &[Source]) -> Vec<String> {
    each_item(files, "fn", |name, body| {
        let lines = body.lines().filter(|line| !line.trim().is_empty()).count().saturating_sub(2);
        (lines > FN_LINES_MAX)
            .then(|| format!("fn {name} has {lines} lines, at most {FN_LINES_MAX}"))
    })
}

/// Enums with too many variants, whichever file they live in.
pub(crate) fn wide_enums(files: &[Source]) -> Vec<String> {
    each_item(files, "enum", |name, body| wide_enum(name, body, ENUM_VARIANTS_MAX))
}

fn wide_enum(name: &str, body: &str, limit: usize) -> Option<String> {
    let variants = split_top(inside(body)).len();
    (variants > limit).then(|| format!("enum {name} has {variants} variants, at most {limit}"))
}

/// Lines wider than a reader's window.
pub(crate) fn wide_lines(files: &[Source]) -> Vec<String> {
    let mut faults = Vec::new();
    for file in files {
        for (idx, line) in file.text.lines().enumerate() {
            let columns = line.chars().count();
            if columns > LINE_COLUMNS_MAX {
                let place = format!("{}:{}", file.path, idx + 1);
                faults.push(format!("{place}: {columns} columns, at most {LINE_COLUMNS_MAX}"));
            }
        }
    }
    faults
}

/// The production files, when there are more of them than a person can keep apart.
pub(crate) fn many_files(files: &[Source]) -> Vec<String> {
    let count = files.len();
    if count > SOURCE_FILES_MAX {
        return vec![format!("src: {count} files, at most {SOURCE_FILES_MAX}")];
    }
    Vec::new()
}

/// Parameters that are a pattern of several things, `(a, b): (A, B)`: they dodge the limit of five.
pub(crate) fn tuple_parameters(files: &[Source]) -> Vec<String> {
    let mut faults = Vec::new();
    for file in files {
        for at in words(&file.bare, "fn") {
            let name = ident_at(&file.bare, at + 3);
            let Some(open) = parameters_start(&file.bare, at + 3 + name.len()) else { continue };
            let inner = &file.bare[open + 1..closing(&file.bare, open).saturating_sub(1)];
            for parameter in split_top(inner) {
                let pattern = parameter.trim_start().trim_start_matches(['&']);
                if !name.is_empty() && pattern.starts_with('(') {
                    let line = line_of(&file.bare, at);
                    let shown = parameter.split_whitespace().collect::<Vec<_>>().join(" ");
                    faults.push(format!("{}:{line}: fn {name}: `{shown}`", file.path));
                }
            }
        }
    }
    faults
}

/// The bracket that opens the parameters of the function whose name ends at `from`.
fn parameters_start(text: &str, from: usize) -> Option<usize> {
    let mut depth = 0_usize;
    for (at, c) in text[from..].char_indices() {
        match c {
            '<' => depth += 1,
            '>' if !text[..from + at].ends_with('-') => depth = depth.checked_sub(1)?,
            '(' if depth == 0 => return Some(from + at),
            '{' | ';' => return None,
            _ => {}
        }
    }
    None
}

/// The keeper, all files together, test code not counted.
pub(crate) fn large_keeper(files: &[Source]) -> Vec<String> {
    let production = |file: &Source| {
        let code = file.bare.lines();
        file.text
            .lines()
            .zip(code)
            .filter(|(text, code)| !code.trim().is_empty() || text.trim_start().starts_with("//"))
            .count()
    };
    let lines: usize =
        files.iter().filter(|file| file.layer() == Some("keeper")).map(production).sum();
    if lines > KEEPER_LINES_MAX {
        return vec![format!(
            "src/keeper: {lines} lines without tests and blank lines, at most {KEEPER_LINES_MAX}"
        )];
    }
    Vec::new()
}

/// Calls `check` with name and braced body of every item that `keyword` introduces.
fn each_item<'a>(
    files: impl IntoIterator<Item = &'a Source>,
    keyword: &str,
    check: impl Fn(&str, &str) -> Option<String>,
) -> Vec<String> {
    let mut faults = Vec::new();
    for file in files {
        for at in words(&file.whole, keyword) {
            let name_at = at + keyword.len() + 1;
            if !file.whole[..name_at.min(file.whole.len())].ends_with(char::is_whitespace) {
                continue;
            }
            let name = ident_at(&file.whole, name_at);
            let Some(open) = body_start(&file.whole, name_at) else { continue };
            let body = &file.whole[open..closing(&file.whole, open)];
            faults.extend(
                check(name, body)
                    .map(|fault| format!("{}:{}: {fault}", file.path, line_of(&file.whole, at))),
            );
        }
    }
    faults
}

/// The brace that opens the body of the item named at `from`; none when it has none.
fn body_start(text: &str, from: usize) -> Option<usize> {
    let mut at = from;
    while at < text.len() {
        match text.as_bytes()[at] {
            b'{' => return Some(at),
            b';' => return None,
            b'(' | b'[' => at = closing(text, at),
            _ => at += 1,
        }
    }
    None
}

/// A braced text without its braces.
fn inside(body: &str) -> &str {
    body.strip_prefix('{').and_then(|rest| rest.strip_suffix('}')).unwrap_or(body)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn source(path: &str, text: &str) -> [Source; 1] {
        [Source::new(path, text)]
    }

    fn repeated(count: usize, one: impl Fn(usize) -> String) -> String {
        (0..count).map(one).collect()
    }

    #[test]
    fn a_long_file_is_caught() {
        assert_eq!(long_files(&source("src/term/x.rs", &"\n".repeat(801))).len(), 1);
        assert_eq!(long_files(&source("src/term/x.rs", &"\n".repeat(800))).len(), 0);
        assert_eq!(long_files(&source("src/main.rs", &"\n".repeat(65))).len(), 1);
    }

    #[test]
    fn a_long_function_is_caught_and_comments_are_free() {
        let function = |lines: usize| {
            format!(
                "pub(crate) fn f<T>(a: [u8; 3]) -> T where T: X {{\n{}}}",
                "call(\"{\");\n// why\n\n".repeat(lines)
            )
        };
        assert_eq!(long_functions(&source("src/term/x.rs", &function(71))).len(), 1);
        assert_eq!(long_functions(&source("src/term/x.rs", &function(70))).len(), 0);
    }

    #[test]
    fn a_type_of_a_function_is_no_function() {
        assert!(
            long_functions(&source(
                "src/term/x.rs",
                &format!("type T = fn(A) -> B; mod x {{\n{}}}", "call();\n".repeat(90))
            ))
            .is_empty()
        );
    }

    #[test]
    fn a_tuple_of_unlike_things_is_caught() {
        let function = "fn f<T: Fn(A) -> B>(&self, (a, b): (A, B), c: (C, D)) {}\n";
        assert_eq!(tuple_parameters(&source("src/term/x.rs", function)).len(), 1);
        let none = "fn f(a: A) { g(|(a, b)| a) } type F = fn((A, B));\n";
        assert_eq!(tuple_parameters(&source("src/term/x.rs", none)).len(), 0);
    }

    #[test]
    fn a_wide_line_is_caught() {
        let wide = "é".repeat(101) + "\n";
        assert_eq!(wide_lines(&source("src/term/x.rs", &wide)).len(), 1);
        let fitting = "é".repeat(100) + "\n";
        assert_eq!(wide_lines(&source("src/term/x.rs", &fitting)).len(), 0);
    }

    #[test]
    fn too_many_files_are_caught() {
        let files = |count: usize| -> Vec<Source> {
            (0..count).map(|idx| Source::new(&format!("src/term/f{idx}.rs"), "")).collect()
        };
        assert_eq!(many_files(&files(SOURCE_FILES_MAX + 1)).len(), 1);
        assert_eq!(many_files(&files(SOURCE_FILES_MAX)).len(), 0);
    }

    #[test]
    fn a_wide_enum_is_caught() {
        let variants = |name: &str, count: usize| {
            format!("enum {name} {{ {} }}", repeated(count, |idx| format!("V{idx}(A, B), ")))
        };
        assert_eq!(wide_enums(&source("src/term/x.rs", &variants("E", 25))).len(), 1);
        assert_eq!(wide_enums(&source("src/term/x.rs", &variants("E", 24))).len(), 0);
        assert_eq!(wide_enums(&source("src/core/x.rs", &variants("Effect", 25))).len(), 1);
    }

    #[test]
    fn a_large_keeper_is_caught_and_its_tests_are_free() {
        assert_eq!(
            large_keeper(&source("src/keeper/x.rs", &"a();\n".repeat(KEEPER_LINES_MAX + 1))).len(),
            1
        );
        let tested = format!(
            "{}#[cfg(test)]\nmod tests {{\n{}}}",
            "a();\n".repeat(1_800),
            "b();\n".repeat(900)
        );
        assert_eq!(large_keeper(&source("src/keeper/x.rs", &tested)).len(), 0);
    }
}
