//! How comments begin: with their subject. Not the grammar, which no test can judge.

use super::source::{Source, is_ident, line_of, words};

/// Question words and pronouns: a comment that names its subject opens with none of them.
const VAGUE_OPENERS: &[&str] = &[
    "What", "Where", "Whether", "Which", "When", "How", "Who", "Whose", "Whoever", "Whatever",
    "One", "It", "That", "Others", "Its",
];

/// The number of words that the reason of an `expect` has at least.
const EXPECT_WORDS_MIN: usize = 3;

/// The first line of each comment block with its place.
fn openings(files: &[Source]) -> Vec<(String, &str)> {
    let mut found = Vec::new();
    for file in files {
        let mut marker_before = "";
        for (idx, line) in file.text.lines().enumerate() {
            let line = line.trim_start();
            let marker = ["//!", "///", "//"].into_iter().find(|marker| line.starts_with(marker));
            let marker = marker.unwrap_or("");
            if !marker.is_empty() && marker != marker_before {
                found.push((format!("{}:{}", file.path, idx + 1), line[marker.len()..].trim()));
            }
            marker_before = marker;
        }
    }
    found
}

/// Comments that leave the reader to guess their subject.
pub(crate) fn without_subject(files: &[Source]) -> Vec<String> {
    openings(files)
        .into_iter()
        .filter(|(_, text)| {
            let first = text.split(|c: char| !c.is_alphabetic()).next();
            first.is_some_and(|word| VAGUE_OPENERS.contains(&word))
        })
        .map(|(place, text)| format!("{place}: the comment does not open with its subject: {text}"))
        .collect()
}

/// Reasons of `expect` in production code that are a word or two.
pub(crate) fn short_expects(files: &[Source]) -> Vec<String> {
    let mut faults = Vec::new();
    for file in files.iter().filter(|file| file.layer().is_some()) {
        for at in words(&file.code, "expect") {
            let rest = &file.code[at + "expect".len()..];
            let is_call = at > 0 && file.code.as_bytes()[at - 1] == b'.';
            let Some(reason) = rest.trim_start_matches(['(', '\n', ' ']).strip_prefix('"') else {
                continue;
            };
            let reason = &reason[..reason.find('"').unwrap_or(0)];
            let count = reason
                .split(|c: char| c.is_whitespace())
                .filter(|word| word.bytes().any(is_ident))
                .count();
            if is_call && count < EXPECT_WORDS_MIN {
                let line = line_of(&file.code, at);
                faults
                    .push(format!("{}:{line}: `expect(\"{reason}\")` says too little", file.path));
            }
        }
    }
    faults
}

#[cfg(test)]
mod tests {
    use super::*;

    fn source(text: &str) -> [Source; 1] {
        [Source::new("src/term/x.rs", text)]
    }

    #[test]
    fn a_comment_that_opens_with_a_question_or_a_pronoun_is_caught() {
        assert!(without_subject(&source("/// The row.\n/// What it is.\nfn f() {}\n")).is_empty());
        assert_eq!(without_subject(&source("/// What the row is.\nfn f() {}\n")).len(), 1);
        assert_eq!(without_subject(&source("fn f() {\n    // It is.\n    g();\n}\n")).len(), 1);
        assert!(without_subject(&source("// Itself a word of another kind.\n")).is_empty());
    }

    #[test]
    fn a_short_reason_of_an_expect_is_caught() {
        assert_eq!(short_expects(&source("fn f() { a.expect(\"plain data\"); }")).len(), 1);
        assert_eq!(short_expects(&source("fn f() { a.expect(\n    \"small\",\n); }")).len(), 1);
        assert_eq!(
            short_expects(&source("fn f() { a.expect(\"rows are never empty\"); }")).len(),
            0
        );
        assert_eq!(short_expects(&source("#[expect(dead_code)] fn f() {}")).len(), 0);
    }
}
