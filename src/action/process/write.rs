//! `process.write`: writes to the standard input of a command.

use clap::Args;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::action::process::{command, served};
use crate::action::{Access, Action, Answer, Apply, Cx, Role};
use crate::base::base64;
use crate::base::error::{Code, Refusal};
use crate::state::command_effect::Request;

/// Write to the standard input of a command
///
/// It has to be started with --stdin. The answer comes when what was written is on its way.
#[derive(Debug, Clone, Default, Args, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct ProcessWrite {
    /// The command
    #[arg(value_name = "ID")]
    pub id: String,

    /// What to write
    #[arg(long, value_name = "TEXT")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,

    /// What to write, in base64.
    #[arg(skip)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bytes: Option<String>,

    /// That is all: close it
    #[arg(long)]
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub close: bool,
}

/// What was written.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Written {
    /// How many bytes.
    pub bytes: usize,
}

impl Action for ProcessWrite {
    const NAME: &'static str = "process.write";
    const ACCESS: Access = Access::Interact;
    const ROLE: Role = Role::Server;
    type Reply = Written;
}

impl Apply for ProcessWrite {
    fn apply(self, cx: &mut Cx<'_>) -> Result<Answer<Self::Reply>, Refusal> {
        let command = command(cx, &self.id)?;
        let mut bytes = self.text.unwrap_or_default().into_bytes();
        if let Some(text) = &self.bytes {
            let invalid =
                || Refusal::new(Code::InvalidParams, "process.write: bytes: that is no base64");
            bytes.extend(base64::decode(text).ok_or_else(invalid)?);
        }
        Ok(served(cx, Some(command), Request::Write { command, bytes, close: self.close }))
    }
}
