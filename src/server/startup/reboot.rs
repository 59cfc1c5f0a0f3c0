//! The start after everything was gone, keeper and programs too: what the database holds comes
//! back. Commands are run again as far as the settings say so, or a person does.

use std::collections::BTreeSet;
use std::os::fd::OwnedFd;
use std::path::PathBuf;
use std::sync::Arc;

use crate::base::geom::Size;
use crate::base::id::PaneId;
use crate::base::memory::HeapMemory;
use crate::base::text::sanitize;
use crate::core::{Input, RestoreInput};
use crate::platform::now;
use crate::platform::paths::Paths;
use crate::server::edge::Server;
use crate::server::event::Origin;
use crate::server::panes::pane::PaneMemory;
use crate::server::persist::convert::commands;
use crate::server::persist::convert::screen;
use crate::server::persist::convert::structure;
use crate::server::persist::database::{self, News, Stored, Tell, load};
use crate::server::persist::writer::DiskWriter;
use crate::settings::{Keep, Persist, Restore, Settings};
use crate::state::pane::{Pane, ProgramState};
use crate::state::{NextIds, State};
use crate::store::session_state::SessionState;
use crate::term::{Options, Terminal, fill_history};
use crate::wire::frame::{Notice, ToClient};

/// What a pane shows if what it showed is damaged on disk.
const DAMAGED: &str = "\x1b[0;2mwhat this pane showed was damaged on disk\x1b[0m";
/// What a pane says that came back.
const AFTER_RESTART: &str = "restored after a restart";
/// The longest command that is told of, in bytes.
const COMMAND_MAX: usize = 512;

/// Where this server's database is; none if nothing is to go to disk.
pub(in crate::server) fn path(settings: &Settings) -> Option<PathBuf> {
    (settings.persist.keep != Keep::Nothing)
        .then(|| Paths::current().ok().map(|places| places.database()))
        .flatten()
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
    recall(&mut state, &mut disk, (stored, panes), options);
    (state, disk)
}

/// One for a state that was taken over: what panes showed that came back and whose program has not
/// run since is known to nobody else.
pub(in crate::server) fn disk(
    path: PathBuf,
    persist: &Persist,
    tell: Tell,
    state: &mut State,
    (programs, options): (&BTreeSet<PaneId>, &Options),
) -> DiskWriter {
    let waits = |pane: &&Pane| {
        pane.life == ProgramState::Held
            || (pane.life == ProgramState::Starting && !programs.contains(&pane.id))
    };
    let waiting: Vec<PaneId> = state.panes.values().filter(waits).map(|pane| pane.id).collect();
    if waiting.is_empty() {
        return DiskWriter::new(path, persist, tell, None);
    }
    let mut stored = load(&path);
    let mut disk = DiskWriter::new(path, persist, tell, stored.problem.take());
    recall(state, &mut disk, (stored, waiting), options);
    disk
}

/// Lets panes show what they showed, and a line that says so.
fn recall(
    state: &mut State,
    disk: &mut DiskWriter,
    (mut stored, panes): (Stored, Vec<PaneId>),
    options: &Options,
) {
    for id in panes {
        let pane = state.pane_mut(id);
        match former(id, &mut stored, (pane.size, options)) {
            Ok((screen, lines)) => {
                pane.screen = screen;
                disk.recalled.insert(id, lines);
            }
            Err(error) => {
                tracing::error!(pane = %id, "what it showed cannot be restored: {error:#}")
            }
        }
        let note = note(&format!("{AFTER_RESTART}{}", told(pane)));
        pane.screen.feed(note.as_bytes(), &mut Vec::new());
        if disk.recalled.contains_key(&id) {
            state.restored_panes.insert(id);
        }
    }
}

/// The terminal of a pane whose program is gone, with what it showed, and the memory of its
/// scrollback.
pub(in crate::server) fn former(
    pane: PaneId,
    stored: &mut Stored,
    (size, options): (Size, &Options),
) -> anyhow::Result<(Terminal, Arc<OwnedFd>)> {
    let mut lines = PaneMemory::lines(pane)?;
    let fd = lines.fd();
    let mut screen = match stored.shown.remove(&pane) {
        None => Terminal::new(size, *options, Box::new(lines)),
        Some(shown) => {
            let (_, snapshot) = screen::decode(&shown.screen)?;
            fill_history(&mut lines, shown.segments.values().map(Vec::as_slice))?;
            Terminal::restore(snapshot, *options, Box::new(lines))?
        }
    };
    screen.resize(size, &mut Vec::new());
    screen.reset_for_reuse();
    if let Some(text) = stored.texts.remove(&pane) {
        screen
            .feed(String::from_utf8_lossy(&text).replace('\n', "\r\n").as_bytes(), &mut Vec::new());
    }
    if stored.damaged.contains(&pane) {
        screen.feed(DAMAGED.as_bytes(), &mut Vec::new());
    }
    screen.reset_for_reuse();
    Ok((screen, fd))
}

/// What the line says of a pane that came back, besides that it did.
pub(in crate::server) fn told(pane: &Pane) -> String {
    let words = |argv: &[String]| sanitize(&argv.join(" "), COMMAND_MAX);
    match (pane.argv.as_slice(), pane.restore.ran.as_slice()) {
        ([], []) => String::new(),
        ([], ran) => format!("; it ran: {} (pane rerun types it again)", words(ran)),
        (argv, _) if pane.restore.instead => {
            format!("; its command: {} (pane respawn runs it)", words(argv))
        }
        (argv, _) => format!("; it ran: {}", words(argv)),
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

/// The line that says below what a pane showed that it is of former times.
pub(in crate::server) fn note(line: &str) -> String {
    format!("\x1b[0;2m{line}\x1b[0m\r\n")
}

impl Server {
    /// Lets the restored panes begin: programs are started soon, and panes that wait for a person
    /// show what they have.
    pub(in crate::server) fn revive(&mut self) {
        let programs = RestoreInput::Programs { awaits_env: true };
        self.step(Input::Restore(programs), Origin::None);
        self.show_held();
    }

    /// Panes that came back and wait for a person say what can be done.
    pub(in crate::server) fn show_held(&mut self) {
        let panes = self.disk.recalled.keys().copied().collect();
        self.step(Input::Restore(RestoreInput::Prompts(panes)), Origin::None);
    }

    /// The disk fails, or no longer does: whoever is there is told. A new database gets everything.
    pub(in crate::server) fn disk_news(&mut self, news: News) {
        let (text, warning) = match news {
            News::Failing(why) => (
                format!(
                    "sessions cannot be saved to disk ({why}); they go on, and it is tried again"
                ),
                true,
            ),
            News::Fine => ("sessions are saved to disk again".to_owned(), false),
            News::Anew => {
                return self.disk.begin_anew(now().tick, self.core.state().panes.keys().copied());
            }
        };
        self.disk.fails(warning.then(|| text.clone()));
        for client in self.clients.by_client.keys().copied().collect::<Vec<_>>() {
            self.clients.send(client, &ToClient::Notice(Notice { text: text.clone(), warning }));
        }
    }

    /// A restored pane has its new program below what it showed before: from now on it is a pane
    /// like any other.
    pub(in crate::server) fn recall(&mut self, pane: PaneId) {
        self.disk.printed(pane, now().tick);
        self.write_snapshot(pane);
    }
}

#[cfg(test)]
mod tests {
    use super::{note, told};
    use crate::base::geom::Size;
    use crate::base::id::PaneId;
    use crate::base::memory::HeapMemory;
    use crate::state::State;
    use crate::term::{Options, Terminal};

    #[test]
    fn the_line_says_what_ran_and_nothing_a_terminal_obeys() {
        let mut state = State::default();
        state.adopt(
            PaneId(1),
            1,
            Terminal::new(Size::new(10, 4), Options::default(), Box::new(HeapMemory::default())),
            0,
        );
        let pane = state.pane_mut(PaneId(1));
        let words = |line: &str| line.split(' ').map(str::to_owned).collect::<Vec<_>>();
        assert_eq!(told(pane), "");
        pane.restore.ran = words("vi a\x1b[2Jb");
        assert_eq!(told(pane), "; it ran: vi a[2Jb (pane rerun types it again)");
        pane.argv = words("npm run dev");
        assert_eq!(told(pane), "; it ran: npm run dev");
        assert_eq!(note(&told(pane)), "\x1b[0;2m; it ran: npm run dev\x1b[0m\r\n");
        pane.restore.instead = true;
        assert_eq!(told(pane), "; its command: npm run dev (pane respawn runs it)");
    }
}
