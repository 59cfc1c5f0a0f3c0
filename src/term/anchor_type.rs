//! A position that output does not move. How it is found is elsewhere.

/// A cell of a logical line. Lines are numbered from 0 in the order they were printed and keep
/// their number when rows are rewrapped, leave the screen or are dropped; what a program erases or
/// moves on its screen, it erases or moves under the number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default, Hash)]
pub struct Anchor {
    /// The number of the line.
    pub line: u64,
    /// The cell, from 0, in columns from the start of the line; a wide character takes two.
    pub cell: u32,
}
