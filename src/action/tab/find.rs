//! `tab.find`: shows the tab in which something is seen.

use clap::Args;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::action::dto::PaneItem;
use crate::action::{Access, Action, Answer, Apply, Cx, Role};
use crate::base::error::{Code, Refusal};
use crate::base::id::{PaneId, TabId};

/// Go to the next pane whose name, title or screen has a text
///
/// In all tabs of the session, after the one you are in, whatever its case. Called again it goes on
/// to the next one.
#[derive(Debug, Clone, Args, Serialize, Deserialize, JsonSchema)]
pub struct TabFind {
    /// The text
    #[arg(required = true, num_args = 1.., value_name = "TEXT")]
    pub text: Vec<String>,
}

impl Action for TabFind {
    const NAME: &'static str = "tab.find";
    const ACCESS: Access = Access::Read;
    const ROLE: Role = Role::Server;
    type Reply = PaneItem;
}

impl Apply for TabFind {
    fn apply(self, cx: &mut Cx<'_>) -> Result<Answer<Self::Reply>, Refusal> {
        let text = self.text.join(" ").to_lowercase();
        let session = cx.own_session()?;
        let client = cx.view_of(session)?;
        let entry = cx.state.session(session);
        let panes: Vec<PaneId> =
            entry.tabs.iter().flat_map(|tab| cx.state.tab(*tab).panes()).collect();
        let own = cx
            .state
            .view(client)
            .focus()
            .and_then(|focus| panes.iter().position(|pane| *pane == focus))
            .unwrap_or(0);
        let mut after = panes[own + 1..].iter().chain(&panes[..=own]).copied();
        let refusal = || {
            Refusal::new(
                Code::NotFound,
                format!("no pane of session {:?} shows {text:?}", entry.name),
            )
            .hint("abide tab ls")
        };
        let found = after.find(|pane| shows(cx, *pane, &text)).ok_or_else(refusal)?;
        cx.state.focus_pane(Some(client), found);
        Ok(Answer::Now(PaneItem::of(cx.state, found)))
    }
}

fn shows(cx: &Cx<'_>, id: PaneId, text: &str) -> bool {
    let pane = cx.state.pane(id);
    let tab = |tab: TabId| cx.state.tab_label(tab).to_lowercase().contains(text);
    let screen = || pane.screen.text(0..i64::from(pane.size.rows)).to_lowercase().contains(text);
    cx.state.pane_label(id).to_lowercase().contains(text) || pane.tab.is_some_and(tab) || screen()
}
