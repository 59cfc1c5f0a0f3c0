//! `session.attach`: shows a session in a client.

use clap::Args;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::action::args::{SessionTarget, Start};
use crate::action::dto::SessionItem;
use crate::action::{Access, Action, Answer, Apply, Cx, Role};
use crate::base::error::{Code, Refusal};
use crate::base::id::{ClientId, SessionId, TabId};
use crate::state::session::NewSession;
use crate::state::target;
use std::collections::BTreeMap;
/// Show a session
///
/// Without a name it is the one used last; if there is none at all, one called main is made. A
/// target such as work:2 shows that tab.
#[derive(Debug, Clone, Default, Args, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct SessionAttach {
    /// The session
    #[arg(value_name = "SESSION")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub target: Option<SessionTarget>,

    /// The session, as tmux has it
    #[arg(short = 't', hide = true, conflicts_with = "target")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tmux_target: Option<SessionTarget>,

    /// Watch only: nothing you type reaches a program
    #[arg(short, long)]
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub read_only: bool,

    /// Line by line, without drawing: for screen readers and simple terminals
    #[arg(long)]
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub plain: bool,

    /// Send the other clients of the session away
    #[arg(long, short_alias = 'd')]
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub detach_others: bool,

    /// The environment and directory of a session that has to be made. The command line fills it
    /// in.
    #[arg(skip)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub env: Option<BTreeMap<String, String>>,
}

impl Action for SessionAttach {
    const NAME: &'static str = "session.attach";
    const VERBS: &'static [&'static str] = &["attach", "a"];
    const ACCESS: Access = Access::Read;
    const ROLE: Role = Role::Server;
    type Reply = SessionItem;
}

impl Apply for SessionAttach {
    fn apply(self, cx: &mut Cx<'_>) -> Result<Answer<Self::Reply>, Refusal> {
        let Some(client) = cx.caller.client else {
            return Err(Refusal::new(
                Code::NoTerminal,
                "only a client with a terminal can show a session",
            )
            .hint("abide attach in a terminal"));
        };
        let text = self.target.or(self.tmux_target).map(|target| target.0).unwrap_or_default();
        if cx.state.sessions.is_empty() && text.is_empty() {
            return Self::first(cx, client, self.env);
        }
        let session = Self::wanted(cx, client, &text)?;
        let others: Vec<ClientId> =
            cx.state.clients_of(session).into_iter().filter(|other| *other != client).collect();
        if self.detach_others && cx.state.view(client).read_only {
            return Err(Refusal::new(
                Code::ReadOnly,
                "a client that only watches cannot send others away",
            ));
        }
        let names_tab = text.contains(':') || text.parse::<TabId>().is_ok();
        let tab = names_tab.then(|| target::tab(cx.state, cx.caller, &text)).transpose()?;
        cx.show(client, session)?;
        if let Some(tab) = tab {
            cx.state.show_tab(client, tab);
        }
        if self.read_only {
            cx.state.watch_only(client);
        }
        for other in others.into_iter().filter(|_| self.detach_others) {
            cx.detach(other);
        }
        Ok(Answer::Now(SessionItem::of(cx.state, session)))
    }
}

impl SessionAttach {
    /// The session to show: where none is named, the one the client was on before, else the one
    /// used last.
    fn wanted(cx: &Cx<'_>, client: ClientId, text: &str) -> Result<SessionId, Refusal> {
        let former = cx.state.view(client).at.history.last().copied();
        match former.filter(|_| text.is_empty() && cx.state.view(client).at.session.is_none()) {
            Some(former) => Ok(former),
            None => target::session(cx.state, cx.caller, text),
        }
    }

    /// Makes and shows the first session.
    fn first(
        cx: &mut Cx<'_>,
        client: ClientId,
        env: Option<BTreeMap<String, String>>,
    ) -> Result<Answer<SessionItem>, Refusal> {
        if cx.state.view(client).read_only {
            return Err(Refusal::new(Code::NotFound, "there is no session to watch")
                .hint("abide new makes one"));
        }
        let pane = cx.new_pane(&Start::default(), None)?;
        let name = cx.state.free_name(&cx.settings.session.first_name);
        let cwd = cx.state.view(client).cwd.clone();
        let env = cx.session_env(env.map(|env| env.into_iter().collect()));
        let new = NewSession { name, cwd, env, size: cx.settings.session.size.0, pane };
        let (session, _, _) = cx.state.new_session(new, cx.now.wall);
        cx.state.show_session(client, session);
        Ok(Answer::Now(SessionItem::of(cx.state, session)))
    }
}
