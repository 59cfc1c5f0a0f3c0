//! `buffer.paste`: pastes a buffer into a pane.

use clap::Args;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::action::args::PaneTarget;
use crate::action::completion::Sent;
use crate::action::{Access, Action, Answer, Apply, Cx, DefaultKey, Role};
use crate::base::error::Refusal;

/// Paste a buffer into a pane
///
/// The program gets it as a paste if it asked to have those marked, without control characters.
#[derive(Debug, Clone, Default, Args, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct BufferPaste {
    /// The name of the buffer; else the newest
    #[arg(short = 'b', long, value_name = "NAME")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,

    /// Delete the buffer
    #[arg(short, long)]
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub delete: bool,

    /// The pane; else the one in focus
    #[arg(short, long, value_name = "PANE")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub target: Option<PaneTarget>,
}

impl Action for BufferPaste {
    const NAME: &'static str = "buffer.paste";
    const KEYS: &'static [DefaultKey] = &[("prefix ]", "")];
    const ACCESS: Access = Access::Interact;
    const ROLE: Role = Role::Server;
    type Reply = Sent;
}

impl Apply for BufferPaste {
    fn apply(self, cx: &mut Cx<'_>) -> Result<Answer<Self::Reply>, Refusal> {
        let pane = PaneTarget::or_own(self.target.as_ref(), cx)?;
        let buffer = cx.state.buffers.get(self.name.as_deref())?;
        let mut bytes = Vec::new();
        cx.state.pane(pane).screen.encode_paste(&buffer.text, &mut bytes);
        let answer = cx.type_into(pane, bytes)?;
        if self.delete {
            cx.state.buffers.delete(self.name.as_deref())?;
        }
        Ok(answer)
    }
}
