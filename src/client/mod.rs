//! The client role: shows frames of the server in the outer terminal and sends it what is typed. It
//! never interprets program output.

pub mod album;
mod aside;
pub mod calls;
pub mod caps;
mod commands;
pub mod copy;
pub mod copying;
mod examine;
pub mod fresh;
pub mod hints;
mod identity;
pub mod input;
pub mod line;
mod link;
pub mod model;
pub mod outcome;
pub mod paint;
pub mod pick;
pub mod picture;
pub mod places;
pub mod plain;
pub mod processes;
mod run;
pub mod scene;
mod screen_guard;
pub mod setup;
mod signals;
pub mod terminal;
pub mod terminfo;
pub mod update;
pub mod view;
pub mod widths;

pub use examine::{Told, examine};
pub use identity::{editor, hello};
pub use outcome::Outcome;
pub use run::{Options, run};
pub use setup::{CopySetup, Setup};
