//! The environment of a session: read and changed. Programs that run keep the one they have.

use clap::Args;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::action::args::{SessionTarget, variables};
use crate::action::{Access, Action, Answer, Apply, Cx};
use crate::base::error::{Code, Refusal};

/// Show or change the environment of a session
///
/// Without variables it is listed, as NAME=VALUE. What is set or unset counts for what starts in it
/// from now on: tabs, splits, popups, commands, and the shell of `exec` once it is started anew.
/// Programs that run keep what they have.
#[derive(Debug, Clone, Default, Args, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct SessionEnv {
    /// Set these variables, as NAME=VALUE
    #[arg(value_name = "NAME=VALUE", value_parser = crate::action::args::variable)]
    pub set: Vec<String>,

    /// Take this variable away
    #[arg(short, long, value_name = "NAME")]
    pub unset: Vec<String>,

    /// The session; else the one you are in
    #[arg(short, long, value_name = "SESSION")]
    pub target: Option<SessionTarget>,
}

impl Action for SessionEnv {
    const NAME: &'static str = "session.env";
    const ACCESS: Access = Access::Admin;
    type Reply = Vec<String>;
}

impl Apply for SessionEnv {
    fn apply(self, cx: &mut Cx<'_>) -> Result<Answer<Self::Reply>, Refusal> {
        let session = SessionTarget::or_own(self.target.as_ref(), cx)?;
        let set = variables(&self.set)?;
        if let Some(name) = self.unset.iter().find(|name| name.is_empty() || name.contains('=')) {
            return Err(Refusal::new(
                Code::InvalidParams,
                format!("unset: {name:?} is not the name of a variable"),
            ));
        }
        if !set.is_empty() || !self.unset.is_empty() {
            cx.state.change_env(session, set, &self.unset);
        }
        let env = &cx.state.session(session).env;
        Ok(Answer::Now(env.iter().map(|(name, value)| format!("{name}={value}")).collect()))
    }
}
