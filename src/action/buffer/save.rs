//! `buffer.save`: writes the text of a paste buffer to a file.

use clap::Args;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::action::{Access, Action, Role};

/// Write the text of a paste buffer to a file
#[derive(Debug, Clone, Default, Args, Serialize, Deserialize, JsonSchema)]
pub struct BufferSave {
    /// The file; - for the standard output
    pub path: String,

    /// The name of the buffer; else the newest
    #[arg(short = 'b', long, value_name = "NAME")]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,

    /// After what the file holds
    #[arg(short, long)]
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub append: bool,
}

impl Action for BufferSave {
    const NAME: &'static str = "buffer.save";
    const ACCESS: Access = Access::Read;
    const ROLE: Role = Role::Cli;
    type Reply = ();
}
