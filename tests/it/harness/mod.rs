//! Drives the real binary from outside: in a terminal of its own, seen through an independent
//! engine, in an environment of its own.
//!
//! Nothing here waits for time to pass: every wait has a predicate and a deadline, and a miss shows
//! the screen and the server's log.

mod api;
mod keys;
mod procs;
mod small_disk;
mod terminal;
mod world;

pub(crate) use api::Api;
pub(crate) use procs::{gone_within, is_alive, marked, signal, status_field};
pub(crate) use terminal::{Abide, Screen};
pub(crate) use world::{Output, World, missing_tool};

use std::time::Duration;

/// How long a test waits for what must happen; generous, because the machine may be busy.
pub(crate) const PATIENCE: Duration = Duration::from_secs(20);
