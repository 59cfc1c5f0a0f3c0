//! `config.customise`: the configuration in an editor, over the panes; what is saved is in force at
//! once.

use clap::Args;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::action::args::{PaneTarget, Start};
use crate::action::cli::config_edit::ConfigEdit;
use crate::action::context::Made;
use crate::action::pane::popup;
use crate::action::{Access, Action, Answer, Apply, Cx, DefaultKey, Role};
use crate::base::error::Refusal;

/// Edit the configuration in a pane over the others
///
/// With $VISUAL or $EDITOR; a new file begins with every option and its default as comments. What
/// is saved is in force at once, and a mistake is told with its place and changes nothing.
#[derive(Debug, Clone, Default, Args, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct PaneCustomise {
    /// A pane of the tab; else the one in focus
    #[arg(short, long, value_name = "PANE")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub target: Option<PaneTarget>,
}

impl Action for PaneCustomise {
    const NAME: &'static str = "config.customise";
    const KEYS: &'static [DefaultKey] = &[("prefix C", "")];
    const ACCESS: Access = Access::Admin;
    const ROLE: Role = Role::Server;
    type Reply = Made;
}

impl Apply for PaneCustomise {
    fn apply(self, cx: &mut Cx<'_>) -> Result<Answer<Self::Reply>, Refusal> {
        let from = PaneTarget::or_own(self.target.as_ref(), cx)?;
        let verbs = ConfigEdit::NAME.split('.').map(str::to_owned);
        let words = std::iter::once(cx.host.program.clone()).chain(verbs);
        // The editor is the one that the pane knows.
        let set =
            cx.state.pane(from).env.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let start = Start { command: words.collect(), set, ..Start::default() };
        let pane = popup::open(cx, from, &start, (Some("configuration".into()), None))?;
        Ok(cx.made(pane))
    }
}
