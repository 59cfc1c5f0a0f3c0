//! Snapshots of sessions as data: what is being gathered for one, and what was read from one.
//!
//! `requests` gathers between turns of the loop, `files` and `closed_files` read and write beside
//! it. `writer` and `undo` use them. Tests: beside the code, `tests/it/e2e_snapshots.rs`,
//! `tests/it/e2e_reopen.rs`.

pub(in crate::server) mod closed_files;
pub(in crate::server) mod files;
pub(in crate::server) mod requests;

use std::collections::{BTreeMap, VecDeque};

use serde_json::Value;

use self::closed_files::Closed;
use self::files::{Folder, damaged};
use crate::action::snapshot::SnapshotItem;
use crate::base::error::{Code, Refusal};
use crate::base::id::{CallId, PaneId};
use crate::platform::paths::Paths;
use crate::settings::RerunPolicy;
use crate::store::session_state::SessionState;
use crate::store::snapshot::SnapshotFile;

/// The longest text kept of a pane, in bytes.
pub(in crate::server) const TEXT_MAX: usize = 256 << 10;

/// The work on snapshots that is under way.
#[derive(Debug, Default)]
pub(in crate::server) struct Snapshots {
    folder: Option<Folder>,
    pub(in crate::server) closed: Closed,
    pub(in crate::server) saving: VecDeque<Saving>,
    /// Texts for panes that a call makes anew, by their former ids, and where they come from.
    pub(in crate::server) restoring: BTreeMap<CallId, (BTreeMap<PaneId, String>, String)>,
}

/// A snapshot that is being gathered.
#[derive(Debug)]
pub(in crate::server) struct Saving {
    pub(in crate::server) purpose: Purpose,
    pub(in crate::server) saved: SnapshotFile,
    /// Panes of which the text is missing.
    pub(in crate::server) left: Vec<PaneId>,
}

/// The reason for a file.
#[derive(Debug)]
pub(in crate::server) enum Purpose {
    /// A snapshot, with or without a name, for a call; whether it takes the place of one of that
    /// name.
    Call(CallId, Option<String>, bool),
    /// A closed item, by its id.
    Closed(String),
}

/// The result of work beside the loop.
#[derive(Debug)]
pub(in crate::server) enum Done {
    SnapshotFile(Result<SnapshotItem, Refusal>),
    /// A snapshot was read, to be restored.
    Loaded(Box<RestoreRequest>, Result<Box<Loaded>, Refusal>),
    /// The newest closed item was read, by its file's name, to be made anew with this environment.
    Closed(Vec<(String, String)>, Result<Option<(String, Box<Loaded>)>, Refusal>),
    /// Something else.
    Other(Result<Value, Refusal>),
}

/// The wish to restore a snapshot.
#[derive(Debug)]
pub(in crate::server) struct RestoreRequest {
    pub(in crate::server) name: String,
    pub(in crate::server) env: Vec<(String, String)>,
    pub(in crate::server) rerun: Option<RerunPolicy>,
}

/// A snapshot that was read.
#[derive(Debug)]
pub(in crate::server) struct Loaded {
    pub(in crate::server) structure: SessionState,
    pub(in crate::server) texts: BTreeMap<PaneId, String>,
}

impl Snapshots {
    /// The place where they are.
    ///
    /// # Errors
    /// `disk_failed` if there is no such place.
    pub(in crate::server) fn folder(&mut self) -> Result<Folder, Refusal> {
        if self.folder.is_none() {
            let places = Paths::current()
                .map_err(|error| Refusal::new(Code::DiskFailed, error.to_string()))?;
            self.folder = Some(Folder::new(places.snapshots()));
        }
        Ok(self.folder.clone().expect("it was just made"))
    }
}

/// Reads a snapshot, and looks whether it is whole.
pub(in crate::server) fn load(folder: &Folder, name: &str) -> Result<Box<Loaded>, Refusal> {
    open(name, folder.load(name)?)
}

/// The content of a snapshot of this name.
pub(in crate::server) fn open(name: &str, saved: SnapshotFile) -> Result<Box<Loaded>, Refusal> {
    let structure = SessionState::decode(&saved.structure)
        .map_err(|error| damaged(name, &error.to_string()))?;
    let text = |(pane, bytes): (PaneId, Vec<u8>)| {
        let text = zstd::bulk::decompress(&bytes, TEXT_MAX)
            .map_err(|error| damaged(name, &error.to_string()))?;
        Ok((pane, String::from_utf8_lossy(&text).into_owned()))
    };
    let texts = saved.texts.into_iter().map(text).collect::<Result<_, Refusal>>()?;
    Ok(Box::new(Loaded { structure, texts }))
}
