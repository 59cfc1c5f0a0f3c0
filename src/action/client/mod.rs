//! Actions on clients, one per file.

pub mod choose;
pub mod clock;
pub mod describe;
pub mod detach;
pub mod info;
pub mod keys;
pub mod ls;
pub mod menu;
pub mod notices;
pub mod numbers;
pub mod palette;
pub mod redraw;
pub mod rename;
pub mod sessions;
pub mod suspend;
pub mod tabs;
