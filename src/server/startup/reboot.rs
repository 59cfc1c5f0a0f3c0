//! The start after everything was gone, keeper and programs too: what the database holds comes
//! back. Commands are run again as far as the settings say so, or a person does.

use std::collections::BTreeSet;
use std::path::PathBuf;

use crate::base::id::PaneId;
use crate::base::memory::HeapMemory;
use crate::platform::now;
use crate::platform::paths::Paths;
use crate::server::persist::convert::{commands, structure};
use crate::server::persist::database::{self, Stored, Tell, load};
use crate::server::persist::restored_screen;
use crate::server::persist::writer::DiskWriter;
use crate::settings::{Keep, Persist, Restore, Settings};
use crate::state::pane::{Pane, ProgramState};
use crate::state::{NextIds, State};
use crate::store::session_state::SessionState;
use crate::term::{HostName, Options, Terminal};

const AFTER_RESTART: &str = "restored after a restart";

/// The place where this server's database is; none if nothing is to go to disk.
pub(in crate::server) fn path(settings: &Settings) -> Option<PathBuf> {
    (settings.persist.keep != Keep::Nothing)
        .then(|| Paths::current().ok().map(|places| places.database()))
        .flatten()
}

/// The name of the machine.
pub(super) fn host_name() -> String {
    rustix::system::uname().nodename().to_string_lossy().into_owned()
}

/// The options of terminals that the settings ask for.
pub(super) fn options(settings: &Settings) -> Options {
    Options {
        scrollback_lines_max: settings.scrollback.lines as usize,
        scrollback_bytes_max: usize::try_from(settings.scrollback.bytes).unwrap_or(usize::MAX),
        checksum_reports: settings.pane.reports,
        title_reports: settings.pane.reports,
        host: HostName::new(&host_name()),
        ..Options::default()
    }
}

/// The state that the database holds, and a disk that knows what its panes showed. Empty if nothing
/// is to come back.
pub(in crate::server) fn state(
    path: PathBuf,
    persist: &Persist,
    tell: Tell,
    options: &Options,
) -> (State, DiskWriter) {
    let mut stored = load(&path);
    let problem = stored.problem.take();
    let Some(bytes) = stored.structure.take() else {
        return (State::default(), DiskWriter::new(path, persist, tell, problem));
    };
    let mut state = match restored(&bytes, &persist.restore, options) {
        Ok(restored) => restored,
        Err((next_ids, why)) => {
            let problem = database::put_aside(&path, &why);
            return (
                State { next_ids, ..State::default() },
                DiskWriter::new(path, persist, tell, Some(problem)),
            );
        }
    };
    let mut disk = DiskWriter::new(path, persist, tell, problem);
    tracing::info!(
        sessions = state.sessions.len(),
        panes = state.panes.len(),
        "restored from disk"
    );
    let known: BTreeSet<PaneId> =
        stored.shown.keys().chain(stored.texts.keys()).chain(&stored.damaged).copied().collect();
    known.iter().filter(|pane| !state.panes.contains_key(pane)).for_each(|pane| disk.forget(*pane));
    let sessions = state.sessions.keys().copied().collect();
    let records =
        stored.commands.take().and_then(|bytes| commands::revived(&bytes, &sessions, now()));
    state.commands = records.as_ref().map(commands::restored).unwrap_or_default();
    let panes = state.panes.keys().copied().collect();
    recall(&mut state, &mut disk, stored, panes, options);
    (state, disk)
}

/// The writer for a state that was taken over. Only the database knows the screens of panes that
/// came back and whose program has not run since.
pub(in crate::server) fn disk(
    path: PathBuf,
    settings: &Settings,
    tell: Tell,
    state: &mut State,
    programs: &BTreeSet<PaneId>,
) -> DiskWriter {
    let waits = |pane: &&Pane| {
        pane.life == ProgramState::Held
            || (pane.life == ProgramState::Starting && !programs.contains(&pane.id))
    };
    let waiting: Vec<PaneId> = state.panes.values().filter(waits).map(|pane| pane.id).collect();
    if waiting.is_empty() {
        return DiskWriter::new(path, &settings.persist, tell, None);
    }
    let mut stored = load(&path);
    let mut disk = DiskWriter::new(path, &settings.persist, tell, stored.problem.take());
    recall(state, &mut disk, stored, waiting, &options(settings));
    disk
}

/// Lets panes show what they showed, and a line that says so.
fn recall(
    state: &mut State,
    disk: &mut DiskWriter,
    mut stored: Stored,
    panes: Vec<PaneId>,
    options: &Options,
) {
    for id in panes {
        let pane = state.pane_mut(id);
        match restored_screen::former(id, &mut stored, pane.size, options) {
            Ok((screen, lines)) => {
                pane.screen = screen;
                disk.recalled.insert(id, lines);
            }
            Err(error) => {
                tracing::error!(pane = %id, "what it showed cannot be restored: {error:#}");
            }
        }
        let note =
            restored_screen::note(&format!("{AFTER_RESTART}{}", restored_screen::told(pane)));
        pane.screen.feed(note.as_bytes(), &mut Vec::new());
        if disk.recalled.contains_key(&id) {
            state.restored_panes.insert(id);
        }
    }
}

/// The state of a structure; else the ids that must not be given out again, and what is wrong.
fn restored(
    bytes: &[u8],
    restore: &Restore,
    options: &Options,
) -> Result<State, (NextIds, String)> {
    let structure =
        SessionState::decode(bytes).map_err(|error| (NextIds::default(), error.to_string()))?;
    let state = structure::state(structure::revived(structure, restore), |pane| {
        Terminal::new(pane.size, *options, Box::new(HeapMemory::default()))
    });
    match state.check() {
        Ok(()) => Ok(state),
        Err(problem) => Err((state.next_ids, problem)),
    }
}
