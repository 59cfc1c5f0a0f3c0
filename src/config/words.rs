//! Text of the action language as words: split at spaces, with quotes. There are no variables and
//! no escapes but those of double quotes.

/// The words of a text. `'…'` is literal; inside `"…"` a backslash keeps the next `"` or `\`.
///
/// # Errors
/// The quote that is left open.
pub fn split(text: &str) -> Result<Vec<String>, String> {
    let mut words = Vec::new();
    let mut word: Option<String> = None;
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            c if c.is_whitespace() => words.extend(word.take()),
            '\'' | '"' => {
                let word = word.get_or_insert_default();
                loop {
                    match chars.next() {
                        None => return Err(format!("the quote {c} is left open")),
                        Some(end) if end == c => break,
                        Some('\\') if c == '"' && matches!(chars.peek(), Some('"' | '\\')) => {
                            word.extend(chars.next());
                        }
                        Some(inside) => word.push(inside),
                    }
                }
            }
            c => word.get_or_insert_default().push(c),
        }
    }
    words.extend(word);
    Ok(words)
}

/// A text whose only word is `word`.
#[must_use]
pub fn quote(word: &str) -> String {
    let plain =
        !word.is_empty() && !word.contains(|c: char| c.is_whitespace() || c == '\'' || c == '"');
    if plain {
        word.into()
    } else {
        format!("\"{}\"", word.replace('\\', "\\\\").replace('"', "\\\""))
    }
}

#[cfg(test)]
mod tests {
    use super::{quote, split};

    #[test]
    fn words_are_split_as_a_shell_would() {
        let check =
            |text: &str, words: &[&str]| assert_eq!(split(text).expect("closed"), words, "{text}");
        check("  pane split  --right ", &["pane", "split", "--right"]);
        check("send --text 'a \"b\\' c", &["send", "--text", "a \"b\\", "c"]);
        check(r#"send --text "a \"b\" \\ \n""#, &["send", "--text", r#"a "b" \ \n"#]);
        check("a''b ''", &["ab", ""]);
        check("", &[]);
        assert_eq!(split("say 'x").expect_err("open"), "the quote ' is left open");
    }

    #[test]
    fn what_is_quoted_is_one_word() {
        for word in ["a", "", "a b", "it's", "\"", "\\ \"", "\\"] {
            assert_eq!(split(&quote(word)).expect("closed"), [word]);
        }
    }
}
