//! Floating panes: rectangles that lie over a layout, and how they are fitted into an area.

use crate::base::geom::{Rect, Size};

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
