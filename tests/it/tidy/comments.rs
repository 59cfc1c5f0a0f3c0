//! How comments begin: with their subject. Not the grammar, which no test can judge.

use super::source::{Source, is_ident, line_of, words};

/// Words that a comment which names its subject does not open with.
const QUESTION_WORDS: &[&str] = &["What", "Where", "Whether", "Which", "When", "How", "Who"];

/// Pronouns that leave the reader to guess the subject.
const PRONOUNS: &[&str] = &["Whose", "Whoever", "Whatever", "One", "It", "That", "Others", "Its"];

/// Comment blocks of a hundred that may open with a question word. Five are wanted: it only goes
/// down.
const QUESTIONS_PERCENT_MAX: usize = 8;

/// Comment blocks of a hundred that may open with a pronoun. Two are wanted: it only goes down.
const PRONOUNS_PERCENT_MAX: usize = 4;

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

/// The blocks that open with one of `openers`, and how many there may be.
fn opened_with<'a>(
    files: &'a [Source],
    openers: &[&str],
    percent: usize,
) -> (Vec<(String, &'a str)>, usize) {
    let all = openings(files);
    let allowed = all.len() * percent / 100;
    let first = |text: &str| text.split(|c: char| !c.is_alphabetic()).next().map(str::to_owned);
    let found = all
        .into_iter()
        .filter(|(_, text)| first(text).is_some_and(|word| openers.contains(&word.as_str())))
        .collect();
    (found, allowed)
}

/// Comments without a subject at their start, when there are more of them than the agreed share.
pub(crate) fn without_subject(files: &[Source]) -> Vec<String> {
    let mut faults = Vec::new();
    for (openers, percent) in
        [(QUESTION_WORDS, QUESTIONS_PERCENT_MAX), (PRONOUNS, PRONOUNS_PERCENT_MAX)]
    {
        let (found, allowed) = opened_with(files, openers, percent);
        if found.len() > allowed {
            let count = found.len();
            faults
                .push(format!("{count} comments open with one of {openers:?}; at most {allowed}"));
            faults.extend(found.iter().map(|(place, text)| format!("{place}: {text}")));
        }
    }
    faults
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
    fn comments_that_open_with_a_question_or_a_pronoun_are_counted() {
        let said = "/// The row.\nfn f() {}\n".repeat(90);
        let asked = "/// What the row is.\nfn f() {}\n";
        assert!(without_subject(&source(&[&said, &*asked.repeat(5)].concat())).is_empty());
        assert_eq!(without_subject(&source(&[&said, &*asked.repeat(20)].concat())).len(), 21);
        let vague = "// It is.\nfn f() {}\n".repeat(10);
        assert_eq!(without_subject(&source(&[&*said, &vague].concat())).len(), 11);
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
