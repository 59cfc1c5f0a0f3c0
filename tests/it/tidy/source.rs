//! One Rust file as the rules see it: comments and literals blanked, test code cut out, paths
//! listed. Not a parser.

/// A file with the views of it that the rules need. All views have the byte offsets and line breaks
/// of `text`.
pub(crate) struct Source {
    /// Path from the root of the repository, with `/`.
    pub(crate) path: String,
    /// The file as it is.
    pub(crate) text: String,
    /// Without comments and without the contents of literals; test code included.
    pub(crate) whole: String,
    /// `whole` without test code.
    pub(crate) bare: String,
    /// Without comments and test code; literals kept.
    pub(crate) code: String,
}

/// A path of identifiers joined by `::`, as written (`crate`, `super` and `self` included).
pub(crate) struct Path {
    pub(crate) line: usize,
    pub(crate) segments: Vec<String>,
}

impl Source {
    pub(crate) fn new(path: &str, text: &str) -> Self {
        let (whole, literals) = blank(text);
        let cut = if is_test_file(path) { vec![(0, text.len())] } else { test_spans(&whole) };
        let bare = without(&whole, &cut);
        let code = without(&literals, &cut);
        Self { path: path.to_owned(), text: text.to_owned(), whole, bare, code }
    }

    /// The top-level module this file belongs to: `base` for `src/base/id.rs`, `main` for
    /// `src/main.rs`; none outside `src/`.
    pub(crate) fn layer(&self) -> Option<&str> {
        let inner = self.path.strip_prefix("src/")?;
        Some(inner.split('/').next()?.trim_end_matches(".rs"))
    }

    /// The module path of the file below the crate root; empty for `lib.rs` and `main.rs`.
    pub(crate) fn module(&self) -> Vec<String> {
        let inner = self.path.trim_start_matches("src/").trim_end_matches(".rs");
        let mut segments: Vec<String> = inner.split('/').map(str::to_owned).collect();
        if matches!(segments.last().map(String::as_str), Some("mod" | "lib" | "main")) {
            segments.pop();
        }
        segments
    }

    /// Every path that production code names, imports expanded.
    pub(crate) fn paths(&self) -> Vec<Path> {
        let mut found = Vec::new();
        let mut rest = self.bare.clone();
        for (from, to) in use_spans(&self.bare) {
            let line = line_of(&self.bare, from);
            for segments in expand(self.bare[from..to].trim()) {
                found.push(Path { line, segments });
            }
            rest.replace_range(from..to, &spaces(&self.bare[from..to]));
        }
        found.extend(inline_paths(&rest));
        found
    }
}

/// The 1-based line of a byte offset.
pub(crate) fn line_of(text: &str, at: usize) -> usize {
    text[..at].matches('\n').count() + 1
}

/// The byte offsets at which `word` stands in `text` as a whole identifier.
pub(crate) fn words(text: &str, word: &str) -> Vec<usize> {
    let bytes = text.as_bytes();
    text.match_indices(word)
        .map(|(at, _)| at)
        .filter(|&at| at == 0 || !is_ident(bytes[at - 1]))
        .filter(|&at| bytes.get(at + word.len()).is_none_or(|&next| !is_ident(next)))
        .collect()
}

/// The offset just after the bracket that closes the one at `open`; the end of the text when none
/// does.
pub(crate) fn closing(text: &str, open: usize) -> usize {
    let mut depth = 0_usize;
    for (at, byte) in text.bytes().enumerate().skip(open) {
        match byte {
            b'(' | b'[' | b'{' => depth += 1,
            b')' | b']' | b'}' => {
                depth = depth.saturating_sub(1);
                if depth == 0 {
                    return at + 1;
                }
            }
            _ => {}
        }
    }
    text.len()
}

/// The identifier that starts at `at`; empty when there is none.
pub(crate) fn ident_at(text: &str, at: usize) -> &str {
    let len = text.as_bytes()[at..].iter().take_while(|&&byte| is_ident(byte)).count();
    &text[at..at + len]
}

pub(crate) fn is_ident(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_'
}

fn is_test_file(path: &str) -> bool {
    path.starts_with("src/") && (path.ends_with("/tests.rs") || path.contains("/tests/"))
}

/// `text` with the given byte spans blanked.
fn without(text: &str, spans: &[(usize, usize)]) -> String {
    let mut out = text.to_owned();
    for &(from, to) in spans {
        out.replace_range(from..to, &spaces(&text[from..to]));
    }
    out
}

/// As many spaces as `text` has bytes, with its line breaks.
fn spaces(text: &str) -> String {
    text.bytes().map(|byte| if byte == b'\n' { '\n' } else { ' ' }).collect()
}

/// What a stretch of source is, for blanking.
enum Stretch {
    Code,
    Comment,
    Literal,
}

/// The text without comments and literal contents, and without comments only.
fn blank(text: &str) -> (String, String) {
    let (mut whole, mut literals) =
        (String::with_capacity(text.len()), String::with_capacity(text.len()));
    let mut at = 0;
    while at < text.len() {
        let (kind, end) = stretch(text, at);
        let piece = &text[at..end];
        let blanked = spaces(piece);
        whole.push_str(if matches!(kind, Stretch::Code) { piece } else { &blanked });
        literals.push_str(if matches!(kind, Stretch::Comment) { &blanked } else { piece });
        at = end;
    }
    (whole, literals)
}

/// The kind and the end of what starts at `at`.
fn stretch(text: &str, at: usize) -> (Stretch, usize) {
    let rest = &text[at..];
    let starts_word = at == 0 || !is_ident(text.as_bytes()[at - 1]);
    if rest.starts_with("//") {
        return (Stretch::Comment, at + rest.find('\n').unwrap_or(rest.len()));
    }
    if rest.starts_with("/*") {
        return (Stretch::Comment, at + block_comment(rest));
    }
    if starts_word && let Some(len) = string_literal(rest) {
        return (Stretch::Literal, at + len);
    }
    if rest.starts_with('\'')
        && let Some(len) = char_literal(rest)
    {
        return (Stretch::Literal, at + len);
    }
    (Stretch::Code, at + rest.chars().next().map_or(1, char::len_utf8))
}

fn block_comment(rest: &str) -> usize {
    let mut depth = 0_usize;
    let mut at = 0;
    while at < rest.len() {
        if rest.as_bytes()[at..].starts_with(b"/*") {
            depth += 1;
            at += 2;
        } else if rest.as_bytes()[at..].starts_with(b"*/") {
            depth -= 1;
            at += 2;
            if depth == 0 {
                return at;
            }
        } else {
            at += 1;
        }
    }
    rest.len()
}

/// The length of the plain, raw, byte or C string that `rest` starts with.
fn string_literal(rest: &str) -> Option<usize> {
    let unprefixed = rest.trim_start_matches(['b', 'c']);
    let prefix = rest.len() - unprefixed.len();
    if prefix > 1 {
        return None;
    }
    if let Some(raw) = unprefixed.strip_prefix('r') {
        let hashes = raw.len() - raw.trim_start_matches('#').len();
        let body = raw[hashes..].strip_prefix('"')?;
        let end = format!("\"{}", "#".repeat(hashes));
        let len = body.find(&end).map_or(body.len(), |found| found + end.len());
        return Some(prefix + 1 + hashes + 1 + len);
    }
    let body = unprefixed.strip_prefix('"')?;
    let mut escaped = false;
    for (at, byte) in body.bytes().enumerate() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' => escaped = true,
            b'"' => return Some(prefix + 1 + at + 1),
            _ => {}
        }
    }
    Some(rest.len())
}

/// The length of a character literal; none for a lifetime.
fn char_literal(rest: &str) -> Option<usize> {
    let body = &rest[1..];
    if body.starts_with('\\') {
        let after = body.char_indices().nth(2)?.0;
        return body[after..].find('\'').map(|found| 1 + after + found + 1);
    }
    let first = body.chars().next()?.len_utf8();
    body[first..].starts_with('\'').then_some(1 + first + 1)
}

/// The spans of items under `#[cfg(test)]`, from the attribute on.
fn test_spans(whole: &str) -> Vec<(usize, usize)> {
    let mut spans = Vec::new();
    let mut at = 0;
    while let Some(found) = whole[at..].find("#[cfg(") {
        let from = at + found;
        let end = closing(whole, from + 1);
        let condition = &whole[from + 6..end];
        at = end;
        if condition.starts_with("test)") || condition.starts_with("all(test") {
            at = item_end(whole, end);
            spans.push((from, at));
        }
    }
    spans
}

/// Where the item that follows `from` ends: after its `;` or its closing brace.
fn item_end(whole: &str, from: usize) -> usize {
    let is_use = whole[from..].trim_start().starts_with("use ");
    let mut at = from;
    while at < whole.len() {
        match whole.as_bytes()[at] {
            b'(' | b'[' => at = closing(whole, at),
            b'{' if is_use => at = closing(whole, at),
            b'{' => return closing(whole, at),
            b';' => return at + 1,
            _ => at += 1,
        }
    }
    whole.len()
}

/// The spans between `use` and `;`.
fn use_spans(bare: &str) -> Vec<(usize, usize)> {
    words(bare, "use")
        .into_iter()
        .filter(|&at| bare[at + 3..].starts_with(char::is_whitespace))
        .filter_map(|at| Some((at + 3, at + bare[at..].find(';')?)))
        .collect()
}

/// `a::{b, c::{self, d as e}}` as `a::b`, `a::c`, `a::c::d`.
fn expand(tree: &str) -> Vec<Vec<String>> {
    let tree = tree.trim();
    let Some(open) = tree.find('{') else {
        let path = tree.split(" as ").next().unwrap_or(tree);
        return vec![segments(path)];
    };
    let prefix = segments(&tree[..open]);
    let inner = &tree[open + 1..closing(tree, open).saturating_sub(1).max(open + 1)];
    let mut found = Vec::new();
    for branch in split_top(inner) {
        for mut tail in expand(branch) {
            tail.retain(|segment| segment != "self" || prefix.is_empty());
            found.push(prefix.iter().cloned().chain(tail).collect());
        }
    }
    found
}

/// The comma-separated parts of `text` that are outside every bracket; empty ones dropped.
pub(crate) fn split_top(text: &str) -> Vec<&str> {
    let (mut depth, mut from, mut parts) = (0_usize, 0, Vec::new());
    for (at, byte) in text.bytes().enumerate() {
        match byte {
            b'(' | b'[' | b'{' => depth += 1,
            b')' | b']' | b'}' => depth = depth.saturating_sub(1),
            b',' if depth == 0 => {
                parts.push(&text[from..at]);
                from = at + 1;
            }
            _ => {}
        }
    }
    parts.push(&text[from..]);
    parts.retain(|part| !part.trim().is_empty());
    parts
}

fn segments(path: &str) -> Vec<String> {
    path.split("::")
        .map(|segment| segment.trim().to_owned())
        .filter(|segment| !segment.is_empty())
        .collect()
}

/// The paths of two or more segments outside imports.
fn inline_paths(bare: &str) -> Vec<Path> {
    let bytes = bare.as_bytes();
    let (mut found, mut at) = (Vec::new(), 0);
    while at < bytes.len() {
        if !is_ident(bytes[at]) {
            at += 1;
            continue;
        }
        let from = at;
        at += ident_at(bare, at).len();
        while bare[at..].starts_with("::") && bytes.get(at + 2).is_some_and(|&next| is_ident(next))
        {
            at += 2 + ident_at(bare, at + 2).len();
        }
        let path = &bare[from..at];
        let continues = bare[..from].strip_suffix("::").is_some_and(|before| {
            before.ends_with(|c: char| c.is_alphanumeric() || c == '_' || c == '>')
        });
        if path.contains("::") && !continues {
            found.push(Path { line: line_of(bare, from), segments: segments(path) });
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn listed(text: &str) -> Vec<String> {
        Source::new("src/base/x.rs", text)
            .paths()
            .iter()
            .map(|path| path.segments.join("::"))
            .collect()
    }

    #[test]
    fn comments_and_literals_are_blanked_in_place() {
        let text = "a // std::fs\nlet b = \"std::net\"; let c = r#\"x \" y\"#; let d = '\\''; fn \
            e<'a>() {} /* /* x */ y */ z";
        let source = Source::new("src/base/x.rs", text);
        assert_eq!(source.whole.len(), text.len());
        assert_eq!(source.whole.lines().next(), Some("a           "));
        assert!(source.whole.ends_with('z') && source.whole.contains("fn e<'a>() {}"));
        assert!(!source.whole.contains("std") && !source.whole.contains('y'));
        assert!(source.code.contains("\"std::net\"") && !source.code.contains("std::fs"));
    }

    #[test]
    fn test_code_is_not_production_code() {
        let source = Source::new(
            "src/base/x.rs",
            "use a::b;\n#[cfg(test)]\nmod tests { use std::fs; }\n#[cfg(test)]\nuse c::{d, \
             e};\nfn f() { g::h(); }",
        );
        assert!(!source.bare.contains("std") && !source.bare.contains("c::"));
        assert!(source.bare.contains("g::h") && source.whole.contains("std::fs"));
        assert!(Source::new("src/base/tests.rs", "use std::fs;").bare.trim().is_empty());
        assert!(!Source::new("src/base/x.rs", "#[cfg(unix)]\nuse std::fs;").bare.trim().is_empty());
    }

    #[test]
    fn imports_are_expanded_and_inline_paths_found() {
        assert_eq!(
            listed("use crate::{base::{self, id::PaneId as P}, term};"),
            ["crate::base", "crate::base::id::PaneId", "crate::term"]
        );
        assert_eq!(
            listed("fn f() -> u8 { crate::core::step(std::env::var) + Vec::<u8>::new() }"),
            ["crate::core::step", "std::env::var"]
        );
    }

    #[test]
    fn words_are_whole() {
        assert_eq!(words("unsafe_code unsafe xunsafe", "unsafe"), [12]);
    }
}
