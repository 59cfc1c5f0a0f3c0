//! The tree of a layout: plain data, and what can be read off it. Sizes are weights: exact cells
//! right after a change, proportions in any other area.

use crate::base::geom::Size;

/// The direction in which the parts of a split stand.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Axis {
    /// Side by side, with borders that stand.
    Columns,
    /// Parts one below the other, with borders that lie.
    Rows,
}

/// A direction on the screen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Direction {
    /// Towards column 0.
    Left,
    /// Away from column 0.
    Right,
    /// Towards row 0.
    Up,
    /// Away from row 0.
    Down,
}

impl Direction {
    /// The axis it goes along.
    #[must_use]
    pub const fn axis(self) -> Axis {
        match self {
            Self::Left | Self::Right => Axis::Columns,
            Self::Up | Self::Down => Axis::Rows,
        }
    }

    /// True if it goes towards higher columns or rows.
    #[must_use]
    pub const fn is_forward(self) -> bool {
        matches!(self, Self::Right | Self::Down)
    }
}

/// A layout: never empty, and every pane is in it once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tree<P> {
    /// The node that fills the area.
    pub root: Node<P>,
}

/// A pane, or several things that share a rectangle.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Node<P> {
    /// A pane.
    Pane(P),
    /// Two or more panes of which one is shown whole and of the others a row with the title.
    Stack(Stack<P>),
    /// Two or more parts, none of which is a split along the same axis.
    Split(Split<P>),
}

/// Panes one below the other, of which one is open.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stack<P> {
    /// The panes, from the top.
    pub panes: Vec<P>,
    /// The index of the pane that is open where no other is wanted.
    pub open: usize,
}

/// Parts that share a rectangle, with a border of one cell between each two.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Split<P> {
    /// The axis along which the parts stand.
    pub axis: Axis,
    /// The parts, from the left or the top.
    pub parts: Vec<SplitPart<P>>,
}

/// A part of a split.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SplitPart<P> {
    /// The share of the cells that are no borders, relative to its siblings'. At least 1.
    pub weight: u16,
    /// The pane, stack or split that is there.
    pub node: Node<P>,
}

impl<P: Copy + Eq> Tree<P> {
    /// A layout of one pane that fills the area.
    #[must_use]
    pub const fn new(pane: P) -> Self {
        Self { root: Node::Pane(pane) }
    }

    /// The panes in reading order: the order of their numbers.
    #[must_use]
    pub fn panes(&self) -> Vec<P> {
        let mut panes = Vec::new();
        self.root.each(&mut |pane| panes.push(*pane));
        panes
    }

    /// True if `pane` is in it.
    #[must_use]
    pub fn contains(&self, pane: P) -> bool {
        self.root.contains(pane)
    }

    /// True if `pane` is one of a stack.
    #[must_use]
    pub fn is_stacked(&self, pane: P) -> bool {
        self.root.is_stacked(pane)
    }

    /// True if every split has two or more parts with a share each, and none of them is a split
    /// along the same axis, and every stack has two or more panes.
    #[must_use]
    pub fn is_normal(&self) -> bool {
        self.root.is_normal()
    }
}

impl<P: Copy + Eq> Node<P> {
    pub(super) fn each(&self, visit: &mut impl FnMut(&P)) {
        match self {
            Self::Pane(pane) => visit(pane),
            Self::Stack(stack) => stack.panes.iter().for_each(visit),
            Self::Split(split) => split.parts.iter().for_each(|part| part.node.each(visit)),
        }
    }

    pub(super) fn contains(&self, wanted: P) -> bool {
        match self {
            Self::Pane(pane) => *pane == wanted,
            Self::Stack(stack) => stack.panes.contains(&wanted),
            Self::Split(split) => split.parts.iter().any(|part| part.node.contains(wanted)),
        }
    }

    fn is_stacked(&self, wanted: P) -> bool {
        match self {
            Self::Pane(_) => false,
            Self::Stack(stack) => stack.panes.contains(&wanted),
            Self::Split(split) => split.parts.iter().any(|part| part.node.is_stacked(wanted)),
        }
    }

    /// True if it is `pane`, or the stack that has it.
    pub(super) fn is_leaf_of(&self, pane: P) -> bool {
        !matches!(self, Self::Split(_)) && self.contains(pane)
    }

    fn is_normal(&self) -> bool {
        let split = match self {
            Self::Pane(_) => return true,
            Self::Stack(stack) => return 1 < stack.panes.len() && stack.open < stack.panes.len(),
            Self::Split(split) => split,
        };
        let same_axis =
            |node: &Self| matches!(node, Self::Split(inner) if inner.axis == split.axis);
        split.parts.len() > 1
            && split
                .parts
                .iter()
                .all(|part| part.weight > 0 && !same_axis(&part.node) && part.node.is_normal())
    }
}

impl<P: Copy> Tree<P> {
    /// The same with other panes in their places.
    #[must_use]
    pub fn map<Q>(&self, other: &impl Fn(P) -> Q) -> Tree<Q> {
        Tree { root: self.root.map(other) }
    }
}

impl<P: Copy> Node<P> {
    fn map<Q>(&self, other: &impl Fn(P) -> Q) -> Node<Q> {
        match self {
            Self::Pane(pane) => Node::Pane(other(*pane)),
            Self::Stack(stack) => Node::Stack(Stack {
                panes: stack.panes.iter().map(|pane| other(*pane)).collect(),
                open: stack.open,
            }),
            Self::Split(split) => {
                let part = |part: &SplitPart<P>| SplitPart {
                    weight: part.weight,
                    node: part.node.map(other),
                };
                Node::Split(Split {
                    axis: split.axis,
                    parts: split.parts.iter().map(part).collect(),
                })
            }
        }
    }
}

/// The length of `size` along `axis`.
pub(super) const fn length(size: Size, axis: Axis) -> u16 {
    match axis {
        Axis::Columns => size.cols,
        Axis::Rows => size.rows,
    }
}

/// `size` with another length along `axis`.
pub(super) const fn with_length(size: Size, axis: Axis, len: u16) -> Size {
    match axis {
        Axis::Columns => Size::new(len, size.rows),
        Axis::Rows => Size::new(size.cols, len),
    }
}
