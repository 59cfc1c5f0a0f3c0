//! `tab.go`: shows a tab.

use clap::Args;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::action::args::TabTarget;
use crate::action::dto::TabItem;
use crate::action::tab::show;
use crate::action::{Access, Action, Answer, Apply, Cx, DefaultKey, Role};
use crate::base::error::Refusal;

/// Show a tab
#[derive(Debug, Clone, Args, Serialize, Deserialize, JsonSchema)]
pub struct TabGo {
    /// The tab: its number or name, or work:2 in another session
    #[arg(value_name = "TAB")]
    pub target: TabTarget,
}

impl Action for TabGo {
    const NAME: &'static str = "tab.go";
    const KEYS: &'static [DefaultKey] = &[
        ("prefix 1", "1"),
        ("prefix 2", "2"),
        ("prefix 3", "3"),
        ("prefix 4", "4"),
        ("prefix 5", "5"),
        ("prefix 6", "6"),
        ("prefix 7", "7"),
        ("prefix 8", "8"),
        ("prefix 9", "9"),
        ("prefix 0", "10"),
    ];
    const ACCESS: Access = Access::Read;
    const ROLE: Role = Role::Server;
    type Reply = TabItem;
}

impl Apply for TabGo {
    fn apply(self, cx: &mut Cx<'_>) -> Result<Answer<Self::Reply>, Refusal> {
        let tab = self.target.find(cx)?;
        show(cx, tab)
    }
}
