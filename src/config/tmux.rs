//! A configuration of tmux as one of ours: options, prefix and keys that mean the same, with a
//! report line by line. It reads no file.

use std::collections::BTreeMap;

use crate::base::key::Key;
use crate::base::text::append;
use crate::config::keymap::{bound, faults};
use crate::config::load::load;
use crate::config::words;

/// The outcome of a line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ImportVerdict {
    /// Taken: this is the line of our configuration.
    Taken(String),
    /// Not needed: abide does so anyway, for this reason.
    Already(&'static str),
    /// There is no like of it, and why.
    Left(String),
}

/// A command of the file and what became of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ImportedLine {
    /// The number of the line, from 1.
    pub number: usize,
    /// The command as it stands there.
    pub text: String,
    /// The outcome.
    pub verdict: ImportVerdict,
}

/// The result of an import from tmux.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Imported {
    /// Section, option, value as TOML.
    options: BTreeMap<&'static str, BTreeMap<String, String>>,
    /// Chord and action.
    keys: BTreeMap<String, String>,
    /// The first and the second prefix.
    prefixes: [Option<Key>; 2],
    /// The report.
    pub lines: Vec<ImportedLine>,
}

/// The like of an option of tmux.
enum Ours {
    /// A switch or word under this name, with the values of tmux and ours as TOML.
    Words(&'static str, &'static str, &'static [(&'static str, &'static str)]),
    /// A whole number.
    Number(&'static str, &'static str),
    /// A text.
    Text(&'static str, &'static str),
    /// A list of words.
    List(&'static str, &'static str),
    /// Colours: foreground and background.
    Colours(&'static str, &'static str),
    /// A colour.
    Colour(&'static str),
    /// Not needed: abide does so anyway.
    Already(&'static str),
}

const ON_OFF: &[(&str, &str)] =
    &[("on", "true"), ("off", "false"), ("external", "true"), ("1", "true"), ("0", "false")];

const OPTIONS: &[(&str, Ours)] = &[
    ("escape-time", Ours::Number("keys", "escape_time_ms")),
    ("mouse", Ours::Words("outer", "mouse", ON_OFF)),
    ("history-limit", Ours::Number("scrollback", "lines")),
    ("default-shell", Ours::Text("shell", "program")),
    ("default-terminal", Ours::Text("shell", "term")),
    ("default-size", Ours::Text("session", "size")),
    ("set-titles", Ours::Words("outer", "title", ON_OFF)),
    ("set-clipboard", Ours::Words("outer", "clipboard", ON_OFF)),
    ("monitor-activity", Ours::Words("monitor", "activity", ON_OFF)),
    ("monitor-bell", Ours::Words("monitor", "bell", ON_OFF)),
    ("monitor-silence", Ours::Number("monitor", "silence_s")),
    (
        "bell-action",
        Ours::Words(
            "outer",
            "bell",
            &[("none", "false"), ("any", "true"), ("current", "true"), ("other", "true")],
        ),
    ),
    (
        "remain-on-exit",
        Ours::Words(
            "pane",
            "remain_on_exit",
            &[("on", "\"on\""), ("off", "\"off\""), ("failed", "\"failed\"")],
        ),
    ),
    (
        "window-size",
        Ours::Words(
            "session",
            "sizing",
            &[("latest", "\"latest\""), ("smallest", "\"smallest\""), ("largest", "\"largest\"")],
        ),
    ),
    ("status", Ours::Words("bars", "position", &[("off", "\"off\""), ("on", "\"bottom\"")])),
    (
        "status-position",
        Ours::Words("bars", "position", &[("top", "\"top\""), ("bottom", "\"bottom\"")]),
    ),
    (
        "pane-border-status",
        Ours::Words(
            "bars",
            "pane_titles",
            &[("off", "false"), ("top", "true"), ("bottom", "true")],
        ),
    ),
    ("update-environment", Ours::List("environment", "follow")),
    ("status-style", Ours::Colours("bar_fg", "bar_bg")),
    ("status-fg", Ours::Colour("bar_fg")),
    ("status-bg", Ours::Colour("bar_bg")),
    ("window-status-current-style", Ours::Colours("tab_fg", "tab_bg")),
    ("pane-border-style", Ours::Colours("border", "")),
    ("pane-active-border-style", Ours::Colours("border_focus", "")),
    ("message-style", Ours::Colours("overlay_fg", "overlay_bg")),
    ("mode-style", Ours::Colours("select_fg", "select_bg")),
    ("window-status-bell-style", Ours::Colours("accent", "")),
    ("base-index", Ours::Already("tabs are numbered from 1")),
    ("pane-base-index", Ours::Already("panes are numbered from 1")),
    ("renumber-windows", Ours::Already("numbers have no gaps")),
    ("focus-events", Ours::Already("programs that ask hear of the focus")),
    ("aggressive-resize", Ours::Already("a tab has the size of who looks at it")),
    ("xterm-keys", Ours::Already("keys are told as xterm tells them")),
    ("extended-keys", Ours::Already("programs that ask get every key")),
    ("terminal-overrides", Ours::Already("the terminal is asked what it can do")),
    ("terminal-features", Ours::Already("the terminal is asked what it can do")),
    ("allow-passthrough", Ours::Already("images and links need none")),
    ("automatic-rename", Ours::Already("tabs are called by their program")),
    ("utf8", Ours::Already("text is UTF-8")),
    ("status-utf8", Ours::Already("text is UTF-8")),
    ("detach-on-destroy", Ours::Already("clients of a session that ended go to the one before")),
    ("repeat-time", Ours::Number("keys", "repeat_ms")),
    ("mode-keys", Ours::Words("copy", "keys", &[("vi", "\"vi\""), ("emacs", "\"emacs\"")])),
    ("word-separators", Ours::Text("copy", "word_separators")),
    ("copy-command", Ours::Text("copy", "command")),
];

/// Reads a configuration of tmux.
#[must_use]
pub fn import(text: &str) -> Imported {
    let mut imported = Imported::default();
    let mut conditions = Conditions::default();
    for (number, logical) in logical_lines(text) {
        conditions.directive(&split(&logical));
        for command in commands(&logical) {
            let verdict = match conditions.holds() {
                Some(true) => imported.command(&command),
                Some(false) => ImportVerdict::Left("its %if does not hold".into()),
                None => ImportVerdict::Left("only tmux can tell whether its %if holds".into()),
            };
            imported.lines.push(ImportedLine { number, text: shown(&command), verdict });
        }
    }
    imported
}

/// A branch of an `%if`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Branch {
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
struct Conditions(Vec<Branch>);

impl Conditions {
    /// Takes a line of `%if`, `%elif`, `%else` or `%endif`; all others mean nothing.
    fn directive(&mut self, words: &[String]) {
        match words.first().map(String::as_str) {
            Some("%if") => self.0.push(Branch::of(words.get(1))),
            Some("%elif") => self.turn(Branch::of(words.get(1))),
            Some("%else") => self.turn(Branch::Active),
            Some("%endif") => self.0.truncate(self.0.len().saturating_sub(1)),
            _ => {}
        }
    }

    /// Goes to the next branch of the innermost `%if`.
    fn turn(&mut self, next: Branch) {
        if let Some(branch) = self.0.last_mut() {
            *branch = match branch {
                Branch::Active | Branch::Passed => Branch::Passed,
                Branch::Waiting => next,
                Branch::Unknown => Branch::Unknown,
            };
        }
    }

    /// True if a line is to be taken; none if only tmux can tell.
    fn holds(&self) -> Option<bool> {
        if self.0.iter().any(|branch| matches!(branch, Branch::Waiting | Branch::Passed)) {
            return Some(false);
        }
        (!self.0.contains(&Branch::Unknown)).then_some(true)
    }
}

/// The truth of a condition that no state of tmux is needed for: a plain word, or `#{==:…}` and
/// `#{!=:…}` of plain words. A format is true unless it is empty or `0` (tmux(1), FORMATS).
fn holds(condition: &str) -> Option<bool> {
    let is_plain = |text: &str| !text.contains(['#', '{', '}']);
    if is_plain(condition) {
        return Some(!condition.is_empty() && condition != "0");
    }
    let inner = condition.strip_prefix("#{")?.strip_suffix('}')?;
    let (operator, operands) = inner.split_once(':')?;
    let (left, right) = operands.split_once(',').filter(|(a, b)| is_plain(a) && is_plain(b))?;
    match operator {
        "==" => Some(left == right),
        "!=" => Some(left != right),
        _ => None,
    }
}

impl Imported {
    /// Our configuration.
    #[must_use]
    pub fn toml(&self) -> String {
        let mut out =
            String::from("# Made from a configuration of tmux by `abide config import`.\n");
        for (section, options) in &self.options {
            append(&mut out, format_args!("\n[{section}]\n"));
            for (name, value) in options {
                append(&mut out, format_args!("{name} = {value}\n"));
            }
        }
        if !self.keys.is_empty() {
            out += "\n[keys.bind]\n";
            for (chord, action) in &self.keys {
                append(&mut out, format_args!("{} = {}\n", quoted(chord), quoted(action)));
            }
        }
        out
    }

    /// The numbers of commands that were taken, were so already, and were left.
    #[must_use]
    pub fn counts(&self) -> [usize; 3] {
        let count = |is: fn(&ImportVerdict) -> bool| {
            self.lines.iter().filter(|line| is(&line.verdict)).count()
        };
        [
            count(|verdict| matches!(verdict, ImportVerdict::Taken(_))),
            count(|verdict| matches!(verdict, ImportVerdict::Already(_))),
            count(|verdict| matches!(verdict, ImportVerdict::Left(_))),
        ]
    }

    fn command(&mut self, command: &[String]) -> ImportVerdict {
        let (name, rest) =
            command.split_first().map_or(("", &[][..]), |(name, rest)| (name.as_str(), rest));
        match name {
            "set" | "set-option" | "setw" | "set-window-option" => self.option(rest),
            "bind" | "bind-key" => self.bind(rest),
            "unbind" | "unbind-key" => self.unbind(rest),
            "source" | "source-file" => {
                ImportVerdict::Left("other files are not followed; import them too".into())
            }
            "run" | "run-shell" | "if" | "if-shell" => ImportVerdict::Left(
                "nothing is run; a plugin has to be replaced by what is there".into(),
            ),
            "set-hook" => ImportVerdict::Left("write it under [hooks]".into()),
            "set-environment" | "setenv" => {
                ImportVerdict::Left("abide session env sets variables of a session".into())
            }
            _ => ImportVerdict::Left(format!("{name} is nothing for a configuration here")),
        }
    }

    fn option(&mut self, rest: &[String]) -> ImportVerdict {
        let mut words: Vec<&str> = rest.iter().map(String::as_str).collect();
        let mut is_unset = false;
        while let Some(flags) =
            words.first().and_then(|word| word.strip_prefix('-')).filter(|flags| !flags.is_empty())
        {
            is_unset |= flags.contains('u');
            let takes = flags.contains('t');
            words.drain(..(1 + usize::from(takes)).min(words.len()));
        }
        let Some((name, values)) = words.split_first() else {
            return ImportVerdict::Left("there is no option in it".into());
        };
        let value = values.join(" ");
        if is_unset {
            return ImportVerdict::Already("what is not in the file has its default");
        }
        if name.starts_with('@') {
            return ImportVerdict::Left("options of plugins mean nothing here".into());
        }
        match *name {
            "prefix" | "prefix2" if value.eq_ignore_ascii_case("none") => {
                ImportVerdict::Already("there is one prefix")
            }
            "prefix" | "prefix2" => self.prefix(*name == "prefix", &value),
            name => match OPTIONS.iter().find(|(known, _)| *known == name) {
                Some((_, ours)) => self.known_option(ours, &value),
                None => ImportVerdict::Left("there is no such option".into()),
            },
        }
    }

    fn prefix(&mut self, is_first: bool, value: &str) -> ImportVerdict {
        let Ok(key) = our_key(value).parse::<Key>() else {
            return ImportVerdict::Left(format!("{value:?} is no key here"));
        };
        self.prefixes[usize::from(!is_first)] = Some(key);
        let first = self.prefixes[0].map_or_else(|| "C-b".to_owned(), |key| key.to_string());
        let mut keys = vec![quoted(&first)];
        keys.extend(self.prefixes[1].map(|key| quoted(&key.to_string())));
        keys.dedup();
        let entry = format!("[{}]", keys.join(", "));
        self.options.entry("keys").or_default().insert("prefix".into(), entry.clone());
        ImportVerdict::Taken(format!("[keys].prefix = {entry}"))
    }

    fn known_option(&mut self, ours: &Ours, value: &str) -> ImportVerdict {
        match *ours {
            Ours::Already(why) => ImportVerdict::Already(why),
            Ours::Words(section, name, words) => {
                match words.iter().find(|(theirs, _)| *theirs == value) {
                    Some((_, ours)) => self.set(section, name, (*ours).to_owned()),
                    None => ImportVerdict::Left(format!("{value:?} is not one of its values here")),
                }
            }
            Ours::Number(section, name) => self.set(section, name, value.to_owned()),
            Ours::Text(section, name) => self.set(section, name, quoted(value)),
            Ours::List(section, name) => {
                let words: Vec<String> = value.split_whitespace().map(quoted).collect();
                self.set(section, name, format!("[{}]", words.join(", ")))
            }
            Ours::Colours(fg, bg) => self.colours(fg, bg, value),
            Ours::Colour(name) => self.set("theme", name, quoted(&our_colour(value))),
        }
    }

    fn colours(&mut self, fg: &'static str, bg: &'static str, value: &str) -> ImportVerdict {
        let mut taken = Vec::new();
        for part in value.split([',', ' ']) {
            let (name, colour) = match part.split_once('=') {
                Some(("fg", colour)) => (fg, colour),
                Some(("bg", colour)) => (bg, colour),
                _ => continue,
            };
            if name.is_empty() {
                continue;
            }
            if let ImportVerdict::Taken(text) = self.set("theme", name, quoted(&our_colour(colour)))
            {
                taken.push(text);
            }
        }
        if taken.is_empty() {
            ImportVerdict::Left("there is no colour in it that is one here".into())
        } else {
            ImportVerdict::Taken(taken.join(", "))
        }
    }

    /// Sets an option if our configuration takes the value.
    fn set(&mut self, section: &'static str, name: &str, value: String) -> ImportVerdict {
        if let Err(problems) = load("tmux.conf", &format!("[{section}]\n{name} = {value}\n")) {
            return ImportVerdict::Left(
                problems.into_iter().next().map(|problem| problem.message).unwrap_or_default(),
            );
        }
        let text = format!("[{section}].{name} = {value}");
        self.options.entry(section).or_default().insert(name.into(), value);
        ImportVerdict::Taken(text)
    }

    fn bind(&mut self, rest: &[String]) -> ImportVerdict {
        let (chord, rest) = match chord(rest) {
            Ok(found) => found,
            Err(why) => return ImportVerdict::Left(why),
        };
        if rest.iter().any(|word| word == ";") {
            return ImportVerdict::Left("a key does one thing here".into());
        }
        match rest.first().map(String::as_str) {
            None => return ImportVerdict::Left("it does nothing".into()),
            Some("source" | "source-file") => {
                return ImportVerdict::Already("the configuration is read when it is saved");
            }
            Some("send-prefix") => {
                return ImportVerdict::Already("the prefix pressed twice is sent on");
            }
            Some("command-prompt") => {
                return ImportVerdict::Left(
                    "prompts are not written here; prefix : takes every command".into(),
                );
            }
            Some("run" | "run-shell" | "if" | "if-shell" | "display-popup" | "popup") => {
                return ImportVerdict::Left("nothing is run".into());
            }
            _ => {}
        }
        let words: Vec<String> = without_own_directory(rest);
        let ours = crate::action::tmux::translate(words);
        let action = ours.iter().map(|word| words::quote(word)).collect::<Vec<_>>().join(" ");
        if let Err(why) = bound(&action) {
            return ImportVerdict::Left(why.lines().next().unwrap_or_default().to_owned());
        }
        if let Some(fault) = faults(&chord, &action).into_iter().next() {
            let (crate::config::keymap::Fault::Chord(why)
            | crate::config::keymap::Fault::Action(why)) = fault;
            return ImportVerdict::Left(why);
        }
        let text = format!("{} = {}", quoted(&chord), quoted(&action));
        self.keys.insert(chord, action);
        ImportVerdict::Taken(text)
    }

    fn unbind(&mut self, rest: &[String]) -> ImportVerdict {
        if rest.iter().any(|word| word.starts_with('-') && word.contains('a') && word.len() > 1) {
            return ImportVerdict::Left("all keys at once are not unbound".into());
        }
        match chord(rest) {
            Err(why) => ImportVerdict::Left(why),
            Ok((chord, _)) if chord == "prefix C-b" => {
                ImportVerdict::Already("the prefix is in its own option")
            }
            Ok((chord, _)) => {
                let text = format!("{} = \"\"", quoted(&chord));
                self.keys.entry(chord).or_default();
                ImportVerdict::Taken(text)
            }
        }
    }
}

/// The chord that flags and key of a binding mean, and the words after them.
fn chord(words: &[String]) -> Result<(String, &[String]), String> {
    let mut rest = words;
    let mut is_root = false;
    while let Some(flag) = rest.first().filter(|word| word.len() > 1 && word.starts_with('-')) {
        let takes = flag.ends_with(['T', 't', 'N']);
        if flag.ends_with(['T', 't']) {
            match rest.get(1).map(String::as_str) {
                Some("root") => is_root = true,
                Some("prefix") => {}
                _ => return Err("keys of this table are not bound here".into()),
            }
        }
        is_root |= flag.contains('n') && !takes;
        rest = rest.get(1 + usize::from(takes)..).unwrap_or(&[]);
    }
    let (key, rest) = rest.split_first().ok_or("there is no key in it")?;
    let key = our_key(key).parse::<Key>().map_err(|error| error.to_string())?;
    Ok((if is_root { key.to_string() } else { format!("prefix {key}") }, rest))
}

/// tmux's names of keys that are others here.
fn our_key(key: &str) -> String {
    const NAMES: [(&str, &str); 10] = [
        ("BTab", "S-Tab"),
        ("BSpace", "Backspace"),
        ("DC", "Delete"),
        ("IC", "Insert"),
        ("NPage", "PageDown"),
        ("PPage", "PageUp"),
        ("PgDn", "PageDown"),
        ("PgUp", "PageUp"),
        ("Escape", "Esc"),
        ("\\;", ";"),
    ];
    let at = key.rfind('-').filter(|at| at + 1 < key.len()).map_or(0, |at| at + 1);
    let (mods, name) = key.split_at(at);
    let name = NAMES.iter().find(|(theirs, _)| *theirs == name).map_or(name, |(_, ours)| ours);
    format!("{mods}{name}")
}

fn our_colour(colour: &str) -> String {
    if let Some(number) = colour.strip_prefix("colour").or_else(|| colour.strip_prefix("color")) {
        return number.to_owned();
    }
    colour.strip_prefix("bright").map_or_else(|| colour.to_owned(), |name| format!("bright-{name}"))
}

/// Words without `-c` and the directory of the pane in focus, which a new pane takes anyway.
fn without_own_directory(words: &[String]) -> Vec<String> {
    let mut kept = Vec::new();
    let mut words = words.iter().peekable();
    while let Some(word) = words.next() {
        if word == "-c" && words.peek().is_some_and(|next| next.contains("pane_current_path")) {
            words.next();
            continue;
        }
        kept.push(word.clone());
    }
    kept
}

/// Lines with those that a backslash continues, each with the number of its first.
fn logical_lines(text: &str) -> Vec<(usize, String)> {
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

/// The commands of a line as words; without comments and the words of conditions. A `\;` or `;` of
/// its own separates commands, but belongs to the binding where it is within one.
fn commands(line: &str) -> Vec<Vec<String>> {
    let mut words = split(line);
    if words.first().is_none_or(|word| word.starts_with('%')) {
        return Vec::new();
    }
    if words.first().is_some_and(|word| word.starts_with("bind")) {
        for word in words.iter_mut().filter(|word| word.as_str() == "\\;") {
            ";".clone_into(word);
        }
        // The key itself may be a semicolon.
        return vec![words];
    }
    words
        .split(|word| word == ";" || word == "\\;")
        .filter(|command| !command.is_empty())
        .map(<[String]>::to_vec)
        .collect()
}

/// Words with quotes and comments as tmux.conf has them. `\;` stays as it is.
fn split(line: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut word: Option<String> = None;
    let mut quote = None;
    let mut chars = line.chars().peekable();
    while let Some(c) = chars.next() {
        match (quote, c) {
            (Some(open), c) if c == open => quote = None,
            (Some('"') | None, '\\') => match chars.next() {
                Some(';') if quote.is_none() => word.get_or_insert_default().push_str("\\;"),
                Some(next) => word.get_or_insert_default().push(next),
                None => {}
            },
            (None, '"' | '\'') => {
                quote = Some(c);
                word.get_or_insert_default();
            }
            (None, '#') if word.is_none() && chars.peek() != Some(&'{') => break,
            (None, c) if c.is_whitespace() => words.extend(word.take()),
            (_, c) => word.get_or_insert_default().push(c),
        }
    }
    words.extend(word);
    words
}

fn shown(command: &[String]) -> String {
    command.iter().map(|word| words::quote(word)).collect::<Vec<_>>().join(" ")
}

/// A text of TOML.
fn quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
}

#[cfg(test)]
mod tests {
    use super::{ImportVerdict, import};
    use crate::config::load::load;

    fn check(line: &str, expected: &str) {
        let imported = import(line);
        assert_eq!(imported.lines.len(), 1, "{line}");
        let shown = match &imported.lines[0].verdict {
            ImportVerdict::Taken(text) => text.clone(),
            ImportVerdict::Already(why) => format!("already: {why}"),
            ImportVerdict::Left(why) => format!("left: {why}"),
        };
        assert!(shown.starts_with(expected), "{line}: {shown}");
        load("made.toml", &imported.toml())
            .unwrap_or_else(|problems| unreachable!("{line}: {}", problems[0]));
    }

    #[test]
    fn options_are_taken_where_they_mean_the_same() {
        check("set -g prefix C-a", "[keys].prefix = [\"C-a\"]");
        check("set-option -g mouse on", "[outer].mouse = true");
        check("set -sg escape-time 10", "[keys].escape_time_ms = 10");
        check("set -g history-limit 50000 # lines", "[scrollback].lines = 50000");
        check("set -g default-terminal \"tmux-256color\"", "[shell].term = \"tmux-256color\"");
        check(
            "set -g status-style 'bg=colour236,fg=brightred,bold'",
            "[theme].bar_bg = \"236\", [theme].bar_fg = \"bright-red\"",
        );
        check("setw -g aggressive-resize on", "already: ");
        check("set -g @plugin 'tmux-plugins/tpm'", "left: options of plugins");
        check("set -g status-left '#S'", "left: there is no such option");
        check("set -g mouse maybe", "left: \"maybe\"");
        check("setw -g mode-keys vi", "[copy].keys = \"vi\"");
        check("set -g word-separators ' -_@'", "[copy].word_separators = \" -_@\"");
        check("set -s copy-command 'wl-copy'", "[copy].command = \"wl-copy\"");
        check("set -g status-bg black", "[theme].bar_bg = \"black\"");
        check("set -g repeat-time 300", "[keys].repeat_ms = 300");
        check("set -g prefix2 C-s", "[keys].prefix = [\"C-b\", \"C-s\"]");
        check("set -g history-limit many", "left: ");
    }

    #[test]
    fn only_the_branch_of_an_if_that_holds_is_taken() {
        let limit = |condition: &str| {
            let text = format!(
                "%if {condition}\nset -g history-limit 5\n%else\nset -g history-limit 6\n%endif\n\
                 set -g mouse on\n"
            );
            let imported = import(&text);
            assert_eq!(imported.lines.len(), 3, "{condition}");
            assert!(imported.toml().contains("mouse = true"), "{condition}");
            let lines = imported.toml();
            [5, 6].map(|limit| lines.contains(&format!("lines = {limit}\n")))
        };
        assert_eq!(limit("\"#{==:1,2}\""), [false, true]);
        assert_eq!(limit("\"#{!=:1,2}\""), [true, false]);
        assert_eq!(limit("#{==:a,a}"), [true, false]);
        assert_eq!(limit("1"), [true, false]);
        assert_eq!(limit("0"), [false, true]);
        assert_eq!(limit("\"#{==:#{host},build}\""), [false, false]);
        let nested = "%if 0\n%if 1\nset -g history-limit 5\n%endif\n%elif 1\n\
                      set -g history-limit 7\n%else\nset -g history-limit 8\n%endif\n";
        assert!(import(nested).toml().contains("lines = 7\n"), "{}", import(nested).toml());
    }

    #[test]
    fn keys_are_taken_in_our_words() {
        check(
            "bind | split-window -h -c \"#{pane_current_path}\"",
            "\"prefix |\" = \"pane split --right\"",
        );
        check("bind-key -r H resize-pane -L 5", "\"prefix H\" = \"pane resize --left 5\"");
        check("bind -n M-Left select-pane -L", "\"M-Left\" = \"pane focus --left\"");
        check("bind r source-file ~/.tmux.conf \\; display 'done'", "left: a key does one thing");
        check("bind r source-file ~/.tmux.conf", "already: ");
        check("bind C-a send-prefix", "already: ");
        check("bind -T copy-mode-vi v send -X begin-selection", "left: keys of this table");
        check("bind x no-such-command", "left: ");
        check("bind a split-window", "\"prefix a\" = \"pane split");
        check("unbind '\"'", "\"prefix \\\"\" = \"\"");
        check("unbind C-b", "already: ");
    }

    #[test]
    fn nothing_breaks_it_and_what_it_makes_is_valid() {
        let text = "set -g prefix2 C-b\nset -g prefix C-a\n%if \"#{x}\"\nset -g \\\n  mouse off ; \
            set -g status off\n%endif\nrun '~/.tmux/plugins/tpm/tpm'\nbind\nset\n'\n";
        let imported = import(text);
        assert_eq!(imported.counts().iter().sum::<usize>(), imported.lines.len());
        assert!(imported.toml().contains("prefix = [\"C-a\", \"C-b\"]"), "{}", imported.toml());
        assert_eq!(
            imported.lines.iter().find(|line| line.text.contains("status")).map(|line| line.number),
            Some(4)
        );
        load("made.toml", &imported.toml()).expect("it is valid");
    }
}
