//! `snapshot.remove`: a snapshot is no longer kept.

use clap::Args;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::action::snapshot::asked;
use crate::action::{Access, Action, Answer, Apply, Cx, Role};
use crate::base::error::Refusal;
use crate::state::command_effect::SnapshotRequest;
use crate::state::name::check_name;

/// Remove a snapshot
#[derive(Debug, Clone, Args, Serialize, Deserialize, JsonSchema)]
pub struct SnapshotRemove {
    /// The snapshot
    #[arg(value_name = "NAME")]
    pub name: String,
}

impl Action for SnapshotRemove {
    const NAME: &'static str = "snapshot.remove";
    const VERBS: &'static [&'static str] = &[];
    const ACCESS: Access = Access::Admin;
    const ROLE: Role = Role::Server;
    type Reply = ();
}

impl Apply for SnapshotRemove {
    fn apply(self, cx: &mut Cx<'_>) -> Result<Answer<Self::Reply>, Refusal> {
        check_name(&self.name)?;
        Ok(asked(cx, SnapshotRequest::Remove { name: self.name }))
    }
}
