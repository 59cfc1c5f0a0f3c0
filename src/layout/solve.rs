//! From a tree and an area to rectangles. Panes that have no room have none: they are left out.

use crate::base::geom::{Rect, Size};
use crate::layout::tree::{Axis, Node, Split, Stack, Tree, length, with_length};

/// The place where each pane is. Between neighbours is a border of one cell; panes and borders
/// cover the area. Where the area is too small for all panes the first ones of each split are shown
/// and the others are left out; in an area of at least one cell there is at least one.
///
/// Of a stack one pane has rows: `focus` if it is among them, else the one open last. Above each
/// pane of a stack is a row for its title, and a closed one has no more than that: its rectangle is
/// empty, below that row.
#[must_use]
pub fn solve<P: Copy + Eq>(tree: &Tree<P>, area: Rect, focus: Option<P>) -> Vec<(P, Rect)> {
    let mut all = Vec::new();
    for (leaf, rect) in leaves(tree, area) {
        match leaf {
            Node::Pane(pane) => all.push((*pane, rect)),
            Node::Stack(stack) => all.extend(pile(stack, rect, focus)),
            Node::Split(_) => {}
        }
    }
    all
}

/// The place where each pane and each stack as a whole is.
pub(super) fn leaves<P: Copy + Eq>(tree: &Tree<P>, area: Rect) -> Vec<(&Node<P>, Rect)> {
    let mut all = Vec::new();
    place(&tree.root, area, &mut all);
    all
}

/// The panes of a stack from the top. Where there is no room for all titles the open one has
/// everything.
fn pile<P: Copy + Eq>(stack: &Stack<P>, rect: Rect, focus: Option<P>) -> Vec<(P, Rect)> {
    let wanted = stack.panes.iter().position(|pane| Some(*pane) == focus);
    let open = wanted.unwrap_or(stack.open).min(stack.panes.len() - 1);
    let count = u16::try_from(stack.panes.len()).unwrap_or(u16::MAX);
    let Some(rows) = rect.rows.checked_sub(count).filter(|rows| 0 < *rows) else {
        return vec![(stack.panes[open], rect)];
    };
    let mut y = rect.y;
    let rects = stack.panes.iter().enumerate().map(|(at, pane)| {
        let rows = if at == open { rows } else { 0 };
        let rect = Rect { y: y + 1, rows, ..rect };
        y += 1 + rows;
        (*pane, rect)
    });
    rects.collect()
}

fn place<'a, P: Copy + Eq>(node: &'a Node<P>, area: Rect, all: &mut Vec<(&'a Node<P>, Rect)>) {
    if area.size().is_empty() {
        return;
    }
    let Node::Split(split) = node else { return all.push((node, area)) };
    let mut at = 0;
    for (part, len) in
        split.parts.iter().zip(lengths(length(area.size(), split.axis), &parts_of(split)))
    {
        let size = with_length(area.size(), split.axis, len);
        let (x, y) = match split.axis {
            Axis::Columns => (area.x + at, area.y),
            Axis::Rows => (area.x, area.y + at),
        };
        if len > 0 {
            place(&part.node, Rect::new(x, y, size), all);
            at += len + 1;
        }
    }
}

/// The wish of a part of a split, on which its length depends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Want {
    weight: u16,
    min: u16,
}

/// The wishes of the parts of a split.
pub(super) fn parts_of<P: Copy + Eq>(split: &Split<P>) -> Vec<Want> {
    split
        .parts
        .iter()
        .map(|part| Want { weight: part.weight.max(1), min: min_len(&part.node, split.axis) })
        .collect()
}

/// The length a node takes along `axis` to show all its panes.
pub(super) fn min_len<P: Copy + Eq>(node: &Node<P>, axis: Axis) -> u16 {
    let split = match node {
        Node::Pane(_) => return 1,
        Node::Stack(_) if axis == Axis::Columns => return 1,
        Node::Stack(stack) => {
            return u16::try_from(stack.panes.len()).unwrap_or(u16::MAX).saturating_add(1);
        }
        Node::Split(split) => split,
    };
    let lens = split.parts.iter().map(|part| min_len(&part.node, axis));
    if split.axis == axis {
        return lens
            .fold(0, |sum: u16, len| sum.saturating_add(len).saturating_add(1))
            .saturating_sub(1);
    }
    lens.max().unwrap_or(1)
}

/// The size an area has to have so that all panes are shown.
#[must_use]
pub fn min_size<P: Copy + Eq>(tree: &Tree<P>) -> Size {
    Size::new(min_len(&tree.root, Axis::Columns), min_len(&tree.root, Axis::Rows))
}

/// Shares out `len` cells, borders included; 0 for parts that have no room.
pub(super) fn lengths(len: u16, wants: &[Want]) -> Vec<u16> {
    let borders = u16::try_from(wants.len()).unwrap_or(u16::MAX).saturating_sub(1);
    let min: u32 = wants.iter().map(|want| u32::from(want.min)).sum();
    if u32::from(len) < min + u32::from(borders) {
        return crowded(len, wants);
    }
    let mut lens = proportional(len - borders, wants);
    raise_to_minima(&mut lens, wants);
    lens
}

/// Cells in proportion to the weights, exact where they add up to `cells`.
fn proportional(cells: u16, wants: &[Want]) -> Vec<u16> {
    let total: u64 = wants.iter().map(|want| u64::from(want.weight)).sum();
    let mut weight_before = 0;
    let edge = |weight: u64| {
        u16::try_from(weight * u64::from(cells) / total.max(1)).expect("at most `cells`")
    };
    wants
        .iter()
        .map(|want| {
            let start = edge(weight_before);
            weight_before += u64::from(want.weight);
            edge(weight_before) - start
        })
        .collect()
}

/// Takes from those that have the most to spare until everyone has its minimum. There is enough:
/// the caller looked.
fn raise_to_minima(lens: &mut [u16], wants: &[Want]) {
    for at in 0..lens.len() {
        while lens[at] < wants[at].min {
            let spare = |i: &usize| lens[*i].saturating_sub(wants[*i].min);
            let giver = (0..lens.len()).max_by_key(spare).filter(|i| spare(i) > 0);
            let Some(giver) = giver else { return };
            let cells = (wants[at].min - lens[at]).min(lens[giver] - wants[giver].min).div_ceil(2);
            lens[giver] -= cells;
            lens[at] += cells;
        }
    }
}

/// The first parts get their minimum, the last one that has room gets the rest.
fn crowded(len: u16, wants: &[Want]) -> Vec<u16> {
    let mut lens = vec![0; wants.len()];
    let mut left = len;
    let mut last = 0;
    for (at, want) in wants.iter().enumerate() {
        let border = u16::from(at > 0);
        if left < want.min.saturating_add(border) {
            break;
        }
        lens[at] = want.min;
        left -= want.min + border;
        last = at;
    }
    lens[last] += left;
    lens
}
