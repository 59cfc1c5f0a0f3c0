//! Changes of a layout: panes are put in, taken out, exchanged, and borders moved. Every change
//! leaves a normal tree.

use crate::base::geom::{Rect, Size};
use crate::layout::solve::{leaves, lengths, min_len, parts_of};
use crate::layout::tree::{
    Axis, Direction, Node, Split, SplitPart, Stack, Tree, length, with_length,
};

/// There is no room for what was asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("too small to be divided: it takes 3 cells and there are {0}")]
pub struct TooSmall(pub u16);

/// The part of the divided pane the new one gets.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Share {
    /// Half of it, the old one being one larger if it does not come out even.
    #[default]
    Half,
    /// So many cells.
    Cells(u16),
    /// So many hundredths.
    Percent(u16),
}

impl Share {
    /// The cells of the new pane when one of `len` is divided; one is the border, and both keep at
    /// least one.
    fn of(self, len: u16) -> u16 {
        let wanted = match self {
            Self::Half => (len - 1) / 2,
            Self::Cells(cells) => cells,
            Self::Percent(percent) => {
                u16::try_from(u32::from(len) * u32::from(percent) / 100).unwrap_or(u16::MAX)
            }
        };
        wanted.clamp(1, len - 2)
    }
}

/// A pane that is to be put beside another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Insert<P> {
    /// The new pane.
    pub new: P,
    /// The pane it takes room from.
    pub beside: P,
    /// On which side of it.
    pub side: Direction,
    /// The share of the room that it gets.
    pub share: Share,
}

impl<P: Copy + Eq> Tree<P> {
    /// Puts a pane beside another; beside the whole stack if that one is in a stack.
    ///
    /// # Errors
    /// [`TooSmall`] if the other one has no room in `area`, or is not in the tree; nothing has
    /// changed.
    pub fn insert(&mut self, insert: Insert<P>, area: Size) -> Result<(), TooSmall> {
        let all = leaves(self, Rect::new(0, 0, area));
        let rect = all
            .iter()
            .find(|(leaf, _)| leaf.is_leaf_of(insert.beside))
            .map_or(Rect::default(), |(_, rect)| *rect);
        let axis = insert.side.axis();
        let len = length(rect.size(), axis);
        if len < 3 {
            return Err(TooSmall(len));
        }
        self.settle(area);
        let new_len = insert.share.of(len);
        self.root.divide(&insert, len - 1 - new_len, new_len);
        Ok(())
    }

    /// Takes a pane out; its cells go to the part before it, or to the one after it if it is the
    /// first. Gives false, with nothing changed, if it is the only one or not there.
    pub fn remove(&mut self, pane: P, area: Size) -> bool {
        if matches!(self.root, Node::Pane(_)) || !self.contains(pane) {
            return false;
        }
        self.settle(area);
        self.root.remove(pane);
        self.root.collapse();
        true
    }

    /// Puts each of two panes where the other one is, as far as they are there.
    pub fn exchange(&mut self, a: P, b: P) {
        self.root.each_mut(&mut |pane| {
            *pane = if *pane == a {
                b
            } else if *pane == b {
                a
            } else {
                *pane
            };
        });
    }

    /// Puts `new` where `old` is.
    pub fn replace(&mut self, old: P, new: P) {
        self.root.each_mut(&mut |pane| {
            if *pane == old {
                *pane = new;
            }
        });
    }

    /// Moves every pane to the place of the one after it, or before it.
    pub fn rotate(&mut self, forward: bool) {
        let mut panes = self.panes();
        if forward {
            panes.rotate_right(1);
        } else {
            panes.rotate_left(1);
        }
        let mut next = panes.into_iter();
        self.root.each_mut(&mut |pane| *pane = next.next().expect("as many as before"));
    }

    /// Moves a pane onto the stack that another is in, below that one, or makes a stack of both; it
    /// is the open one.
    pub fn stack(&mut self, pane: P, onto: P, area: Size) {
        if pane != onto && self.contains(onto) && self.remove(pane, area) {
            self.root.pile(pane, onto);
        }
    }

    /// Makes a stack of all panes, with this one open.
    pub fn stack_all(&mut self, open: P) {
        let panes = self.panes();
        if 1 < panes.len() {
            let open = panes.iter().position(|pane| *pane == open).unwrap_or(0);
            self.root = Node::Stack(Stack { panes, open });
        }
    }

    /// Puts the panes of the stack that has `pane` one below the other again.
    pub fn unstack(&mut self, pane: P, area: Size) {
        self.root.unpile(pane);
        self.settle(area);
        self.root.collapse();
    }

    /// Opens a pane in its stack, if it is in one. Gives whether something changed.
    pub fn open(&mut self, pane: P) -> bool {
        self.root.open(pane)
    }

    /// Gives all parts of every split the same share.
    pub fn equalise(&mut self) {
        self.root.equalise();
    }

    /// Moves a border of `pane` in a direction by up to so many cells: the one on its far side, or
    /// if the area ends there the one on its near side. Gives by how many cells it moved.
    pub fn resize(&mut self, pane: P, direction: Direction, cells: u16, area: Size) -> u16 {
        self.settle(area);
        self.root.resize(pane, direction, cells)
    }

    /// Makes a tree normal that was put together from parts: what stands like what it is in becomes
    /// one with it.
    pub fn normalise(&mut self, area: Size) {
        self.settle(area);
        self.root.collapse();
    }

    /// Turns the shares into the cells they are in `area`, where everything has room in it.
    pub fn settle(&mut self, area: Size) {
        self.root.settle(area);
    }
}

impl<P: Copy + Eq> Node<P> {
    fn each_mut(&mut self, visit: &mut impl FnMut(&mut P)) {
        match self {
            Self::Pane(pane) => visit(pane),
            Self::Stack(stack) => stack.panes.iter_mut().for_each(visit),
            Self::Split(split) => split.parts.iter_mut().for_each(|part| part.node.each_mut(visit)),
        }
    }

    fn pile(&mut self, pane: P, onto: P) {
        match self {
            Self::Pane(bottom) if *bottom == onto => {
                *self = Self::Stack(Stack { panes: vec![onto, pane], open: 1 });
            }
            Self::Pane(_) => {}
            Self::Stack(stack) => {
                if let Some(at) = stack.panes.iter().position(|other| *other == onto) {
                    stack.panes.insert(at + 1, pane);
                    stack.open = at + 1;
                }
            }
            Self::Split(split) => {
                split.parts.iter_mut().for_each(|part| part.node.pile(pane, onto));
            }
        }
    }

    fn unpile(&mut self, pane: P) {
        match self {
            Self::Stack(stack) if stack.panes.contains(&pane) => {
                let parts = stack
                    .panes
                    .iter()
                    .map(|pane| SplitPart { weight: 1, node: Self::Pane(*pane) })
                    .collect();
                *self = Self::Split(Split { axis: Axis::Rows, parts });
            }
            Self::Pane(_) | Self::Stack(_) => {}
            Self::Split(split) => split.parts.iter_mut().for_each(|part| part.node.unpile(pane)),
        }
    }

    fn open(&mut self, pane: P) -> bool {
        match self {
            Self::Pane(_) => false,
            Self::Stack(stack) => match stack.panes.iter().position(|other| *other == pane) {
                Some(at) => std::mem::replace(&mut stack.open, at) != at,
                None => false,
            },
            Self::Split(split) => split.parts.iter_mut().any(|part| part.node.open(pane)),
        }
    }

    /// Divides the pane or the stack beside which something is put; the lengths are those of the
    /// old and of the new part.
    fn divide(&mut self, insert: &Insert<P>, old_len: u16, new_len: u16) {
        let axis = insert.side.axis();
        let parts = |leaf: Self| {
            let mut parts = [
                SplitPart { weight: old_len, node: leaf },
                SplitPart { weight: new_len, node: Self::Pane(insert.new) },
            ];
            if !insert.side.is_forward() {
                parts.reverse();
            }
            parts
        };
        if self.is_leaf_of(insert.beside) {
            let leaf = std::mem::replace(self, Self::Pane(insert.new));
            *self = Self::Split(Split { axis, parts: parts(leaf).into() });
            return;
        }
        let Self::Split(split) = self else { return };
        let Some(at) = split.parts.iter().position(|part| part.node.contains(insert.beside)) else {
            return;
        };
        if split.axis == axis && split.parts[at].node.is_leaf_of(insert.beside) {
            let leaf = split.parts.remove(at).node;
            split.parts.splice(at..at, parts(leaf));
        } else {
            split.parts[at].node.divide(insert, old_len, new_len);
        }
    }

    fn remove(&mut self, pane: P) {
        let split = match self {
            Self::Pane(_) => return,
            Self::Stack(stack) => {
                let kept: Vec<P> =
                    stack.panes.iter().copied().filter(|other| *other != pane).collect();
                let open = stack.open.min(kept.len().saturating_sub(1));
                *self = if let [only] = kept.as_slice() {
                    Self::Pane(*only)
                } else {
                    Self::Stack(Stack { panes: kept, open })
                };
                return;
            }
            Self::Split(split) => split,
        };
        let Some(at) = split.parts.iter().position(|part| part.node.contains(pane)) else { return };
        if !matches!(split.parts[at].node, Self::Pane(_)) {
            return split.parts[at].node.remove(pane);
        }
        let part = split.parts.remove(at);
        let heir = &mut split.parts[at.saturating_sub(1)];
        let cells = part.weight.saturating_add(1);
        heir.weight = heir.weight.saturating_add(cells);
        heir.node.grow(split.axis, cells, at > 0);
    }

    /// Gives the cells that a split inherited to its last or its first part, so that the borders on
    /// the other side stay where they are.
    fn grow(&mut self, axis: Axis, cells: u16, last: bool) {
        let Self::Split(split) = self else { return };
        if split.axis != axis {
            return split.parts.iter_mut().for_each(|part| part.node.grow(axis, cells, last));
        }
        let at = if last { split.parts.len() - 1 } else { 0 };
        split.parts[at].weight = split.parts[at].weight.saturating_add(cells);
        split.parts[at].node.grow(axis, cells, last);
    }

    /// Restores what holds of splits: two or more parts, and none of them along the same axis.
    fn collapse(&mut self) {
        let Self::Split(split) = self else { return };
        for part in &mut split.parts {
            part.node.collapse();
        }
        let axis = split.axis;
        let parts = std::mem::take(&mut split.parts);
        for part in parts {
            match part.node {
                Self::Split(inner) if inner.axis == axis => split.parts.extend(inner.parts),
                node => split.parts.push(SplitPart { weight: part.weight, node }),
            }
        }
        if split.parts.len() == 1 {
            *self = split.parts.remove(0).node;
        }
    }

    fn equalise(&mut self) {
        let Self::Split(split) = self else { return };
        for part in &mut split.parts {
            part.weight = 1;
            part.node.equalise();
        }
    }

    fn settle(&mut self, size: Size) {
        let Self::Split(split) = self else { return };
        let lens = lengths(length(size, split.axis), &parts_of(split));
        let all_shown = lens.iter().all(|len| *len > 0);
        for (part, len) in split.parts.iter_mut().zip(lens) {
            if all_shown {
                part.weight = len;
            }
            if len > 0 {
                part.node.settle(with_length(size, split.axis, len));
            }
        }
    }

    /// Moves the border next to the part with `pane` in the innermost split along the axis that
    /// can.
    fn resize(&mut self, pane: P, direction: Direction, cells: u16) -> u16 {
        let Self::Split(split) = self else { return 0 };
        let Some(at) = split.parts.iter().position(|part| part.node.contains(pane)) else {
            return 0;
        };
        let moved = split.parts[at].node.resize(pane, direction, cells);
        if moved > 0
            || split.axis != direction.axis()
            || split.parts[at].node.has_border_for(pane, direction.axis())
        {
            return moved;
        }
        let border = at.min(split.parts.len() - 2);
        split.move_border(border, direction.is_forward(), cells)
    }

    /// True if a split along `axis` within this has the pane, so that its borders are the ones to
    /// move.
    fn has_border_for(&self, pane: P, axis: Axis) -> bool {
        let Self::Split(split) = self else { return false };
        split.parts.iter().any(|part| {
            part.node.contains(pane) && (split.axis == axis || part.node.has_border_for(pane, axis))
        })
    }
}

impl<P: Copy + Eq> Split<P> {
    /// Moves the border after part `at` by up to so many cells; parts beyond the next one give room
    /// when that has none left.
    fn move_border(&mut self, at: usize, forward: bool, cells: u16) -> u16 {
        let minima: Vec<u16> =
            self.parts.iter().map(|part| min_len(&part.node, self.axis)).collect();
        let givers: Vec<usize> =
            if forward { (at + 1..self.parts.len()).collect() } else { (0..=at).rev().collect() };
        let taker = if forward { at } else { at + 1 };
        let mut left = cells;
        for giver in givers {
            let room = self.parts[giver].weight.saturating_sub(minima[giver]).min(left);
            self.parts[giver].weight -= room;
            self.parts[taker].weight += room;
            left -= room;
        }
        cells - left
    }
}
