//! `pane.close`: hides a pane; when nobody wants it back, its programs are ended.

use clap::Args;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::action::args::{Closing, PaneTarget};
use crate::action::completion::Stopped;
use crate::action::{Access, Action, Answer, Apply, Cx, DefaultKey, Role};
use crate::base::error::Refusal;

/// Close a pane; `undo` brings it back
///
/// It is hidden and its programs run on for a minute (`pane.undo_ms`), then they are told to end,
/// with their whole process trees, killed after the grace, and verified to be gone. With --now that
/// happens at once, and the answer comes when it is done. The last pane closes its tab, and the
/// last tab its session.
#[derive(Debug, Clone, Default, Args, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct PaneClose {
    /// The pane; else the one in focus
    #[arg(short, long, value_name = "PANE")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub target: Option<PaneTarget>,

    /// How.
    #[command(flatten)]
    #[serde(flatten)]
    pub closing: Closing,
}

impl Action for PaneClose {
    const NAME: &'static str = "pane.close";
    const KEYS: &'static [DefaultKey] = &[("prefix x", "")];
    const ACCESS: Access = Access::Admin;
    const ROLE: Role = Role::Server;
    type Reply = Stopped;
}

impl Apply for PaneClose {
    fn apply(self, cx: &mut Cx<'_>) -> Result<Answer<Self::Reply>, Refusal> {
        let pane = PaneTarget::or_own(self.target.as_ref(), cx)?;
        let what = format!("pane {} ({})", cx.state.pane_index(pane), cx.state.pane_label(pane));
        Ok(cx.close(&self.closing, (what, vec![pane]), |state, until| {
            state.hide_pane_for_undo(pane, until)
        }))
    }
}
