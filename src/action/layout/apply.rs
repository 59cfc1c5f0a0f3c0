//! `layout.apply`: arranges the panes of a tab by a preset.

use clap::{Args, ValueEnum};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::action::args::TabTarget;
use crate::action::item::TabItem;
use crate::action::{Access, Action, Answer, Apply, Cx, DefaultKey, Place};
use crate::base::code::Refusal;
use crate::state::Preset;

/// Arrange the panes of a tab by a preset
#[derive(Debug, Clone, Args, Serialize, Deserialize, JsonSchema)]
pub struct ApplyLayout {
    /// The preset
    #[arg(value_enum)]
    pub preset: Name,
    /// The tab; else the one you are in
    #[arg(short, long, value_name = "TAB")]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub target: Option<TabTarget>,
}

impl Action for ApplyLayout {
    const NAME: &'static str = "layout.apply";
    const KEYS: &'static [DefaultKey] = &[
        ("prefix M-1", "even-horizontal"),
        ("prefix M-2", "even-vertical"),
        ("prefix M-3", "main-horizontal"),
        ("prefix M-4", "main-vertical"),
        ("prefix M-5", "tiled"),
        ("prefix M-6", "main-horizontal-mirrored"),
        ("prefix M-7", "main-vertical-mirrored"),
    ];
    const ACCESS: Access = Access::Admin;
    const PLACE: Place = Place::Server;
    type Reply = TabItem;
}

impl Apply for ApplyLayout {
    fn apply(self, cx: &mut Cx<'_>) -> Result<Answer<Self::Reply>, Refusal> {
        let tab = TabTarget::or_own(self.target.as_ref(), cx)?;
        cx.state.apply_preset(tab, self.preset.into());
        Ok(Answer::Now(TabItem::of(cx.state, tab)))
    }
}

/// The name of a preset.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Name {
    /// All side by side.
    EvenHorizontal,
    /// All one below the other.
    EvenVertical,
    /// The first above, the others side by side below it.
    MainHorizontal,
    /// The first on the left, the others one below the other beside it.
    MainVertical,
    /// In rows and columns.
    Tiled,
    /// The first below, the others side by side above it.
    MainHorizontalMirrored,
    /// The first on the right, the others one below the other beside it.
    MainVerticalMirrored,
    /// All in one stack.
    Stacked,
}

impl From<Name> for Preset {
    fn from(name: Name) -> Self {
        match name {
            Name::EvenHorizontal => Self::EvenHorizontal,
            Name::EvenVertical => Self::EvenVertical,
            Name::MainHorizontal => Self::MainHorizontal,
            Name::MainVertical => Self::MainVertical,
            Name::Tiled => Self::Tiled,
            Name::MainHorizontalMirrored => Self::MainHorizontalMirrored,
            Name::MainVerticalMirrored => Self::MainVerticalMirrored,
            Name::Stacked => Self::Stacked,
        }
    }
}
