//! Actions on clients, one per file.

pub mod buffers;
pub mod detach;
pub mod hints;
pub mod keys;
pub mod ls;
pub mod notices;
pub mod palette;
pub mod redraw;
pub mod rename;
pub mod search;
pub mod sessions;
pub mod suspend;
pub mod tabs;
