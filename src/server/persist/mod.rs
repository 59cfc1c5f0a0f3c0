//! Persistence: slots that outlive this server, the database that outlives the machine, snapshots
//! of sessions, and the files of closed items.
//!
//! The structure goes to its slots after each step that changed it, before the effects leave; a
//! screen after 256 KiB of output or a second of quiet. `writer` says when the disk has its turn.
//! Programs that end from outside may mean that the machine goes down: that waits ten seconds.
//!
//! `event_loop` and `effects` call it, `startup` reads back. Tests: beside the code,
//! `tests/it/e2e_cells.rs`, `e2e_disk.rs`, `e2e_snapshots.rs` and `e2e_reopen.rs` there.

pub(in crate::server) mod convert;
pub(in crate::server) mod database;
pub(in crate::server) mod restored_screen;
pub(in crate::server) mod slots;
pub(in crate::server) mod snapshot;
pub(in crate::server) mod undo;
pub(in crate::server) mod writer;

use std::fs;
use std::io::ErrorKind;
use std::path::Path;

use tokio::sync::mpsc::Sender;

use crate::core::{Core, Input};
use crate::server::event::Event;
use crate::server::panes::Panes;

/// The surroundings of saving and restoring.
pub(in crate::server) struct PersistCx<'a> {
    pub(in crate::server) core: &'a Core,
    pub(in crate::server) panes: &'a Panes,
    pub(in crate::server) events: &'a Sender<Event>,
    /// Inputs for the core, which the caller adds to the inbox.
    pub(in crate::server) inputs: Vec<Input<'static>>,
}

/// Limits on files of one kind.
#[derive(Debug, Clone, Copy)]
pub(in crate::server) struct Retention {
    /// So many are left.
    pub(in crate::server) count: usize,
    /// None is older than so many days; 0 is any age.
    pub(in crate::server) days: u32,
}

/// Removes a file that nobody needs any more. One that stays is logged: it costs disk space only.
fn discard(path: &Path) {
    match fs::remove_file(path) {
        Err(error) if error.kind() != ErrorKind::NotFound => {
            tracing::warn!(path = %path.display(), %error, "a file cannot be removed");
        }
        _ => {}
    }
}
