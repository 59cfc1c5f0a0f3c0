//! The one integration binary: checks of the tree, and the real binary driven from outside.

mod tidy;
