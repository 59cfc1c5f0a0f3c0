//! `buffer.delete`: deletes a paste buffer.

use clap::Args;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::action::buffer::BufferName;
use crate::action::{Access, Action, Answer, Apply, Cx, DefaultKey, Role};
use crate::base::error::Refusal;

/// Delete a paste buffer
#[derive(Debug, Clone, Default, Args, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct BufferDelete {
    /// Its name; else the newest
    #[arg(value_name = "NAME")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
}

impl Action for BufferDelete {
    const NAME: &'static str = "buffer.delete";
    const KEYS: &'static [DefaultKey] = &[("prefix -", "")];
    const ACCESS: Access = Access::Interact;
    const ROLE: Role = Role::Server;
    type Reply = BufferName;
}

impl Apply for BufferDelete {
    fn apply(self, cx: &mut Cx<'_>) -> Result<Answer<Self::Reply>, Refusal> {
        Ok(Answer::Now(BufferName { name: cx.state.buffers.delete(self.name.as_deref())? }))
    }
}
