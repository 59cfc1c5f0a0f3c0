//! The start after everything was gone, keeper and programs too: what the database holds comes back with new shells. No program is run again.

use std::collections::BTreeMap;
use std::path::PathBuf;

use crate::base::geom::Size;
use crate::base::id::PaneId;
use crate::base::text::harmless;
use crate::core::Input;
use crate::platform::now;
use crate::platform::places::Places;
use crate::server::db::{self, News, Stored, Tell, load};
use crate::server::disk::Disk;
use crate::server::edge::{Origin, Server};
use crate::server::keep;
use crate::settings::Settings;
use crate::state::{NextIds, State};
use crate::store::structure::Structure;
use crate::term::Terminal;
use crate::wire::frame::{Notice, ToClient};

/// What a pane shows whose text was damaged.
const DAMAGED: &str = "\x1b[0;2mwhat this pane showed was damaged on disk\x1b[0m";
/// The longest command that is told of, in bytes.
const COMMAND_MAX: usize = 512;

/// What ran in panes, as arguments.
type Ran = BTreeMap<PaneId, Vec<String>>;

/// Where this server's database is; none if nothing is to go to disk.
pub(super) fn path(settings: &Settings) -> Option<PathBuf> {
    settings.persist.enabled.then(|| Places::current().ok().map(|places| places.database())).flatten()
}

/// The state that the database holds, and a disk that knows what its panes showed. Empty if nothing is to come back.
pub(super) fn state(path: PathBuf, tell: Tell, screen: impl Fn(Size) -> Terminal) -> (State, Disk) {
    let Stored { structure, texts, damaged, problem } = load(&path);
    let Some(bytes) = structure else { return (State::default(), Disk::new(path, tell, problem)) };
    let (state, ran) = match restored(&bytes, screen) {
        Ok(restored) => restored,
        Err((next_ids, why)) => {
            let problem = db::put_aside(&path, &why);
            return (State { next_ids, ..State::default() }, Disk::new(path, tell, Some(problem)));
        }
    };
    let mut disk = Disk::new(path, tell, problem);
    tracing::info!(sessions = state.sessions.len(), panes = state.panes.len(), "restored from disk");
    for (pane, text) in texts {
        if !state.panes.contains_key(&pane) {
            disk.forget(pane);
            continue;
        }
        disk.recalled.insert(pane, String::from_utf8_lossy(&text).into_owned());
    }
    for pane in damaged.into_iter().filter(|pane| state.panes.contains_key(pane)) {
        disk.recalled.insert(pane, DAMAGED.to_owned());
    }
    for (pane, argv) in ran {
        let text = disk.recalled.entry(pane).or_default();
        *text = history(text, &argv);
    }
    (state, disk)
}

/// The state of a structure, and what ran in its panes; else the ids that must not be given out again, and what is wrong.
fn restored(bytes: &[u8], screen: impl Fn(Size) -> Terminal) -> Result<(State, Ran), (NextIds, String)> {
    let structure = Structure::decode(bytes).map_err(|error| (NextIds::default(), error.to_string()))?;
    let (structure, ran) = keep::revived(structure);
    let state = keep::state(structure, |pane| screen(pane.size));
    match state.check() {
        Ok(()) => Ok((state, ran)),
        Err(problem) => Err((state.next_ids, problem)),
    }
}

/// What a restored pane shows before its shell begins: what it showed, and a line that says so.
fn history(text: &str, argv: &[String]) -> String {
    let mut shown = text.replace('\n', "\r\n");
    if !shown.is_empty() && !shown.ends_with('\n') {
        shown.push_str("\r\n");
    }
    let ran = if argv.is_empty() { String::new() } else { format!("; it ran: {}", harmless(&argv.join(" "), COMMAND_MAX)) };
    format!("{shown}\x1b[0;2mrestored after a restart{ran}\x1b[0m\r\n")
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

    /// Shows what a restored pane showed before, now that its shell runs and before anything that it printed.
    pub(super) fn recall(&mut self, pane: PaneId) {
        if let Some(text) = self.disk.recalled.remove(&pane) {
            self.core.recall(pane, &text);
            self.disk.printed(pane, now().tick);
            self.write_snapshot(pane);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::history;

    #[test]
    fn what_was_shown_comes_before_the_line_that_says_so() {
        assert_eq!(history("", &[]), "\x1b[0;2mrestored after a restart\x1b[0m\r\n");
        let argv = ["vi".to_owned(), "a\x1b[2Jb".to_owned()];
        let shown = history("one\ntwo", &argv);
        assert!(shown.starts_with("one\r\ntwo\r\n\x1b[0;2mrestored after a restart; it ran: vi a"), "{shown:?}");
        assert!(!shown.contains("\x1b[2J"));
    }
}
