//! The rectangles of panes: from a tree and an area, those that float over it, and which pane is
//! next to another. Panes that have no room have none: they are left out.

use crate::base::geom::{Rect, Size};
use crate::layout::tree::{Axis, Direction, Node, Split, Stack, Tree, length, with_length};

/// The place where each pane is. Between neighbours is a border of one cell; panes and borders
/// cover the area. Where the area is too small for all panes the first ones of each split are shown
/// and the others are left out; in an area of at least one cell there is at least one.
///
/// Of a stack one pane has rows: `focus` if it is among them, else the one open last. Above each
/// pane of a stack is a row for its title, of the first the border above it if there is one; and a
/// closed one has no more than that: its rectangle is
/// empty, below that row.
#[must_use]
pub fn solve<P: Copy + Eq>(tree: &Tree<P>, area: Rect, focus: Option<P>) -> Vec<(P, Rect)> {
    let mut all = Vec::new();
    for (leaf, rect) in leaves(tree, area) {
        match leaf {
            Node::Pane(pane) => all.push((*pane, rect)),
            Node::Stack(stack) => all.extend(pile(stack, rect, area.y, focus)),
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

/// The panes of a stack from the top. Where a pane is above it, the first title is in the border
/// between them. Where there is no room for all titles the open one has everything.
fn pile<P: Copy + Eq>(stack: &Stack<P>, rect: Rect, top: u16, focus: Option<P>) -> Vec<(P, Rect)> {
    let wanted = stack.panes.iter().position(|pane| Some(*pane) == focus);
    let open = wanted.unwrap_or(stack.open).min(stack.panes.len() - 1);
    let count = u16::try_from(stack.panes.len()).unwrap_or(u16::MAX);
    let border = u16::from(top < rect.y);
    let rows = rect.rows.saturating_add(border).checked_sub(count).filter(|rows| 0 < *rows);
    let Some(rows) = rows else {
        return vec![(stack.panes[open], rect)];
    };
    let mut y = rect.y - border;
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

/// The pane next to `from` in a direction; beyond the edge it goes on at the opposite one. Of
/// several that touch, the first of `recent` that is among them, else the first in reading order.
/// None if there is no other pane in that direction.
#[must_use]
pub fn near<P: Copy + Eq>(
    rects: &[(P, Rect)],
    from: P,
    direction: Direction,
    recent: &[P],
) -> Option<P> {
    let own = rects.iter().find(|(pane, _)| *pane == from)?.1;
    let beside: Vec<(P, Rect)> = rects
        .iter()
        .copied()
        .filter(|(pane, rect)| *pane != from && overlaps(own, *rect, direction.axis()))
        .collect();
    let (near_edge, far_edge) = edges(own, direction.axis());
    let distance = |rect: Rect| {
        let (start, end) = edges(rect, direction.axis());
        if direction.is_forward() {
            start.checked_sub(far_edge)
        } else {
            near_edge.checked_sub(end)
        }
    };
    // With no pane beyond the edge, the farthest on the other side is where one comes out.
    let wrapped = |rect: Rect| {
        let (start, end) = edges(rect, direction.axis());
        if direction.is_forward() { start } else { u16::MAX - end }
    };
    let ahead = beside.iter().filter_map(|(_, rect)| distance(*rect)).min();
    let touching = |rect: Rect| match ahead {
        Some(least) => distance(rect) == Some(least),
        None => beside.iter().map(|(_, rect)| wrapped(*rect)).min() == Some(wrapped(rect)),
    };
    let candidates: Vec<P> =
        beside.iter().filter(|(_, rect)| touching(*rect)).map(|(pane, _)| *pane).collect();
    recent
        .iter()
        .copied()
        .find(|pane| candidates.contains(pane))
        .or_else(|| candidates.first().copied())
}

const fn edges(rect: Rect, axis: Axis) -> (u16, u16) {
    match axis {
        Axis::Columns => (rect.x, rect.right()),
        Axis::Rows => (rect.y, rect.bottom()),
    }
}

/// True if two rectangles share a row, for a move along columns, or a column.
const fn overlaps(a: Rect, b: Rect, axis: Axis) -> bool {
    match axis {
        // A closed pane of a stack has no rows: one comes to the open one beside it.
        Axis::Columns => 0 < b.rows && a.y < b.bottom() && b.y < a.bottom(),
        Axis::Rows => a.x < b.right() && b.x < a.right(),
    }
}

/// The least columns and rows of a floating pane.
pub const FLOAT_MIN: Size = Size::new(4, 2);

/// A pane that floats.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Float<P> {
    /// The pane.
    pub pane: P,
    /// The place of its screen, the frame around it not counted. The place may reach out of an
    /// area: see [`fitted`].
    pub rect: Rect,
}

/// A floating rectangle as it is shown in an area: with its frame inside, moved and then made
/// smaller where it has to be.
#[must_use]
pub fn fitted(rect: Rect, area: Size) -> Rect {
    if area.cols < 3 || area.rows < 3 {
        return Rect::new(0, 0, area);
    }
    let fit = |at: u16, len: u16, room: u16| {
        let len = len.clamp(1, room - 2);
        (at.clamp(1, room - 1 - len), len)
    };
    let ((x, cols), (y, rows)) =
        (fit(rect.x, rect.cols, area.cols), fit(rect.y, rect.rows, area.rows));
    Rect { x, y, cols, rows }
}

/// The place of a new floating pane: in the middle, a little off for each that is there.
#[must_use]
pub fn fresh(area: Size, count: usize) -> Rect {
    let size =
        Size::new((area.cols * 3 / 5).max(FLOAT_MIN.cols), (area.rows * 3 / 5).max(FLOAT_MIN.rows));
    let off = u16::try_from(count % 6).unwrap_or(0);
    let middle = |room: u16, len: u16| room.saturating_sub(len) / 2;
    fitted(
        Rect::new(middle(area.cols, size.cols) + 2 * off, middle(area.rows, size.rows) + off, size),
        area,
    )
}

#[cfg(test)]
mod tests {
    use super::{fitted, fresh};
    use crate::base::geom::{Rect, Size};

    #[test]
    fn a_floating_pane_and_its_frame_are_always_inside() {
        let area = Size::new(20, 10);
        assert_eq!(
            fitted(Rect { x: 5, y: 3, cols: 6, rows: 4 }, area),
            Rect { x: 5, y: 3, cols: 6, rows: 4 }
        );
        assert_eq!(
            fitted(Rect { x: 90, y: 90, cols: 6, rows: 4 }, area),
            Rect { x: 13, y: 5, cols: 6, rows: 4 }
        );
        assert_eq!(
            fitted(Rect { x: 0, y: 0, cols: 99, rows: 99 }, area),
            Rect { x: 1, y: 1, cols: 18, rows: 8 }
        );
        assert_eq!(
            fitted(Rect { x: 3, y: 3, cols: 3, rows: 3 }, Size::new(2, 9)),
            Rect::new(0, 0, Size::new(2, 9))
        );
        for count in 0..9 {
            let rect = fresh(area, count);
            assert_eq!(fitted(rect, area), rect);
        }
    }
}
