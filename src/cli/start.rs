//! Starting a server where there is none: a keeper is started, and it starts the server. It waits
//! until the server listens, and knows no action.

use std::io;
use std::os::fd::{AsFd as _, OwnedFd};
use std::os::unix::net::UnixStream;
use std::time::{Duration, Instant};

use crate::base::error::{Code, Refusal};
use crate::base::id::PaneId;
use crate::base::time::Span;
use crate::cli::connection::ServerConnection;
use crate::platform::daemonize::{self, KeeperStart};
use crate::platform::paths::Paths;
use crate::platform::poll::Ready;
use crate::platform::{self, own_program};

/// The longest time until a new server listens.
const START_WITHIN: Duration = Duration::from_secs(15);
/// The same for another server that was started at the same time, once our keeper has ended.
const AFTER_KEEPER_WITHIN: Duration = Duration::from_secs(2);
/// The time between two looks for it.
const LOOK_EVERY: Span = Span::millis(1);

/// A connection to the server of these places, which is started if there is none.
///
/// # Errors
/// If it cannot be started, with the log to look into.
pub(super) fn link(places: &Paths, pane: Option<PaneId>) -> Result<ServerConnection, Refusal> {
    if let Some(link) = ServerConnection::connect(places, pane)? {
        return Ok(link);
    }
    places.prepare().map_err(|error| Refusal::new(Code::SpawnFailed, error.to_string()))?;
    let log =
        places.open_log().map_err(|error| Refusal::new(Code::SpawnFailed, error.to_string()))?;
    let failed =
        |error: io::Error| failure(places, &format!("the keeper cannot be started: {error}"));
    let exe = own_program();
    let (alive, theirs) = UnixStream::pair().map_err(failed)?;
    let start = KeeperStart {
        exe: &exe,
        args: Vec::new(),
        env: Vec::new(),
        input: Some(OwnedFd::from(theirs)),
        log: Some(log),
    };
    daemonize::start_keeper(start).map_err(failed)?;
    wait(places, pane, &alive)
}

/// `alive` is closed at the other end when the keeper has gone.
fn wait(
    places: &Paths,
    pane: Option<PaneId>,
    alive: &UnixStream,
) -> Result<ServerConnection, Refusal> {
    let mut deadline = Instant::now() + START_WITHIN;
    let mut is_alive = true;
    loop {
        if let Some(link) = ServerConnection::connect(places, pane)? {
            return Ok(link);
        }
        if deadline < Instant::now() {
            return Err(failure(places, "the server was started and does not listen"));
        }
        let looked = Ready { input: is_alive, room: false };
        let [ended] = platform::poll::poll([(alive.as_fd(), looked)], Some(LOOK_EVERY))
            .map_err(|error| failure(places, &error.to_string()))?;
        // The keeper of a server that came second ends too; then the first one is about to listen.
        if ended.input {
            is_alive = false;
            deadline = deadline.min(Instant::now() + AFTER_KEEPER_WITHIN);
        }
    }
}

fn failure(places: &Paths, message: &str) -> Refusal {
    Refusal::new(Code::SpawnFailed, message).hint(format!("the log is {}", places.log().display()))
}
