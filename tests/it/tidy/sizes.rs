//! How large things may get: files, functions, structs, enums and the keeper.

use super::source::{Source, closing, ident_at, line_of, split_top, words};

const FILE_LINES_MAX: usize = 800;
const ENTRY_LINES_MAX: usize = 60;
const FN_LINES_MAX: usize = 70;
const STRUCT_FIELDS_MAX: usize = 20;
const ENUM_VARIANTS_MAX: usize = 24;
const CORE_ENUM_VARIANTS_MAX: usize = 16;
const KEEPER_LINES_MAX: usize = 1_500;

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

/// Structs with too many named fields.
pub(crate) fn wide_structs(files: &[Source]) -> Vec<String> {
    each_item(files, "struct", |name, body| {
        let fields = single_colons(inside(body));
        (fields > STRUCT_FIELDS_MAX)
            .then(|| format!("struct {name} has {fields} fields, at most {STRUCT_FIELDS_MAX}"))
    })
}

/// Enums with too many variants; `Input` and `Effect` of the core have a limit of their own.
pub(crate) fn wide_enums(files: &[Source]) -> Vec<String> {
    let (core, others): (Vec<_>, Vec<_>) =
        files.iter().partition(|file| file.layer() == Some("core"));
    let mut faults =
        each_item(others, "enum", |name, body| wide_enum(name, body, ENUM_VARIANTS_MAX));
    faults.extend(each_item(core, "enum", |name, body| {
        let limit = if matches!(name, "Input" | "Effect") {
            CORE_ENUM_VARIANTS_MAX
        } else {
            ENUM_VARIANTS_MAX
        };
        wide_enum(name, body, limit)
    }));
    faults
}

fn wide_enum(name: &str, body: &str, limit: usize) -> Option<String> {
    let variants = split_top(inside(body)).len();
    (variants > limit).then(|| format!("enum {name} has {variants} variants, at most {limit}"))
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

/// The colons outside brackets that are not half of a `::`: one per named field, whatever commas
/// its type has.
fn single_colons(body: &str) -> usize {
    split_top(body)
        .iter()
        .filter(|part| {
            let outer: String = part.replace("::", "  ");
            outer.contains(':')
        })
        .count()
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
        assert_eq!(long_files(&source("src/main.rs", &"\n".repeat(61))).len(), 1);
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
    fn a_wide_struct_is_caught() {
        let fields = |count: usize| {
            format!(
                "struct S<T> {{ {} }}",
                repeated(count, |idx| format!("#[a(b)] f{idx}: BTreeMap<a::B, C>, "))
            )
        };
        assert_eq!(wide_structs(&source("src/term/x.rs", &fields(21))).len(), 1);
        assert_eq!(wide_structs(&source("src/term/x.rs", &fields(20))).len(), 0);
    }

    #[test]
    fn a_wide_enum_is_caught() {
        let variants = |name: &str, count: usize| {
            format!("enum {name} {{ {} }}", repeated(count, |idx| format!("V{idx}(A, B), ")))
        };
        assert_eq!(wide_enums(&source("src/term/x.rs", &variants("E", 25))).len(), 1);
        assert_eq!(wide_enums(&source("src/term/x.rs", &variants("E", 24))).len(), 0);
        assert_eq!(wide_enums(&source("src/core/x.rs", &variants("Effect", 17))).len(), 1);
        assert_eq!(wide_enums(&source("src/core/x.rs", &variants("Input", 16))).len(), 0);
    }

    #[test]
    fn a_large_keeper_is_caught_and_its_tests_are_free() {
        assert_eq!(large_keeper(&source("src/keeper/x.rs", &"a();\n".repeat(1_501))).len(), 1);
        let tested = format!(
            "{}#[cfg(test)]\nmod tests {{\n{}}}",
            "a();\n".repeat(1_500),
            "b();\n".repeat(900)
        );
        assert_eq!(large_keeper(&source("src/keeper/x.rs", &tested)).len(), 0);
    }
}
