//! The options that the server reads.

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Serialize};

use crate::base::geom::Size;
use crate::base::time::Span;
use crate::settings::value::SizeText;

/// The program of a new pane, and its environment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct ShellOptions {
    /// The program of a pane that is given none, an absolute path. Empty takes `$SHELL`, else the
    /// one in passwd, else `/bin/sh`.
    #[schemars(extend("format" = "path"))]
    pub program: String,
    /// True if the shell is started as a login shell.
    pub login: bool,
    /// True if bash, zsh and fish mark their prompts and commands (OSC 133) and tell their
    /// directory (OSC 7). Your own files are read first and not changed, and the prompt looks the
    /// same.
    pub integration: bool,
    /// `TERM` in panes: how programs know what abide's terminal can do.
    #[schemars(length(min = 1, max = 64))]
    pub term: String,
}

impl Default for ShellOptions {
    fn default() -> Self {
        Self {
            program: String::new(),
            login: false,
            integration: true,
            term: "xterm-256color".into(),
        }
    }
}

impl ShellOptions {
    /// Program and arguments of a pane that is given none; empty for the user's shell.
    #[must_use]
    pub fn argv(&self) -> Vec<String> {
        if self.program.is_empty() { Vec::new() } else { vec![self.program.clone()] }
    }
}

/// Sessions and their sizes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct SessionOptions {
    /// The name of the session that `abide` alone makes when there is none.
    #[schemars(length(min = 1, max = 64))]
    pub first_name: String,
    /// The size of a session that no client shows, as `COLSxROWS`.
    pub size: SizeText,
    /// The client that gives a pane its size when several show it: the one that last typed
    /// (`latest`), the `smallest`, the `largest`, or `manual` for the size that `abide session
    /// resize` gives.
    pub sizing: Sizing,
}

impl Default for SessionOptions {
    fn default() -> Self {
        Self { first_name: "main".into(), size: SizeText(Size::default()), sizing: Sizing::Latest }
    }
}

/// The client that gives a pane its size when several show it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Sizing {
    /// The client that last sent input.
    #[default]
    Latest,
    /// The smallest: everybody sees all of it.
    Smallest,
    /// The largest: smaller clients see the part around the cursor.
    Largest,
    /// None of them: the one that `abide session resize` gave, or until then that of the client
    /// that typed first.
    Manual,
}

/// The things that happen when the program of a pane ends or is stopped.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct PaneOptions {
    /// Panes that stay when their program ends: none (`off`), all (`on`), or with `failed` those
    /// whose program ended with another status than 0.
    pub remain_on_exit: Remain,
    /// The time that a program which is told to stop may take before it is killed, in milliseconds.
    #[schemars(range(max = 600_000))]
    pub grace_ms: u64,
    /// The time in which what was closed by key or by `close` is hidden with its programs running
    /// on, to be brought back by `undo`, in milliseconds; 0 ends it at once.
    #[schemars(range(max = 86_400_000))]
    pub undo_ms: u64,
    /// True if what was detached on purpose outlives the close of its pane: programs with a session
    /// of their own and no terminal, as `setsid -f` and daemons have. They end with the kill of
    /// their session, `abide stop` and the server.
    pub spare_detached: bool,
    /// True if programs may ask what stands on their screen (DECRQCRA) and what its title is, as
    /// suites that test terminals do; for panes made from then on. What one program printed can
    /// then come back to another as if it had been typed.
    pub reports: bool,
}

impl Default for PaneOptions {
    fn default() -> Self {
        Self {
            remain_on_exit: Remain::Off,
            grace_ms: 5_000,
            undo_ms: 60_000,
            spare_detached: true,
            reports: false,
        }
    }
}

impl PaneOptions {
    /// The grace as a span.
    #[must_use]
    pub fn grace(&self) -> Span {
        Span::millis(self.grace_ms)
    }
}

/// The panes that stay when their program ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Remain {
    /// None stays.
    #[default]
    Off,
    /// Every pane stays, with its last screen.
    On,
    /// A pane stays if the status was not 0.
    Failed,
}

/// Commands that `abide exec` and `abide start` run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct ExecOptions {
    /// The time that `abide exec` waits for its turn in the session's shell before it is refused
    /// with `busy`, in milliseconds.
    #[schemars(range(max = 86_400_000))]
    pub turn_ms: u64,
    /// The number of calls that may wait for their turn in one session's shell; one more is refused
    /// with `queue_full`.
    #[schemars(range(max = 10_000))]
    pub waiting: usize,
    /// The time that a command whose time is up may take to end by itself before it is killed, in
    /// milliseconds.
    #[schemars(range(max = 600_000))]
    pub grace_ms: u64,
    /// True if a command is stopped when whoever runs `abide exec` goes away.
    pub cancel: bool,
    /// The number of ended commands that are remembered for each session, with their output.
    #[schemars(range(min = 1, max = 10_000))]
    pub records: usize,
}

impl Default for ExecOptions {
    fn default() -> Self {
        Self { turn_ms: 5_000, waiting: 100, grace_ms: 1_000, cancel: true, records: 100 }
    }
}

/// The amount of output kept for each pane.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Scrollback {
    /// Lines that have left the screen and can be scrolled back to; 0 keeps none.
    #[schemars(range(max = 100_000_000))]
    pub lines: u32,
    /// Memory for them, in bytes. The oldest are dropped when either limit is reached.
    #[schemars(range(min = 65_536, max = 68_719_476_736_u64))]
    pub bytes: u64,
    /// Memory for those of all panes together, in bytes. When it is reached, panes that take more
    /// than their share lose their oldest lines, the one that printed longest ago first.
    #[schemars(range(min = 1_048_576, max = 1_099_511_627_776_u64))]
    pub server_bytes: u64,
}

impl Default for Scrollback {
    fn default() -> Self {
        Self { lines: 100_000, bytes: 64 << 20, server_bytes: 1 << 30 }
    }
}

/// State that goes to disk, and comes back after a reboot.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Persist {
    /// The state that is written: screens with their scrollback, only the layout of sessions, or
    /// nothing. Takes effect when the server starts.
    pub keep: Keep,
    /// Scrollback kept of a pane, in bytes before it is packed; the newest stays.
    #[schemars(range(min = 65_536, max = 68_719_476_736_u64))]
    pub pane_bytes: u64,
    /// Scrollback kept of all panes together, in bytes before it is packed. When there are many,
    /// each may have its share.
    #[schemars(range(min = 1_048_576, max = 1_099_511_627_776_u64))]
    pub bytes: u64,
    /// The fate of the commands of panes when these come back after a reboot or from a snapshot:
    /// `"ask"` shows what ran and waits for a key in the pane, `"always"` runs all of them again,
    /// `"never"` starts shells. A list of programs such as `["vim", "less"]` runs those again and
    /// asks for the others.
    pub restore: Restore,
    /// The number of snapshots without a name of their own that are kept; the oldest make room.
    /// Named ones stay until they are removed.
    #[schemars(range(min = 1, max = 1000))]
    pub snapshots: usize,
    /// The number of panes, tabs and sessions, closed or ended, that `undo` can make anew after
    /// their programs are gone; the oldest make room.
    #[schemars(range(max = 1000))]
    pub closed: usize,
    /// The days that these, and snapshots without a name of their own, are kept; 0 for any time.
    #[schemars(range(max = 36_500))]
    pub days: u32,
}

impl Default for Persist {
    fn default() -> Self {
        Self {
            keep: Keep::Screens,
            pane_bytes: 16 << 20,
            bytes: 1 << 30,
            restore: Restore::default(),
            snapshots: 10,
            closed: 20,
            days: 30,
        }
    }
}

/// State that goes to disk.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Keep {
    /// Sessions, tabs, panes, and what panes show.
    #[default]
    Screens,
    /// Sessions, tabs and panes; nothing that a program printed.
    Layout,
    /// Nothing.
    Nothing,
}

/// The log of the server.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct LogOptions {
    /// The length of a file of the log, in bytes; at that length the next one begins.
    #[schemars(range(min = 65_536, max = 1_073_741_824))]
    pub bytes: u64,
    /// The number of files that are kept: `server.log`, and before it `server.log.1` and so on.
    #[schemars(range(min = 1, max = 100))]
    pub files: usize,
    /// The days that a file grows, and is kept afterwards; 0 for any time.
    #[schemars(range(max = 36_500))]
    pub days: u32,
}

impl Default for LogOptions {
    fn default() -> Self {
        Self { bytes: 4 << 20, files: 4, days: 14 }
    }
}

/// The most that one server holds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Limits {
    /// Sessions at the same time.
    #[schemars(range(min = 1, max = 10_000))]
    pub sessions: usize,
    /// Panes at the same time, in all sessions together.
    #[schemars(range(min = 1, max = 100_000))]
    pub panes: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self { sessions: 100, panes: 1000 }
    }
}

/// Events that are worth a mark or a notice.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Monitor {
    /// True if a bell in a tab that nobody looks at marks it.
    pub bell: bool,
    /// True if output in a tab that nobody looks at marks it.
    pub activity: bool,
    /// A pane that printed and then nothing more for so many seconds is marked, if nobody looks at
    /// it; 0 never marks one.
    #[schemars(range(max = 86_400))]
    pub silence_s: u32,
    /// Programs whose end is told if it happens in a tab that nobody looks at: none (`off`), all
    /// (`on`), or with `failed` those that ended with another status than 0.
    pub exit: NotifyPolicy,
    /// A command that took so many seconds and ends in a pane that nobody looks at marks it; it
    /// takes shell integration. 0 never marks one.
    #[schemars(range(max = 86_400))]
    pub command_s: u32,
}

impl Default for Monitor {
    fn default() -> Self {
        Self {
            bell: true,
            activity: false,
            silence_s: 0,
            exit: NotifyPolicy::Failed,
            command_s: 10,
        }
    }
}

/// Ends of programs that are told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum NotifyPolicy {
    /// Never.
    Off,
    /// Always.
    On,
    /// If it failed.
    #[default]
    Failed,
}

/// Things that abide does by itself when something happens.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Hooks {
    /// A session was made.
    #[schemars(extend("format" = "hook"))]
    pub session_created: String,
    /// A session ended.
    #[schemars(extend("format" = "hook"))]
    pub session_closed: String,
    /// A tab was made.
    #[schemars(extend("format" = "hook"))]
    pub tab_created: String,
    /// A pane was made.
    #[schemars(extend("format" = "hook"))]
    pub pane_created: String,
    /// The program of a pane ended; the text is its status.
    #[schemars(extend("format" = "hook"))]
    pub pane_exited: String,
    /// A client shows a session that it did not show.
    #[schemars(extend("format" = "hook"))]
    pub client_attached: String,
    /// A client is gone.
    #[schemars(extend("format" = "hook"))]
    pub client_detached: String,
    /// A bell rang.
    #[schemars(extend("format" = "hook"))]
    pub bell: String,
    /// A program sent a notification; the text is its title and body.
    #[schemars(extend("format" = "hook"))]
    pub notified: String,
    /// A pane fell silent (`monitor.silence_s`).
    #[schemars(extend("format" = "hook"))]
    pub silence: String,
    /// A command ended in a pane that nobody looks at (`monitor.command_s`); the text is its
    /// status.
    #[schemars(extend("format" = "hook"))]
    pub command_done: String,
}

/// Variables that follow the client.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Environment {
    /// Variables of the client that attached last, among those that are there, which a session
    /// takes for new panes and commands. Those that
    /// name a socket or a file get one path that stays the same, so that programs that run already
    /// follow too.
    #[schemars(length(max = 64))]
    pub follow: Vec<String>,
}

impl Default for Environment {
    fn default() -> Self {
        let names = [
            "SSH_AUTH_SOCK",
            "SSH_CONNECTION",
            "SSH_TTY",
            "DISPLAY",
            "WAYLAND_DISPLAY",
            "XAUTHORITY",
            "DBUS_SESSION_BUS_ADDRESS",
            "KRB5CCNAME",
        ];
        Self { follow: names.map(str::to_owned).into() }
    }
}

/// The commands that are run again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Restore {
    /// All alike.
    All(RerunPolicy),
    /// Only commands of these programs; a person is asked about the others.
    Programs(Vec<String>),
}

/// The fate of a command when its pane comes back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum RerunPolicy {
    /// A person is asked.
    #[default]
    Ask,
    /// The command is run again.
    Always,
    /// A shell is started.
    Never,
}

impl Default for Restore {
    fn default() -> Self {
        Self::All(RerunPolicy::Ask)
    }
}

impl Restore {
    /// The policy for this command.
    #[must_use]
    pub fn of(&self, argv: &[String]) -> RerunPolicy {
        match self {
            Self::All(rerun) => *rerun,
            Self::Programs(programs) => {
                let name =
                    argv.first().map(|program| program.rsplit('/').next().unwrap_or(program));
                let is_safe =
                    name.is_some_and(|name| programs.iter().any(|program| program == name));
                if is_safe { RerunPolicy::Always } else { RerunPolicy::Ask }
            }
        }
    }
}

impl JsonSchema for Restore {
    fn inline_schema() -> bool {
        true
    }
    fn schema_name() -> Cow<'static, str> {
        "Restore".into()
    }
    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "anyOf": [
                { "type": "string", "enum": ["ask", "always", "never"] },
                {
                    "type": "array",
                    "items": { "type": "string", "format": "program" },
                    "maxItems": 256,
                },
            ]
        })
    }
}

#[cfg(test)]
mod tests {
    use super::{RerunPolicy, Restore};

    #[test]
    fn a_listed_program_is_known_by_its_name_wherever_it_is() {
        let list = Restore::Programs(vec!["vim".into(), "less".into()]);
        let rerun = |program: &str| list.of(&[program.to_owned(), "x".to_owned()]);
        assert_eq!(["vim", "/usr/bin/less", "./vim"].map(rerun), [RerunPolicy::Always; 3]);
        assert_eq!(["vi", "vim2", "/vim/rm", ""].map(rerun), [RerunPolicy::Ask; 4]);
        assert_eq!(list.of(&[]), RerunPolicy::Ask);
        assert_eq!(Restore::default().of(&["vim".into()]), RerunPolicy::Ask);
    }
}
