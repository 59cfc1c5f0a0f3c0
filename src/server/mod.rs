//! The server: one loop around the pure core. It owns what must not be lost only through the
//! keeper, so it can be killed at any moment.
//!
//! `edge` is the server as data, `event_loop` the one loop: `dispatch` makes inputs, `inbox` queues
//! them, `effects` carries out. The folders have a struct each, are lent the state and give inputs
//! back. Output of a pane is taken 64 KiB a turn, first of those in which somebody types; its place
//! in the ring moves once the effects have left.
//!
//! Only `main` uses it. Tests: beside the code, `tests/it/e2e_*.rs`, `tests/it/chaos.rs`.

mod clients;
mod commands;
mod dispatch;
mod edge;
mod effects;
mod event;
mod event_loop;
mod hooks;
mod inbox;
mod keeper_link;
mod leaving;
mod log;
mod loop_watchdog;
mod panes;
mod persist;
mod startup;

use crate::config::load::load;
use crate::platform::config_file;
use crate::settings::Settings;

pub use event_loop::run;

/// The server is ended before other processes where no memory is left: its end costs nothing (F10).
const VICTIM: i32 = 200;

/// The options of the user's file, the built-in ones if there is none; nothing if it has problems,
/// which are logged.
fn settings() -> Option<Settings> {
    let path = config_file::path();
    let text = match config_file::read(&path) {
        Ok(Some(text)) => text,
        Ok(None) => return Some(Settings::default()),
        Err(error) => {
            tracing::error!(path = %path.display(), %error, "the configuration cannot be read");
            return None;
        }
    };
    load(&path.display().to_string(), &text)
        .inspect_err(|problems| problems.iter().for_each(|problem| tracing::error!("{problem}")))
        .ok()
}
