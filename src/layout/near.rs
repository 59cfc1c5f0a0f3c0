//! Neighbours of a pane on the screen, found by rectangles and not by the tree: what a person sees
//! next to a pane counts.

use crate::base::geom::Rect;
use crate::layout::tree::{Axis, Direction};

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
