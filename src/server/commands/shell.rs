//! The texts for a session's shell, and the reports that come back. Text only: the callers run the
//! shell and send the text.
//!
//! Commands reach the shell on its standard input; status and state come back on its standard
//! output, which the commands themselves never have: each of them runs with streams of its own. The
//! shells are interactive ones, since those go on after an INT, but they have no terminal, prompt
//! or history.

use std::borrow::Cow;
use std::path::Path;

use crate::base::id::CommandId;
use crate::state::command::{CommandInput, ExecRequest, quoted};

/// The command in a report that is the end of none: the shell has noticed everything sent to it
/// before, or has opened the standard input of the command that stands for the directory.
pub(super) const NOTICED: CommandId = CommandId(0);

/// The mark in a report of [`NOTICED`], before the id of a command that the shell could not run.
pub(super) const NOT_RUN: char = '!';

/// A kind of shell.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ShellKind {
    /// GNU bash.
    Bash,
    /// zsh.
    Zsh,
    /// Any POSIX shell.
    Sh,
}

/// The state of a shell at the end of a command, as scripts that bring it back.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct ShellMemory {
    pub(super) cwd: String,
    exports: String,
    functions: String,
    options: String,
    /// The beginning of the next command: it turns on again what would show our own lines.
    tracing: String,
}

impl ShellMemory {
    /// As plain texts.
    pub(super) fn texts(&self) -> Vec<String> {
        let Self { cwd, exports, functions, options, tracing } = self.clone();
        vec![cwd, exports, functions, options, tracing]
    }

    /// From what [`ShellMemory::texts`] gave, an older one too.
    pub(super) fn from_texts(mut texts: Vec<String>) -> Option<Self> {
        texts.resize(5.max(texts.len()), String::new());
        let [cwd, exports, functions, options, tracing] = <[String; 5]>::try_from(texts).ok()?;
        Some(Self { cwd, exports, functions, options, tracing })
    }

    /// A script of this shell, so that it is traced as the one before it has asked (`set -x`,
    /// `trap … DEBUG`).
    pub(super) fn traced(&self, script: &str) -> String {
        format!("{}{script}", self.tracing)
    }
}

/// The beginning of the next script, from the DEBUG traps that a shell has listed and whether it
/// shows what it runs.
fn tracing(traps: &str, is_shown: bool) -> String {
    let shown = if is_shown { "set -x; " } else { "" };
    let is_trapped = traps.contains("DEBUG");
    let traps = traps.trim_end();
    // The setting of the trap is neither shown nor trapped itself.
    let trapped = if is_trapped { format!("{{ {traps}; }} 2>/dev/null; ") } else { String::new() };
    format!("{shown}{trapped}")
}

/// The end of a command, as the shell tells it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Report {
    pub(super) command: CommandId,
    pub(super) status: u8,
    pub(super) memory: ShellMemory,
}

/// The files of one command.
#[derive(Debug, Clone)]
pub(super) struct Files {
    pub(super) script: String,
    pub(super) input: String,
    pub(super) output: String,
    pub(super) error: String,
}

impl ShellKind {
    /// The kind of the user's shell, and what is to be started: another shell than the three is
    /// replaced by bash.
    pub(super) fn of(program: &str) -> (Self, Vec<String>) {
        let name = program.rsplit('/').next().unwrap_or(program);
        match name {
            "bash" => (Self::Bash, Self::Bash.argv(program)),
            "zsh" => (Self::Zsh, Self::Zsh.argv(program)),
            "sh" | "dash" | "ash" => (Self::Sh, Self::Sh.argv(program)),
            _ => (Self::Bash, Self::Bash.argv("bash")),
        }
    }

    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Bash => "bash",
            Self::Zsh => "zsh",
            Self::Sh => "sh",
        }
    }

    /// Program and arguments of a session's shell.
    pub(super) fn argv(self, program: &str) -> Vec<String> {
        let flags: &[&str] = match self {
            Self::Bash => &["--noprofile", "--norc", "--noediting", "-i", "+H", "+o", "history"],
            Self::Zsh => &[
                "-f",
                "-i",
                "+o",
                "zle",
                "-o",
                "interactivecomments",
                "+o",
                "banghist",
                "+o",
                "promptcr",
                "+o",
                "promptsp",
            ],
            Self::Sh => &["-i"],
        };
        std::iter::once(program).chain(flags.iter().copied()).map(str::to_owned).collect()
    }

    /// The text that a new shell is told first.
    pub(super) fn setup(self) -> String {
        let (quiet, own, functions, options) = match self {
            Self::Bash => (
                "PS1= PS2= PS0=; unset PROMPT_COMMAND MAILCHECK TMOUT; shopt -s expand_aliases",
                "builtin",
                "builtin declare -f; builtin alias -p",
                "builtin set +o; builtin shopt -p",
            ),
            Self::Zsh => (
                "PS1= PS2=; unset MAILCHECK TMOUT",
                "builtin",
                "builtin typeset -f; builtin alias -L",
                "builtin set +o",
            ),
            Self::Sh => ("PS1= PS2=; unset MAILCHECK TMOUT ENV", "command", ":", ":"),
        };
        format!(
            "{quiet}\n__abide_done() {{\nunset ABIDE_COMMAND\n{own} printf 'R\\0%s\\0%s\\0%s\\0' \
             \"$1\" \"$2\" \"${{PWD-}}\"\n{own} export -p\n\
             {own} printf '\\0'\n{functions}\n{own} printf '\\0'\n{options}\n\
             {own} printf '\\0E%s\\0' \"${{__abide_t-}}\"\n}}\n"
        )
    }

    /// A script that gives another shell what this one had. `ABIDE_JOB` stays its own.
    pub(super) fn recall(self, memory: &ShellMemory, with_options: bool) -> String {
        let ShellMemory { cwd, exports, functions, options, tracing: _ } = memory;
        let options = if with_options { options.as_str() } else { "" };
        let aliases = if self == Self::Bash { "shopt -s expand_aliases\n" } else { "" };
        format!(
            "__abide_j=${{ABIDE_JOB-}}\ncd -- {} \
             \n{exports}\n{aliases}{functions}\n{options}\nexport ABIDE_JOB=\"$__abide_j\"\nunset \
             __abide_j\n",
            quoted(cwd)
        )
    }

    /// Program and arguments that start a command beside the shell: `state` is the path of a script
    /// with [`ShellKind::recall`].
    pub(super) fn starter(self, program: &str, state: &str, words: &[String]) -> Vec<String> {
        let flags: &[&str] = match self {
            Self::Bash => &["--noprofile", "--norc"],
            Self::Zsh => &["-f"],
            Self::Sh => &[],
        };
        let run = match (self, words.len()) {
            (_, 1) => "eval \"$1\"",
            (Self::Bash, _) => {
                "if declare -F -- \"$1\" >/dev/null; then \"$@\"; else exec \"$@\"; fi"
            }
            (Self::Zsh, _) => "if (( $+functions[$1] )); then \"$@\"; else exec \"$@\"; fi",
            (Self::Sh, _) => "exec \"$@\"",
        };
        let script = format!(". {} || exit 1\n{run}", quoted(state));
        let head = std::iter::once(program).chain(flags.iter().copied()).chain([
            "-c",
            &script,
            self.name(),
        ]);
        head.map(str::to_owned).chain(words.iter().cloned()).collect()
    }

    const fn cd(self) -> &'static str {
        match self {
            Self::Zsh => "builtin cd",
            Self::Bash | Self::Sh => "command cd",
        }
    }

    /// The text that runs a command in the shell. Its last lines are those of
    /// [`ShellKind::finish`].
    pub(super) fn run(self, id: CommandId, order: &ExecRequest, files: &Files) -> String {
        let mut line = format!("{{ export ABIDE_COMMAND={id}; ");
        for (at, (name, value)) in order.vars.iter().enumerate() {
            line.extend([format!("__abide_s{at}=${{{name}+x}}; __abide_v{at}=${{{name}-}}; ")]);
            line += &value.as_ref().map_or_else(
                || format!("unset {name}; "),
                |value| format!("export {name}={}; ", literal(value)),
            );
        }
        let script = literal(&files.script);
        // In a POSIX sh an error of a special builtin ends what the shell has read, which would be
        // the line that reports the end; behind `command` a builtin is not special (POSIX.1-2024
        // XCU 2.8.1).
        let dot = match self {
            Self::Sh => "command .",
            Self::Bash | Self::Zsh => ".",
        };
        match &order.cwd {
            Some(cwd) => {
                let (cd, cwd) = (self.cd(), literal(cwd));
                line.extend([format!(
                    "__abide_p=$PWD; __abide_o=${{OLDPWD-}}; if {cd} -- {cwd}; \
                    then {dot} {script}; else ! :; fi; "
                )]);
            }
            None => line.extend([format!("{dot} {script}; ")]),
        }
        let (input, output, error) =
            (literal(&files.input), literal(&files.output), literal(&files.error));
        let finish = self.finish(id, order);
        if order.input == CommandInput::Open {
            // Until it has opened its end, ours must not be closed: an open of what nobody writes
            // to waits for ever.
            let opened = self.tell(0, &id.to_string());
            return format!("{{ {opened}; {line}}} >{output} 2>{error}; }} <{input}\n{finish}");
        }
        format!("{line}}} <{input} >{output} 2>{error}\n{finish}")
    }

    /// The text that takes over what has changed in the environment of the session since the shell
    /// was told last.
    pub(super) fn follow(
        self,
        former: Option<&[(String, String)]>,
        env: &[(String, String)],
    ) -> String {
        let own = if self == Self::Sh { "command" } else { "builtin" };
        let Some(former) = former else { return String::new() };
        let is_name = |name: &str| {
            name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
                && !name.starts_with(|first: char| first.is_ascii_digit())
        };
        let set = env.iter().filter(|(name, _)| is_name(name));
        let set = set.filter(|variable| !former.contains(variable));
        let set = set.map(|(name, value)| format!("{own} export {name}={}; ", literal(value)));
        let is_gone = |name: &str| is_name(name) && env.iter().all(|(known, _)| known != name);
        let gone = former.iter().filter(|(name, _)| is_gone(name));
        set.chain(gone.map(|(name, _)| format!("unset {name}; "))).collect()
    }

    /// The text that undoes a command's own variables and directory and reports its end. Saying it
    /// twice does no harm.
    pub(super) fn finish(self, id: CommandId, order: &ExecRequest) -> String {
        let mut undo = String::new();
        for (at, (name, _)) in order.vars.iter().enumerate() {
            undo.extend([format!(
                "if [ -n \"${{__abide_s{at}-}}\" ]; then export {name}=\"$__abide_v{at}\"; else \
                 unset {name}; fi; unset __abide_s{at} __abide_v{at}; "
            )]);
        }
        if order.cwd.is_some() {
            undo.extend([format!(
                "{} -- \"$__abide_p\" >/dev/null 2>&1; OLDPWD=$__abide_o; ",
                self.cd()
            )]);
        }
        // The command has neither ended now nor before: its streams could not be opened.
        let not_run = self.tell(0, &format!("{NOT_RUN}{id}"));
        let quiet = self.quiet();
        format!(
            "__abide_y=$?; {quiet}; if [ \"${{ABIDE_COMMAND-}}\" = {id} ]; then \
             __abide_x=$__abide_y; \
             __abide_i={id}; {undo}fi; if [ \"${{__abide_i-}}\" = {id} ]; then __abide_done {id} \
             \"${{__abide_x-1}}\"; else {not_run}; fi\n"
        )
    }

    /// The text that turns off what would show our own lines, and reports it. Its own lines are
    /// seen by nobody.
    const fn quiet(self) -> &'static str {
        match self {
            Self::Bash => {
                "{ builtin printf 'T\\0' >&3; builtin trap -p DEBUG >&3; builtin trap - DEBUG; \
                 __abide_t=; case $- in *x*) __abide_t=x; set +x;; esac; } 3>&1 >/dev/null 2>&1"
            }
            Self::Zsh => {
                "{ builtin printf 'T\\0' >&3; builtin trap >&3; builtin trap - DEBUG; \
                 __abide_t=; case $- in *x*) __abide_t=x; set +x;; esac; } 3>&1 >/dev/null 2>&1"
            }
            Self::Sh => "{ __abide_t=; case $- in *x*) __abide_t=x; set +x;; esac; } 2>/dev/null",
        }
    }

    /// Has the shell report [`NOTICED`] with this number: it has noticed all that was sent to it
    /// before.
    pub(super) fn notice(self, number: u8) -> String {
        self.tell(number, "") + "\n"
    }

    /// Prints a report of [`NOTICED`] with a number and a word.
    fn tell(self, number: u8, word: &str) -> String {
        let own = if self == Self::Sh { "command" } else { "builtin" };
        format!("{own} printf 'R\\0%s\\0%s\\0%s\\0\\0\\0\\0E\\0' {NOTICED} {number} '{word}'")
    }

    /// Lines for a starter's script that set a command's own variables and directory.
    pub(super) fn own(self, id: CommandId, order: &ExecRequest) -> String {
        let mut text = format!("export ABIDE_COMMAND={id}\n");
        for (name, value) in &order.vars {
            text += &value.as_ref().map_or_else(
                || format!("unset {name}\n"),
                |value| format!("export {name}={}\n", literal(value)),
            );
        }
        if let Some(cwd) = &order.cwd {
            text.extend([format!("{} -- {} || exit 1\n", self.cd(), literal(cwd))]);
        }
        text
    }

    /// The loss when a shell of this kind is replaced, in words.
    pub(super) const fn lost(self) -> &'static str {
        match self {
            Self::Bash | Self::Zsh => {
                "the shell was replaced: directory, exported variables, functions and options are \
                 as before the command, variables that were not exported are gone"
            }
            Self::Sh => {
                "the shell was replaced: directory and exported variables are as before the \
                 command, functions and other variables are gone"
            }
        }
    }
}

/// A word in quotes, whatever it is.
fn literal(word: &str) -> String {
    format!("'{}'", word.replace('\'', "'\\''"))
}

/// The first report in what a shell said, and how much of that it takes; none if none is complete.
pub(super) fn report(said: &[u8]) -> Option<(Option<Report>, usize)> {
    let start = said.windows(2).position(|two| two == b"R\0")?;
    let mut fields = Vec::with_capacity(7);
    let mut at = start + 2;
    while fields.len() < 7 {
        let len = said[at..].iter().position(|byte| *byte == 0)?;
        fields.push(String::from_utf8_lossy(&said[at..at + len]).into_owned());
        at += len + 1;
    }
    let [command, status, cwd, exports, functions, options, end] =
        <[String; 7]>::try_from(fields).ok()?;
    let is_end = end == "E" || end == "Ex";
    let report = command.parse().ok().zip(status.parse().ok()).filter(|_| is_end);
    if report.is_none() {
        // The report began in the middle of something: the next one may begin within.
        return Some((None, start + 2));
    }
    let traps = said[..start].rsplit(|byte| *byte == 0).next().unwrap_or_default();
    let is_told = said[..start - traps.len()].ends_with(b"T\0");
    let traps = if is_told { String::from_utf8_lossy(traps) } else { Cow::default() };
    let tracing = tracing(&traps, end == "Ex");
    let report = report.map(|(command, status)| Report {
        command,
        status,
        memory: ShellMemory { cwd, exports, functions, options, tracing },
    });
    Some((report, at))
}

/// The way a command beside the shell is started.
#[derive(Debug)]
pub(super) enum BesideStart {
    /// As it is.
    Direct(Vec<String>),
    /// By this shell, which reads first what the session's shell knows, then runs the words.
    Knowing { kind: ShellKind, program: String, words: Vec<String> },
}

impl BesideStart {
    /// Program and arguments; `rc` is the file with what the session's shell knows.
    pub(super) fn argv(self, rc: &Path) -> Vec<String> {
        match self {
            Self::Direct(argv) => argv,
            Self::Knowing { kind, program, words } => {
                kind.starter(&program, &rc.display().to_string(), &words)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Files, ShellKind, report};
    use crate::base::id::CommandId;
    use crate::state::command::ExecRequest;

    #[test]
    fn a_report_is_read_once_it_is_whole() {
        let said = b"noise R\x00c7\x00130\x00/tmp\x00export A='1'\n\x00\x00\x00E\x00R\x00c8";
        let end = said.len() - 4;
        for cut in 0..end {
            assert_eq!(report(&said[..cut]), None, "{cut}");
        }
        let (found, used) = report(said).expect("it is whole");
        let found = found.expect("it is sound");
        assert_eq!(
            (found.command, found.status, found.memory.cwd.as_str(), used),
            (CommandId(7), 130, "/tmp", end)
        );
        assert_eq!(report(b"R\0c7\0x\0/\0\0\0\0E\0").map(|(report, _)| report), Some(None));
    }

    #[test]
    fn whatever_a_word_holds_it_stays_a_word() {
        let files = Files {
            script: "/r/c1".into(),
            input: "/dev/null".into(),
            output: "/r/o".into(),
            error: "/r/e".into(),
        };
        let order = ExecRequest {
            vars: vec![("A".into(), Some("it's".into())), ("B".into(), None)],
            cwd: Some("a b".into()),
            ..ExecRequest::default()
        };
        let text = ShellKind::Sh.run(CommandId(1), &order, &files);
        assert!(
            text.contains("export A='it'\\''s'; ")
                && text.contains("unset B; ")
                && text.contains("command cd -- 'a b'"),
            "{text}"
        );
        assert_eq!(text.lines().count(), 2);
    }

    #[test]
    fn another_shell_is_replaced_by_bash() {
        let start = |program| ShellKind::of(program).1.swap_remove(0);
        assert_eq!(
            [start("/usr/bin/fish"), start("/bin/dash"), start("/opt/zsh")],
            ["bash", "/bin/dash", "/opt/zsh"]
        );
    }
}
