//! `session.new`: makes a session.

use clap::Args;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::action::args::{Start, checked_size};
use crate::action::context::Made;
use crate::action::{Access, Action, Answer, Apply, Cx, Role};
use crate::base::error::{Code, Refusal};
use crate::base::geom::Size;
use crate::state::name::check_name;
use crate::state::session::{NewSession, taken};
use std::collections::BTreeMap;
/// Make a session
///
/// Without a name it is called main, or else by the smallest free number. It starts with one tab
/// and one pane. A client that asks for it shows it at once, unless --background is given.
#[derive(Debug, Clone, Default, Args, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct SessionNew {
    /// Its name
    #[arg(value_name = "NAME")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,

    /// Do not show it
    #[arg(short = 'd', long, visible_alias = "detached")]
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub background: bool,

    /// If there is one of that name, take that instead of refusing
    #[arg(short = 'A', long)]
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub attach: bool,

    /// Line by line, without drawing: for screen readers and simple terminals
    #[arg(long)]
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub plain: bool,

    /// The size of its terminal while no client shows it, such as 120x40
    #[arg(long, value_name = "COLSxROWS")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub size: Option<Size>,

    /// Its name, as tmux has it
    #[arg(short = 's', hide = true, conflicts_with = "name")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tmux_name: Option<String>,

    /// What starts in it.
    #[command(flatten)]
    #[serde(flatten)]
    pub start: Start,

    /// The environment its programs get. The command line fills it in.
    #[arg(skip)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub env: Option<BTreeMap<String, String>>,
}

impl Action for SessionNew {
    const NAME: &'static str = "session.new";
    const VERBS: &'static [&'static str] = &["new"];
    const ACCESS: Access = Access::Admin;
    const ROLE: Role = Role::Server;
    type Reply = Made;
}

impl Apply for SessionNew {
    fn apply(self, cx: &mut Cx<'_>) -> Result<Answer<Self::Reply>, Refusal> {
        if let Some(made) = self.existing(cx)? {
            return Ok(Answer::Now(made));
        }
        let name = self
            .name
            .or(self.tmux_name)
            .unwrap_or_else(|| cx.state.free_name(&cx.settings.session.first_name));
        check_name(&name)?;
        let limit = cx.settings.limits.sessions;
        if limit <= cx.state.sessions.len() {
            return Err(Refusal::new(
                Code::LimitReached,
                format!("there are {limit} sessions already"),
            )
            .hint("limits.sessions in config.toml"));
        }
        let size = checked_size(self.size.unwrap_or(cx.settings.session.size.0))?;
        let pane = cx.new_pane(&self.start, None)?;
        let view = cx.caller.client;
        let given = cx.directory(self.start.cwd.as_deref())?;
        let cwd = given
            .or_else(|| view.map(|client| cx.state.view(client).cwd.clone()))
            .unwrap_or_default();
        let env = cx.session_env(self.env.map(|env| env.into_iter().collect()));
        let new = NewSession { name, cwd, env, size, pane };
        let (session, _, pane) = cx.state.new_session(new, cx.now.wall);
        if let Some(client) = view.filter(|_| !self.background) {
            cx.state.show_session(client, session);
        }
        Ok(cx.made(pane))
    }
}

impl SessionNew {
    /// The session of the wanted name, shown to the caller, if there is one and that is fine.
    fn existing(&self, cx: &mut Cx<'_>) -> Result<Option<Made>, Refusal> {
        let name = self.name.as_ref().or(self.tmux_name.as_ref());
        let Some(session) = name.and_then(|name| cx.state.session_named(name)) else {
            return Ok(None);
        };
        if !self.attach {
            return Err(taken(session));
        }
        let (id, name, tab) = (session.id, session.name.clone(), session.current);
        if let Some(client) = cx.caller.client.filter(|_| !self.background) {
            cx.show(client, id)?;
        }
        Ok(Some(Made { session: id, name, tab, pane: cx.state.tab(tab).focus }))
    }
}
