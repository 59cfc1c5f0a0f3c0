//! `session.close`: hides a session; when nobody wants it back, its programs are ended.

use clap::Args;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::action::args::{Closing, SessionTarget};
use crate::action::completion::Stopped;
use crate::action::{Access, Action, Answer, Apply, Cx, DefaultKey, Role};
use crate::base::error::Refusal;

/// Close a session; `undo` brings it back
///
/// It is hidden and its programs run on for a minute (`pane.undo_ms`), then they are told to end,
/// with their whole process trees, killed after the grace, and verified to be gone. With --now that
/// happens at once, and the answer comes when it is done. Clients that show it go to the session
/// they showed before, or leave.
#[derive(Debug, Clone, Default, Args, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct SessionClose {
    /// The session; else the one you are in
    #[arg(short, long, value_name = "SESSION")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub target: Option<SessionTarget>,

    /// How.
    #[command(flatten)]
    #[serde(flatten)]
    pub closing: Closing,
}

impl Action for SessionClose {
    const NAME: &'static str = "session.close";
    const KEYS: &'static [DefaultKey] = &[("prefix X", "")];
    const ACCESS: Access = Access::Admin;
    const ROLE: Role = Role::Server;
    type Reply = Stopped;
}

impl Apply for SessionClose {
    fn apply(self, cx: &mut Cx<'_>) -> Result<Answer<Self::Reply>, Refusal> {
        let session = SessionTarget::or_own(self.target.as_ref(), cx)?;
        let what = format!("session {}", cx.state.session(session).name);
        let panes = cx
            .state
            .session(session)
            .tabs
            .iter()
            .flat_map(|tab| cx.state.tab(*tab).panes())
            .collect();
        Ok(cx.close(&self.closing, (what, panes), |state, until| {
            state.hide_session_for_undo(session, until)
        }))
    }
}
