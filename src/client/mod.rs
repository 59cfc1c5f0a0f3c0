//! The client role: shows frames of the server in the outer terminal and sends it what is typed. It never interprets program output.

pub mod calls;
pub mod caps;
pub mod input;
pub mod line;
pub mod model;
pub mod outcome;
pub mod paint;
pub mod pick;
pub mod places;
pub mod scene;
pub mod setup;
pub mod stand;
pub mod terminal;
pub mod update;
pub mod view;
