//! The start after everything was gone, keeper and programs too: what the database holds comes back with new shells. No program is run again.

use std::collections::{BTreeMap, BTreeSet};
use std::os::fd::OwnedFd;
use std::path::PathBuf;
use std::sync::Arc;

use crate::base::geom::Size;
use crate::base::id::PaneId;
use crate::base::memory::HeapMemory;
use crate::base::text::harmless;
use crate::core::Input;
use crate::platform::now;
use crate::platform::places::Places;
use crate::server::db::{self, News, Stored, Tell, load};
use crate::server::disk::Disk;
use crate::server::edge::{Origin, Server};
use crate::server::pane::Parts;
use crate::server::{keep, screen};
use crate::settings::{Keep, Persist, Settings};
use crate::state::{NextIds, State};
use crate::store::structure::Structure;
use crate::term::{Options, Terminal, fill_history};
use crate::wire::frame::{Notice, ToClient};

/// What a pane shows whose text was damaged.
const DAMAGED: &str = "\x1b[0;2mwhat this pane showed was damaged on disk\x1b[0m";
/// The longest command that is told of, in bytes.
const COMMAND_MAX: usize = 512;

/// What ran in panes, as arguments.
type Ran = BTreeMap<PaneId, Vec<String>>;

/// Where this server's database is; none if nothing is to go to disk.
pub(super) fn path(settings: &Settings) -> Option<PathBuf> {
    (settings.persist.keep != Keep::Nothing).then(|| Places::current().ok().map(|places| places.database())).flatten()
}

/// The state that the database holds, and a disk that knows what its panes showed. Empty if nothing is to come back.
pub(super) fn state(path: PathBuf, persist: &Persist, tell: Tell, options: &Options) -> (State, Disk) {
    let mut stored = load(&path);
    let problem = stored.problem.take();
    let Some(bytes) = stored.structure.take() else { return (State::default(), Disk::new(path, persist, tell, problem)) };
    let (mut state, ran) = match restored(&bytes, options) {
        Ok(restored) => restored,
        Err((next_ids, why)) => {
            let problem = db::put_aside(&path, &why);
            return (State { next_ids, ..State::default() }, Disk::new(path, persist, tell, Some(problem)));
        }
    };
    let mut disk = Disk::new(path, persist, tell, problem);
    tracing::info!(sessions = state.sessions.len(), panes = state.panes.len(), "restored from disk");
    let known: BTreeSet<PaneId> = stored.shown.keys().chain(stored.texts.keys()).chain(&stored.damaged).copied().collect();
    known.iter().filter(|pane| !state.panes.contains_key(pane)).for_each(|pane| disk.forget(*pane));
    for (id, pane) in &mut state.panes {
        match former(*id, &mut stored, (pane.size, options)) {
            Ok((screen, lines)) => {
                pane.screen = screen;
                disk.recalled.insert(*id, lines);
                state.recalled.insert(*id);
            }
            Err(error) => tracing::error!(pane = %id, "what it showed cannot be restored: {error:#}"),
        }
        pane.screen.feed(note(ran.get(id).map_or(&[], Vec::as_slice)).as_bytes(), &mut Vec::new());
    }
    (state, disk)
}

/// The terminal of a pane whose program is gone, with what it showed, and the memory of its scrollback.
fn former(pane: PaneId, stored: &mut Stored, (size, options): (Size, &Options)) -> anyhow::Result<(Terminal, Arc<OwnedFd>)> {
    let mut lines = Parts::lines(pane)?;
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
    screen.retire();
    if let Some(text) = stored.texts.remove(&pane) {
        screen.feed(String::from_utf8_lossy(&text).replace('\n', "\r\n").as_bytes(), &mut Vec::new());
    }
    if stored.damaged.contains(&pane) {
        screen.feed(DAMAGED.as_bytes(), &mut Vec::new());
    }
    screen.retire();
    Ok((screen, fd))
}

/// The state of a structure, and what ran in its panes; else the ids that must not be given out again, and what is wrong.
fn restored(bytes: &[u8], options: &Options) -> Result<(State, Ran), (NextIds, String)> {
    let structure = Structure::decode(bytes).map_err(|error| (NextIds::default(), error.to_string()))?;
    let (structure, ran) = keep::revived(structure);
    let state = keep::state(structure, |pane| Terminal::new(pane.size, *options, Box::new(HeapMemory::default())));
    match state.check() {
        Ok(()) => Ok((state, ran)),
        Err(problem) => Err((state.next_ids, problem)),
    }
}

/// The line that says below what a pane showed that it is of former times.
fn note(argv: &[String]) -> String {
    let ran = if argv.is_empty() { String::new() } else { format!("; it ran: {}", harmless(&argv.join(" "), COMMAND_MAX)) };
    format!("\x1b[0;2mrestored after a restart{ran}\x1b[0m\r\n")
}

impl Server {
    /// Starts a shell in every restored pane.
    pub(super) fn revive(&mut self) {
        self.core.start_all();
        self.step(Input::Wake, Origin::None);
    }

    /// The disk fails, or no longer does: whoever is there is told. A new database gets everything.
    pub(super) fn disk_news(&mut self, news: News) {
        let (text, warning) = match news {
            News::Failing(why) => (format!("sessions cannot be saved to disk ({why}); they go on, and it is tried again"), true),
            News::Fine => ("sessions are saved to disk again".to_owned(), false),
            News::Anew => return self.disk.begin_anew(now().tick, self.core.state.panes.keys().copied()),
        };
        self.disk.fails(warning.then(|| text.clone()));
        for client in self.clients.keys().copied().collect::<Vec<_>>() {
            self.send(client, &ToClient::Notice(Notice { text: text.clone(), warning }));
        }
    }

    /// A restored pane has its new program below what it showed before: from now on it is a pane like any other.
    pub(super) fn recall(&mut self, pane: PaneId) {
        self.disk.printed(pane, now().tick);
        self.write_snapshot(pane);
    }
}

#[cfg(test)]
mod tests {
    use super::note;

    #[test]
    fn the_line_names_what_ran_and_obeys_nothing_of_it() {
        assert_eq!(note(&[]), "\x1b[0;2mrestored after a restart\x1b[0m\r\n");
        let argv = ["vi".to_owned(), "a\x1b[2Jb".to_owned()];
        let line = note(&argv);
        assert!(line.starts_with("\x1b[0;2mrestored after a restart; it ran: vi a"), "{line:?}");
        assert!(!line.contains("\x1b[2J"));
    }
}
