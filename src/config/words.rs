//! Text as words: that of the action language, split at spaces, with quotes, without variables and
//! escapes but those of double quotes; and that of a tmux.conf as commands, with quotes, comments,
//! blocks in braces, variables of the file and the conditions of its `%if`.

use std::collections::BTreeMap;

use crate::base::text::append;

/// The tmux that conditions are told they run in.
const VERSION: &str = "3.8";
/// The longest block in braces, in lines.
const BLOCK_LINES_MAX: usize = 200;
/// The deepest formats within formats.
const FORMAT_DEPTH_MAX: usize = 16;

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

/// Variables that the file sets: `NAME=value`.
pub(super) type Variables = BTreeMap<String, String>;

/// Lines with those that a backslash or an open block continues, each with the number of its first.
pub(super) fn logical_lines(text: &str) -> Vec<(usize, String)> {
    let lines = continued(text);
    let mut all = Vec::new();
    let mut at = 0;
    while let Some((number, line)) = lines.get(at) {
        at += 1;
        let mut joined = line.clone();
        if is_open(&joined) {
            let more = lines.iter().skip(at).take(BLOCK_LINES_MAX);
            for (count, (_, next)) in (1..).zip(more) {
                joined = format!("{joined}\n{next}");
                if !is_open(&joined) {
                    at += count;
                    break;
                }
            }
            if is_open(&joined) {
                joined.clone_from(line);
            }
        }
        all.push((*number, joined));
    }
    all
}

fn continued(text: &str) -> Vec<(usize, String)> {
    let mut all: Vec<(usize, String)> = Vec::new();
    let mut goes_on = false;
    for (number, line) in (1..).zip(text.lines()) {
        let (part, more) = line.strip_suffix('\\').map_or((line, false), |part| (part, true));
        match all.last_mut().filter(|_| goes_on) {
            Some((_, last)) => last.push_str(part),
            None => all.push((number, part.to_owned())),
        }
        goes_on = more;
    }
    all
}

fn is_open(text: &str) -> bool {
    let mut reader = Reader { is_open: false, ..Reader::new(text) };
    reader.read(&Variables::new());
    reader.is_open
}

/// The commands of a line as words; `%if` and its like are commands of their own. A `;` separates
/// commands, as does `\;`, but that belongs to the binding where it is within one.
pub(super) fn statements(line: &str, variables: &Variables) -> Vec<Vec<String>> {
    let mut all = Vec::new();
    for words in commands(line, variables) {
        let mut command = Vec::new();
        let mut words = words.into_iter();
        while let Some(word) = words.next() {
            let is_directive = matches!(word.as_str(), "%if" | "%elif" | "%else" | "%endif");
            if !is_directive {
                command.push(word);
                continue;
            }
            all.extend(parts(std::mem::take(&mut command)));
            let takes = usize::from(matches!(word.as_str(), "%if" | "%elif"));
            all.push([word].into_iter().chain(words.by_ref().take(takes)).collect());
        }
        all.extend(parts(command));
    }
    all
}

fn parts(command: Vec<String>) -> Vec<Vec<String>> {
    // The key of a binding may be a semicolon, and one after it is the binding's.
    if command.first().is_some_and(|word| word.starts_with("bind") || word.starts_with("unbind")) {
        return vec![command];
    }
    sequence(&command)
}

/// Commands that `\;` separates.
pub(super) fn sequence(words: &[String]) -> Vec<Vec<String>> {
    let commands = words.split(|word| word == "\\;");
    commands.filter(|command| !command.is_empty()).map(<[String]>::to_vec).collect()
}

/// The commands of a text, as words.
pub(super) fn commands(text: &str, variables: &Variables) -> Vec<Vec<String>> {
    let mut reader = Reader::new(text);
    reader.read(variables);
    reader.commands
}

struct Reader {
    chars: Vec<char>,
    at: usize,
    quote: Option<char>,
    word: Option<String>,
    words: Vec<String>,
    commands: Vec<Vec<String>>,
    is_open: bool,
}

impl Reader {
    fn new(text: &str) -> Self {
        Self {
            chars: text.chars().collect(),
            at: 0,
            quote: None,
            word: None,
            words: Vec::new(),
            commands: Vec::new(),
            is_open: false,
        }
    }

    fn read(&mut self, variables: &Variables) {
        while let Some(c) = self.next() {
            match (self.quote, c) {
                (Some(open), c) if c == open => self.quote = None,
                (Some('"') | None, '\\') => self.escaped(),
                (Some('"') | None, '$') => self.variable(variables),
                (None, '"' | '\'') => {
                    self.quote = Some(c);
                    self.word.get_or_insert_default();
                }
                (None, '#') if self.word.is_none() && self.peek() != Some('{') => {
                    while self.peek().is_some_and(|c| c != '\n') {
                        self.at += 1;
                    }
                }
                (None, '{') => self.block(),
                (None, ';' | '\n') => self.end_command(),
                (None, c) if c.is_whitespace() => self.end_word(),
                (_, c) => self.push(c),
            }
        }
        self.end_command();
    }

    fn next(&mut self) -> Option<char> {
        let c = self.peek();
        self.at += 1;
        c
    }

    fn peek(&self) -> Option<char> {
        self.chars.get(self.at).copied()
    }

    fn push(&mut self, c: char) {
        self.word.get_or_insert_default().push(c);
    }

    fn escaped(&mut self) {
        match self.next() {
            Some(';') if self.quote.is_none() => {
                self.end_word();
                self.words.push("\\;".into());
            }
            Some(next) => self.push(next),
            None => {}
        }
    }

    /// The value of `$NAME` or `${NAME}`; one that the file does not set stays as it is.
    fn variable(&mut self, variables: &Variables) {
        let rest: String = self.chars.iter().skip(self.at).take(256).collect();
        let is_name = |c: char| c.is_ascii_alphanumeric() || c == '_';
        let braced = rest.strip_prefix('{').and_then(|rest| rest.split_once('}'));
        let end = rest.find(|c| !is_name(c)).unwrap_or(rest.len());
        let (name, length) = braced.map_or((&rest[..end], end), |(name, _)| (name, name.len() + 2));
        match variables.get(name) {
            Some(value) => {
                self.word.get_or_insert_default().push_str(value);
                self.at += length;
            }
            None if rest.starts_with('{') && self.quote.is_none() => {
                append(self.word.get_or_insert_default(), format_args!("${{{name}}}"));
                self.at += length;
            }
            None => self.push('$'),
        }
    }

    /// A block is one word; a format is part of one.
    fn block(&mut self) {
        let Some(end) = block_end(&self.chars, self.at) else {
            self.is_open |= self.word.is_none();
            return self.push('{');
        };
        let inner: String = self.chars[self.at..end].iter().collect();
        self.at = end + 1;
        match &mut self.word {
            Some(word) => append(word, format_args!("{{{inner}}}")),
            None => self.words.push(inner.trim().to_owned()),
        }
    }

    fn end_word(&mut self) {
        self.words.extend(self.word.take());
    }

    fn end_command(&mut self) {
        self.end_word();
        if !self.words.is_empty() {
            self.commands.push(std::mem::take(&mut self.words));
        }
    }
}

/// The place of the brace that closes the one before `from`.
fn block_end(chars: &[char], from: usize) -> Option<usize> {
    let (mut depth, mut quote, mut is_comment, mut is_escaped) = (1_usize, None, false, false);
    for (at, c) in chars.iter().copied().enumerate().skip(from) {
        if std::mem::take(&mut is_escaped) {
            continue;
        }
        match (quote, c) {
            _ if is_comment => is_comment = c != '\n',
            (Some(open), c) if c == open => quote = None,
            (Some('"') | None, '\\') => is_escaped = true,
            (None, '"' | '\'') => quote = Some(c),
            (None, '#') => {
                is_comment = chars.get(at.wrapping_sub(1)).is_none_or(|c| c.is_whitespace())
                    && chars.get(at + 1) != Some(&'{');
            }
            (None, '{') => depth += 1,
            (None, '}') if depth == 1 => return Some(at),
            (None, '}') => depth -= 1,
            _ => {}
        }
    }
    None
}

/// A branch of an `%if`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Branch {
    /// The one that holds.
    Active,
    /// Does not hold; none before it did.
    Waiting,
    /// Comes after the one that holds.
    Passed,
    /// Depends on a condition that only tmux can tell, as all branches of its `%if`.
    Unknown,
}

impl Branch {
    fn of(condition: Option<&String>) -> Self {
        match condition.and_then(|text| holds(text)) {
            Some(true) => Self::Active,
            Some(false) => Self::Waiting,
            None => Self::Unknown,
        }
    }
}

/// The branches of `%if` that a line is in, from the outermost.
#[derive(Debug, Default)]
pub(super) struct Conditions(Vec<Branch>);

impl Conditions {
    /// Takes a `%if`, `%elif`, `%else` or `%endif`, and gives the branch it leads to: none at an
    /// end. All other words are an error, as is one of these without an `%if`.
    pub(super) fn directive(&mut self, words: &[String]) -> Result<Option<Branch>, ()> {
        let name = words.first().map(String::as_str);
        if name == Some("%if") {
            self.0.push(Branch::of(words.get(1)));
            return Ok(self.0.last().copied());
        }
        let last = self.0.last_mut().ok_or(())?;
        let next = match name {
            Some("%elif") => Branch::of(words.get(1)),
            Some("%else") => Branch::Active,
            Some("%endif") => {
                self.0.pop();
                return Ok(None);
            }
            _ => return Err(()),
        };
        *last = match last {
            Branch::Active | Branch::Passed => Branch::Passed,
            Branch::Waiting => next,
            Branch::Unknown => Branch::Unknown,
        };
        Ok(Some(*last))
    }

    /// True if a line is to be taken; none if only tmux can tell.
    pub(super) fn holds(&self) -> Option<bool> {
        if self.0.iter().any(|branch| matches!(branch, Branch::Waiting | Branch::Passed)) {
            return Some(false);
        }
        (!self.0.contains(&Branch::Unknown)).then_some(true)
    }

    /// The same for the line of an `%if` itself, or of another branch of it.
    pub(super) fn holds_around(&self) -> Option<bool> {
        Self(self.0.split_last().map(|(_, outer)| outer.to_vec()).unwrap_or_default()).holds()
    }
}

/// The truth of a condition that no state of tmux is needed for. A format is true unless it is
/// empty or `0` (tmux(1), FORMATS).
fn holds(condition: &str) -> Option<bool> {
    expanded(condition, 0).map(|text| is_true(&text))
}

fn is_true(text: &str) -> bool {
    !text.is_empty() && text != "0"
}

/// A text with its formats replaced; none if only tmux knows one of them.
fn expanded(text: &str, depth: usize) -> Option<String> {
    if depth > FORMAT_DEPTH_MAX || text.contains('$') {
        return None;
    }
    let chars: Vec<char> = text.chars().collect();
    let mut out = String::new();
    let mut at = 0;
    while let Some(&c) = chars.get(at) {
        at += 1;
        if c != '#' {
            out.push(c);
            continue;
        }
        if chars.get(at) != Some(&'{') {
            return None;
        }
        let end = block_end(&chars, at + 1)?;
        let inner: String = chars[at + 1..end].iter().collect();
        out += &format(&inner, depth + 1)?;
        at = end + 1;
    }
    Some(out)
}

/// The value of what stands in `#{…}`.
fn format(inner: &str, depth: usize) -> Option<String> {
    if inner == "version" {
        return Some(VERSION.into());
    }
    let told = |is: bool| Some(if is { "1" } else { "0" }.to_owned());
    if let Some(rest) = inner.strip_prefix('?') {
        let parts = operands(rest);
        let [condition, yes, no] = parts.as_slice() else { return None };
        let is = is_true(&expanded(condition, depth)?);
        return expanded(if is { yes } else { no }, depth);
    }
    let (operator, rest) = inner.split_once(':')?;
    let parts = operands(rest);
    if let ("!", [only]) = (operator, parts.as_slice()) {
        return told(!is_true(&expanded(only, depth)?));
    }
    let [left, right] = parts.as_slice() else { return None };
    let (left, right) = (expanded(left, depth), expanded(right, depth));
    match operator {
        "&&" | "||" => {
            let decides = operator == "||";
            let sides = [left, right].map(|side| side.map(|text| is_true(&text)));
            if sides.contains(&Some(decides)) {
                return told(decides);
            }
            (!sides.contains(&None)).then_some(()).and_then(|()| told(!decides))
        }
        _ => {
            let (left, right) = (left?, right?);
            let by_number = operator.strip_prefix("e|");
            let number = |text: &str| text.parse::<f64>().ok();
            let order = if by_number.is_some() {
                number(&left)?.partial_cmp(&number(&right)?)?
            } else {
                left.cmp(&right)
            };
            match by_number.unwrap_or(operator).split('|').next()? {
                "==" => told(order.is_eq()),
                "!=" => told(order.is_ne()),
                "<" => told(order.is_lt()),
                ">" => told(order.is_gt()),
                "<=" => told(order.is_le()),
                ">=" => told(order.is_ge()),
                _ => None,
            }
        }
    }
}

/// Operands that commas separate outside braces.
fn operands(text: &str) -> Vec<String> {
    let mut all = vec![String::new()];
    let mut depth = 0_usize;
    for c in text.chars() {
        match c {
            '{' => depth += 1,
            '}' => depth = depth.saturating_sub(1),
            ',' if depth == 0 => {
                all.push(String::new());
                continue;
            }
            _ => {}
        }
        if let Some(last) = all.last_mut() {
            last.push(c);
        }
    }
    all
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
