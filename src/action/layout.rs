//! Layouts of tabs: apply one, save it, take the next preset, equalise and rotate; and a layout as
//! a file has it. No text is read here.

use std::collections::VecDeque;

use clap::Args;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::action::args::{Start, TabTarget};
use crate::action::dto::TabItem;
use crate::action::{Access, Action, Answer, Apply, Cx, DefaultKey};
use crate::base::error::{Code, Refusal};
use crate::base::id::{PaneId, TabId};
use crate::base::text::nearest;
use crate::state::tab::{Leaf, Plan, SplitKind};
use crate::state::{Preset, State};

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

/// The most panes a layout has.
const PARTS_MAX: usize = 200;
/// The deepest nesting of the parts of a layout.
const DEPTH_MAX: usize = 20;

/// A layout or a part of it: a pane, or parts that share its room.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
#[schemars(rename = "Part")]
pub struct LayoutSpec {
    /// The share of the room, relative to the parts beside it; 1 unless given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub size: Option<u16>,
    /// The way its parts stand; none for a pane.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub split: Option<LayoutSplit>,
    /// The program of the pane; the shell unless given.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub command: Vec<String>,
    /// The directory where the program starts.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cwd: Option<String>,
    /// The name of the pane.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// True if the pane gets the focus.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub focus: bool,
    /// The parts, from the left or the top.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub parts: Vec<LayoutSpec>,
}

/// The way parts stand.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[schemars(rename = "Way")]
pub enum LayoutSplit {
    /// Side by side.
    Columns,
    /// Parts one below the other.
    Rows,
    /// On a stack: one is open.
    Stack,
}

impl LayoutSpec {
    /// The layout of a tab as it is now.
    pub(super) fn of(state: &State, tab: TabId) -> Self {
        let entry = state.tab(tab);
        Self::of_plan(state, &state.plan(tab), entry.focus)
    }

    fn of_plan(state: &State, plan: &Plan<PaneId>, focus: PaneId) -> Self {
        match plan {
            Plan::Pane(id) => {
                let pane = state.pane(*id);
                let said = pane.screen.cwd().map(str::to_owned);
                let cwd = said.or_else(|| Some(pane.cwd.clone()).filter(|cwd| !cwd.is_empty()));
                Self {
                    command: pane.argv.clone(),
                    cwd,
                    name: pane.name.clone(),
                    focus: *id == focus,
                    ..Self::default()
                }
            }
            Plan::Parts(split, parts) => {
                let way = match split {
                    SplitKind::Columns => LayoutSplit::Columns,
                    SplitKind::Rows => LayoutSplit::Rows,
                    SplitKind::Stack => LayoutSplit::Stack,
                };
                let part = |(size, plan): &(u16, Plan<PaneId>)| {
                    let size = Some(*size).filter(|_| way != LayoutSplit::Stack);
                    Self { size, ..Self::of_plan(state, plan, focus) }
                };
                Self {
                    split: Some(way),
                    parts: parts.iter().map(part).collect(),
                    ..Self::default()
                }
            }
        }
    }

    /// The number of its panes.
    pub(in crate::action) fn pane_count(&self) -> usize {
        if self.split.is_none() { 1 } else { self.parts.iter().map(Self::pane_count).sum() }
    }

    /// The first pane; itself if it is one.
    pub(in crate::action) fn first(&self) -> &Self {
        self.parts.first().filter(|_| self.split.is_some()).map_or(self, Self::first)
    }

    /// The same with directories below `dir`, which is that of panes that are given none.
    pub(in crate::action) fn within(self, dir: &str) -> Self {
        let cwd = match self.cwd {
            Some(path) if path.starts_with('/') => path,
            Some(path) => format!("{}/{path}", dir.trim_end_matches('/')),
            None => dir.to_owned(),
        };
        Self {
            cwd: Some(cwd),
            parts: self.parts.into_iter().map(|part| part.within(dir)).collect(),
            ..self
        }
    }

    /// Refuses what could not be laid out.
    ///
    /// # Errors
    /// `invalid_params` with what is wrong.
    pub(in crate::action) fn check(&self) -> Result<(), Refusal> {
        self.check_below(DEPTH_MAX)?;
        if PARTS_MAX < self.pane_count() {
            Err(wrong("there are more than 200 panes"))
        } else {
            Ok(())
        }
    }

    fn check_below(&self, depth: usize) -> Result<(), Refusal> {
        match self.split {
            Some(_) if depth == 0 => Err(wrong("parts are nested too deep")),
            Some(_) if self.parts.is_empty() => Err(wrong("a split has no parts")),
            None if !self.parts.is_empty() => {
                Err(wrong("parts need a split: columns, rows or stack"))
            }
            _ => self.parts.iter().try_for_each(|part| part.check_below(depth.saturating_sub(1))),
        }
    }

    /// The plan of a tab: panes that run what a part says are put there, the others are made.
    ///
    /// # Errors
    /// `invalid_params` with what is wrong, `limit_reached` if it has too many panes.
    pub(super) fn plan(
        &self,
        cx: &Cx<'_>,
        tab: TabId,
    ) -> Result<(Plan<Leaf>, Option<usize>), Refusal> {
        let mut there: VecDeque<PaneId> = cx.state.tab(tab).layout.panes().into();
        let mut leaves = Leaves { from: cx.state.tab(tab).focus, count: 0, focus: None };
        let plan = self.leaves(cx, &mut there, &mut leaves, DEPTH_MAX)?;
        Ok((plan, leaves.focus))
    }

    fn leaves(
        &self,
        cx: &Cx<'_>,
        there: &mut VecDeque<PaneId>,
        leaves: &mut Leaves,
        depth: usize,
    ) -> Result<Plan<Leaf>, Refusal> {
        if let Some(way) = self.split {
            if self.parts.is_empty() || depth == 0 {
                return Err(wrong(if depth == 0 {
                    "parts are nested too deep"
                } else {
                    "a split has no parts"
                }));
            }
            let split = match way {
                LayoutSplit::Columns => SplitKind::Columns,
                LayoutSplit::Rows => SplitKind::Rows,
                LayoutSplit::Stack => SplitKind::Stack,
            };
            let part = |part: &Self| {
                Ok((part.size.unwrap_or(1).max(1), part.leaves(cx, there, leaves, depth - 1)?))
            };
            return Ok(Plan::Parts(
                split,
                self.parts.iter().map(part).collect::<Result<_, Refusal>>()?,
            ));
        }
        if !self.parts.is_empty() {
            return Err(wrong("parts need a split: columns, rows or stack"));
        }
        if leaves.count == PARTS_MAX {
            return Err(wrong("there are more than 200 panes"));
        }
        if self.focus {
            leaves.focus = Some(leaves.count);
        }
        leaves.count += 1;
        let same = there.iter().position(|pane| cx.state.pane(*pane).argv == self.command);
        if let Some(pane) = same.and_then(|at| there.remove(at)) {
            return Ok(Plan::Pane(Leaf::Old(pane)));
        }
        let start =
            Start { cwd: self.cwd.clone(), command: self.command.clone(), ..Start::default() };
        let mut new = cx.new_pane(&start, Some(leaves.from))?;
        new.name.clone_from(&self.name);
        Ok(Plan::Pane(Leaf::New(new)))
    }
}

fn wrong(why: &str) -> Refusal {
    Refusal::new(Code::InvalidParams, format!("layout: {why}"))
}

/// State on the way through the parts.
struct Leaves {
    from: PaneId,
    count: usize,
    focus: Option<usize>,
}
