//! What goes to disk and when: the structure soon after it changed, what panes show when they are quiet. It never holds the loop up, except at its end.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use crate::base::id::PaneId;
use crate::base::time::{Span, Tick};
use crate::platform::process;
use crate::server::db::{self, Db, TEXT_MAX, TOGETHER};
use crate::server::edge::Server;
use crate::server::keep;
use crate::state::{State, ansi};

/// The most rows kept of a pane.
const ROWS_MAX: usize = 2000;
/// What a pane shows is written at most this often.
const TEXT_EVERY: Span = Span::seconds(2);
/// What a pane shows that is never quiet is written this often.
const BUSY_EVERY: Span = Span::seconds(30);

/// What is to be written, and what was read at the start.
#[derive(Debug)]
pub(super) struct Disk {
    db: Db,
    /// Where the database is; none if nothing is written.
    path: Option<PathBuf>,
    /// When the structure is to be written; none if it is.
    due: Option<Tick>,
    /// When it was handed over last.
    handed: Tick,
    texts: BTreeMap<PaneId, Text>,
    forgotten: BTreeSet<PaneId>,
    /// Where programs are, as far as that was found out.
    places: BTreeMap<PaneId, String>,
    /// What panes showed before the restart, until their new program runs.
    pub(super) recalled: BTreeMap<PaneId, String>,
}

/// When what a pane shows is to be written, and when it was.
#[derive(Debug, Clone, Copy, Default)]
struct Text {
    due: Option<Tick>,
    handed: Tick,
}

impl Disk {
    /// One that writes to this database, or to none.
    pub(super) fn new(path: Option<PathBuf>) -> Self {
        Self {
            db: path.clone().map_or_else(Db::off, Db::start),
            path,
            due: None,
            handed: Tick::default(),
            texts: BTreeMap::new(),
            forgotten: BTreeSet::new(),
            places: BTreeMap::new(),
            recalled: BTreeMap::new(),
        }
    }

    /// The structure changed.
    pub(super) fn changed(&mut self, now: Tick) {
        if self.path.is_some() && self.due.is_none() {
            self.due = Some(now.max(self.handed + TOGETHER));
        }
    }

    /// A pane printed.
    pub(super) fn printed(&mut self, pane: PaneId, now: Tick) {
        if self.path.is_some() {
            self.texts.entry(pane).or_default().due.get_or_insert(now + BUSY_EVERY);
        }
    }

    /// A pane is quiet after it printed.
    pub(super) fn is_quiet(&mut self, pane: PaneId, now: Tick) {
        if let Some(text) = self.texts.get_mut(&pane).filter(|text| text.due.is_some()) {
            text.due = Some(now.max(text.handed + TEXT_EVERY));
        }
    }

    /// A pane is gone.
    pub(super) fn forget(&mut self, pane: PaneId) {
        self.texts.remove(&pane);
        self.places.remove(&pane);
        self.recalled.remove(&pane);
        if self.path.is_some() {
            self.forgotten.insert(pane);
        }
    }

    /// When something is to be handed over.
    pub(super) fn deadline(&self) -> Option<Tick> {
        self.texts.values().filter_map(|text| text.due).chain(self.due).min()
    }

    /// The structure as it is to be found after a restart.
    fn structure(&self, state: &State) -> Vec<u8> {
        let mut kept = keep::durable(keep::structure(state, Vec::new()));
        for pane in &mut kept.panes {
            if let Some(place) = self.places.get(&pane.id) {
                pane.cwd.clone_from(place);
            }
        }
        kept.encode()
    }
}

impl Server {
    /// Hands over what is due.
    pub(super) fn write_disk(&mut self, now: Tick) {
        let due: Vec<PaneId> =
            self.disk.texts.iter().filter(|(_, text)| text.due.is_some_and(|due| due <= now)).map(|(pane, _)| *pane).collect();
        for pane in due {
            self.write_text(pane, now);
        }
        if self.disk.due.is_none_or(|due| now < due) {
            return;
        }
        let disk = &mut self.disk;
        disk.forgotten.retain(|pane| !disk.db.forget(*pane));
        let structure = disk.structure(&self.core.state);
        let is_handed = disk.db.structure(structure) && disk.forgotten.is_empty();
        disk.handed = now;
        disk.due = (!is_handed).then(|| now + TOGETHER);
    }

    /// Hands over what a pane shows, and finds out where its program is.
    fn write_text(&mut self, pane: PaneId, now: Tick) {
        let (Some(state), Some(text)) = (self.core.state.panes.get(&pane), self.disk.texts.get_mut(&pane)) else { return };
        let shown = ansi::tail(state, ROWS_MAX, TEXT_MAX).into_bytes();
        text.handed = now;
        text.due = (!self.disk.db.text(pane, shown)).then(|| now + TEXT_EVERY);
        let place = self.panes.get(&pane).and_then(|io| process::working_directory(io.pid()));
        let Some(place) = place.and_then(|place| place.to_str().map(str::to_owned)) else { return };
        if self.disk.places.insert(pane, place.clone()) != Some(place) {
            self.disk.changed(now);
        }
    }

    /// Hands over everything and waits until it is written; where no session is left, nothing stays on disk. For the end of the server.
    pub(super) fn finish_disk(&mut self, now: Tick) {
        let unwritten: Vec<PaneId> = self.disk.texts.iter().filter(|(_, text)| text.due.is_some()).map(|(pane, _)| *pane).collect();
        for pane in unwritten {
            self.write_text(pane, now);
        }
        let disk = std::mem::replace(&mut self.disk, Disk::new(None));
        let structure = disk.structure(&self.core.state);
        let Some(path) = disk.path else { return };
        for pane in &disk.forgotten {
            disk.db.forget(*pane);
        }
        disk.db.finish(structure);
        if self.core.state.sessions.is_empty() {
            db::remove(&path);
        }
    }
}
