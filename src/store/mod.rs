//! What outlives the server or goes to disk: formats, versioned and independent of where they lie.
//! No files, no database.

pub mod buffers;
pub mod commands;
pub mod input;
pub mod log;
pub mod ring;
pub mod saved;
pub mod screen;
pub mod sealed;
pub mod slot;
pub mod structure;
