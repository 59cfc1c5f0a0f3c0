//! `server.upgrade`: a server of another program takes over.

use clap::Args;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::action::{Access, Action, Answer, Apply, Cx, Role};
use crate::base::error::{Code, Refusal};
use crate::base::time::Span;
use crate::state::call::Pending;
use crate::state::effect::{Effect, Question, Successor};
use crate::state::host::Host;

/// How long it may take to find out what a program is.
const FOUND_WITHIN: Span = Span::seconds(10);

/// Replace the server, and its keeper, by another version of abide
///
/// Programs and clients stay. The program is asked for its version first: what is no abide changes
/// nothing. If it does not take over, the former one goes on.
#[derive(Debug, Clone, Default, Args, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct ServerUpgrade {
    /// The program that takes over; without it the one you call, and for other callers the one in
    /// the place of the server's
    #[arg(long, value_name = "PATH")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub exe: Option<String>,
}

/// An upgrade.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Upgraded {
    /// The version before.
    pub from: String,
    /// The server's process before.
    pub from_pid: u32,
    /// The version after.
    pub to: String,
    /// The server's process after. The server answers before there is one; the command line waits
    /// for it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pid: Option<u32>,
    /// The program that takes over.
    pub program: String,
}

impl Upgraded {
    /// One that is about to happen.
    #[must_use]
    pub fn begun(host: &Host, successor: &Successor) -> Self {
        let Successor { program, version } = successor.clone();
        Self {
            from: host.version.clone(),
            from_pid: host.server_pid,
            to: version,
            pid: None,
            program,
        }
    }
}

impl Action for ServerUpgrade {
    const NAME: &'static str = "server.upgrade";
    const ACCESS: Access = Access::Admin;
    const ROLE: Role = Role::Server;
    type Reply = Upgraded;
}

impl Apply for ServerUpgrade {
    fn apply(self, cx: &mut Cx<'_>) -> Result<Answer<Self::Reply>, Refusal> {
        if let Some(path) = self.exe.as_deref().filter(|path| !path.starts_with('/')) {
            return Err(Refusal::new(
                Code::InvalidParams,
                format!("exe: {path:?} is no absolute path"),
            )
            .hint("begin it with /"));
        }
        cx.fx.push(Effect::Ask { call: cx.call, question: Question::Successor(self.exe) });
        Ok(Answer::Later { pending: Pending::Upgrade, deadline: Some(cx.now.tick + FOUND_WITHIN) })
    }
}
