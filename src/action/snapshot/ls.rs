//! `snapshot.ls`: the snapshots there are.

use clap::Args;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::action::snapshot::{SnapshotItem, asked};
use crate::action::{Access, Action, Answer, Apply, Cx, Place};
use crate::base::error::Refusal;
use crate::state::command_effect::SnapshotRequest;

/// List snapshots, the latest first
#[derive(Debug, Clone, Default, Args, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Ls {}

impl Action for Ls {
    const NAME: &'static str = "snapshot.ls";
    const VERBS: &'static [&'static str] = &["snapshots"];
    const ACCESS: Access = Access::Read;
    const PLACE: Place = Place::Server;
    type Reply = Vec<SnapshotItem>;
}

impl Apply for Ls {
    fn apply(self, cx: &mut Cx<'_>) -> Result<Answer<Self::Reply>, Refusal> {
        Ok(asked(cx, SnapshotRequest::List))
    }
}
