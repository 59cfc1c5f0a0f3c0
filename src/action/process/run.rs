//! A command in the background: start it, write to it, read its log, wait for it.

use clap::Args;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::action::args::{SessionTarget, millis};
use crate::action::exec::{CommandArgs, Ran};
use crate::action::process::{command, served};
use crate::action::{Access, Action, Answer, Apply, Cx};
use crate::base::error::{Code, Refusal};
use crate::base::id::CommandId;
use crate::base::text::decode_base64;
use crate::base::time::Span;
use crate::state::call::{CommandWait, OpenCall, Pending, bytes_pattern};
use crate::state::command::CommandInput;
use crate::state::command_effect::{CommandEffect, LinePattern, Request, Until};
use crate::state::effect::Effect;

/// Start a command beside the session's shell
///
/// It gets the shell's directory, variables and functions as they were after the last command
/// there, and runs on until it ends or is stopped. Its id is printed as soon as the process exists.
#[derive(Debug, Clone, Default, Args, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct ProcessStart {
    /// The session; else the caller's
    #[arg(short, long, value_name = "SESSION")]
    pub target: Option<SessionTarget>,

    /// The command that is to be run.
    #[command(flatten)]
    #[serde(flatten)]
    pub told: CommandArgs,

    /// Keep its standard input open for `abide process write`; else there is nothing to read
    #[arg(long = "stdin")]
    pub open_stdin: bool,
}

/// A command that runs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct StartedCommand {
    /// The command's id.
    pub id: CommandId,
    /// The command's first process.
    pub pid: u32,
}

impl Action for ProcessStart {
    const NAME: &'static str = "process.start";
    const VERBS: &'static [&'static str] = &["start"];
    const ACCESS: Access = Access::Admin;
    type Reply = StartedCommand;
}

/// The most commands that run beside shells at once.
const RUNNING_MAX: usize = 1000;

impl Apply for ProcessStart {
    fn apply(self, cx: &mut Cx<'_>) -> Result<Answer<Self::Reply>, Refusal> {
        let session = SessionTarget::or_own(self.target.as_ref(), cx)?;
        let running =
            cx.state.commands.records.values().filter(|command| command.end.is_none()).count();
        if RUNNING_MAX <= running {
            return Err(Refusal::new(
                Code::LimitReached,
                format!("{RUNNING_MAX} commands run already"),
            )
            .hint("abide ps"));
        }
        let mut order = self.told.order(Self::NAME, cx)?;
        if self.open_stdin {
            order.input = CommandInput::Open;
        }
        let around = cx.around();
        let command = cx.state.start_command(session, order, &around, cx.fx);
        Ok(Answer::later(Pending::Command(CommandWait::Started { command })))
    }
}

/// Write to the standard input of a command
///
/// It has to be started with --stdin. The answer comes when what was written is on its way.
#[derive(Debug, Clone, Default, Args, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct ProcessWrite {
    /// The command
    #[arg(value_name = "ID")]
    pub id: String,

    /// The text to write
    #[arg(long, value_name = "TEXT")]
    pub text: Option<String>,

    /// The bytes to write, in base64.
    #[arg(skip)]
    pub bytes: Option<String>,

    /// Close the input after this
    #[arg(long)]
    pub close: bool,
}

/// The amount of input that was written.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Written {
    /// The number of bytes.
    pub bytes: usize,
}

impl Action for ProcessWrite {
    const NAME: &'static str = "process.write";
    const ACCESS: Access = Access::Interact;
    type Reply = Written;
}

impl Apply for ProcessWrite {
    fn apply(self, cx: &mut Cx<'_>) -> Result<Answer<Self::Reply>, Refusal> {
        let command = command(cx, &self.id)?;
        let mut bytes = self.text.unwrap_or_default().into_bytes();
        if let Some(text) = &self.bytes {
            let invalid =
                || Refusal::new(Code::InvalidParams, "process.write: bytes: that is no base64");
            bytes.extend(decode_base64(text).ok_or_else(invalid)?);
        }
        Ok(served(cx, Some(command), Request::Write { command, bytes, close: self.close }))
    }
}

/// Show the output of a command
///
/// What is kept is the end of it, 1 MiB at most. With --follow it goes on until nobody can print
/// any more, what the command left in the background included.
#[derive(Debug, Clone, Default, Args, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct ProcessLogs {
    /// The command
    #[arg(value_name = "ID")]
    pub id: String,

    /// Go on as output comes, until nobody can print any more
    #[arg(short = 'f', long)]
    pub follow: bool,

    /// Only what comes after this cursor, as --json gives them
    #[arg(long, value_name = "CURSOR")]
    pub since: Option<String>,
}

/// The output of a command. With `follow` the same events come as notifications, and here are none.
#[derive(Debug, Clone, Default, Serialize, JsonSchema)]
pub struct Logged {
    /// The events, in order.
    pub events: Vec<LogEvent>,
    /// The place to go on from.
    pub cursor: String,
    /// True if nothing more comes.
    pub ended: bool,
}

/// Something in the life of a command.
#[derive(Debug, Clone, Default, Serialize, JsonSchema)]
pub struct LogEvent {
    /// `start`, `stdout`, `stderr`, `truncated` or `exit`; the last one is always `exit`.
    #[serde(rename = "type")]
    pub kind: &'static str,
    /// The command.
    pub command: String,
    /// The place to go on from after it.
    pub cursor: String,
    /// The time, in milliseconds since 1970.
    pub timestamp: u64,
    /// The bytes in base64.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bytes: Option<String>,
    /// The same as text, where it is UTF-8.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
    /// Of `start`: its first process.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pid: Option<u32>,
    /// Of `truncated`: the cursor from which on output is missing. `cursor` is where it goes on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub from: Option<String>,
    /// Of `exit`: the status as a shell shows it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub code: Option<u8>,
    /// Of `exit`: where it ended up, such as `completed` or `timed_out`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub state: Option<&'static str>,
    /// Of `exit`: whether its time was up.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub timed_out: Option<bool>,
}

impl Action for ProcessLogs {
    const NAME: &'static str = "process.logs";
    const VERBS: &'static [&'static str] = &["logs"];
    const ACCESS: Access = Access::Read;
    type Reply = Logged;
}

impl Apply for ProcessLogs {
    fn apply(self, cx: &mut Cx<'_>) -> Result<Answer<Self::Reply>, Refusal> {
        let command = command(cx, &self.id)?;
        Ok(served(
            cx,
            Some(command),
            Request::Logs { command, since: self.since, follow: self.follow },
        ))
    }
}

/// Take the place of an exec's caller that was interrupted
///
/// Its output comes from then on, and its status at the end. Whoever goes away now takes the
/// command along, as with exec.
#[derive(Debug, Clone, Default, Args, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct ProcessRejoin {
    /// The command
    #[arg(value_name = "ID")]
    pub id: String,

    /// Only what comes after this cursor, as the interrupted call had it
    #[arg(long, value_name = "CURSOR")]
    pub since: Option<String>,

    /// Send its output as `process.event` notifications as it comes; the answer then has none.
    #[arg(skip)]
    pub stream: bool,
}

impl Action for ProcessRejoin {
    const NAME: &'static str = "process.rejoin";
    const ACCESS: Access = Access::Admin;
    type Reply = Ran;
}

impl Apply for ProcessRejoin {
    fn apply(self, cx: &mut Cx<'_>) -> Result<Answer<Self::Reply>, Refusal> {
        let command = command(cx, &self.id)?;
        let record = cx.state.commands.get(command)?;
        if !record.in_shell {
            let message =
                format!("command {command} runs beside the shell, and nobody waits for it");
            return Err(
                Refusal::new(Code::InvalidParams, message).hint(format!("abide logs -f {command}"))
            );
        }
        let wait = if record.end.is_none() {
            CommandWait::Exec { command }
        } else {
            CommandWait::Served { command: Some(command) }
        };
        let is_taken = |open: &OpenCall| {
            wait == CommandWait::Exec { command }
                && matches!(&open.pending, Pending::Command(other) if *other == wait)
        };
        if cx.state.calls.values().any(is_taken) {
            return Err(Refusal::new(
                Code::Busy,
                format!("another call waits for command {command} already"),
            )
            .hint(format!("abide logs -f {command}")));
        }
        let (since, stream) = (self.since, self.stream);
        cx.fx.push(Effect::Command(CommandEffect::Serve {
            call: cx.call,
            request: Request::Rejoin { command, since, stream },
        }));
        Ok(Answer::later(Pending::Command(wait)))
    }
}

/// Wait until a command is ready, or has ended
///
/// If it ends before it is ready, the exit status is 5; if the time is up, 124. The command runs on
/// in any case.
#[derive(Debug, Clone, Default, Args, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct ProcessWait {
    /// The command
    #[arg(value_name = "ID")]
    pub id: String,

    /// Until a line of its output, past or future, matches this regular expression
    #[arg(long, value_name = "REGEX", group = "until")]
    pub log: Option<String>,

    /// Until something listens on this TCP port of the local host
    #[arg(long, value_name = "PORT", group = "until")]
    pub port: Option<u16>,

    /// Until this address is answered with a status from 200 to 399, such as
    /// <http://localhost:8080/health>
    #[arg(long, value_name = "URL", group = "until")]
    pub http: Option<String>,

    /// Until it has ended; so it is without the others
    #[arg(long, group = "until")]
    pub exit: bool,

    /// At most so long
    #[arg(long = "timeout", value_name = "DURATION", value_parser = millis)]
    pub timeout_ms: Option<u64>,
}

/// The event that answered a wait for a command.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Ready {
    /// `log`, `port`, `http` or `exit`.
    pub by: &'static str,
    /// The line that matched.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub line: Option<String>,
    /// The stream it was on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stream: Option<&'static str>,
    /// The command's status, if it has ended.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub exit_code: Option<u8>,
    /// The stage of the command's life.
    pub state: &'static str,
}

impl Action for ProcessWait {
    const NAME: &'static str = "process.wait";
    const ACCESS: Access = Access::Read;
    type Reply = Ready;
}

impl Apply for ProcessWait {
    fn apply(self, cx: &mut Cx<'_>) -> Result<Answer<Self::Reply>, Refusal> {
        let command = command(cx, &self.id)?;
        let until = match (self.log, self.port, self.http) {
            (Some(log), ..) => Until::Log(LinePattern(bytes_pattern(&log)?)),
            (_, Some(port), _) if port > 0 => Until::Port(port),
            (_, Some(port), _) => {
                return Err(Refusal::new(
                    Code::InvalidParams,
                    format!("process.wait: port: {port} is no port"),
                ));
            }
            (_, _, Some(url)) => Until::Http(checked_url(url)?),
            _ => Until::Exit,
        };
        cx.fx.push(Effect::Command(CommandEffect::Serve {
            call: cx.call,
            request: Request::Await { command, until },
        }));
        let deadline = self.timeout_ms.map(|timeout| cx.now.tick + Span::millis(timeout));
        Ok(Answer::Later {
            pending: Pending::Command(CommandWait::Served { command: Some(command) }),
            deadline,
        })
    }
}

fn checked_url(url: String) -> Result<String, Refusal> {
    let rest = url
        .strip_prefix("http://")
        .filter(|rest| !rest.is_empty() && !rest.contains([' ', '\r', '\n']) && rest.len() < 2048);
    match rest {
        Some(_) => Ok(url),
        None => Err(Refusal::new(
            Code::InvalidParams,
            format!("process.wait: http: {url:?} is no address"),
        )
        .hint("it begins with http://")),
    }
}
