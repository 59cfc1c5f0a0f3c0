//! `snapshot.restore`: the sessions of a snapshot, made anew.

use std::collections::BTreeMap;

use clap::Args;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::action::snapshot::{RestoredSession, asked};
use crate::action::{Access, Action, Answer, Apply, Cx, Role};
use crate::base::error::Refusal;
use crate::settings::RerunPolicy;
use crate::state::command_effect::SnapshotRequest;
use crate::state::name::check_name;

/// Make the sessions of a snapshot anew
///
/// They stand beside those that are there: a name that is taken gets a number after it. Panes show
/// what they showed, and their commands run again as `persist.restore` says.
#[derive(Debug, Clone, Args, Serialize, Deserialize, JsonSchema)]
pub struct SnapshotRestore {
    /// The snapshot
    #[arg(value_name = "NAME")]
    pub name: String,

    /// Run all commands again without asking
    #[arg(long, conflicts_with = "shells")]
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub run: bool,

    /// Start shells in place of commands
    #[arg(long)]
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub shells: bool,

    /// The environment its programs get. The command line fills it in.
    #[arg(skip)]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub env: Option<BTreeMap<String, String>>,
}

impl Action for SnapshotRestore {
    const NAME: &'static str = "snapshot.restore";
    const VERBS: &'static [&'static str] = &["restore"];
    const ACCESS: Access = Access::Admin;
    const ROLE: Role = Role::Server;
    type Reply = Vec<RestoredSession>;
}

impl Apply for SnapshotRestore {
    fn apply(self, cx: &mut Cx<'_>) -> Result<Answer<Self::Reply>, Refusal> {
        check_name(&self.name)?;
        let env = cx.session_env(self.env.map(|env| env.into_iter().collect()));
        let rerun = match (self.run, self.shells) {
            (true, _) => Some(RerunPolicy::Always),
            (_, true) => Some(RerunPolicy::Never),
            _ => None,
        };
        Ok(asked(cx, SnapshotRequest::Restore { name: self.name, env, rerun }))
    }
}
