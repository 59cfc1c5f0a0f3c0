//! What was closed, or whose program ended: what is left of it is kept as a file, so that it can be
//! made anew when its programs are gone.

use crate::base::error::{Code, Refusal};
use crate::base::id::{CallId, PaneId};
use crate::core::{Input, RestoreInput};
use crate::platform::now;
use crate::server::edge::Server;
use crate::server::event::{self, Event, Origin};
use crate::server::event_loop::place;
use crate::server::inbox::Stepper as _;
use crate::server::persist::convert::structure;
use crate::server::persist::snapshot::closed_files::{WAITING_MAX, Work};
use crate::server::persist::snapshot::requests::{self, room};
use crate::server::persist::snapshot::{Done, Loaded, Purpose, Saving};
use crate::settings::{Keep, Persist};
use crate::state::pane::Pane;
use crate::state::undo::{ClosedContent, ClosedRecord, UndoChange};
use crate::store::snapshot::SnapshotFile;

/// The name of the whole in refusals.
const WHAT: &str = "what was closed";

impl Server {
    /// Keeps what is left of what was closed, and forgets what is back.
    pub(in crate::server) fn save_closed(&mut self, change: UndoChange) {
        let name = match change {
            UndoChange::Keep(record) => return self.save_record(*record),
            UndoChange::Back(name) => name,
        };
        let is_it = |saving: &Saving| matches!(&saving.purpose, Purpose::Closed(id) if *id == name);
        let saving = &mut self.disk.snapshots.saving;
        match saving.iter().rposition(is_it) {
            Some(at) => drop(saving.remove(at)),
            None => drop(self.disk.snapshots.closed.work(Work::Back(name))),
        }
    }

    /// Gathers what there is of something that was closed, at once of panes that are gone.
    fn save_record(&mut self, ClosedRecord { item: grave, panes: gone }: ClosedRecord) {
        let persist = &self.core.settings().persist;
        // Where programs end faster than disks write, not each is worth it.
        if persist.closed == 0
            || persist.keep == Keep::Nothing
            || WAITING_MAX <= self.disk.snapshots.saving.len()
        {
            return;
        }
        let ids = grave.panes();
        let there = ids.iter().filter_map(|id| self.core.state().panes.get(id));
        let mut kept = structure::closed(&grave, gone.iter().chain(there));
        for pane in &mut kept.panes {
            let said = gone
                .iter()
                .find(|gone| gone.id == pane.id)
                .and_then(|gone| gone.screen.cwd().map(str::to_owned));
            let found = self
                .panes
                .io
                .get(&pane.id)
                .and_then(place)
                .or(said)
                .or_else(|| self.disk.place(pane.id));
            pane.cwd = found.unwrap_or_else(|| std::mem::take(&mut pane.cwd));
        }
        let texts = gone.iter().filter_map(|pane| text(pane, persist)).collect();
        let saved = SnapshotFile {
            wall: now().wall,
            is_named: false,
            sessions: vec![grave.session.name.clone()],
            panes: kept.panes.len() as u64,
            structure: kept.encode(),
            texts,
        };
        let left = if persist.keep == Keep::Screens { ids } else { Vec::new() };
        self.disk.snapshots.saving.push_back(Saving {
            purpose: Purpose::Closed(grave.name()),
            saved,
            left,
        });
    }

    /// Everything of what was closed is kept when this returns.
    pub(in crate::server) fn finish_closed(&mut self) {
        self.gather_closed();
        self.disk.snapshots.closed.finish();
    }

    /// Gathers whatever is missing of what was closed.
    fn gather_closed(&mut self) {
        while self
            .disk
            .snapshots
            .saving
            .iter()
            .any(|saving| matches!(saving.purpose, Purpose::Closed(_)))
        {
            self.gather();
        }
    }

    /// What was closed last and whose programs are gone is read, to be made anew.
    pub(in crate::server) fn find_closed(&mut self, call: CallId, env: Vec<(String, String)>) {
        self.gather_closed();
        let events = self.events.clone();
        let reply = move |loaded| {
            event::send_blocking(&events, Event::Snapshot(call, Done::Closed(env, loaded)))
        };
        if !self
            .disk
            .snapshots
            .closed
            .work(Work::Take(self.core.settings().persist.days, Box::new(reply)))
        {
            let refusal = Refusal::new(Code::DiskFailed, "what was closed cannot be read just now")
                .hint("abide undo tries it again");
            self.post(Input::Answered { call, outcome: Err(refusal) }, Origin::None);
        }
    }

    /// Makes anew what was closed last; who asked for it sees it.
    pub(in crate::server) fn reopen(
        &mut self,
        call: CallId,
        env: Vec<(String, String)>,
        found: Option<(String, Box<Loaded>)>,
    ) -> Result<(), Refusal> {
        let Some((name, loaded)) = found else {
            let refusal =
                Refusal::new(Code::NotFound, "nothing was closed that can be brought back");
            return Err(refusal
                .hint("persist.closed and persist.days say how much is kept of what was closed"));
        };
        let Loaded { structure, texts } = *loaded;
        let former = structure::state(
            structure::reopened(structure, &self.core.settings().persist.restore),
            |pane| self.core.blank(pane.size),
        );
        let sessions = former
            .closed_items
            .iter()
            .filter(|item| matches!(item.what, ClosedContent::Session(_)))
            .count();
        let has_room = room(&self.core, (sessions, former.panes.len()), WHAT);
        // Where there is no room for it now it stays.
        self.disk.snapshots.closed.work(Work::Taken(name, has_room.is_ok()));
        has_room?;
        self.disk.snapshots.restoring.insert(call, (texts, "closed before".to_owned()));
        let former = Box::new(former);
        self.post(Input::Restore(RestoreInput::Closed { call, former, env }), Origin::None);
        Ok(())
    }
}

/// What a pane shows, as far as that may be kept.
fn text(pane: &Pane, persist: &Persist) -> Option<(PaneId, Vec<u8>)> {
    if persist.keep == Keep::Screens { requests::text(pane) } else { None }
}
