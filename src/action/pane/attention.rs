//! `pane.attention`: goes to the next pane that wants attention.

use clap::Args;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::action::dto::PaneItem;
use crate::action::pane::focus;
use crate::action::{Access, Action, Answer, Apply, Cx, DefaultKey, Role};
use crate::base::error::{Code, Refusal};

/// Go to the next pane that wants attention
///
/// One in which a bell rang, else one whose program sent a notification or ended, one that fell
/// silent, one that printed since it was shown; in any session.
#[derive(Debug, Clone, Default, Args, Serialize, Deserialize, JsonSchema)]
pub struct PaneAttention {}

impl Action for PaneAttention {
    const NAME: &'static str = "pane.attention";
    const KEYS: &'static [DefaultKey] = &[("prefix a", "")];
    const ACCESS: Access = Access::Read;
    const ROLE: Role = Role::Server;
    type Reply = PaneItem;
}

impl Apply for PaneAttention {
    fn apply(self, cx: &mut Cx<'_>) -> Result<Answer<Self::Reply>, Refusal> {
        let pane = cx.state.alerts().first().map(|(pane, _)| *pane);
        let pane = pane.ok_or_else(|| Refusal::new(Code::NotFound, "no pane wants attention"))?;
        focus(cx, pane)
    }
}
