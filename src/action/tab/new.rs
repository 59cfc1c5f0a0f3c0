//! `tab.new`: makes a tab.

use clap::Args;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::action::args::{SessionTarget, Start};
use crate::action::context::Made;
use crate::action::{Access, Action, Answer, Apply, Cx, DefaultKey, Role};
use crate::base::error::Refusal;
use crate::state::name::check_label;
use crate::state::tab::NewTab;
use crate::state::target;

/// Make a tab
///
/// It is put after the last one and starts where the pane in focus is.
#[derive(Debug, Clone, Default, Args, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct TabNew {
    /// The session it is made in; else the one you are in
    #[arg(short, long, visible_alias = "session", value_name = "SESSION")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub target: Option<SessionTarget>,

    /// Its name; else it is called by its program
    #[arg(short, long)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,

    /// Do not show it
    #[arg(short = 'd', long)]
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub background: bool,

    /// What starts in it.
    #[command(flatten)]
    #[serde(flatten)]
    pub start: Start,
}

impl Action for TabNew {
    const NAME: &'static str = "tab.new";
    const KEYS: &'static [DefaultKey] = &[("prefix c", "")];
    const ACCESS: Access = Access::Admin;
    const ROLE: Role = Role::Server;
    type Reply = Made;
}

impl Apply for TabNew {
    fn apply(self, cx: &mut Cx<'_>) -> Result<Answer<Self::Reply>, Refusal> {
        let session = SessionTarget::or_own(self.target.as_ref(), cx)?;
        self.name.as_deref().map_or(Ok(()), check_label)?;
        let own = target::pane(cx.state, cx.caller, "")
            .ok()
            .filter(|pane| cx.state.pane(*pane).session == session);
        let from =
            own.map_or_else(|| target::pane(cx.state, cx.caller, &session.to_string()), Ok)?;
        let pane = cx.new_pane(&self.start, Some(from))?;
        let at = cx.state.session(session).tabs.len();
        let (tab, pane) =
            cx.state.new_tab(session, NewTab { name: self.name, at, pane }, cx.now.wall);
        if let Some(client) =
            cx.state.following_view(cx.caller, session).filter(|_| !self.background)
        {
            cx.state.show_tab(client, tab);
        }
        Ok(cx.made(pane))
    }
}
