//! A configuration of tmux as one of ours: options, prefix and keys that mean the same, with a
//! report line by line. It reads no file: whoever calls gives the texts.

use std::collections::BTreeMap;

use crate::base::key::Key;
use crate::base::text::append;
use crate::config::load::load;
use crate::config::words::{self, Branch, Conditions, Variables, logical_lines, statements};

/// The deepest file that a file names.
const SOURCE_DEPTH_MAX: usize = 8;
/// The most files that are read.
const SOURCES_MAX: usize = 64;

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
    /// The file.
    pub file: String,
    /// The number of the line, from 1.
    pub number: usize,
    /// The command as it stands there.
    pub text: String,
    /// The outcome.
    pub verdict: ImportVerdict,
}

/// The path and the text of the file that a file names, or why there is none.
///
/// It gets the path of the file with the name in it, and the name.
pub type SourceFile<'a> = &'a dyn Fn(&str, &str) -> Result<(String, String), String>;

/// The result of an import from tmux.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Imported {
    /// Section, option, value as TOML.
    pub(super) options: BTreeMap<&'static str, BTreeMap<String, String>>,
    /// Chord and action.
    pub(super) keys: BTreeMap<String, String>,
    /// The first and the second prefix.
    pub(super) prefixes: [Option<Key>; 2],
    /// The status line is off.
    pub(super) is_bar_off: bool,
    /// The place of the status line, if the file says it.
    pub(super) bar_place: Option<&'static str>,
    /// The variables of the file.
    pub(super) variables: Variables,
    /// The files read.
    sources: usize,
    /// The report.
    pub lines: Vec<ImportedLine>,
}

/// Reads a configuration of tmux, which is the file `path`, and those that it names.
#[must_use]
pub fn import(path: &str, text: &str, source: SourceFile<'_>) -> Imported {
    let mut imported = Imported::default();
    imported.file(path, text, source, 0);
    imported
}

impl Imported {
    fn file(&mut self, path: &str, text: &str, source: SourceFile<'_>, depth: usize) {
        self.sources += 1;
        let mut conditions = Conditions::default();
        for (number, logical) in logical_lines(text) {
            for command in statements(&logical, &self.variables) {
                let mut files = Vec::new();
                let verdict = match directive(&mut conditions, &command) {
                    Some(verdict) => verdict,
                    None if conditions.holds() != Some(true) => left_by(&conditions),
                    None if matches!(command[0].as_str(), "source" | "source-file") => {
                        let (verdict, named) = self.sources(path, &command[1..], source, depth);
                        files = named;
                        verdict
                    }
                    None => self.command(&command),
                };
                let text = shown(&command);
                self.lines.push(ImportedLine { file: path.into(), number, text, verdict });
                for (path, text) in files {
                    self.file(&path, &text, source, depth + 1);
                }
            }
        }
    }

    /// The files of a `source-file`.
    fn sources(
        &self,
        path: &str,
        words: &[String],
        source: SourceFile<'_>,
        depth: usize,
    ) -> (ImportVerdict, Vec<(String, String)>) {
        let (flags, names): (Vec<_>, Vec<_>) =
            words.iter().partition(|word| word.starts_with('-') && word.len() > 1);
        let is_quiet = flags.iter().any(|flag| flag.contains('q'));
        let mut found = Vec::new();
        let mut missing = Vec::new();
        for name in names {
            if depth + 1 >= SOURCE_DEPTH_MAX || self.sources + found.len() >= SOURCES_MAX {
                missing.push(format!("{name} is one file too many; does a file name itself?"));
                continue;
            }
            match source(path, name) {
                Ok(file) => found.push(file),
                Err(why) => missing.push(why),
            }
        }
        let verdict = if !missing.is_empty() && is_quiet && found.is_empty() {
            ImportVerdict::Left(format!("{}; -q lets it be missing", missing.join(", ")))
        } else if !missing.is_empty() {
            ImportVerdict::Left(missing.join(", "))
        } else if found.is_empty() {
            ImportVerdict::Left("there is no file in it".into())
        } else {
            ImportVerdict::Taken("its lines follow".into())
        };
        (verdict, found)
    }

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
            "set-hook" => self.hook(rest),
            "run" | "run-shell" => rest.last().and_then(|line| built_in(line)).map_or_else(
                || {
                    ImportVerdict::Left(
                        "nothing is run; a plugin has to be replaced by what is there".into(),
                    )
                },
                ImportVerdict::Already,
            ),
            "if" | "if-shell" => {
                ImportVerdict::Left("nothing is run, so nobody knows whether it holds".into())
            }
            "set-environment" | "setenv" => {
                ImportVerdict::Left("abide session env sets variables of a session".into())
            }
            _ => self.variable(command).unwrap_or_else(|| {
                ImportVerdict::Left(format!("{name} is nothing for a configuration here"))
            }),
        }
    }

    /// Takes `NAME=value`, after `%hidden` or not.
    fn variable(&mut self, command: &[String]) -> Option<ImportVerdict> {
        let word = match command {
            [hidden, word] if hidden == "%hidden" => word,
            [word] => word,
            _ => return None,
        };
        let (name, value) = word.split_once('=')?;
        let is_name = |c: char| c.is_ascii_alphanumeric() || c == '_';
        if name.is_empty() || !name.chars().all(is_name) {
            return None;
        }
        self.variables.insert(name.into(), value.into());
        Some(ImportVerdict::Taken(format!("${name} is put in where the file says it")))
    }

    /// Sets an option if our configuration takes the value.
    pub(super) fn set(
        &mut self,
        section: &'static str,
        name: &str,
        value: String,
    ) -> ImportVerdict {
        if let Err(problems) = load("tmux.conf", &format!("[{section}]\n{name} = {value}\n")) {
            return ImportVerdict::Left(
                problems.into_iter().next().map(|problem| problem.message).unwrap_or_default(),
            );
        }
        let text = format!("[{section}].{name} = {value}");
        self.options.entry(section).or_default().insert(name.into(), value);
        ImportVerdict::Taken(text)
    }
}

/// The outcome of `%if` and its like; none for other commands.
fn directive(conditions: &mut Conditions, words: &[String]) -> Option<ImportVerdict> {
    const ONLY_TMUX: &str = "only tmux can tell whether it holds; the whole block is left";
    if !matches!(words[0].as_str(), "%if" | "%elif" | "%else" | "%endif") {
        return None;
    }
    let around = conditions.holds_around();
    let Ok(branch) = conditions.directive(words) else {
        return Some(ImportVerdict::Left("there is no %if before it".into()));
    };
    let around = if words[0] == "%if" { conditions.holds_around() } else { around };
    Some(match branch {
        _ if around != Some(true) => left_by(&Conditions::default()),
        None => ImportVerdict::Already("the block ends"),
        Some(Branch::Active) => ImportVerdict::Taken("it holds; the lines of it follow".into()),
        Some(Branch::Waiting) => ImportVerdict::Left("it does not hold".into()),
        Some(Branch::Passed) => ImportVerdict::Left("a branch before it holds".into()),
        Some(Branch::Unknown) => ImportVerdict::Left(ONLY_TMUX.into()),
    })
}

fn left_by(conditions: &Conditions) -> ImportVerdict {
    ImportVerdict::Left(match conditions.holds() {
        Some(false) => "its %if does not hold".into(),
        None => "only tmux can tell whether its %if holds".into(),
        Some(true) => "the %if around it is not taken".into(),
    })
}

/// The reason why a plugin of tmux is not needed, by a name or a path with its name.
pub(super) fn built_in(name: &str) -> Option<&'static str> {
    const PLUGINS: [(&str, &str); 13] = [
        (
            "tmux-resurrect",
            "built in: sessions outlive a reboot; prefix S saves, restore brings back",
        ),
        ("tmux-continuum", "built in: sessions are saved all the time and come back by themselves"),
        ("tmux-yank", "built in: copied text goes to the clipboard; see [copy]"),
        ("tmux-sensible", "built in: its settings are the defaults here"),
        ("tmux-copycat", "built in: searches are regular expressions; prefix F, prefix v"),
        ("tmux-open", "built in: prefix v opens addresses and paths; see [hints]"),
        ("tmux-logging", "built in: pane pipe and capture"),
        ("tmux-prefix-highlight", "built in: the part `prefix` of [bars]"),
        ("tmux-pain-control", "built in: prefix | and _ split, h j k l move"),
        ("tmux-urlview", "built in: prefix v labels addresses"),
        ("tmux-thumbs", "built in: prefix v labels what can be copied"),
        ("tmux-fingers", "built in: prefix v labels what can be copied"),
        ("tpm", "no plugin has to be loaded"),
    ];
    let mut parts = name.split(|c: char| c == '/' || c.is_whitespace());
    parts.find_map(|part| {
        let part = part.trim_end_matches(".tmux").trim_end_matches(".git");
        PLUGINS.iter().find(|(plugin, _)| *plugin == part).map(|(_, why)| *why)
    })
}

fn shown(command: &[String]) -> String {
    command.iter().map(|word| words::quote(word)).collect::<Vec<_>>().join(" ")
}

/// A text of TOML: controls have to be escaped in it.
pub(super) fn quoted(text: &str) -> String {
    let mut quoted = String::from("\"");
    for c in text.chars() {
        match c {
            '\\' | '"' => quoted.extend(['\\', c]),
            '\n' => quoted += "\\n",
            '\t' => quoted += "\\t",
            c if c.is_control() => append(&mut quoted, format_args!("\\u{:04X}", u32::from(c))),
            c => quoted.push(c),
        }
    }
    quoted + "\""
}

#[cfg(test)]
mod tests {
    use super::{ImportVerdict, Imported};
    use crate::config::load::load;

    fn import(text: &str) -> Imported {
        super::import("tmux.conf", text, &|_, name| Err(format!("no file {name}")))
    }

    #[test]
    fn controls_in_a_binding_make_a_file_that_is_taken() {
        let made = import("bind | split-window -h -c '/a\u{0}\u{7f}\u{b}b'").toml();
        assert!(made.contains("\\u0000\\u007F\\u000B"), "{made}");
        assert!(load("made.toml", &made).is_ok(), "{made}");
    }

    /// The report, a line each: the number, the verdict and its text.
    fn reported(imported: &Imported) -> Vec<String> {
        let shown = |line: &super::ImportedLine| {
            let verdict = match &line.verdict {
                ImportVerdict::Taken(text) => format!("taken {text}"),
                ImportVerdict::Already(why) => format!("already {why}"),
                ImportVerdict::Left(why) => format!("left {why}"),
            };
            format!("{}:{} {verdict}", line.file, line.number)
        };
        imported.lines.iter().map(shown).collect()
    }

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
        for theirs in ["tmux-256color", "screen-256color", "screen", "tmux", "alacritty"] {
            check(&format!("set -g default-terminal {theirs}"), "left: TERM stays xterm-256color");
        }
        check("set -g default-terminal xterm-256color", "already: TERM is");
        check(
            "set -g status-style 'bg=colour236,fg=brightred,bold'",
            "[theme].bar_bg = \"236\", [theme].bar_fg = \"bright-red\"",
        );
        check("setw -g aggressive-resize on", "already: ");
        check("set -g @plugin 'tmux-plugins/tpm'", "already: no plugin");
        check("set -g status-left '#S'", "left: the parts of the status line");
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
            assert_eq!(imported.lines.len(), 6, "{condition}");
            assert!(imported.toml().contains("mouse = true"), "{condition}");
            let lines = imported.toml();
            [5, 6].map(|limit| lines.contains(&format!("lines = {limit}\n")))
        };
        assert_eq!(limit("\"#{==:1,2}\""), [false, true]);
        assert_eq!(limit("\"#{!=:1,2}\""), [true, false]);
        assert_eq!(limit("#{==:a,a}"), [true, false]);
        for holds in [
            "1",
            "\"#{>=:#{version},3.2}\"",
            "#{>=:#{version},3.2}",
            "\"#{e|>=:#{version},3}\"",
            "\"#{&&:#{==:a,a},#{!=:a,b}}\"",
            "\"#{||:#{host},1}\"",
            "\"#{!:0}\"",
            "\"#{?#{==:a,b},0,1}\"",
        ] {
            assert_eq!(limit(holds), [true, false], "{holds}");
        }
        assert_eq!(limit("\"#{<:#{version},2.9}\""), [false, true]);
        assert_eq!(limit("\"$SSH_TTY\""), [false, false]);
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

    #[test]
    fn the_report_names_every_line_once() {
        let text = "%if \"#{host}\"\nset -g mouse on\n%elif 1\nset -g mouse off\n%endif\n%if 0\n\
                    %if 1\nbind a last-pane\n%endif\n%else\nsetw -g mode-keys vi\n%endif\n\
                    # a comment\n\n%endif\nnonsense\n";
        let imported = import(text);
        let lines = reported(&imported);
        let expected = [
            "1 left only tmux can tell",
            "2 left only tmux can tell",
            "3 left only tmux can tell",
            "4 left only tmux can tell",
            "5 already the block ends",
            "6 left it does not hold",
            "7 left the %if around it",
            "8 left its %if does not hold",
            "9 left the %if around it",
            "10 taken it holds",
            "11 taken [copy].keys",
            "12 already the block ends",
            "15 left there is no %if",
            "16 left nonsense is nothing",
        ];
        assert_eq!(lines.len(), expected.len(), "{lines:#?}");
        for (line, expected) in lines.iter().zip(expected) {
            assert!(line.starts_with(&format!("tmux.conf:{expected}")), "{line}, not {expected}");
        }
    }

    #[test]
    fn options_that_are_more_than_a_value_are_taken() {
        check("set -g default-command 'zsh -l'", "[shell].login = true, if your shell");
        check(
            "set -g default-command '/bin/sh -l'",
            "[shell].program = \"/bin/sh\", [shell].login",
        );
        check("set -g default-command ''", "[shell].login = true");
        check("set -g default-command '$SHELL'", "already: ");
        check("set -g default-command 'htop --tree'", "left: ");
        check("set -g status-position top", "[bars].position = \"top\", [bars].tabs = \"off\"");
        check("set -g status on", "already: ");
        let bars = import("set -g status-position top\nset -g status on\n").toml();
        assert!(bars.contains("position = \"top\"\ntabs = \"off\""), "{bars}");
        let off = import("set -g status off\nset -g status-position top\n").toml();
        assert!(off.contains("position = \"off\""), "{off}");
        check("set -g message-style bg=yellow,fg=black", "left: messages have");
        assert!(!import("set -g message-style bg=yellow").toml().contains("overlay"));
        check("set -g status-fg colour244", "[theme].bar_fg = \"244\"");
        check("set -g base-index 1", "already: ");
        check("set -g base-index 0", "left: \"0\" cannot be had here: tabs are numbered from 1");
        check("setw -g automatic-rename off", "left: ");
        check("set -ga update-environment ' KRB5'", "[environment].follow = [\"SSH_AUTH_SOCK\"");
        check("set -g prefix2 None", "already: ");
        let unset = import("set -g mouse off\nset -gu mouse\nset -g prefix C-a\nset -gu prefix\n");
        assert!(!unset.toml().contains('['), "{}", unset.toml());
        let shell = import("SH=/bin/sh\nset -g default-shell \"$SH\"\n").toml();
        assert!(shell.contains("program = \"/bin/sh\""), "{shell}");
    }

    #[test]
    fn plugins_that_are_built_in_are_told_so() {
        for name in ["resurrect", "continuum", "yank", "sensible"] {
            check(&format!("set -g @plugin 'tmux-plugins/tmux-{name}'"), "already: built in");
            let path = format!("run-shell ~/clone/tmux-{name}/{name}.tmux");
            check(&path, "already: built in");
        }
        check("run '~/.tmux/plugins/tpm/tpm'", "already: no plugin");
        check("set -g @continuum-restore 'on'", "left: built in with options");
        check("set -g @plugin 'someone/tmux-weather'", "left: there are no plugins");
        check("run-shell 'date > /tmp/x'", "left: nothing is run");
    }

    #[test]
    fn commands_with_an_action_of_their_own_are_bound() {
        let bound = |command: &str, action: &str| {
            check(&format!("bind Q {command}"), &format!("\"prefix Q\" = {action:?}"));
        };
        bound("display-panes", "client numbers");
        bound("choose-tree -Zs", "client sessions");
        bound("choose-tree -Zw", "client tabs");
        bound("swap-window -d -t -1", "tab swap :-");
        bound("swap-window -d -t +1", "tab swap :+");
        bound("swap-window -t:-1", "tab swap :-");
        bound("setw synchronize-panes", "pane sync");
        bound("setw synchronize-panes on", "pane sync --on");
        bound("rotate-window", "layout rotate");
        bound("rotate-window -D", "layout rotate --back");
        bound("display-popup -E -w 80% htop", "pane popup -- htop");
        bound("confirm-before -p \"kill? (y/n)\" kill-pane", "pane close");
        bound("confirm-before kill-window", "tab close");
        bound("confirm-before kill-session", "session close");
        bound("last-pane", "pane focus --last");
        bound("select-pane -m", "pane mark");
        bound("clock-mode", "client clock");
        bound("{ split-window -h }", "pane split --right");
        bound("{\n  # to the right\n  split-window -h\n}", "pane split --right");
        bound("{\n  confirm-before -p 'sure?' {\n kill-pane\n }\n}", "pane close");
        check("bind Q {\n  split-window\n  split-window -h\n}", "left: a key does one thing");
        check("bind Q confirm-before 'respawn-pane -k'", "left: nothing asks before");
    }

    #[test]
    fn hooks_are_taken() {
        check(
            "set-hook -g alert-bell \"run-shell 'paplay bell.ogg'\"",
            "[hooks].bell = \"! paplay bell.ogg\"",
        );
        check("set-hook -g alert-bell { run-shell -b 'beep' }", "[hooks].bell = \"! beep\"");
        check(
            "set-hook -g after-new-window 'split-window -h'",
            "[hooks].tab_created = \"pane split",
        );
        check("set-hook -g client-attached 'run \"echo #{pane_id}\"'", "left: formats of tmux");
        check("set-hook -g window-renamed 'run x'", "left: there is no such hook");
    }

    #[test]
    fn a_key_that_is_unbound_afterwards_is_not_in_the_output() {
        let of = |text: &str| import(text).toml();
        assert!(!of("bind Q split-window\nunbind Q\n").contains("prefix Q"));
        assert!(of("bind x split-window\nunbind x\n").contains("\"prefix x\" = \"\""));
        assert!(of("unbind x\nbind x split-window\n").contains("\"prefix x\" = \"pane split"));
        let two = of("bind \\; last-pane\nset -g mouse off\n");
        assert!(two.contains("\"prefix ;\" = \"pane focus --last\"") && two.contains("mouse"));
    }

    #[test]
    fn files_that_a_file_names_are_read_and_missing_ones_are_told() {
        let source = |from: &str, name: &str| match name {
            "more.conf" => Ok((format!("{from}/more.conf"), "set -g mouse off\n".to_owned())),
            "self.conf" => Ok((name.to_owned(), "source self.conf\nsource self.conf\n".to_owned())),
            _ => Err(format!("no file {name}")),
        };
        let text = "source-file more.conf\nsource -q gone.conf\nsource gone.conf\n";
        let imported = super::import("a", text, &source);
        assert!(imported.toml().contains("mouse = false"), "{}", imported.toml());
        assert_eq!(
            reported(&imported),
            [
                "a:1 taken its lines follow",
                "a/more.conf:1 taken [outer].mouse = false",
                "a:2 left no file gone.conf; -q lets it be missing",
                "a:3 left no file gone.conf",
            ]
        );
        let endless = super::import("a", "source self.conf\n", &source);
        assert!(reported(&endless).iter().any(|line| line.contains("one file too many")));
        assert!(endless.lines.len() < 500, "{}", endless.lines.len());
    }
}
