//! Formats of what outlives the server or goes to disk, versioned and independent of where they
//! lie. No files, no database.

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
