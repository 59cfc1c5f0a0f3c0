//! `buffer.set`: puts text into a paste buffer.

use clap::Args;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::action::buffer::BufferName;
use crate::action::{Access, Action, Answer, Apply, Cx, Role};
use crate::base::error::{Code, Refusal};

/// Put text into a paste buffer
///
/// A new one is called `buffer` and a number, unless it is given a name. There are at most 50, of
/// at most 4 MiB each and 16 MiB together; the oldest go first.
#[derive(Debug, Clone, Default, Args, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct BufferSet {
    /// The text
    #[arg(value_name = "TEXT", allow_hyphen_values = true)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,

    /// The text is that of a file with this path, which the command line reads; - for its input
    #[arg(short, long)]
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub load: bool,

    /// Its name
    #[arg(short = 'b', long, value_name = "NAME")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,

    /// After the text that it holds; without a name, that of the newest
    #[arg(short, long)]
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub append: bool,
}

impl Action for BufferSet {
    const NAME: &'static str = "buffer.set";
    const ACCESS: Access = Access::Interact;
    const ROLE: Role = Role::Server;
    type Reply = BufferName;
}

impl Apply for BufferSet {
    fn apply(self, cx: &mut Cx<'_>) -> Result<Answer<Self::Reply>, Refusal> {
        let text = self.text.filter(|_| !self.load).ok_or_else(|| {
            let refusal = Refusal::new(Code::InvalidParams, "buffer.set: there is no text");
            refusal
                .hint("give one; files are read by the command line: abide buffer set --load PATH")
        })?;
        let (name, wall) = (self.name.as_deref(), cx.now.wall);
        let buffers = &mut cx.state.buffers;
        let name = if self.append {
            buffers.append(name, &text, wall)?
        } else {
            buffers.set(name, text, wall)?
        };
        Ok(Answer::Now(BufferName { name }))
    }
}
