//! Cells, sizes and rectangles, with arithmetic that cannot overflow. No layout.

use std::fmt;
use std::str::FromStr;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A size in cells.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
pub struct Size {
    /// Width in columns.
    pub cols: u16,
    /// Height in rows.
    pub rows: u16,
}

/// The size of a session without any client: 80 columns, 24 rows.
impl Default for Size {
    fn default() -> Self {
        Self { cols: 80, rows: 24 }
    }
}

impl Size {
    /// The largest size a pane can have: 2000 columns, 1000 rows.
    pub const MAX: Self = Self { cols: 2000, rows: 1000 };

    /// A size of `cols` × `rows` cells.
    #[must_use]
    pub const fn new(cols: u16, rows: u16) -> Self {
        Self { cols, rows }
    }

    /// The nearest size a pane can have: 1×1 to [`Size::MAX`].
    #[must_use]
    pub fn clamped(self) -> Self {
        Self { cols: self.cols.clamp(1, Self::MAX.cols), rows: self.rows.clamp(1, Self::MAX.rows) }
    }

    /// The number of cells.
    #[must_use]
    pub const fn area(self) -> usize {
        self.cols as usize * self.rows as usize
    }

    /// True if there is no cell in it.
    #[must_use]
    pub const fn is_empty(self) -> bool {
        self.cols == 0 || self.rows == 0
    }

    /// The smaller of both in each direction.
    #[must_use]
    pub fn min_each(self, other: Self) -> Self {
        Self { cols: self.cols.min(other.cols), rows: self.rows.min(other.rows) }
    }
}

impl fmt::Display for Size {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}x{}", self.cols, self.rows)
    }
}

/// A text that is not a size.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is not a size; write COLSxROWS, such as 120x40, from 1x1 to 2000x1000")]
pub struct SizeError(pub String);

impl FromStr for Size {
    type Err = SizeError;
    fn from_str(text: &str) -> Result<Self, SizeError> {
        let refused = || SizeError(text.into());
        let (cols, rows) = text.split_once('x').ok_or_else(refused)?;
        let size = Self {
            cols: cols.parse().map_err(|_| refused())?,
            rows: rows.parse().map_err(|_| refused())?,
        };
        if size == size.clamped() { Ok(size) } else { Err(refused()) }
    }
}

/// A cell position: column and row, both from 0, the origin top left.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    Default,
    Serialize,
    Deserialize,
    JsonSchema,
)]
pub struct Point {
    /// Column, from 0.
    pub x: u16,
    /// Row, from 0.
    pub y: u16,
}

impl Point {
    /// The cell in column `x` of row `y`.
    #[must_use]
    pub const fn new(x: u16, y: u16) -> Self {
        Self { x, y }
    }
}

/// A rectangle of cells.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    Default,
    Serialize,
    Deserialize,
    JsonSchema,
)]
pub struct Rect {
    /// Left column.
    pub x: u16,
    /// Top row.
    pub y: u16,
    /// Width in columns.
    pub cols: u16,
    /// Height in rows.
    pub rows: u16,
}

impl Rect {
    /// A rectangle at (`x`, `y`) of `size`.
    #[must_use]
    pub const fn new(x: u16, y: u16, size: Size) -> Self {
        Self { x, y, cols: size.cols, rows: size.rows }
    }

    /// The size without the place.
    #[must_use]
    pub const fn size(self) -> Size {
        Size { cols: self.cols, rows: self.rows }
    }

    /// The first column to the right of it.
    #[must_use]
    pub const fn right(self) -> u16 {
        self.x.saturating_add(self.cols)
    }

    /// The first row below it.
    #[must_use]
    pub const fn bottom(self) -> u16 {
        self.y.saturating_add(self.rows)
    }

    /// True if `at` is a cell of it.
    #[must_use]
    pub const fn contains(self, at: Point) -> bool {
        self.x <= at.x && at.x < self.right() && self.y <= at.y && at.y < self.bottom()
    }

    /// The cells both have, if any.
    #[must_use]
    pub fn intersection(self, other: Self) -> Option<Self> {
        let (x, y) = (self.x.max(other.x), self.y.max(other.y));
        let (right, bottom) = (self.right().min(other.right()), self.bottom().min(other.bottom()));
        (x < right && y < bottom).then(|| Self { x, y, cols: right - x, rows: bottom - y })
    }
}

#[cfg(test)]
mod tests {
    use super::{Point, Rect, Size};

    #[test]
    fn a_size_reads_what_it_writes_and_refuses_the_rest() {
        assert_eq!("120x40".parse(), Ok(Size::new(120, 40)));
        for text in ["", "x", "0x5", "5x0", "2001x1", "1x1001", "12", "-1x4", "70000x2"] {
            assert!(text.parse::<Size>().is_err(), "{text}");
        }
    }

    #[test]
    fn rectangles_at_the_edge_do_not_overflow() {
        let rect = Rect::new(u16::MAX, u16::MAX, Size::new(9, 9));
        assert_eq!(rect.right(), u16::MAX);
        assert!(!rect.contains(Point::new(u16::MAX, u16::MAX)));
        assert_eq!(
            Rect::new(0, 0, Size::new(4, 4)).intersection(Rect::new(4, 0, Size::new(1, 1))),
            None
        );
    }
}
