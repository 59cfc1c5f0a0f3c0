//! `buffer.ls`: the paste buffers.

use clap::Args;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::action::buffer::BufferItem;
use crate::action::{Access, Action, Answer, Apply, Cx, Role};
use crate::base::error::Refusal;

/// List paste buffers, the newest first
#[derive(Debug, Clone, Default, Args, Serialize, Deserialize, JsonSchema)]
pub struct BufferLs {}

impl Action for BufferLs {
    const NAME: &'static str = "buffer.ls";
    const ACCESS: Access = Access::Read;
    const ROLE: Role = Role::Server;
    type Reply = Vec<BufferItem>;
}

impl Apply for BufferLs {
    fn apply(self, cx: &mut Cx<'_>) -> Result<Answer<Self::Reply>, Refusal> {
        Ok(Answer::Now(cx.state.buffers.list().iter().map(BufferItem::of).collect()))
    }
}
