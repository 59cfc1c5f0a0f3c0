//! The one integration binary.

mod keeper;
