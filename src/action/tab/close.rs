//! `tab.close`: hides a tab; when nobody wants it back, its programs are ended.

use clap::Args;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::action::args::{Closing, TabTarget};
use crate::action::completion::Stopped;
use crate::action::{Access, Action, Answer, Apply, Cx, DefaultKey, Role};
use crate::base::error::Refusal;

/// Close a tab; `undo` brings it back
///
/// It is hidden and its programs run on for a minute (`pane.undo_ms`), then they are told to end,
/// with their whole process trees, killed after the grace, and verified to be gone. With --now that
/// happens at once, and the answer comes when it is done. The last tab closes its session.
#[derive(Debug, Clone, Default, Args, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct TabClose {
    /// The tab; else the one you are in
    #[arg(short, long, value_name = "TAB")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub target: Option<TabTarget>,

    /// How.
    #[command(flatten)]
    #[serde(flatten)]
    pub closing: Closing,
}

impl Action for TabClose {
    const NAME: &'static str = "tab.close";
    const KEYS: &'static [DefaultKey] = &[("prefix &", "")];
    const ACCESS: Access = Access::Admin;
    const ROLE: Role = Role::Server;
    type Reply = Stopped;
}

impl Apply for TabClose {
    fn apply(self, cx: &mut Cx<'_>) -> Result<Answer<Self::Reply>, Refusal> {
        let tab = TabTarget::or_own(self.target.as_ref(), cx)?;
        let what = format!("tab {} ({})", cx.state.tab_index(tab), cx.state.tab_label(tab));
        let panes = cx.state.tab(tab).panes();
        Ok(cx.close(&self.closing, (what, panes), |state, until| {
            state.hide_tab_for_undo(tab, until)
        }))
    }
}
