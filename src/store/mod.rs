//! Formats of what outlives the server or goes to disk, versioned and independent of where they
//! lie. No files, no database.
//!
//! `ring` is shared with the keeper, `input` holds what is typed until the program takes it, `log`
//! the output of commands; the others are contents of a `double_buffer` or, under a `checksum`, of
//! files. A newer server reads what an older one wrote: old forms stay (`session_state/v3.rs`).
//!
//! The layer imports `base`; `keeper` may use `store::ring` alone, `server` all of it. Tests:
//! beside the code, where every damage is an error and none a panic; `tests/it/skew.rs`.

pub mod buffers;
pub mod checksum;
pub mod commands;
pub mod double_buffer;
pub mod input;
pub mod log;
pub mod ring;
pub mod screen;
pub mod session_state;
pub mod snapshot;
