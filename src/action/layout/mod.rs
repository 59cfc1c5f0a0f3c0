//! Layouts of tabs: apply one, save it, take the next preset, equalise and rotate.

pub mod shape;

use clap::Args;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::action::args::TabTarget;
use crate::action::dto::TabItem;
use crate::action::layout::shape::LayoutSpec;
use crate::action::{Access, Action, Answer, Apply, Cx, DefaultKey};
use crate::base::error::{Code, Refusal};
use crate::base::id::{PaneId, TabId};
use crate::base::text::nearest;
use crate::state::Preset;

actions! {
    server ApplyLayout;
    server LayoutSave;
    server LayoutNext;
    server LayoutEqualise;
    server LayoutRotate;
}

/// Arrange the panes of a tab by a preset or by a file
///
/// Presets are even-horizontal, even-vertical, main-horizontal, main-vertical, tiled,
/// main-horizontal-mirrored, main-vertical-mirrored and stacked. A file is one of
/// `abide layout save`, on the command line only: panes that run what it says take their places,
/// the others are started, and panes it does not name stay below.
#[derive(Debug, Clone, Args, Serialize, Deserialize, JsonSchema)]
pub struct ApplyLayout {
    /// The preset, or the file
    #[arg(value_name = "PRESET|FILE")]
    pub preset: String,
    /// The layout that the file describes. The command line fills it in.
    #[arg(skip)]
    pub layout: Option<LayoutSpec>,
    /// The tab; else the one you are in
    #[arg(short, long, value_name = "TAB")]
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
    type Reply = TabItem;
}

impl Apply for ApplyLayout {
    fn apply(self, cx: &mut Cx<'_>) -> Result<Answer<Self::Reply>, Refusal> {
        let tab = TabTarget::or_own(self.target.as_ref(), cx)?;
        match (&self.layout, Preset::named(&self.preset)) {
            (Some(layout), _) => {
                if let Some(pane) = arrange(cx, tab, layout)? {
                    let client = cx.state.following_view(cx.caller, cx.state.tab(tab).session);
                    cx.state.focus_pane(client, pane);
                }
            }
            (None, Some(preset)) => cx.state.apply_preset(tab, preset),
            (None, None) => return Err(unknown(&self.preset)),
        }
        Ok(Answer::Now(TabItem::of(cx.state, tab)))
    }
}

/// Gives a tab a layout; gives the pane that is to have the focus, if it says so.
pub(in crate::action) fn arrange(
    cx: &mut Cx<'_>,
    tab: TabId,
    layout: &LayoutSpec,
) -> Result<Option<PaneId>, Refusal> {
    let (plan, focus) = layout.plan(cx, tab)?;
    let room = cx.settings.limits.panes.saturating_sub(cx.state.panes.len());
    if room < plan.made_count() {
        return Err(Refusal::new(
            Code::LimitReached,
            format!("there is room for {room} more panes"),
        )
        .hint("limits.panes in config.toml"));
    }
    let order = cx.state.arrange_tab(tab, plan, cx.now.wall);
    Ok(focus.and_then(|at| order.get(at)).copied())
}

fn unknown(name: &str) -> Refusal {
    let names = Preset::ALL.map(Preset::name);
    let refusal = Refusal::new(
        Code::InvalidParams,
        format!("no preset {name:?}, and no file of that name was read"),
    );
    match nearest(name, names) {
        Some(near) => refusal.hint(format!("did you mean {near:?}?")),
        None => refusal.hint(format!("presets are {}", names.join(", "))),
    }
}

/// Save the layout of a tab, with what runs in its panes and where
///
/// The command line writes it to a file, or prints it; `abide layout apply FILE` brings it back, in
/// any tab.
#[derive(Debug, Clone, Default, Args, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct LayoutSave {
    /// The file, TOML; else it is printed
    #[arg(value_name = "FILE")]
    pub file: Option<String>,

    /// The tab; else the one you are in
    #[arg(short, long, value_name = "TAB")]
    pub target: Option<TabTarget>,
}

impl Action for LayoutSave {
    const NAME: &'static str = "layout.save";
    const ACCESS: Access = Access::Read;
    type Reply = LayoutSpec;
}

impl Apply for LayoutSave {
    fn apply(self, cx: &mut Cx<'_>) -> Result<Answer<Self::Reply>, Refusal> {
        let tab = TabTarget::or_own(self.target.as_ref(), cx)?;
        Ok(Answer::Now(LayoutSpec::of(cx.state, tab)))
    }
}

/// Arrange the panes of a tab by the next preset
#[derive(Debug, Clone, Default, Args, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct LayoutNext {
    /// The tab; else the one you are in
    #[arg(short, long, value_name = "TAB")]
    pub target: Option<TabTarget>,
}

impl Action for LayoutNext {
    const NAME: &'static str = "layout.next";
    const KEYS: &'static [DefaultKey] = &[("prefix Space", "")];
    const ACCESS: Access = Access::Admin;
    type Reply = TabItem;
}

impl Apply for LayoutNext {
    fn apply(self, cx: &mut Cx<'_>) -> Result<Answer<Self::Reply>, Refusal> {
        let tab = TabTarget::or_own(self.target.as_ref(), cx)?;
        let preset = cx.state.tab(tab).preset.map_or(Preset::ALL[0], Preset::next);
        cx.state.apply_preset(tab, preset);
        Ok(Answer::Now(TabItem::of(cx.state, tab)))
    }
}

/// Give the panes that share a row or a column the same sizes
#[derive(Debug, Clone, Default, Args, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct LayoutEqualise {
    /// The tab; else the one you are in
    #[arg(short, long, value_name = "TAB")]
    pub target: Option<TabTarget>,
}

impl Action for LayoutEqualise {
    const NAME: &'static str = "layout.equalise";
    const KEYS: &'static [DefaultKey] = &[("prefix E", "")];
    const ACCESS: Access = Access::Admin;
    type Reply = TabItem;
}

impl Apply for LayoutEqualise {
    fn apply(self, cx: &mut Cx<'_>) -> Result<Answer<Self::Reply>, Refusal> {
        let tab = TabTarget::or_own(self.target.as_ref(), cx)?;
        cx.state.equalise(tab);
        Ok(Answer::Now(TabItem::of(cx.state, tab)))
    }
}

/// Move every pane of a tab to the place of the next one
#[derive(Debug, Clone, Default, Args, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct LayoutRotate {
    /// To the place of the one before instead
    #[arg(long)]
    pub back: bool,

    /// The tab; else the one you are in
    #[arg(short, long, value_name = "TAB")]
    pub target: Option<TabTarget>,
}

impl Action for LayoutRotate {
    const NAME: &'static str = "layout.rotate";
    const KEYS: &'static [DefaultKey] = &[("prefix C-o", ""), ("prefix M-o", "--back")];
    const ACCESS: Access = Access::Admin;
    type Reply = TabItem;
}

impl Apply for LayoutRotate {
    fn apply(self, cx: &mut Cx<'_>) -> Result<Answer<Self::Reply>, Refusal> {
        let tab = TabTarget::or_own(self.target.as_ref(), cx)?;
        cx.state.rotate(tab, !self.back);
        Ok(Answer::Now(TabItem::of(cx.state, tab)))
    }
}
