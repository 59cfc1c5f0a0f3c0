//! `process.wait`: waits until a command is ready, or has ended.

use clap::Args;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::action::args::millis;
use crate::action::process::command;
use crate::action::{Access, Action, Answer, Apply, Cx, Role};
use crate::base::error::{Code, Refusal};
use crate::base::time::Span;
use crate::state::call::{CommandWait, Pending, bytes_pattern};
use crate::state::command_effect::{CommandEffect, Request, Until};
use crate::state::effect::Effect;

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
    #[serde(skip_serializing_if = "Option::is_none")]
    pub log: Option<String>,

    /// Until something listens on this TCP port of the local host
    #[arg(long, value_name = "PORT", group = "until")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub port: Option<u16>,

    /// Until this address is answered with a status from 200 to 399, such as
    /// <http://localhost:8080/health>
    #[arg(long, value_name = "URL", group = "until")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub http: Option<String>,

    /// Until it has ended; so it is without the others
    #[arg(long, group = "until")]
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub exit: bool,

    /// At most so long
    #[arg(long = "timeout", value_name = "DURATION", value_parser = millis)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub timeout_ms: Option<u64>,
}

/// What a wait for a command was answered by.
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
    /// Where the command is in its life.
    pub state: &'static str,
}

impl Action for ProcessWait {
    const NAME: &'static str = "process.wait";
    const ACCESS: Access = Access::Read;
    const ROLE: Role = Role::Server;
    type Reply = Ready;
}

impl Apply for ProcessWait {
    fn apply(self, cx: &mut Cx<'_>) -> Result<Answer<Self::Reply>, Refusal> {
        let command = command(cx, &self.id)?;
        let until = match (self.log, self.port, self.http) {
            (Some(log), ..) => Until::Log(bytes_pattern(&log)?),
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
