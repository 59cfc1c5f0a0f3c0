//! The screen of a pane whose program is gone: what it showed before, and a line that says so.

use std::os::fd::OwnedFd;
use std::sync::Arc;

use crate::base::geom::Size;
use crate::base::id::PaneId;
use crate::base::text::sanitize;
use crate::platform::memory::PrivateMemory;
use crate::server::panes::pane::PaneMemory;
use crate::server::persist::convert::screen;
use crate::server::persist::database::Stored;
use crate::state::pane::Pane;
use crate::term::{Options, Terminal, fill_history};

/// The text in place of what a pane showed, if that is damaged on disk.
const DAMAGED: &str = "\x1b[0;2mwhat this pane showed was damaged on disk\x1b[0m";
/// The longest command that is told of, in bytes.
const COMMAND_MAX: usize = 512;

/// The terminal of a pane whose program is gone, with what it showed, and the memory of its
/// scrollback.
pub(in crate::server) fn former(
    pane: PaneId,
    stored: &mut Stored,
    size: Size,
    options: &Options,
) -> anyhow::Result<(Terminal, Arc<OwnedFd>)> {
    let lines = PaneMemory::lines(pane)?;
    let fd = lines.fd();
    let mut lines = PrivateMemory::new(lines);
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

/// The part of the line that says what ran in a pane that came back.
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

/// The line below what a pane showed before.
pub(in crate::server) fn note(line: &str) -> String {
    format!("\x1b[0;2m{line}\x1b[0m\r\n")
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
