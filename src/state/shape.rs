//! How the parts of a layout stand, without saying what they are.

/// How the parts of a layout stand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SplitKind {
    /// Side by side.
    Columns,
    /// One below the other.
    Rows,
    /// One is open, of the others there is the title.
    Stack,
}
