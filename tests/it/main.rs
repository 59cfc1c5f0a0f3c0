//! The one integration binary.

mod term_refs;
