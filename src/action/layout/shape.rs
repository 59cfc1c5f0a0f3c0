//! A layout as a file has it: which part stands where, and what runs in it. No text is read here.

use std::collections::VecDeque;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::action::Cx;
use crate::action::args::Start;
use crate::base::error::{Code, Refusal};
use crate::base::id::{PaneId, TabId};
use crate::state::State;
use crate::state::tab::SplitKind;
use crate::state::tab::{Leaf, Plan};

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
