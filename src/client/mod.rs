//! The client role: shows frames of the server in the outer terminal and sends it what is typed. It
//! never interprets program output.
//!
//! `run` waits with one `ppoll`, without a runtime, whose code would be cold when a key comes; it
//! feeds `update`, which alone changes the `model`; `view` and `paint` show it. `link` keeps
//! numbered input until the server has taken it. Of the actions only `calls` knows names.
//!
//! Only `main` uses it. Tests: beside the code, `tests/it/client_view.rs`, `tests/it/outer.rs`,
//! `tests/it/e2e_keys.rs`.

pub mod calls;
pub mod caps;
pub mod client_config;
mod commands;
pub mod copy_mode;
pub mod exit_reason;
mod hello;
mod host_events;
pub mod image_cache;
pub mod input;
pub mod layout;
mod link;
pub mod model;
pub mod overlay;
pub mod paint;
pub mod picture;
pub mod plain;
mod run;
pub mod scene;
mod screen_guard;
pub mod terminal;
mod terminal_probe;
pub mod text_input;
pub mod update;
pub mod view;
pub mod width_probe;

pub use client_config::{ClientConfig, CopyConfig};
pub use exit_reason::ExitReason;
pub use hello::{editor, hello};
pub use run::{Options, run};
pub use terminal_probe::{TerminalReport, examine};
