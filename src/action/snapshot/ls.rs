//! `snapshot.ls`: the snapshots there are.

use clap::Args;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::action::snapshot::{SnapshotItem, asked};
use crate::action::{Access, Action, Answer, Apply, Cx, Role};
use crate::base::error::Refusal;
use crate::state::command_effect::SnapshotRequest;

/// List snapshots, the latest first
#[derive(Debug, Clone, Default, Args, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct SnapshotLs {}

impl Action for SnapshotLs {
    const NAME: &'static str = "snapshot.ls";
    const VERBS: &'static [&'static str] = &["snapshots"];
    const ACCESS: Access = Access::Read;
    const ROLE: Role = Role::Server;
    type Reply = Vec<SnapshotItem>;
}

impl Apply for SnapshotLs {
    fn apply(self, cx: &mut Cx<'_>) -> Result<Answer<Self::Reply>, Refusal> {
        Ok(asked(cx, SnapshotRequest::List))
    }
}
