//! Actions on clients, one per file.

pub mod buffers;
pub mod choose;
pub mod clock;
pub mod commands;
pub mod describe;
pub mod detach;
pub mod hints;
pub mod inbox;
pub mod info;
pub mod keys;
pub mod lock;
pub mod ls;
pub mod menu;
pub mod notices;
pub mod numbers;
pub mod palette;
pub mod processes;
pub mod redraw;
pub mod rename;
pub mod search;
pub mod sessions;
pub mod suspend;
pub mod tabs;
