//! The options, keys and hooks of tmux in ours.

use crate::base::key::Key;
use crate::config::keymap::{Fault, bound, collide, default_bindings, faults};
use crate::config::tmux::{ImportVerdict, Imported, built_in, quoted};
use crate::config::words::{self, commands, sequence};
use crate::settings::{Preset, Settings};

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
    /// Not needed: abide does so anyway, where the value is one of these, or any if there are none.
    Already(&'static [&'static str], &'static str),
    /// There is no like of it, for this reason.
    Not(&'static str),
}

const ON_OFF: &[(&str, &str)] = &[
    ("on", "true"),
    ("off", "false"),
    ("yes", "true"),
    ("no", "false"),
    ("external", "true"),
    ("1", "true"),
    ("0", "false"),
];

const ON: &[&str] = &["on", "yes", "1"];

const OPTIONS: &[(&str, Ours)] = &[
    ("escape-time", Ours::Number("keys", "escape_time_ms")),
    ("mouse", Ours::Words("outer", "mouse", ON_OFF)),
    ("history-limit", Ours::Number("scrollback", "lines")),
    ("default-shell", Ours::Text("shell", "program")),
    (
        "default-terminal",
        Ours::Not("TERM stays xterm-256color: the keys that programs get are those of xterm"),
    ),
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
    ("message-style", Ours::Not("messages have the colours of the theme, as all lists")),
    ("message-command-style", Ours::Not("messages have the colours of the theme, as all lists")),
    ("menu-style", Ours::Colours("overlay_fg", "overlay_bg")),
    ("status-left", Ours::Not("the parts of the status line are in [bars].left")),
    ("status-right", Ours::Not("the parts of the status line are in [bars].right")),
    ("status-justify", Ours::Not("tabs are where [bars] has them: left, center or right")),
    ("status-interval", Ours::Number("bars", "command_s")),
    ("mode-style", Ours::Colours("select_fg", "select_bg")),
    ("window-status-bell-style", Ours::Colours("accent", "")),
    ("base-index", Ours::Already(&["1"], "tabs are numbered from 1")),
    ("pane-base-index", Ours::Already(&["1"], "panes are numbered from 1")),
    ("renumber-windows", Ours::Already(ON, "numbers have no gaps")),
    ("focus-events", Ours::Already(ON, "programs that ask hear of the focus")),
    ("aggressive-resize", Ours::Already(&[], "a tab has the size of who looks at it")),
    ("xterm-keys", Ours::Already(&[], "keys are told as xterm tells them")),
    ("extended-keys", Ours::Already(&[], "programs that ask get every key")),
    ("terminal-overrides", Ours::Already(&[], "the terminal is asked what it can do")),
    ("terminal-features", Ours::Already(&[], "the terminal is asked what it can do")),
    ("allow-passthrough", Ours::Already(&[], "images and links need none")),
    ("automatic-rename", Ours::Already(ON, "tabs are called by their program")),
    ("utf8", Ours::Already(ON, "text is UTF-8")),
    ("status-utf8", Ours::Already(ON, "text is UTF-8")),
    (
        "detach-on-destroy",
        Ours::Already(
            &["off", "no-detached", "previous"],
            "clients of a session that ended go to the one before",
        ),
    ),
    ("repeat-time", Ours::Number("keys", "repeat_ms")),
    ("mode-keys", Ours::Words("copy", "keys", &[("vi", "\"vi\""), ("emacs", "\"emacs\"")])),
    ("word-separators", Ours::Text("copy", "word_separators")),
    ("copy-command", Ours::Text("copy", "command")),
];

impl Imported {
    pub(super) fn option(&mut self, rest: &[String]) -> ImportVerdict {
        let mut words: Vec<&str> = rest.iter().map(String::as_str).collect();
        let (mut is_unset, mut is_added) = (false, false);
        while let Some(flags) =
            words.first().and_then(|word| word.strip_prefix('-')).filter(|flags| !flags.is_empty())
        {
            is_unset |= flags.contains('u');
            is_added |= flags.contains('a');
            let takes = flags.contains('t');
            words.drain(..(1 + usize::from(takes)).min(words.len()));
        }
        let Some((name, values)) = words.split_first() else {
            return ImportVerdict::Left("there is no option in it".into());
        };
        let value = values.join(" ");
        if is_unset {
            return self.unset(name);
        }
        if name.starts_with('@') {
            return plugin_option(name, &value);
        }
        if let Some(verdict) = self.own_option(name, &value) {
            return verdict;
        }
        match OPTIONS.iter().find(|(known, _)| known == name) {
            Some((_, ours)) => self.known_option(ours, &value, is_added),
            None => ImportVerdict::Left("there is no such option".into()),
        }
    }

    /// Options that are more than a value under another name.
    fn own_option(&mut self, name: &str, value: &str) -> Option<ImportVerdict> {
        Some(match name {
            "prefix2" if value.eq_ignore_ascii_case("none") => {
                ImportVerdict::Already("there is one prefix")
            }
            "prefix" | "prefix2" => self.prefix(name == "prefix", value),
            "default-terminal" if value == Settings::default().shell.term => {
                ImportVerdict::Already("TERM is xterm-256color in every pane")
            }
            "default-command" => self.default_command(value),
            "status" | "status-position" => self.bar(name == "status", value),
            _ => return None,
        })
    }

    /// Takes back what a line before set.
    fn unset(&mut self, name: &str) -> ImportVerdict {
        match name {
            "prefix" | "prefix2" => {
                self.prefixes[usize::from(name == "prefix2")] = None;
                self.prefix_option();
            }
            "status" | "status-position" => {
                let set = if name == "status" {
                    (false, self.bar_place)
                } else {
                    (self.is_bar_off, None)
                };
                (self.is_bar_off, self.bar_place) = set;
                if let Some(bars) = self.options.get_mut("bars") {
                    bars.retain(|name, _| name != "position" && name != "tabs");
                }
                if set != (false, None) {
                    self.one_bar();
                }
            }
            _ => {
                let ours = OPTIONS.iter().find(|(known, _)| *known == name).map(|(_, ours)| ours);
                if let Some(
                    Ours::Words(section, name, _)
                    | Ours::Number(section, name)
                    | Ours::Text(section, name)
                    | Ours::List(section, name),
                ) = ours
                    && let Some(options) = self.options.get_mut(section)
                {
                    options.remove(*name);
                }
            }
        }
        self.options.retain(|_, options| !options.is_empty());
        ImportVerdict::Already("what is not in the file has its default")
    }

    /// The status line is the only bar, as in tmux.
    fn bar(&mut self, is_switch: bool, value: &str) -> ImportVerdict {
        match (is_switch, value) {
            (true, "off" | "no" | "0") => self.is_bar_off = true,
            (true, "on" | "yes" | "1") if self.is_bar_off => self.is_bar_off = false,
            (true, "on" | "yes" | "1") => {
                return ImportVerdict::Already("the status line is shown");
            }
            (false, "top") => self.bar_place = Some("top"),
            (false, "bottom") => self.bar_place = Some("bottom"),
            _ => {
                return ImportVerdict::Left(format!("{value:?} is not one of its values here"));
            }
        }
        self.one_bar()
    }

    fn one_bar(&mut self) -> ImportVerdict {
        let place = if self.is_bar_off { "off" } else { self.bar_place.unwrap_or("bottom") };
        self.set("bars", "position", quoted(place));
        self.set("bars", "tabs", quoted("off"));
        ImportVerdict::Taken(format!("[bars].position = {}, [bars].tabs = \"off\"", quoted(place)))
    }

    /// Takes a shell with `-l` as a login shell; other commands are no shells.
    fn default_command(&mut self, value: &str) -> ImportVerdict {
        let words: Vec<&str> =
            value.trim().trim_start_matches("exec ").split_whitespace().collect();
        let (program, is_login) = match words.as_slice() {
            // Without a command tmux starts a login shell (tmux(1), default-command).
            [] => ("", true),
            [program] => (*program, false),
            [program, "-l" | "--login"] => (*program, true),
            _ if value.contains("reattach-to-user-namespace") => {
                return ImportVerdict::Already("panes reach the clipboard as they are");
            }
            _ => {
                return ImportVerdict::Left(
                    "a pane starts a shell: [shell].program and [shell].login".into(),
                );
            }
        };
        let is_own = matches!(program, "" | "$SHELL" | "${SHELL}");
        let mut taken = Vec::new();
        if program.starts_with('/') {
            match self.set("shell", "program", quoted(program)) {
                ImportVerdict::Taken(text) => taken.push(text),
                other => return other,
            }
        } else if !is_own && !is_login {
            return ImportVerdict::Left(format!("write the path of {program} as [shell].program"));
        }
        if is_login && let ImportVerdict::Taken(text) = self.set("shell", "login", "true".into()) {
            taken.push(text);
        }
        if !is_own && !program.starts_with('/') {
            taken.push(format!("if your shell is not {program}, set [shell].program too"));
        }
        if taken.is_empty() {
            return ImportVerdict::Already("a pane runs $SHELL");
        }
        ImportVerdict::Taken(taken.join(", "))
    }

    fn prefix(&mut self, is_first: bool, value: &str) -> ImportVerdict {
        let Ok(key) = our_key(value).parse::<Key>() else {
            return ImportVerdict::Left(format!("{value:?} is no key here"));
        };
        self.prefixes[usize::from(!is_first)] = Some(key);
        let entry = self.prefix_option();
        ImportVerdict::Taken(format!("[keys].prefix = {entry}"))
    }

    fn prefix_option(&mut self) -> String {
        if self.prefixes == [None, None] {
            if let Some(keys) = self.options.get_mut("keys") {
                keys.remove("prefix");
            }
            return String::new();
        }
        let first = self.prefixes[0].map_or_else(|| "C-b".to_owned(), |key| key.to_string());
        let mut keys = vec![quoted(&first)];
        keys.extend(self.prefixes[1].map(|key| quoted(&key.to_string())));
        keys.dedup();
        let entry = format!("[{}]", keys.join(", "));
        self.options.entry("keys").or_default().insert("prefix".into(), entry.clone());
        entry
    }

    fn known_option(&mut self, ours: &Ours, value: &str, is_added: bool) -> ImportVerdict {
        match *ours {
            Ours::Already(values, why) if values.is_empty() || values.contains(&value) => {
                ImportVerdict::Already(why)
            }
            Ours::Already(_, why) => {
                ImportVerdict::Left(format!("{value:?} cannot be had here: {why}"))
            }
            Ours::Not(why) => ImportVerdict::Left(why.into()),
            Ours::Words(section, name, words) => {
                match words.iter().find(|(theirs, _)| *theirs == value) {
                    Some((_, ours)) => self.set(section, name, (*ours).to_owned()),
                    None => ImportVerdict::Left(format!("{value:?} is not one of its values here")),
                }
            }
            Ours::Number(section, name) => self.set(section, name, value.to_owned()),
            Ours::Text(section, name) => self.set(section, name, quoted(value)),
            Ours::List(section, name) => {
                let set = self.options.get(section).and_then(|options| options.get(name));
                let before = match set {
                    _ if !is_added => String::new(),
                    Some(list) => list.trim_matches(['[', ']']).to_owned(),
                    None => listed(&Settings::default().environment.follow),
                };
                let words: Vec<&str> = value.split_whitespace().collect();
                let parts = [before, listed(&words)].into_iter().filter(|part| !part.is_empty());
                self.set(section, name, format!("[{}]", parts.collect::<Vec<_>>().join(", ")))
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
}

fn our_colour(colour: &str) -> String {
    if let Some(number) = colour.strip_prefix("colour").or_else(|| colour.strip_prefix("color")) {
        return number.to_owned();
    }
    colour.strip_prefix("bright").map_or_else(|| colour.to_owned(), |name| format!("bright-{name}"))
}

fn listed<T: AsRef<str>>(words: &[T]) -> String {
    words.iter().map(|word| quoted(word.as_ref())).collect::<Vec<_>>().join(", ")
}

/// The outcome of an option of a plugin, or of one that names a plugin.
fn plugin_option(name: &str, value: &str) -> ImportVerdict {
    if name == "@plugin" {
        return built_in(value).map_or_else(
            || ImportVerdict::Left("there are no plugins; see what is built in".into()),
            ImportVerdict::Already,
        );
    }
    let plugin = name.trim_start_matches('@').split('-').next().unwrap_or_default();
    ImportVerdict::Left(match plugin {
        "resurrect" | "continuum" => "built in with options of its own: see [persist]".into(),
        "yank" => "built in with options of its own: see [copy]".into(),
        _ => "options of plugins mean nothing here".into(),
    })
}

impl Imported {
    pub(super) fn bind(&mut self, rest: &[String]) -> ImportVerdict {
        let (chord, rest) = match chord(rest) {
            Ok(found) => found,
            Err(why) => return ImportVerdict::Left(why),
        };
        let action = match self.action_of(rest) {
            Ok(action) => action,
            Err(verdict) => return verdict,
        };
        if let Some(fault) = faults(&chord, &action).into_iter().next() {
            let (Fault::Chord(why) | Fault::Action(why)) = fault;
            return ImportVerdict::Left(why);
        }
        let text = format!("{} = {}", quoted(&chord), quoted(&action));
        self.keys.insert(chord, action);
        ImportVerdict::Taken(text)
    }

    pub(super) fn unbind(&mut self, rest: &[String]) -> ImportVerdict {
        if rest.iter().any(|word| word.starts_with('-') && word.contains('a') && word.len() > 1) {
            return ImportVerdict::Left("all keys at once are not unbound".into());
        }
        match chord(rest) {
            Err(why) => ImportVerdict::Left(why),
            Ok((chord, _)) if chord == "prefix C-b" => {
                ImportVerdict::Already("the prefix is in its own option")
            }
            Ok((chord, _)) => {
                let defaults = default_bindings(Preset::Tmux);
                if defaults.iter().any(|(other, _)| collide(&chord, other)) {
                    let text = format!("{} = \"\"", quoted(&chord));
                    self.keys.insert(chord, String::new());
                    ImportVerdict::Taken(text)
                } else if self.keys.remove(&chord).is_some() {
                    ImportVerdict::Taken(format!("{} is bound no longer", quoted(&chord)))
                } else {
                    ImportVerdict::Already("the key does nothing here")
                }
            }
        }
    }

    /// The action of what a key or a hook does.
    fn action_of(&self, rest: &[String]) -> Result<String, ImportVerdict> {
        let left = |why: &str| Err(ImportVerdict::Left(why.into()));
        let found = match rest {
            // A block, or a command as one text.
            [text] => {
                commands(text, &self.variables).iter().flat_map(|all| sequence(all)).collect()
            }
            words => sequence(words),
        };
        let rest = match found.as_slice() {
            [] => return left("it does nothing"),
            [one] => one,
            _ => return left("a key does one thing here"),
        };
        match rest[0].as_str() {
            "source" | "source-file" => {
                return Err(ImportVerdict::Already("the configuration is read when it is saved"));
            }
            "send-prefix" => {
                return Err(ImportVerdict::Already("the prefix pressed twice is sent on"));
            }
            "command-prompt" => {
                return left("prompts are not written here; prefix : takes every command");
            }
            "run" | "run-shell" | "if" | "if-shell" => return left("nothing is run"),
            "confirm" | "confirm-before" => return self.confirmed(&rest[1..]),
            _ => {}
        }
        let own = own_words(rest);
        let words =
            own.unwrap_or_else(|| crate::action::tmux::translate(without_own_directory(rest)));
        let action = words.iter().map(|word| words::quote(word)).collect::<Vec<_>>().join(" ");
        match bound(&action) {
            Ok(_) => Ok(action),
            Err(why) => left(why.lines().next().unwrap_or_default()),
        }
    }

    /// Closing needs no question: `undo` brings back what was closed.
    fn confirmed(&self, words: &[String]) -> Result<String, ImportVerdict> {
        let mut rest = words;
        while let Some(flag) = rest.first().filter(|word| word.len() > 1 && word.starts_with('-')) {
            let takes = usize::from(flag.ends_with(['p', 't', 'c']));
            rest = rest.get(1 + takes..).unwrap_or(&[]);
        }
        if matches!(rest, [only] if only == "kill-session") {
            return Ok("session close".into());
        }
        let action = self.action_of(rest)?;
        let closed = action.strip_suffix(" --now");
        closed.map(str::to_owned).ok_or_else(|| {
            ImportVerdict::Left(format!("nothing asks before `{action}`; bind it without"))
        })
    }

    /// Takes a hook under `[hooks]`.
    pub(super) fn hook(&mut self, rest: &[String]) -> ImportVerdict {
        let mut words = rest;
        let mut is_unset = false;
        while let Some(flag) = words.first().filter(|word| word.len() > 1 && word.starts_with('-'))
        {
            is_unset |= flag.contains('u');
            let takes = usize::from(flag.ends_with('t'));
            words = words.get(1 + takes..).unwrap_or(&[]);
        }
        let Some((name, body)) = words.split_first() else {
            return ImportVerdict::Left("there is no hook in it".into());
        };
        let name = name.split('[').next().unwrap_or_default();
        let Some((_, ours)) = HOOKS.iter().find(|(theirs, _)| *theirs == name) else {
            return ImportVerdict::Left("there is no such hook; see [hooks]".into());
        };
        if is_unset {
            self.options.entry("hooks").or_default().remove(*ours);
            self.options.retain(|_, options| !options.is_empty());
            return ImportVerdict::Already("hooks that are not in the file do nothing");
        }
        match self.hooked(body) {
            Ok(text) => self.set("hooks", ours, quoted(&text)),
            Err(verdict) => verdict,
        }
    }

    /// The text of a hook: a shell command or an action.
    fn hooked(&self, body: &[String]) -> Result<String, ImportVerdict> {
        let found = match body {
            [text] => {
                commands(text, &self.variables).iter().flat_map(|all| sequence(all)).collect()
            }
            words => sequence(words),
        };
        let [one] = found.as_slice() else {
            return Err(ImportVerdict::Left("a hook does one thing here".into()));
        };
        if !matches!(one[0].as_str(), "run" | "run-shell") {
            return self.action_of(one);
        }
        let line = one.iter().skip(1).find(|word| !word.starts_with('-'));
        match line {
            Some(line) if line.contains("#{") || line.contains("#(") => Err(ImportVerdict::Left(
                "formats of tmux mean nothing here; a hook has variables such as $ABIDE_PANE"
                    .into(),
            )),
            Some(line) if one.iter().skip(1).all(|word| word == "-b" || word == line) => {
                Ok(format!("! {line}"))
            }
            _ => Err(ImportVerdict::Left("there is no plain command in it".into())),
        }
    }
}

/// Hooks of tmux and ours.
const HOOKS: [(&str, &str); 11] = [
    ("alert-bell", "bell"),
    ("alert-silence", "silence"),
    ("session-created", "session_created"),
    ("after-new-session", "session_created"),
    ("session-closed", "session_closed"),
    ("after-new-window", "tab_created"),
    ("after-split-window", "pane_created"),
    ("pane-exited", "pane_exited"),
    ("pane-died", "pane_exited"),
    ("client-attached", "client_attached"),
    ("client-detached", "client_detached"),
];

/// Commands whose flags make other commands of them here.
fn own_words(words: &[String]) -> Option<Vec<String>> {
    let has = |letter: char| {
        words.iter().skip(1).any(|word| word.starts_with('-') && word.contains(letter))
    };
    let text = match words[0].as_str() {
        "choose-tree" | "choose-session" | "choose-window" => {
            let is_sessions = has('s') || words[0] == "choose-session";
            if is_sessions { "client sessions" } else { "client tabs" }
        }
        "select-pane" | "selectp" if has('M') => "pane mark --clear",
        "select-pane" | "selectp" if has('m') => "pane mark",
        "select-pane" | "selectp" if ends_with(words, &["-t", ":.+"]) => "pane next",
        "select-window" | "selectw" if has('n') => "tab next",
        "select-window" | "selectw" if has('p') => "tab prev",
        "select-window" | "selectw" if has('l') => "tab last",
        "swap-window" | "swapw" => words.iter().find_map(|word| {
            match word.strip_prefix("-t").unwrap_or(word).trim_start_matches(':') {
                "-1" | "-" => Some("tab swap :-"),
                "+1" | "+" => Some("tab swap :+"),
                _ => None,
            }
        })?,
        "set" | "set-option" | "setw" | "set-window-option" => {
            let at = words.iter().position(|word| word == "synchronize-panes")?;
            match words.get(at + 1).map(String::as_str) {
                None => "pane sync",
                Some("on") => "pane sync --on",
                Some("off") => "pane sync --off",
                Some(_) => return None,
            }
        }
        _ => return None,
    };
    Some(text.split(' ').map(str::to_owned).collect())
}

fn ends_with(words: &[String], end: &[&str]) -> bool {
    words.len() >= end.len() && words.iter().rev().zip(end.iter().rev()).all(|(a, b)| a == b)
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
