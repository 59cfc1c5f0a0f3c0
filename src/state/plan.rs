//! A tab arranged as a plan says: panes that are there take their places, others are made, and what
//! the plan does not name stays below.

use crate::base::id::{PaneId, TabId};
use crate::layout::tree::{Axis, Node, Split as Parts, SplitPart, Stack, Tree};
use crate::state::State;
use crate::state::pane::NewPane;
use crate::state::shape::SplitKind;

/// A layout as it is wanted, or as it is.
#[derive(Debug, Clone)]
pub enum Plan<L> {
    /// A pane.
    Pane(L),
    /// Parts with their shares.
    Parts(SplitKind, Vec<(u16, Plan<L>)>),
}

/// A pane of a plan.
#[derive(Debug, Clone)]
pub enum Leaf {
    /// One that is there.
    Old(PaneId),
    /// One that is made.
    New(NewPane),
}

impl Plan<Leaf> {
    /// How many panes are made.
    #[must_use]
    pub fn made_count(&self) -> usize {
        match self {
            Self::Pane(leaf) => usize::from(matches!(leaf, Leaf::New(_))),
            Self::Parts(_, parts) => parts.iter().map(|(_, plan)| plan.made_count()).sum(),
        }
    }
}

impl State {
    /// The layout of a tab, without the panes that float.
    #[must_use]
    pub fn plan(&self, tab: TabId) -> Plan<PaneId> {
        plan_of(&self.tab(tab).layout.root)
    }

    /// Arranges a tab as planned. Gives the panes in the order of the plan.
    pub fn arrange_tab(&mut self, tab: TabId, plan: Plan<Leaf>, wall: u64) -> Vec<PaneId> {
        let root = self.node_of(tab, plan, wall);
        let mut tree = Tree { root };
        let order = tree.panes();
        let rest: Vec<PaneId> =
            self.tab(tab).layout.panes().into_iter().filter(|pane| !order.contains(pane)).collect();
        if !rest.is_empty() {
            let below =
                rest.into_iter().map(|pane| SplitPart { weight: 1, node: Node::Pane(pane) });
            let parts =
                std::iter::once(SplitPart { weight: 3, node: tree.root }).chain(below).collect();
            tree = Tree { root: Node::Split(Parts { axis: Axis::Rows, parts }) };
        }
        let area = self.tab(tab).area;
        tree.normalise(area);
        let entry = self.tab_mut(tab);
        entry.layout = tree;
        entry.preset = None;
        self.rearranged(tab);
        order
    }

    fn node_of(&mut self, tab: TabId, plan: Plan<Leaf>, wall: u64) -> Node<PaneId> {
        match plan {
            Plan::Pane(Leaf::Old(pane)) => Node::Pane(pane),
            Plan::Pane(Leaf::New(new)) => {
                let (session, area) = (self.tab(tab).session, self.tab(tab).area);
                Node::Pane(self.make_pane((session, tab), area, new, wall))
            }
            Plan::Parts(split, parts) => {
                let parts: Vec<SplitPart<PaneId>> = parts
                    .into_iter()
                    .map(|(weight, plan)| SplitPart { weight, node: self.node_of(tab, plan, wall) })
                    .collect();
                let axis = match split {
                    SplitKind::Columns => Axis::Columns,
                    SplitKind::Rows => Axis::Rows,
                    SplitKind::Stack => return stack_of(parts),
                };
                Node::Split(Parts { axis, parts })
            }
        }
    }
}

/// A stack of all panes of the parts.
fn stack_of(parts: Vec<SplitPart<PaneId>>) -> Node<PaneId> {
    let panes: Vec<PaneId> =
        parts.into_iter().flat_map(|part| Tree { root: part.node }.panes()).collect();
    if let [only] = panes.as_slice() {
        Node::Pane(*only)
    } else {
        Node::Stack(Stack { panes, open: 0 })
    }
}

fn plan_of(node: &Node<PaneId>) -> Plan<PaneId> {
    match node {
        Node::Pane(pane) => Plan::Pane(*pane),
        Node::Stack(stack) => Plan::Parts(
            SplitKind::Stack,
            stack.panes.iter().map(|pane| (1, Plan::Pane(*pane))).collect(),
        ),
        Node::Split(split) => {
            let way =
                if split.axis == Axis::Columns { SplitKind::Columns } else { SplitKind::Rows };
            Plan::Parts(
                way,
                split.parts.iter().map(|part| (part.weight, plan_of(&part.node))).collect(),
            )
        }
    }
}
