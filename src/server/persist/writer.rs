//! The times of writes: the structure goes to disk soon after it changed, a pane's screen a second
//! after it printed, at most once a second. The loop is never held up, except at its end.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;
use std::os::fd::OwnedFd;
use std::path::PathBuf;
use std::sync::Arc;

use crate::base::id::PaneId;
use crate::base::time::{Span, Tick};
use crate::server::persist::convert::{self, commands, structure};
use crate::server::persist::database::{self, Db, Shown, TOGETHER, Tell};
use crate::server::persist::snapshot::Snapshots;
use crate::settings::{Keep, Persist};
use crate::state::State;
use crate::store::session_state::SessionState;
use crate::term::{HISTORY_SEGMENT_BYTES, ImagesSnapshot, Terminal};

/// A pane's screen is written at most this often.
const EVERY: Span = Span::seconds(1);
/// After a change of servers panes are written one after the other, so far apart; and what is left
/// of a long scrollback piece by piece.
const APART: Span = Span::millis(50);
/// The most segments of scrollback that are handed over at once: the newest, the others follow
/// while the pane is quiet.
const SEGMENTS_AT_ONCE: usize = 8;
/// Segments that are kept of every pane, however many panes there are.
const SEGMENTS_MIN: u64 = 2;
/// Images that take more than this, in bytes, are not written.
const IMAGES_MAX: usize = 1 << 20;

/// The parts of the state that wait to be written, and the screens that were read at the start.
#[derive(Debug)]
pub(in crate::server) struct DiskWriter {
    db: Db,
    /// The place where the database is; none if nothing is written.
    path: Option<PathBuf>,
    persist: Persist,
    /// The time when the structure is to be written; none if it is.
    due: Option<Tick>,
    /// The time when it was handed over last.
    handed: Tick,
    panes: BTreeMap<PaneId, Written>,
    forgotten: BTreeSet<PaneId>,
    /// The folders of programs, as far as they are known.
    places: BTreeMap<PaneId, String>,
    /// The scrollback memory of panes from before the restart, until their new program runs.
    pub(in crate::server) recalled: BTreeMap<PaneId, Arc<OwnedFd>>,
    /// The damage that was found at the start, until a client was told.
    found: Option<String>,
    /// Why nothing can be written, while that is so.
    failing: Option<String>,
    /// The version of the records of commands that was handed over last.
    commands: Option<u64>,
    /// Snapshots of sessions, which are files of their own.
    pub(in crate::server) snapshots: Snapshots,
}

/// The progress of writing one pane's screen.
#[derive(Debug, Clone, Default)]
struct Written {
    due: Option<Tick>,
    handed: Tick,
    /// The segments of its scrollback that are on disk as they are.
    segments: BTreeSet<u64>,
    /// The pane prints nothing at the moment: the rest of its scrollback may follow.
    is_quiet: bool,
    /// There is something left.
    has_more: bool,
}

impl Written {
    /// The screen and the newest segments of scrollback that are not on disk, at most `count` of
    /// the last `max`; true if no more are missing.
    fn next(&mut self, screen: &Terminal, max: u64, count: usize) -> (Shown, bool) {
        let changed = screen.take_changed_history();
        let Range { start, end } = screen.history_segments();
        let oldest = start.max(end.saturating_sub(max));
        self.segments.retain(|sequence| (oldest..end.min(changed)).contains(sequence));
        let missing = || (oldest..end).rev().filter(|sequence| !self.segments.contains(sequence));
        let (wanted, is_all) =
            (missing().take(count).collect::<Vec<_>>(), missing().nth(count).is_none());
        self.segments.extend(&wanted);
        let segments = wanted
            .iter()
            .filter_map(|sequence| Some((*sequence, screen.history_segment(*sequence)?)))
            .collect();
        let gap = (oldest..end).rev().find(|sequence| !self.segments.contains(sequence));
        let mut snapshot = screen.snapshot();
        if IMAGES_MAX < screen.image_bytes() {
            snapshot.images = ImagesSnapshot::default();
        }
        (
            Shown {
                screen: convert::screen::encode(0, snapshot),
                segments,
                whole: gap.map_or(oldest, |gap| gap + 1)..end,
                oldest,
            },
            is_all,
        )
    }
}

impl DiskWriter {
    /// A writer to this database; `found` is the damage in it.
    pub(in crate::server) fn new(
        path: PathBuf,
        persist: &Persist,
        tell: Tell,
        found: Option<String>,
    ) -> Self {
        let db = Db::start(path.clone(), tell);
        if persist.keep == Keep::Layout {
            db.forget_all();
        }
        Self { db, path: Some(path), persist: persist.clone(), found, ..Self::off() }
    }

    /// A writer that writes nothing.
    pub(in crate::server) fn off() -> Self {
        Self {
            db: Db::off(),
            path: None,
            persist: Persist { keep: Keep::Nothing, ..Persist::default() },
            due: None,
            handed: Tick::default(),
            panes: BTreeMap::new(),
            forgotten: BTreeSet::new(),
            places: BTreeMap::new(),
            recalled: BTreeMap::new(),
            found: None,
            failing: None,
            commands: None,
            snapshots: Snapshots::default(),
        }
    }

    /// The warning for a client that comes now: that nothing is written, or, once, the damage that
    /// was found at the start.
    pub(in crate::server) fn warning(&mut self) -> Option<String> {
        self.failing.clone().or_else(|| self.found.take())
    }

    /// Nothing can be written, as `why` says; or nothing is in the way any more.
    pub(in crate::server) fn fails(&mut self, why: Option<String>) {
        self.failing = why;
    }

    /// The database is a new one, or lacks what it could not take: everything goes there.
    pub(in crate::server) fn begin_anew(&mut self, now: Tick, panes: impl Iterator<Item = PaneId>) {
        if self.persist.keep == Keep::Layout {
            self.db.forget_all();
        }
        self.all_due(now, panes);
        self.commands = None;
        self.handed = Tick::default();
        self.changed(now);
    }

    /// Everything is written again, pane by pane so that nobody waits for it: the server before
    /// this one may not have written all.
    pub(in crate::server) fn take_over(&mut self, now: Tick, panes: impl Iterator<Item = PaneId>) {
        self.all_due(now + EVERY, panes);
        self.changed(now);
    }

    fn all_due(&mut self, mut due: Tick, panes: impl Iterator<Item = PaneId>) {
        if self.persist.keep != Keep::Screens {
            return;
        }
        for pane in panes {
            self.panes
                .insert(pane, Written { due: Some(due), is_quiet: true, ..Written::default() });
            due = due + APART;
        }
    }

    /// A program was ended from outside, as all are when the machine goes down or the user is
    /// logged out: that its pane goes is not written before it is certain that it was not that.
    /// `state` is that before.
    pub(in crate::server) fn suspect_shutdown(&mut self, now: Tick, state: &State) {
        if self.due.is_some() && !is_doubtful(state, now) {
            self.write_structure(now, state);
        }
    }

    /// The structure changed.
    pub(in crate::server) fn changed(&mut self, now: Tick) {
        if self.path.is_some() {
            let soon = now.max(self.handed + TOGETHER);
            // Commands may have asked for a later moment.
            self.due = Some(self.due.map_or(soon, |due| due.min(soon)));
        }
    }

    /// Commands began or ended. Where there are many nobody waits for each to be on disk.
    pub(in crate::server) fn commands_changed(&mut self, now: Tick) {
        if self.persist.keep == Keep::Screens {
            self.due.get_or_insert(now + EVERY);
        }
    }

    /// Everything that is not on disk goes there now.
    pub(in crate::server) fn hurry(&mut self, now: Tick) {
        if self.path.is_some() {
            self.due = Some(now);
            self.panes
                .values_mut()
                .filter(|pane| pane.due.is_some())
                .for_each(|pane| pane.due = Some(now));
        }
    }

    /// A pane printed.
    pub(in crate::server) fn printed(&mut self, pane: PaneId, now: Tick) {
        if self.persist.keep != Keep::Screens {
            return;
        }
        let written = self.panes.entry(pane).or_default();
        written.is_quiet = false;
        let soon = now.max(written.handed + EVERY) + TOGETHER;
        written.due.get_or_insert(soon);
    }

    /// A pane is quiet after it printed.
    pub(in crate::server) fn is_quiet(&mut self, pane: PaneId, now: Tick) {
        if let Some(written) = self.panes.get_mut(&pane) {
            written.is_quiet = true;
            if written.due.is_some() || written.has_more {
                written.due = Some(now);
            }
        }
    }

    /// A pane is gone.
    pub(in crate::server) fn forget(&mut self, pane: PaneId) {
        self.panes.remove(&pane);
        self.places.remove(&pane);
        self.recalled.remove(&pane);
        if self.path.is_some() {
            self.forgotten.insert(pane);
        }
    }

    /// The time when something is to be handed over.
    pub(in crate::server) fn deadline(&self, state: &State) -> Option<Tick> {
        self.panes
            .values()
            .filter_map(|pane| pane.due)
            .chain(self.due.map(|due| due.max(state.shutdown_suspected_until.unwrap_or(due))))
            .min()
    }

    /// The structure as it is to be found after a restart.
    fn structure(&self, state: &State) -> Vec<u8> {
        self.kept(state).encode()
    }

    /// The same, not yet encoded.
    pub(in crate::server) fn kept(&self, state: &State) -> SessionState {
        let mut kept = structure::durable(structure::structure(state, Vec::new()));
        for pane in &mut kept.panes {
            if let Some(place) = self.places.get(&pane.id) {
                pane.cwd.clone_from(place);
            }
        }
        kept
    }

    /// The place where the program of a pane was when that was found out last.
    pub(in crate::server) fn place(&self, pane: PaneId) -> Option<String> {
        self.places.get(&pane).cloned()
    }

    /// Hands over what is due. `place` finds out where the program of a pane is.
    pub(in crate::server) fn write(
        &mut self,
        now: Tick,
        state: &State,
        place: impl Fn(PaneId) -> Option<String>,
    ) {
        let is_due = |pane: &Written| pane.due.is_some_and(|due| due <= now);
        let due: Vec<PaneId> = self
            .panes
            .iter()
            .filter(|(_, written)| is_due(written))
            .map(|(pane, _)| *pane)
            .collect();
        for pane in due {
            self.find_place(pane, now, &place);
            let screen = state.panes.get(&pane).map(|pane| &pane.screen);
            self.show(pane, now, screen, state.panes.len());
        }
        if !is_doubtful(state, now) && self.due.is_some_and(|due| due <= now) {
            self.write_structure(now, state);
        }
    }

    fn write_structure(&mut self, now: Tick, state: &State) {
        self.forgotten.retain(|pane| !self.db.forget(*pane));
        let is_handed = self.db.structure(self.structure(state))
            && self.write_commands(state)
            && self.forgotten.is_empty();
        self.handed = now;
        self.due = (!is_handed).then(|| now + TOGETHER);
    }

    /// Hands over the records of commands if they changed. False if the disk is too slow at the
    /// moment.
    fn write_commands(&mut self, state: &State) -> bool {
        let version = Some(state.commands.version);
        if self.persist.keep == Keep::Screens
            && self.commands != version
            && self.db.commands(commands::durable(&state.commands))
        {
            self.commands = version;
        }
        self.persist.keep != Keep::Screens || self.commands == version
    }

    /// Hands over at once what a pane shows.
    pub(in crate::server) fn show_now(
        &mut self,
        pane: PaneId,
        now: Tick,
        screen: &Terminal,
        pane_count: usize,
    ) {
        if self.persist.keep == Keep::Screens {
            self.panes.entry(pane).or_default();
            self.show(pane, now, Some(screen), pane_count);
        }
    }

    /// Hands over what a pane shows.
    fn show(&mut self, pane: PaneId, now: Tick, screen: Option<&Terminal>, pane_count: usize) {
        let kept = self.segments_max(pane_count);
        let Some(written) = self.panes.get_mut(&pane) else { return };
        (written.due, written.handed) = (None, now);
        // While nothing can be written nothing is copied: afterwards everything is asked for.
        let Some(screen) = screen.filter(|_| self.failing.is_none()) else { return };
        let (shown, is_all) = written.next(screen, kept, SEGMENTS_AT_ONCE);
        let sequences: Vec<u64> = shown.segments.keys().copied().collect();
        written.has_more = !is_all;
        if !self.db.show(pane, shown) {
            written.segments.retain(|sequence| !sequences.contains(sequence));
            written.due = Some(now + EVERY);
        } else if !is_all && written.is_quiet {
            written.due = Some(now + APART);
        }
    }

    /// The number of segments that are kept of a pane where there are so many.
    fn segments_max(&self, panes: usize) -> u64 {
        let share = self.persist.bytes / panes.max(1) as u64;
        (self.persist.pane_bytes.min(share) / HISTORY_SEGMENT_BYTES as u64).max(SEGMENTS_MIN)
    }

    fn find_place(&mut self, pane: PaneId, now: Tick, place: impl Fn(PaneId) -> Option<String>) {
        let Some(place) = place(pane) else { return };
        if self.places.get(&pane) != Some(&place) {
            self.places.insert(pane, place);
            self.changed(now);
        }
    }

    /// Hands over everything and waits until it is written; where no session is left, nothing stays
    /// on disk. For the end of the server.
    pub(in crate::server) fn finish(
        &mut self,
        now: Tick,
        state: &State,
        place: impl Fn(PaneId) -> Option<String>,
    ) {
        for pane in self.panes.keys().copied().collect::<Vec<_>>() {
            self.find_place(pane, now, &place);
        }
        let kept = self.segments_max(state.panes.len());
        let mut disk = std::mem::replace(self, Self::off());
        let is_certain = !is_doubtful(state, now);
        let structure = is_certain.then(|| disk.structure(state));
        if is_certain {
            disk.write_commands(state);
        }
        let Some(path) = disk.path else { return };
        for pane in disk.forgotten.iter().filter(|_| is_certain) {
            disk.db.forget(*pane);
        }
        let has_sessions = !state.sessions.is_empty() || !is_certain;
        let shown = disk.panes.iter_mut().filter_map(|(pane, written)| {
            Some((*pane, written.next(&state.panes.get(pane)?.screen, kept, usize::MAX).0))
        });
        disk.db.finish(structure, shown);
        if !has_sessions {
            database::remove(&path);
        }
    }
}

/// True if what has gone from the state may be there again soon.
fn is_doubtful(state: &State, now: Tick) -> bool {
    state.shutdown_suspected_until.is_some_and(|until| now < until)
}
