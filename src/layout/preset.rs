//! Ready-made layouts: any number of panes put in order.

use crate::layout::tree::{Axis, Node, Split, SplitPart, Stack, Tree};

/// A ready-made layout.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Preset {
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

impl Preset {
    /// All of them, the first seven in the order of tmux's `M-1` to `M-7`.
    pub const ALL: [Self; 8] = [
        Self::EvenHorizontal,
        Self::EvenVertical,
        Self::MainHorizontal,
        Self::MainVertical,
        Self::Tiled,
        Self::MainHorizontalMirrored,
        Self::MainVerticalMirrored,
        Self::Stacked,
    ];

    /// The name of the preset in commands.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::EvenHorizontal => "even-horizontal",
            Self::EvenVertical => "even-vertical",
            Self::MainHorizontal => "main-horizontal",
            Self::MainVertical => "main-vertical",
            Self::Tiled => "tiled",
            Self::MainHorizontalMirrored => "main-horizontal-mirrored",
            Self::MainVerticalMirrored => "main-vertical-mirrored",
            Self::Stacked => "stacked",
        }
    }

    /// The one of that name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|preset| preset.name() == name)
    }

    /// The one after it, in a circle.
    #[must_use]
    pub fn next(self) -> Self {
        let at = Self::ALL.iter().position(|preset| *preset == self).unwrap_or(0);
        Self::ALL[(at + 1) % Self::ALL.len()]
    }

    /// The one before it, in a circle.
    #[must_use]
    pub fn prev(self) -> Self {
        let at = Self::ALL.iter().position(|preset| *preset == self).unwrap_or(0);
        Self::ALL[(at + Self::ALL.len() - 1) % Self::ALL.len()]
    }

    /// The layout of these panes, in their order. None if there are no panes.
    #[must_use]
    pub fn tree<P: Copy + Eq>(self, panes: &[P]) -> Option<Tree<P>> {
        let (first, rest) = panes.split_first()?;
        let root = match self {
            Self::EvenHorizontal => row(Axis::Columns, panes),
            Self::EvenVertical => row(Axis::Rows, panes),
            Self::MainHorizontal => main(Axis::Rows, *first, rest),
            Self::MainVertical => main(Axis::Columns, *first, rest),
            Self::Tiled => tiled(panes),
            Self::MainHorizontalMirrored => mirrored(main(Axis::Rows, *first, rest)),
            Self::MainVerticalMirrored => mirrored(main(Axis::Columns, *first, rest)),
            Self::Stacked if rest.is_empty() => Node::Pane(*first),
            Self::Stacked => Node::Stack(Stack { panes: panes.to_vec(), open: 0 }),
        };
        Some(Tree { root })
    }
}

fn row<P: Copy + Eq>(axis: Axis, panes: &[P]) -> Node<P> {
    if let [pane] = panes {
        return Node::Pane(*pane);
    }
    Node::Split(Split {
        axis,
        parts: panes.iter().map(|pane| SplitPart { weight: 1, node: Node::Pane(*pane) }).collect(),
    })
}

/// The main pane gets three fifths.
fn main<P: Copy + Eq>(axis: Axis, first: P, rest: &[P]) -> Node<P> {
    if rest.is_empty() {
        return Node::Pane(first);
    }
    let across = if axis == Axis::Rows { Axis::Columns } else { Axis::Rows };
    let parts = vec![
        SplitPart { weight: 3, node: Node::Pane(first) },
        SplitPart { weight: 2, node: row(across, rest) },
    ];
    Node::Split(Split { axis, parts })
}

/// The parts in the other order.
fn mirrored<P>(mut node: Node<P>) -> Node<P> {
    if let Node::Split(split) = &mut node {
        split.parts.reverse();
    }
    node
}

/// As many rows as columns, or one more; the last row may be shorter.
fn tiled<P: Copy + Eq>(panes: &[P]) -> Node<P> {
    let (mut rows, mut cols) = (1, 1);
    while rows * cols < panes.len() {
        rows += 1;
        if rows * cols < panes.len() {
            cols += 1;
        }
    }
    let mut lines: Vec<Node<P>> = panes.chunks(cols).map(|line| row(Axis::Columns, line)).collect();
    if lines.len() == 1 {
        return lines.remove(0);
    }
    if cols == 1 {
        return row(Axis::Rows, panes);
    }
    Node::Split(Split {
        axis: Axis::Rows,
        parts: lines.into_iter().map(|node| SplitPart { weight: 1, node }).collect(),
    })
}
