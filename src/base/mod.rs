//! The vocabulary every layer shares: ids, geometry, time, keys, text, styles and error codes. No
//! behaviour of the product.
//!
//! Many of these types are wire types: changing one is a protocol change. `memory` is the seam
//! between a format and the place it lies in: rings, slots and scrollback are tested on the heap
//! and run in shared memory, and bytes that another process writes are copied out, never borrowed.
//!
//! The layer imports nothing of abide, and everything may import it. Tests: beside the code.

pub mod error;
pub mod geom;
pub mod grapheme;
pub mod id;
pub mod key;
pub mod memory;
pub mod path_trace;
pub mod program_status;
pub mod row;
pub mod schema;
pub mod signal;
pub mod style;
pub mod text;
pub mod time;
pub mod watchdog;
