//! What goes to disk and when: the structure soon after it changed, what panes show when they are quiet. It never holds the loop up, except at its end.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use crate::base::id::PaneId;
use crate::base::time::{Span, Tick};
use crate::server::db::{self, Db, TEXT_MAX, TOGETHER, Tell};
use crate::server::keep;
use crate::server::saved::Snapshots;
use crate::state::{State, ansi};
use crate::store::structure::Structure;

/// The most rows kept of a pane.
const ROWS_MAX: usize = 2000;
/// What a pane shows is written at most this often.
const TEXT_EVERY: Span = Span::seconds(2);
/// After a change of servers panes are written one after the other, so far apart.
const APART: Span = Span::millis(50);
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
    /// What was wrong with what was found at the start, until somebody was told.
    found: Option<String>,
    /// Why nothing can be written, while that is so.
    failing: Option<String>,
    /// Snapshots of sessions, which are files of their own.
    pub(super) snapshots: Snapshots,
}

/// When what a pane shows is to be written, and when it was.
#[derive(Debug, Clone, Copy, Default)]
struct Text {
    due: Option<Tick>,
    handed: Tick,
}

impl Disk {
    /// One that writes to this database; `found` is what was wrong with it.
    pub(super) fn new(path: PathBuf, tell: Tell, found: Option<String>) -> Self {
        Self { db: Db::start(path.clone(), tell), path: Some(path), found, ..Self::off() }
    }

    /// One that writes nothing.
    pub(super) fn off() -> Self {
        Self {
            db: Db::off(),
            path: None,
            due: None,
            handed: Tick::default(),
            texts: BTreeMap::new(),
            forgotten: BTreeSet::new(),
            places: BTreeMap::new(),
            recalled: BTreeMap::new(),
            found: None,
            failing: None,
            snapshots: Snapshots::default(),
        }
    }

    /// What who comes now has to know: that nothing is written, or, once, what was wrong at the start.
    pub(super) fn warning(&mut self) -> Option<String> {
        self.failing.clone().or_else(|| self.found.take())
    }

    /// Nothing can be written, as `why` says; or nothing is in the way any more.
    pub(super) fn fails(&mut self, why: Option<String>) {
        self.failing = why;
    }

    /// The database is a new one: everything goes there.
    pub(super) fn begin_anew(&mut self, now: Tick, panes: impl Iterator<Item = PaneId>) {
        panes.for_each(|pane| self.printed(pane, now));
        self.changed(now);
        self.hurry(now);
    }

    /// This server took over from another, which may not have written all: everything is written, pane by pane so that nobody waits for it.
    pub(super) fn take_over(&mut self, now: Tick, panes: impl Iterator<Item = PaneId>) {
        if self.path.is_none() {
            return;
        }
        let mut due = now + TEXT_EVERY;
        for pane in panes {
            self.texts.entry(pane).or_default().due = Some(due);
            due = due + APART;
        }
        self.changed(now);
    }

    /// The structure changed.
    pub(super) fn changed(&mut self, now: Tick) {
        if self.path.is_some() && self.due.is_none() {
            self.due = Some(now.max(self.handed + TOGETHER));
        }
    }

    /// Everything that is not on disk goes there now.
    pub(super) fn hurry(&mut self, now: Tick) {
        if self.path.is_some() {
            self.due = Some(now);
            self.texts.values_mut().filter(|text| text.due.is_some()).for_each(|text| text.due = Some(now));
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
        self.kept(state).encode()
    }

    /// The same, not yet encoded.
    pub(super) fn kept(&self, state: &State) -> Structure {
        let mut kept = keep::durable(keep::structure(state, Vec::new()));
        for pane in &mut kept.panes {
            if let Some(place) = self.places.get(&pane.id) {
                pane.cwd.clone_from(place);
            }
        }
        kept
    }

    /// Hands over what is due. `place` finds out where the program of a pane is.
    pub(super) fn write(&mut self, now: Tick, state: &State, place: impl Fn(PaneId) -> Option<String>) {
        let is_due = |text: &Text| text.due.is_some_and(|due| due <= now);
        let due: Vec<PaneId> = self.texts.iter().filter(|(_, text)| is_due(text)).map(|(pane, _)| *pane).collect();
        for pane in due {
            self.write_text(pane, now, state, &place);
        }
        if self.due.is_none_or(|due| now < due) {
            return;
        }
        self.forgotten.retain(|pane| !self.db.forget(*pane));
        let is_handed = self.db.structure(self.structure(state)) && self.forgotten.is_empty();
        self.handed = now;
        self.due = (!is_handed).then(|| now + TOGETHER);
    }

    /// Hands over what a pane shows, and notes where its program is.
    fn write_text(&mut self, pane: PaneId, now: Tick, state: &State, place: impl Fn(PaneId) -> Option<String>) {
        let (Some(shown), Some(text)) = (state.panes.get(&pane), self.texts.get_mut(&pane)) else { return };
        // One that waits for a person has not printed anything since it came back.
        let shown = self.recalled.get(&pane).cloned().unwrap_or_else(|| ansi::tail(shown, ROWS_MAX, TEXT_MAX)).into_bytes();
        text.handed = now;
        text.due = (!self.db.text(pane, shown)).then(|| now + TEXT_EVERY);
        let Some(place) = place(pane) else { return };
        if self.places.get(&pane) != Some(&place) {
            self.places.insert(pane, place);
            self.changed(now);
        }
    }

    /// Hands over everything and waits until it is written; where no session is left, nothing stays on disk. For the end of the server.
    pub(super) fn finish(&mut self, now: Tick, state: &State, place: impl Fn(PaneId) -> Option<String>) {
        let unwritten: Vec<PaneId> = self.texts.iter().filter(|(_, text)| text.due.is_some()).map(|(pane, _)| *pane).collect();
        for pane in unwritten {
            self.write_text(pane, now, state, &place);
        }
        let disk = std::mem::replace(self, Self::off());
        let structure = disk.structure(state);
        let Some(path) = disk.path else { return };
        for pane in &disk.forgotten {
            disk.db.forget(*pane);
        }
        disk.db.finish(structure);
        if state.sessions.is_empty() {
            db::remove(&path);
        }
    }
}
