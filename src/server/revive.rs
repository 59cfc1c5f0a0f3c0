//! The start after everything was gone, keeper and programs too: what the database holds comes back. Commands are run again as far as the settings say so, or a
//! person does.

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
use crate::settings::{Restore, Settings};
use crate::state::pane::{Life, Pane};
use crate::state::{NextIds, State};
use crate::store::structure::Structure;
use crate::term::Terminal;
use crate::wire::frame::{Notice, ToClient};

/// What a pane shows whose text was damaged.
const DAMAGED: &str = "\x1b[0;2mwhat this pane showed was damaged on disk\x1b[0m";
/// What a pane says that came back.
const AFTER_RESTART: &str = "restored after a restart";
/// The longest command that is told of, in bytes.
const COMMAND_MAX: usize = 512;

/// Where this server's database is; none if nothing is to go to disk.
pub(super) fn path(settings: &Settings) -> Option<PathBuf> {
    settings.persist.enabled.then(|| Places::current().ok().map(|places| places.database())).flatten()
}

/// The state that the database holds, and a disk that knows what its panes showed. Empty if nothing is to come back.
pub(super) fn state(path: PathBuf, tell: Tell, restore: &Restore, screen: impl Fn(Size) -> Terminal) -> (State, Disk) {
    let Stored { structure, texts, damaged, problem } = load(&path);
    let Some(bytes) = structure else { return (State::default(), Disk::new(path, tell, problem)) };
    let state = match restored(&bytes, restore, screen) {
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
    for pane in state.panes.values() {
        let text = disk.recalled.entry(pane.id).or_default();
        *text = history(text, &format!("{AFTER_RESTART}{}", told(pane)));
    }
    (state, disk)
}

/// One for a state that was taken over: what panes showed that wait for a person since they came back is known to no other program.
pub(super) fn disk(path: PathBuf, tell: Tell, state: &State) -> Disk {
    let held: Vec<PaneId> = state.panes.values().filter(|pane| pane.life == Life::Held).map(|pane| pane.id).collect();
    if held.is_empty() {
        return Disk::new(path, tell, None);
    }
    let Stored { mut texts, problem, .. } = load(&path);
    let mut disk = Disk::new(path, tell, problem);
    for pane in held {
        let text = texts.remove(&pane).map(|text| String::from_utf8_lossy(&text).into_owned()).unwrap_or_default();
        disk.recalled.insert(pane, history(&text, &format!("{AFTER_RESTART}{}", told(state.pane(pane)))));
    }
    disk
}

/// What the line says of a pane that came back, besides that it did.
pub(super) fn told(pane: &Pane) -> String {
    let words = |argv: &[String]| harmless(&argv.join(" "), COMMAND_MAX);
    match (pane.argv.as_slice(), pane.revival.ran.as_slice()) {
        ([], []) => String::new(),
        ([], ran) => format!("; it ran: {} (pane rerun types it again)", words(ran)),
        (argv, _) if pane.revival.instead => format!("; its command: {} (pane respawn runs it)", words(argv)),
        (argv, _) => format!("; it ran: {}", words(argv)),
    }
}

/// The state of a structure; else the ids that must not be given out again, and what is wrong.
fn restored(bytes: &[u8], restore: &Restore, screen: impl Fn(Size) -> Terminal) -> Result<State, (NextIds, String)> {
    let structure = Structure::decode(bytes).map_err(|error| (NextIds::default(), error.to_string()))?;
    let state = keep::state(keep::revived(structure, restore), |pane| screen(pane.size));
    match state.check() {
        Ok(()) => Ok(state),
        Err(problem) => Err((state.next_ids, problem)),
    }
}

/// What a restored pane shows before its program begins: what it showed, and a line that says so.
pub(super) fn history(text: &str, line: &str) -> String {
    let mut shown = text.replace('\n', "\r\n");
    if !shown.is_empty() && !shown.ends_with('\n') {
        shown.push_str("\r\n");
    }
    format!("{shown}\x1b[0;2m{line}\x1b[0m\r\n")
}

impl Server {
    /// Lets the restored panes begin: programs are started soon, and panes that wait for a person show what they have.
    pub(super) fn revive(&mut self) {
        self.core.sleep(now());
        self.show_held();
        self.step(Input::Wake, Origin::None);
    }

    /// Shows in panes that wait for a person what they showed before.
    pub(super) fn show_held(&mut self) {
        for (pane, text) in &self.disk.recalled {
            self.core.hold(*pane, text);
        }
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
    use super::{history, told};
    use crate::base::geom::Size;
    use crate::base::id::PaneId;
    use crate::base::memory::HeapMemory;
    use crate::state::State;
    use crate::term::{Options, Terminal};

    #[test]
    fn what_was_shown_comes_before_the_line_that_says_so() {
        assert_eq!(history("", "back"), "\x1b[0;2mback\x1b[0m\r\n");
        assert_eq!(history("one\ntwo", "back; it ran: x"), "one\r\ntwo\r\n\x1b[0;2mback; it ran: x\x1b[0m\r\n");
    }

    #[test]
    fn the_line_says_what_ran_and_nothing_a_terminal_obeys() {
        let mut state = State::default();
        state.adopt(PaneId(1), 1, Terminal::new(Size::new(10, 4), Options::default(), Box::new(HeapMemory::default())), 0);
        let pane = state.pane_mut(PaneId(1));
        let words = |line: &str| line.split(' ').map(str::to_owned).collect::<Vec<_>>();
        assert_eq!(told(pane), "");
        pane.revival.ran = words("vi a\x1b[2Jb");
        assert_eq!(told(pane), "; it ran: vi a[2Jb (pane rerun types it again)");
        pane.argv = words("npm run dev");
        assert_eq!(told(pane), "; it ran: npm run dev");
        pane.revival.instead = true;
        assert_eq!(told(pane), "; its command: npm run dev (pane respawn runs it)");
    }
}
