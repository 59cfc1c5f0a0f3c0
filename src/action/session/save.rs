//! `session.save`: what outlives a reboot goes to disk now.

use clap::Args;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::action::{Access, Action, Answer, Apply, Cx, Role};
use crate::base::error::{Code, Refusal};
use crate::settings::Keep;
use crate::state::effect::{ClientMessage, Effect};

/// Write what outlives a reboot to disk now
///
/// Tabs, layouts and what panes show go there by themselves, soon after they changed; this is for
/// the moment before the plug is pulled. `abide save` keeps a snapshot of its own.
#[derive(Debug, Clone, Default, Args, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct SessionSave {}

impl Action for SessionSave {
    const NAME: &'static str = "session.save";
    const ACCESS: Access = Access::Admin;
    const ROLE: Role = Role::Server;
    type Reply = ();
}

impl Apply for SessionSave {
    fn apply(self, cx: &mut Cx<'_>) -> Result<Answer<Self::Reply>, Refusal> {
        if cx.settings.persist.keep == Keep::Nothing {
            return Err(Refusal::new(Code::InvalidParams, "nothing is kept on disk")
                .hint("persist.keep in config.toml"));
        }
        cx.state.pending_work.save = true;
        if let Some(client) = cx.caller.client {
            let count = cx.state.sessions.len();
            let text = if count == 1 {
                "1 session goes to disk".to_owned()
            } else {
                format!("{count} sessions go to disk")
            };
            cx.fx.push(Effect::Tell {
                client,
                message: ClientMessage::Notice { text, warning: false },
            });
        }
        Ok(Answer::Now(()))
    }
}
