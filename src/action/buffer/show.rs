//! `buffer.show`: the text of a paste buffer.

use clap::Args;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::action::{Access, Action, Answer, Apply, Cx, Role};
use crate::base::error::Refusal;

/// Show the text of a paste buffer
#[derive(Debug, Clone, Default, Args, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct BufferShow {
    /// Its name; else the newest
    #[arg(value_name = "NAME")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
}

impl Action for BufferShow {
    const NAME: &'static str = "buffer.show";
    const ACCESS: Access = Access::Read;
    const ROLE: Role = Role::Server;
    type Reply = BufferText;
}

/// A buffer with its text.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct BufferText {
    /// Its name.
    pub name: String,
    /// The text.
    pub text: String,
}

impl Apply for BufferShow {
    fn apply(self, cx: &mut Cx<'_>) -> Result<Answer<Self::Reply>, Refusal> {
        let buffer = cx.state.buffers.get(self.name.as_deref())?;
        Ok(Answer::Now(BufferText { name: buffer.name.clone(), text: buffer.text.clone() }))
    }
}
