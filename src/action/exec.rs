//! Commands that run in a session's shell, or in the live shell of a pane when its prompt takes
//! one: `exec.run`, and the arguments that it shares with `process.start`.

use std::collections::BTreeMap;

use clap::Args;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::action::args::{PaneTarget, SessionTarget, millis, variable};
use crate::action::{Access, Action, Answer, Apply, Cx, completion};
use crate::base::error::{Code, Refusal};
use crate::base::id::{CommandId, PaneId};
use crate::base::text::encode_base64;
use crate::base::time::{Span, Tick};
use crate::state::call::Pending;
use crate::state::command::{
    Captured, Command, CommandInput, ExecRequest, StopReason, Waiting, script,
};
use crate::state::effect::Effect;
use crate::state::env;
use crate::state::pane::{Pane, no_program};
use crate::state::session::ExecContext;
use crate::state::shell_history::{self, InPane, Phase};

actions! {
    server ExecRun;
}

/// The most bytes of a command's words.
const WORDS_BYTES_MAX: usize = 1 << 20;
/// The most variables of one command.
const VARS_MAX: usize = 1000;

/// Arguments of a command that `exec` and `start` share.
#[derive(Debug, Clone, Default, Args, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct CommandArgs {
    /// Stop it after so long, such as 30s
    #[arg(long = "timeout", value_name = "DURATION", value_parser = millis)]
    pub timeout_ms: Option<u64>,

    /// Time it has to end by itself when its time is up, such as 2s
    #[arg(long = "grace", value_name = "DURATION", value_parser = millis)]
    pub grace_ms: Option<u64>,

    /// The directory, for this command alone; else that of the shell
    #[arg(short = 'c', long, value_name = "DIR")]
    pub cwd: Option<String>,

    /// A variable for this command alone, as NAME=VALUE
    #[arg(short = 'e', long = "env", value_name = "NAME=VALUE", value_parser = variable)]
    pub set: Vec<String>,

    /// A variable this command does not get
    #[arg(short = 'u', long, value_name = "NAME")]
    pub unset: Vec<String>,

    /// Variables for this command alone by name; null unsets one.
    #[arg(skip)]
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub vars: BTreeMap<String, Option<String>>,

    /// The command
    #[arg(last = true, value_name = "CMD", required = true)]
    pub command: Vec<String>,
}

impl CommandArgs {
    /// The order, checked; `what` is the action.
    pub(super) fn order(self, what: &str, cx: &Cx<'_>) -> Result<ExecRequest, Refusal> {
        let invalid =
            |message: &str| Err(Refusal::new(Code::InvalidParams, format!("{what}: {message}")));
        if self.command.is_empty() || self.command.iter().all(String::is_empty) {
            return invalid("the command is empty");
        }
        if WORDS_BYTES_MAX < self.command.iter().map(String::len).sum() {
            return invalid("the command has more than 1 MiB");
        }
        let set = self.set.iter().filter_map(|variable| variable.split_once('='));
        let set = set.map(|(name, value)| (name.to_owned(), Some(value.to_owned())));
        let unset = self.unset.into_iter().map(|name| (name, None));
        let vars: Vec<(String, Option<String>)> = set.chain(unset).chain(self.vars).collect();
        if VARS_MAX < vars.len() {
            return invalid("more than 1000 variables");
        }
        if let Some((name, _)) = vars.iter().find(|(name, _)| !is_name(name)) {
            return invalid(&format!("{name:?} is no name of a variable"));
        }
        let mut texts = self
            .command
            .iter()
            .chain(&self.cwd)
            .chain(vars.iter().filter_map(|(_, value)| value.as_ref()));
        if texts.any(|text| text.contains('\0')) {
            return invalid("there is a NUL in it");
        }
        let grace = self.grace_ms.unwrap_or(cx.settings.exec.grace_ms);
        let (limit, grace) = (self.timeout_ms.map(Span::millis), Span::millis(grace));
        Ok(ExecRequest {
            words: self.command,
            cwd: self.cwd.filter(|cwd| !cwd.is_empty()),
            vars,
            limit,
            grace,
            ..ExecRequest::default()
        })
    }
}

/// True if a shell takes it for a variable (POSIX.1-2024 XBD 3.216).
fn is_name(name: &str) -> bool {
    let mut bytes = name.bytes();
    bytes.next().is_some_and(|first| first.is_ascii_alphabetic() || first == b'_')
        && bytes.all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
}

impl<'a> Cx<'a> {
    /// The surroundings of a command that is not in the state.
    pub(super) fn around(&self) -> ExecContext<'a> {
        ExecContext { settings: self.settings, host: self.host, now: self.now }
    }
}

/// Run a command in the session's shell and wait for it
///
/// The shell lives as long as the session: directory, variables and functions stay from one command
/// to the next. One word is a script, several are a program and its arguments. Ends with the
/// command's own status; with 124 if its time was up, and everything it started is gone then.
#[derive(Debug, Clone, Default, Args, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct ExecRun {
    /// The session; else the caller's
    #[arg(short, long, value_name = "SESSION")]
    pub target: Option<SessionTarget>,

    /// In the live shell of this pane: typed at its prompt, which has to be marked (OSC 133)
    #[arg(
        long = "in",
        value_name = "PANE",
        conflicts_with_all = ["target", "cwd", "set", "unset", "open_stdin"],
    )]
    pub in_pane: Option<PaneTarget>,

    /// The command that is to be run.
    #[command(flatten)]
    #[serde(flatten)]
    pub told: CommandArgs,

    /// Let it read standard input; else there is nothing to read
    #[arg(long = "stdin")]
    pub open_stdin: bool,

    /// The input that it reads.
    #[arg(skip)]
    pub stdin: Option<String>,

    /// Send its output as `process.event` notifications as it comes; the answer then has none.
    #[arg(skip)]
    pub stream: bool,

    /// Send the `start` event with the command's id, as `stream` does too.
    #[arg(skip)]
    pub announce: bool,
}

impl Action for ExecRun {
    const NAME: &'static str = "exec.run";
    const VERBS: &'static [&'static str] = &["exec"];
    const ACCESS: Access = Access::Admin;
    type Reply = Ran;
}

impl Apply for ExecRun {
    fn apply(self, cx: &mut Cx<'_>) -> Result<Answer<Self::Reply>, Refusal> {
        if let Some(pane) = &self.in_pane {
            let pane = pane.find(cx)?;
            return self.apply_in(cx, pane);
        }
        let session = SessionTarget::or_own(self.target.as_ref(), cx)?;
        if self.open_stdin && self.stdin.is_some() {
            return Err(Refusal::new(
                Code::InvalidParams,
                "exec.run: stdin is either given or written later, not both",
            ));
        }
        let mut order = self.told.order(Self::NAME, cx)?;
        (order.stream, order.announce) = (self.stream, self.announce);
        order.input = match self.stdin {
            Some(text) => CommandInput::Bytes(text.into_bytes()),
            None if self.open_stdin => CommandInput::Open,
            None => CommandInput::Nothing,
        };
        let around = cx.around();
        let waiting = Waiting { call: cx.call, order };
        let (wait, deadline) = cx.state.enqueue_exec(session, waiting, &around, cx.fx)?;
        Ok(Answer::Later { pending: Pending::Command(wait), deadline })
    }
}

impl ExecRun {
    fn apply_in(self, cx: &mut Cx<'_>, pane: PaneId) -> Result<Answer<Ran>, Refusal> {
        let told = &self.told;
        let has_own = self.target.is_some()
            || told.cwd.is_some()
            || !(told.set.is_empty() && told.unset.is_empty() && told.vars.is_empty());
        if has_own || self.open_stdin || self.stdin.is_some() {
            let refusal = Refusal::new(
                Code::InvalidParams,
                "exec.run: a command in the shell of a pane has that shell's directory, variables \
                 and input",
            );
            return Err(refusal.hint("put them into the command, or leave the pane out"));
        }
        let order = self.told.order(Self::NAME, cx)?;
        run_in_pane(cx, pane, &order)
    }
}

/// The result of a command.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Ran {
    /// The command's id, by which its output can be read again.
    pub command_id: Option<CommandId>,
    /// The status as a shell shows it; 124 if its time was up.
    pub exit_code: u8,
    /// The signal that ended it, where its status says so.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub signal: Option<u8>,
    /// The text it wrote to standard output; the end of it, if `truncated`.
    pub stdout: String,
    /// The text it wrote to standard error.
    pub stderr: String,
    /// The exact standard output in base64, where that is no UTF-8.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stdout_base64: Option<String>,
    /// The exact standard error in base64, where that is no UTF-8.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stderr_base64: Option<String>,
    /// The time that it ran, in milliseconds.
    pub duration_ms: u64,
    /// True if it was stopped because its time was up.
    pub timed_out: bool,
    /// True if the beginning of its output is missing.
    pub truncated: bool,
    /// `completed`, `failed`, `stopped`, `killed` or `timed_out`; `running` if in a pane it did not
    /// end when its time was up.
    pub state: String,
    /// The state that the session's shell lost because it had to be replaced.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub state_lost: Option<String>,
    /// Processes that could not be ended, by pid.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub left: Vec<u32>,
}

impl Ran {
    /// The reply for a command that has ended.
    #[must_use]
    pub fn new(command: &Command, output: Captured) -> Self {
        let exit_code = command.exit_code().unwrap_or(255);
        let (stdout, stdout_base64) = text(output.stdout);
        let (stderr, stderr_base64) = text(output.stderr);
        Self {
            command_id: Some(command.id),
            exit_code,
            signal: exit_code.checked_sub(128).filter(|signal| (1..=64).contains(signal)),
            stdout,
            stderr,
            stdout_base64,
            stderr_base64,
            duration_ms: command.end.map_or(0, |end| end.lasted.as_millis()),
            timed_out: command.stop == Some(StopReason::Time),
            truncated: output.is_cut,
            state: command.state().into(),
            state_lost: output.state_lost,
            left: output.left,
        }
    }
}

/// Bytes as text; where that is not exact, in base64 beside it.
fn text(bytes: Vec<u8>) -> (String, Option<String>) {
    String::from_utf8(bytes).map_or_else(
        |error| {
            let bytes = error.as_bytes();
            (String::from_utf8_lossy(bytes).into_owned(), Some(encode_base64(bytes)))
        },
        |text| (text, None),
    )
}

/// The longest time after its start in which a shell shows its first prompt.
const FIRST_PROMPT_WITHIN: Span = Span::seconds(10);

/// The longest time in which a shell that read a line says that it runs a command; without a word
/// it waits for the rest of one.
const BEGIN_WITHIN: Span = Span::seconds(5);

/// The time by which a line typed now has to run, with this limit for the whole command.
#[must_use]
pub fn begin_deadline(now: Tick, limit: Option<Span>) -> Tick {
    now + limit.map_or(BEGIN_WITHIN, |limit| limit.min(BEGIN_WITHIN))
}

/// Types a command at the prompt of a pane's shell; the call is answered when the shell says that
/// it has ended.
fn run_in_pane<R>(
    cx: &mut Cx<'_>,
    pane: PaneId,
    order: &ExecRequest,
) -> Result<Answer<R>, Refusal> {
    let line = script(&order.words);
    if line.contains(char::is_control)
        || completion::LINE_MAX < line.len()
        || line.trim().is_empty()
    {
        let refusal = Refusal::new(
            Code::InvalidParams,
            format!(
                "exec.run: what is typed into a pane is one line of up to {} bytes",
                completion::LINE_MAX
            ),
        );
        return Err(refusal.hint("join lines with ; or put them into a script"));
    }
    let is_ready = ready(cx, pane)?;
    let now = cx.now.tick;
    let (phase, deadline) = if is_ready {
        cx.fx.push(Effect::Write {
            pane,
            bytes: shell_history::typed(&cx.state.pane(pane).screen, &line),
        });
        (Phase::Typed, Some(begin_deadline(now, order.limit)))
    } else {
        (Phase::Prompt, Some(now + Span::millis(cx.settings.exec.turn_ms)))
    };
    let wait = InPane {
        pane,
        line,
        limit: order.limit,
        grace: order.grace,
        phase,
        since: now,
        strikes: 0,
    };
    Ok(Answer::Later { pending: Pending::InPane(Box::new(wait)), deadline })
}

/// True if the shell of a pane waits at its prompt with nothing typed; false if its prompt is about
/// to come.
///
/// # Errors
/// `no_prompt_marks`, `not_at_prompt`, `busy` if another call runs something there, `not_running`.
pub(in crate::action) fn ready(cx: &Cx<'_>, pane: PaneId) -> Result<bool, Refusal> {
    let entry = cx.state.pane(pane);
    let (screen, shell) = (&entry.screen, &entry.marks.shell);
    if !entry.life.is_live() {
        return Err(no_program(cx.state, pane));
    }
    if cx
        .state
        .calls
        .values()
        .any(|open| matches!(&open.pending, Pending::InPane(wait) if wait.pane == pane))
    {
        return Err(Refusal::new(
            Code::Busy,
            format!("another call runs a command in pane {pane}"),
        )
        .hint("try again when it has ended"));
    }
    if let Some(running) = shell.running {
        let what = cx
            .state
            .shell_history
            .get(running)
            .map(|past| past.text.as_str())
            .filter(|text| !text.is_empty())
            .unwrap_or("a command");
        return Err(Refusal::new(
            Code::NotAtPrompt,
            format!(
                "the shell of pane {pane} runs \
            {what:?}"
            ),
        )
        .hint(format!(
            "abide wait -t {pane} --prompt; if that is a shell itself, as in ssh: \
                abide shell integrate -t {pane}"
        )));
    }
    if shell.seen || screen.is_at_prompt() {
        if screen.is_at_prompt() {
            clean_prompt(entry, pane)?;
        }
        return Ok(screen.is_at_prompt() && (shell.spot.is_some() || !shell.seen));
    }
    if shell_history::has_prompts(screen) {
        return Err(Refusal::new(
            Code::NotAtPrompt,
            format!("the shell of pane {pane} runs a command"),
        )
        .hint(format!("abide wait -t {pane} --prompt")));
    }
    let is_new =
        entry.marks.started.is_none_or(|started| cx.now.tick - started < FIRST_PROMPT_WITHIN);
    let is_shell = entry.program().is_empty() || env::is_marking_shell(&entry.argv);
    let is_young = is_shell && cx.settings.shell.integration && is_new;
    if is_young { Ok(false) } else { Err(no_marks(pane)) }
}

/// Nothing is typed at the prompt that the shell of a pane shows.
///
/// # Errors
/// `not_at_prompt`.
pub(in crate::action) fn clean_prompt(entry: &Pane, pane: PaneId) -> Result<(), Refusal> {
    // Without a place to compare, as after a start of the server, the shell's word counts.
    let is_clean =
        entry.marks.shell.spot.is_none_or(|spot| entry.screen.cursor_anchor() == Some(spot));
    if is_clean {
        return Ok(());
    }
    let message = format!("something is typed at the prompt of pane {pane} already");
    let hint = format!("abide send -t {pane} --key C-u takes it away in most shells");
    Err(Refusal::new(Code::NotAtPrompt, message).hint(hint))
}

/// The refusal of what needs marks of a shell that sends none.
#[must_use]
pub fn no_marks(pane: PaneId) -> Refusal {
    Refusal::new(Code::NoPromptMarks, format!("the shell of pane {pane} does not mark its prompts"))
        .hint(format!("abide shell integrate -t {pane}"))
}
