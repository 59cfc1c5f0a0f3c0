//! The vocabulary every layer shares: ids, geometry, time, keys, text, styles and error codes. No
//! behaviour of the product.
//!
//! Types of this layer are wire types: changing one is a protocol change.

pub mod error;
pub mod geom;
pub mod grapheme;
pub mod id;
pub mod key;
pub mod memory;
pub mod path_trace;
pub mod row;
pub mod schema;
pub mod signal;
pub mod style;
pub mod text;
pub mod time;
pub mod watchdog;
