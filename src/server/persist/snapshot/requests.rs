//! Snapshots of sessions: what they hold is gathered here pane by pane, between everything else,
//! and sessions are made of them. Files are handled beside the loop.

use std::collections::BTreeMap;

use crate::action::snapshot::SnapshotItem;
use crate::action::table::value;
use crate::base::error::{Code, Refusal};
use crate::base::id::{CallId, ClientId, PaneId, SessionId};
use crate::core::{Core, Input, RestoreInput};
use crate::platform::now;
use crate::server::event::{self, Event};
use crate::server::event_loop::place;
use crate::server::persist::convert::structure;
use crate::server::persist::database::Stored;
use crate::server::persist::snapshot::closed_files::Work;
use crate::server::persist::snapshot::files::{Folder, damaged};
use crate::server::persist::snapshot::{
    Done, Loaded, Purpose, RestoreRequest, Saving, TEXT_MAX, load,
};
use crate::server::persist::writer::DiskWriter;
use crate::server::persist::{PersistCx, Retention, restored_screen};
use crate::settings::Restore;
use crate::state::command_effect::SnapshotRequest;
use crate::state::effect::ClientMessage;
use crate::state::export;
use crate::state::pane::Pane;
use crate::store::snapshot::SnapshotFile;

/// The most rows kept of a pane.
const ROWS_MAX: usize = 2000;
/// zstd's level: fast.
const LEVEL: i32 = 1;

impl DiskWriter {
    /// Does what was asked about snapshots; the answer comes when it is done.
    pub(in crate::server) fn snapshot(
        &mut self,
        cx: &mut PersistCx<'_>,
        call: CallId,
        request: SnapshotRequest,
    ) {
        match request {
            SnapshotRequest::Save { name, session, replace } => {
                self.begin_saving(cx, Purpose::Call(call, name, replace), session);
            }
            SnapshotRequest::Restore { name, env, rerun } => {
                let asked = Box::new(RestoreRequest { name, env, rerun });
                self.beside(cx, call, move |folder| {
                    let loaded = folder.and_then(|folder| load(&folder, &asked.name));
                    Done::Loaded(asked, loaded)
                });
            }
            SnapshotRequest::Reopen { env } => self.find_closed(cx, call, env),
            SnapshotRequest::List => self.beside(cx, call, |folder| {
                Done::Other(folder.and_then(|folder| Ok(value(&folder.list()?))))
            }),
            SnapshotRequest::Remove { name } => {
                self.beside(cx, call, move |folder| {
                    Done::Other(folder.and_then(|folder| Ok(value(&folder.remove(&name)?))))
                });
            }
        }
    }

    /// Does something with files, where that holds nobody up.
    fn beside(
        &mut self,
        cx: &mut PersistCx<'_>,
        call: CallId,
        work: impl FnOnce(Result<Folder, Refusal>) -> Done + Send + 'static,
    ) {
        let (folder, events) = (self.snapshots.folder(), cx.events.clone());
        tokio::task::spawn_blocking(move || {
            event::send_blocking(&events, Event::Snapshot(call, work(folder)));
        });
    }

    fn begin_saving(
        &mut self,
        cx: &mut PersistCx<'_>,
        purpose: Purpose,
        session: Option<SessionId>,
    ) {
        let mut kept = self.kept(cx.core.state());
        kept.panes.retain(|pane| pane.tab.is_some());
        for pane in &mut kept.panes {
            if let Some(place) = cx.panes.io.get(&pane.id).and_then(place) {
                pane.cwd = place;
            }
        }
        if let Some(session) = session {
            structure::retain(&mut kept, session);
        }
        let left: Vec<PaneId> = kept.panes.iter().map(|pane| pane.id).rev().collect();
        let saved = SnapshotFile {
            wall: now().wall,
            is_named: matches!(purpose, Purpose::Call(_, Some(_), _)),
            sessions: kept.sessions.iter().map(|session| session.name.clone()).collect(),
            panes: left.len() as u64,
            structure: kept.encode(),
            texts: Vec::new(),
        };
        self.snapshots.saving.push_back(Saving { purpose, saved, left });
    }

    /// Gathers what one pane shows. True if there is more to gather.
    pub(in crate::server) fn gather(&mut self, cx: &mut PersistCx<'_>) -> bool {
        let Some(saving) = self.snapshots.saving.front_mut() else { return false };
        if let Some(id) = saving.left.pop() {
            if let Some(pane) = cx.core.state().panes.get(&id) {
                saving.saved.texts.extend(text(pane));
            }
            return true;
        }
        let persist = &cx.core.settings().persist;
        match self.snapshots.saving.pop_front() {
            Some(Saving { purpose: Purpose::Call(call, name, replace), saved, .. }) => {
                let retention = Retention { count: persist.snapshots, days: persist.days };
                self.beside(cx, call, move |folder| {
                    Done::SnapshotFile(
                        folder.and_then(|folder| folder.save(&saved, name, replace, retention)),
                    )
                });
            }
            Some(Saving { purpose: Purpose::Closed(id), saved, .. }) => {
                let retention = Retention { count: persist.closed, days: persist.days };
                if !self.snapshots.closed.work(Work::Keep(Box::new(saved), id.clone(), retention)) {
                    tracing::warn!(
                        id,
                        "it cannot be brought back later: too much is closed at once"
                    );
                }
            }
            None => {}
        }
        !self.snapshots.saving.is_empty()
    }

    /// Answers the call whose work with files is done. Gives a message for the client that called.
    pub(in crate::server) fn snapshot_done(
        &mut self,
        cx: &mut PersistCx<'_>,
        call: CallId,
        done: Done,
    ) -> Option<(ClientId, ClientMessage)> {
        let mut message = None;
        let client = cx.core.state().calls.get(&call).and_then(|open| open.caller.client);
        let begun = match done {
            Done::SnapshotFile(outcome) => outcome.map(|item| {
                let notice = ClientMessage::Notice { text: saved_line(&item), warning: false };
                message = client.map(|client| (client, notice));
                Some(value(&item))
            }),
            Done::Loaded(asked, loaded) => loaded
                .and_then(|loaded| self.restore_sessions(cx, call, *asked, *loaded))
                .map(|()| None),
            Done::Closed(env, loaded) => {
                loaded.and_then(|loaded| self.reopen(cx, call, env, loaded)).map(|()| None)
            }
            Done::Other(outcome) => outcome.map(Some),
        };
        // The core answers those that it makes anew.
        if let Some(outcome) = begun.transpose() {
            cx.inputs.push(Input::Answered { call, outcome });
        }
        message
    }

    /// Makes the sessions of a snapshot anew; a client that asked for it sees the first.
    fn restore_sessions(
        &mut self,
        cx: &mut PersistCx<'_>,
        call: CallId,
        asked: RestoreRequest,
        loaded: Loaded,
    ) -> Result<(), Refusal> {
        let Loaded { mut structure, texts } = loaded;
        // The original may still run, and two would write to one file.
        structure.panes.iter_mut().for_each(|pane| pane.pipe = None);
        let restore =
            asked.rerun.map_or_else(|| cx.core.settings().persist.restore.clone(), Restore::All);
        let core = &cx.core;
        let former =
            structure::state(structure::revived(structure, &restore), |pane| core.blank(pane.size));
        former.check().map_err(|why| damaged(&asked.name, &why))?;
        if former.sessions.is_empty() {
            return Err(Refusal::new(
                Code::NotFound,
                format!("snapshot {:?} has no session whose programs ran", asked.name),
            ));
        }
        room(
            core,
            former.sessions.len(),
            former.panes.len(),
            &format!("snapshot {:?}", asked.name),
        )?;
        let whence = format!("restored from snapshot {}", asked.name);
        self.snapshots.restoring.insert(call, (texts, whence));
        let (former, env) = (Box::new(former), asked.env);
        cx.inputs.push(Input::Restore(RestoreInput::Snapshot { call, former, env }));
        Ok(())
    }

    /// Lets panes that were made of former ones show what those showed, and a line that says where
    /// that comes from.
    pub(in crate::server) fn show_former(
        &mut self,
        cx: &mut PersistCx<'_>,
        call: CallId,
        panes: BTreeMap<PaneId, PaneId>,
    ) {
        let Some((mut texts, whence)) = self.snapshots.restoring.remove(&call) else { return };
        for (former, id) in panes {
            let text = texts.remove(&former).unwrap_or_default().into_bytes();
            let state = &cx.core.state();
            let Some(pane) = state.panes.get(&id) else { continue };
            let line = restored_screen::note(&format!("{whence}{}", restored_screen::told(pane)));
            let mut stored = Stored { texts: [(id, text)].into(), ..Stored::default() };
            let options = cx.core.terminal_options();
            let shown = restored_screen::former(id, &mut stored, pane.size, &options);
            let (mut screen, stays) = match shown {
                Ok((screen, lines)) => {
                    self.recalled.insert(id, lines);
                    (screen, true)
                }
                Err(error) => {
                    tracing::error!(pane = %id, "what it showed cannot be restored: {error:#}");
                    (cx.core.blank(pane.size), false)
                }
            };
            // On disk there is what it showed, without the lines about it.
            self.show_now(id, now().tick, &screen, state.panes.len());
            screen.feed(line.as_bytes(), &mut Vec::new());
            let screen = Box::new(screen);
            let shown = RestoreInput::Screen { pane: id, screen, stays };
            cx.inputs.push(Input::Restore(shown));
        }
    }
}

/// The line that tells whoever saved a snapshot what it holds.
fn saved_line(item: &SnapshotItem) -> String {
    let counted = |count: usize, what: &str| {
        if count == 1 { format!("1 {what}") } else { format!("{count} {what}s") }
    };
    let panes = usize::try_from(item.panes).unwrap_or(usize::MAX);
    let sessions = counted(item.sessions.len(), "session");
    format!("snapshot {}: {sessions}, {}", item.snapshot, counted(panes, "pane"))
}

/// The rows of a pane as packed text.
pub(in crate::server) fn text(pane: &Pane) -> Option<(PaneId, Vec<u8>)> {
    let text = export::ansi_tail(pane, ROWS_MAX, TEXT_MAX);
    zstd::bulk::compress(text.as_bytes(), LEVEL).ok().map(|text| (pane.id, text))
}

/// Refuses what there is no room for: so many sessions and panes of `what`.
pub(in crate::server) fn room(
    core: &Core,
    sessions: usize,
    panes: usize,
    what: &str,
) -> Result<(), Refusal> {
    let limits = &core.settings().limits;
    for (noun, limit, there, wanted) in [
        ("sessions", limits.sessions, core.state().sessions.len(), sessions),
        ("panes", limits.panes, core.state().panes.len(), panes),
    ] {
        if limit < there + wanted {
            let room = limit.saturating_sub(there);
            let counted = noun.strip_suffix('s').filter(|_| wanted == 1).unwrap_or(noun);
            let refusal = Refusal::new(
                Code::LimitReached,
                format!("{what} has {wanted} {counted}; there is room for {room} more"),
            );
            return Err(refusal.hint(format!("limits.{noun} in config.toml")));
        }
    }
    Ok(())
}
