//! What crosses a process boundary, as plain versioned data. No socket, no file descriptor, no I/O.

pub mod keeper;
