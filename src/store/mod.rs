//! What outlives the server or goes to disk, as versioned formats over plain memory. No mapping, no file, no database.

pub mod ring;
