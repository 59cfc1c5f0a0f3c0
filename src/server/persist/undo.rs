//! Panes, tabs and sessions that were closed or whose program ended are kept as files, so that they
//! can be made anew when their programs are gone.

use crate::base::error::{Code, Refusal};
use crate::base::id::{CallId, PaneId};
use crate::core::{Input, RestoreInput};
use crate::platform::now;
use crate::server::event::{self, Event};
use crate::server::event_loop::place;
use crate::server::persist::PersistCx;
use crate::server::persist::convert::structure;
use crate::server::persist::snapshot::closed_files::{WAITING_MAX, Work};
use crate::server::persist::snapshot::requests::{self, room};
use crate::server::persist::snapshot::{Done, Loaded, Purpose, Saving};
use crate::server::persist::writer::DiskWriter;
use crate::settings::{Keep, Persist};
use crate::state::pane::Pane;
use crate::state::undo::{ClosedContent, ClosedRecord, UndoChange};
use crate::store::snapshot::SnapshotFile;

/// The name of the whole in refusals.
const WHAT: &str = "what was closed";

impl DiskWriter {
    /// Keeps what is left of what was closed, and forgets what is back.
    pub(in crate::server) fn save_closed(&mut self, cx: &mut PersistCx<'_>, change: UndoChange) {
        let name = match change {
            UndoChange::Keep(record) => return self.save_record(cx, *record),
            UndoChange::Back(name) => name,
        };
        let is_it = |saving: &Saving| matches!(&saving.purpose, Purpose::Closed(id) if *id == name);
        let saving = &mut self.snapshots.saving;
        match saving.iter().rposition(is_it) {
            Some(at) => {
                saving.remove(at);
            }
            None => {
                if !self.snapshots.closed.work(Work::Back(name)) {
                    tracing::warn!("the file of a closed item that is back stays");
                }
            }
        }
    }

    /// Gathers what there is of something that was closed, at once of panes that are gone.
    fn save_record(
        &mut self,
        cx: &mut PersistCx<'_>,
        ClosedRecord { item: grave, panes: gone }: ClosedRecord,
    ) {
        let persist = &cx.core.settings().persist;
        // Programs may end faster than disks write: then not each is kept.
        if persist.closed == 0
            || persist.keep == Keep::Nothing
            || WAITING_MAX <= self.snapshots.saving.len()
        {
            return;
        }
        let ids = grave.panes();
        let there = ids.iter().filter_map(|id| cx.core.state().panes.get(id));
        let mut kept = structure::closed(&grave, gone.iter().chain(there));
        for pane in &mut kept.panes {
            let said = gone
                .iter()
                .find(|gone| gone.id == pane.id)
                .and_then(|gone| gone.screen.cwd().map(str::to_owned));
            let found =
                cx.panes.io.get(&pane.id).and_then(place).or(said).or_else(|| self.place(pane.id));
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
        self.snapshots.saving.push_back(Saving {
            purpose: Purpose::Closed(grave.name()),
            saved,
            left,
        });
    }

    /// Everything of what was closed is kept when this returns.
    pub(in crate::server) fn finish_closed(&mut self, cx: &mut PersistCx<'_>) {
        self.gather_closed(cx);
        self.snapshots.closed.finish();
    }

    /// Gathers whatever is missing of what was closed.
    fn gather_closed(&mut self, cx: &mut PersistCx<'_>) {
        while self
            .snapshots
            .saving
            .iter()
            .any(|saving| matches!(saving.purpose, Purpose::Closed(_)))
        {
            self.gather(cx);
        }
    }

    /// Reads the newest closed item whose programs are gone, to make it anew.
    pub(in crate::server) fn find_closed(
        &mut self,
        cx: &mut PersistCx<'_>,
        call: CallId,
        env: Vec<(String, String)>,
    ) {
        self.gather_closed(cx);
        let events = cx.events.clone();
        let reply = move |loaded| {
            event::send_blocking(&events, Event::Snapshot(call, Done::Closed(env, loaded)));
        };
        if !self.snapshots.closed.work(Work::Take(cx.core.settings().persist.days, Box::new(reply)))
        {
            let refusal = Refusal::new(Code::DiskFailed, "what was closed cannot be read just now")
                .hint("abide undo tries it again");
            cx.inputs.push(Input::Answered { call, outcome: Err(refusal) });
        }
    }

    /// Makes anew what was closed last; who asked for it sees it.
    pub(in crate::server) fn reopen(
        &mut self,
        cx: &mut PersistCx<'_>,
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
            structure::reopened(structure, &cx.core.settings().persist.restore),
            |pane| cx.core.blank(pane.size),
        );
        let sessions = former
            .closed_items
            .iter()
            .filter(|item| matches!(item.what, ClosedContent::Session(_)))
            .count();
        let has_room = room(cx.core, sessions, former.panes.len(), WHAT);
        // The file stays if there is no room for its item now.
        self.snapshots.closed.work(Work::Taken(name, has_room.is_ok()));
        has_room?;
        self.snapshots.restoring.insert(call, (texts, "closed before".to_owned()));
        let former = Box::new(former);
        cx.inputs.push(Input::Restore(RestoreInput::Closed { call, former, env }));
        Ok(())
    }
}

/// The text of a pane, if it may be kept.
fn text(pane: &Pane, persist: &Persist) -> Option<(PaneId, Vec<u8>)> {
    if persist.keep == Keep::Screens { requests::text(pane) } else { None }
}
