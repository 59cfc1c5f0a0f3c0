//! The server: its status, stop, restart and upgrade.

use clap::Args;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::action::completion::Stopped;
use crate::action::dto::ServerItem;
use crate::action::{Access, Action, Answer, Apply, Cx};
use crate::base::error::{Code, Refusal};
use crate::base::id::PaneId;
use crate::base::time::Span;
use crate::state::Leaving;
use crate::state::call::Pending;
use crate::state::effect::{Effect, Question, Successor};
use crate::state::host::Host;
use crate::state::pane::PaneEnd;

actions! {
    server ServerStatus;
    server ServerStop;
    server ServerRestart;
    server ServerUpgrade;
}

/// Show how the server is
#[derive(Debug, Clone, Default, Args, Serialize, Deserialize, JsonSchema)]
pub struct ServerStatus {}

impl Action for ServerStatus {
    const NAME: &'static str = "server.status";
    const ACCESS: Access = Access::Read;
    type Reply = ServerItem;
}

impl Apply for ServerStatus {
    fn apply(self, cx: &mut Cx<'_>) -> Result<Answer<Self::Reply>, Refusal> {
        let (host, state) = (cx.host, &cx.state);
        Ok(Answer::Now(ServerItem {
            server_pid: host.server_pid,
            keeper_pid: host.keeper_pid,
            version: host.version.clone(),
            lease: host.lease,
            uptime_ms: (cx.now.tick - host.started).as_millis(),
            socket: host.socket.clone(),
            upgrade_failed: host.upgrade_failed.clone(),
            disk_faults: host
                .disk_faults
                .iter()
                .map(|(files, why)| ((*files).to_owned(), why.clone()))
                .collect(),
            sessions: state.sessions.len(),
            tabs: state.tabs.len(),
            panes: state.panes.len(),
            clients: state.views.len(),
        }))
    }
}

/// End all sessions, all their programs, and the server
///
/// Programs are told to end, killed after the grace, and verified to be gone before the answer
/// comes.
#[derive(Debug, Clone, Default, Args, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct ServerStop {
    /// Time that programs have to end by themselves, such as 2s
    #[arg(long = "grace", value_name = "DURATION", value_parser = crate::action::args::millis)]
    pub grace_ms: Option<u64>,
}

impl Action for ServerStop {
    const NAME: &'static str = "server.stop";
    const ACCESS: Access = Access::Admin;
    type Reply = Stopped;
}

impl Apply for ServerStop {
    fn apply(self, cx: &mut Cx<'_>) -> Result<Answer<Self::Reply>, Refusal> {
        let panes: Vec<PaneId> = cx.state.panes.keys().copied().collect();
        let end = PaneEnd { grace: cx.grace(self.grace_ms), spares: false };
        let answer = cx.stop(panes, end);
        cx.state.leaving = Some(Leaving::Stop);
        Ok(answer)
    }
}

/// Replace the server by a new one
///
/// Programs and clients stay; open calls are answered with interrupted.
#[derive(Debug, Clone, Default, Args, Serialize, Deserialize, JsonSchema)]
pub struct ServerRestart {}

impl Action for ServerRestart {
    const NAME: &'static str = "server.restart";
    const ACCESS: Access = Access::Admin;
    type Reply = ServerItem;
}

impl Apply for ServerRestart {
    fn apply(self, cx: &mut Cx<'_>) -> Result<Answer<Self::Reply>, Refusal> {
        let answer = Apply::apply(ServerStatus {}, cx);
        cx.state.leaving = Some(Leaving::Restart);
        answer
    }
}

/// The longest time to find out the version of a program.
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
    /// An upgrade that is about to happen.
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
