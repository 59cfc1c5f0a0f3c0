//! Actions on clients, one per file.

pub mod describe;
pub mod detach;
pub mod inbox;
pub mod keys;
pub mod lock;
pub mod ls;
pub mod notices;
pub mod palette;
pub mod redraw;
pub mod rename;
pub mod sessions;
pub mod suspend;
pub mod tabs;
