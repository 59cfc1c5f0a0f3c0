//! `session.undo`: brings back what was closed last.

use clap::Args;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::action::{Access, Action, Answer, Apply, Cx, DefaultKey, Place};
use crate::base::code::{Code, Refusal};
use crate::base::id::{PaneId, SessionId, TabId};

/// Bring back the pane, tab or session that was closed last
///
/// With its programs, which ran on, at its old place. What was closed can be brought back for a minute (`pane.undo_ms`).
#[derive(Debug, Clone, Default, Args, Serialize, Deserialize, JsonSchema)]
pub struct Undo {}

/// What was brought back.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct Back {
    /// `pane`, `tab` or `session`.
    pub what: String,
    /// The session.
    pub session: SessionId,
    /// The name of that session.
    pub name: String,
    /// The tab.
    pub tab: TabId,
    /// The pane.
    pub pane: PaneId,
}

impl Action for Undo {
    const NAME: &'static str = "session.undo";
    const VERBS: &'static [&'static str] = &["undo"];
    const KEYS: &'static [DefaultKey] = &[("prefix u", "")];
    const ACCESS: Access = Access::Admin;
    const PLACE: Place = Place::Server;
    type Reply = Back;
}

impl Apply for Undo {
    fn apply(self, cx: &mut Cx<'_>) -> Result<Answer<Self::Reply>, Refusal> {
        let nothing = || Refusal::new(Code::NotFound, "nothing was closed lately").hint("what was closed comes back within pane.undo_ms");
        let back = cx.state.exhume().ok_or_else(nothing)?;
        if let Some(client) = cx.state.acting_view(cx.caller, back.session) {
            let shows = cx.state.view(client).at.session == Some(back.session) || cx.show(client, back.session).is_ok();
            if shows {
                cx.state.focus_pane(Some(client), back.pane);
            }
        }
        let name = cx.state.session(back.session).name.clone();
        Ok(Answer::Now(Back { what: back.noun.into(), session: back.session, name, tab: back.tab, pane: back.pane }))
    }
}
