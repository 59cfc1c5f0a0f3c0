//! `layout.save`: the layout of a tab, to be applied again.

use clap::Args;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::action::args::TabTarget;
use crate::action::layout::shape::LayoutSpec;
use crate::action::{Access, Action, Answer, Apply, Cx, Role};
use crate::base::error::Refusal;

/// Save the layout of a tab, with what runs in its panes and where
///
/// The command line writes it to a file, or prints it; `abide layout apply FILE` brings it back, in
/// any tab.
#[derive(Debug, Clone, Default, Args, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct LayoutSave {
    /// The file, TOML; else it is printed
    #[arg(value_name = "FILE")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub file: Option<String>,

    /// The tab; else the one you are in
    #[arg(short, long, value_name = "TAB")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub target: Option<TabTarget>,
}

impl Action for LayoutSave {
    const NAME: &'static str = "layout.save";
    const ACCESS: Access = Access::Read;
    const ROLE: Role = Role::Server;
    type Reply = LayoutSpec;
}

impl Apply for LayoutSave {
    fn apply(self, cx: &mut Cx<'_>) -> Result<Answer<Self::Reply>, Refusal> {
        let tab = TabTarget::or_own(self.target.as_ref(), cx)?;
        Ok(Answer::Now(LayoutSpec::of(cx.state, tab)))
    }
}
