//! The server: one loop around the pure core. It owns what must not be lost only through the
//! keeper, so it can be killed at any moment.

mod clients;
mod commands;
mod dispatch;
mod edge;
mod effects;
mod event;
mod event_loop;
mod hooks;
mod inbox;
mod keeper_link;
mod panes;
mod persist;
mod startup;

use std::ffi::OsString;
use std::os::fd::{AsFd, OwnedFd};
use std::sync::Arc;

use anyhow::Context as _;
use tokio::net::UnixListener;
use tokio::sync::mpsc;

use crate::base::time::Span;
use crate::config::load::load;
use crate::platform::paths::Paths;
use crate::platform::{config_file, now, process};
use crate::server::event::EVENTS_MAX;
use crate::server::event_loop::pause;
use crate::server::keeper_link::KeeperLink;
use crate::server::startup::takeover::{KeeperHoldings, LISTENER, LOCK};
use crate::settings::Settings;
use crate::wire::keeper::ToKeeper;

/// The server is ended before other processes where no memory is left: its end costs nothing (F10).
const VICTIM: i32 = 200;
/// A lock is waited for so long.
const GOING_WITHIN: Span = Span::seconds(1);
/// A lock that is taken is tried again after this.
const LOCK_AGAIN: Span = Span::millis(10);
/// The exit status after an error; the keeper tries again, ever more slowly.
const FAILED_STATUS: u8 = 70;

/// Runs the server until it is to leave; gives its exit status. Its standard input is the socket to
/// its keeper; `args` is what follows `server run`.
#[must_use]
pub fn run(args: &[OsString]) -> u8 {
    log_to_stderr();
    process::offer_as_victim(VICTIM);
    let is_safe = args.iter().any(|arg| arg == "--safe-mode");
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let result = runtime.context("no runtime").and_then(|runtime| {
        // As a task: between one that brings something and the loop the runtime does not look at
        // its fds.
        let result = runtime.block_on(async { tokio::spawn(serve(is_safe)).await? });
        // Commands of hooks are not waited for.
        runtime.shutdown_background();
        result
    });
    match result {
        Ok(status) => status,
        Err(error) => {
            tracing::error!("the server ends: {error:#}");
            FAILED_STATUS
        }
    }
}

fn log_to_stderr() {
    let filter =
        tracing_subscriber::EnvFilter::try_from_env("ABIDE_LOG").unwrap_or_else(|_| "info".into());
    let subscriber = tracing_subscriber::fmt()
        .with_writer(std::io::stderr)
        .with_ansi(false)
        .with_env_filter(filter)
        .finish();
    // A second subscriber is only ever set by a test.
    if let Err(error) = tracing::subscriber::set_global_default(subscriber) {
        tracing::debug!(%error, "the log stays as it is");
    }
}

async fn serve(is_safe: bool) -> anyhow::Result<u8> {
    let socket = std::io::stdin().as_fd().try_clone_to_owned()?;
    let mut link = KeeperLink::new(socket)?;
    let mut held = startup::takeover::take_over(&mut link).await?;
    let Some((listener, sockets)) = listen(&mut held, &mut link).await? else {
        tracing::info!("another server is running here");
        return Ok(0);
    };
    let (events, receiver) = mpsc::channel(EVENTS_MAX);
    if is_safe {
        tracing::warn!("safe mode: the configuration is not read");
    }
    let settings = if is_safe { None } else { settings() }.unwrap_or_default();
    let mut server = startup::takeover::server(held, link, settings, sockets, events)?;
    server.link.say(&ToKeeper::Ready, Vec::new());
    server.run(listener, receiver).await
}

/// The listening socket and the lock, as handles that the keeper's stash holds too.
#[derive(Debug)]
struct Sockets {
    listener: Arc<OwnedFd>,
    lock: Arc<OwnedFd>,
}

impl Sockets {
    /// These, and the socket for the loop.
    fn new(listener: OwnedFd, lock: OwnedFd) -> anyhow::Result<(UnixListener, Self)> {
        let listening = std::os::unix::net::UnixListener::from(listener.try_clone()?);
        listening.set_nonblocking(true)?;
        Ok((
            UnixListener::from_std(listening)?,
            Self { listener: Arc::new(listener), lock: Arc::new(lock) },
        ))
    }

    /// Hands them to the keeper, for the next server.
    fn stash(&self, link: &mut KeeperLink) {
        link.say(&ToKeeper::Stash { name: LISTENER.to_vec() }, vec![Arc::clone(&self.listener)]);
        link.say(&ToKeeper::Stash { name: LOCK.to_vec() }, vec![Arc::clone(&self.lock)]);
    }
}

/// Takes the stashed socket over, or becomes the server of this place. None if there is another.
async fn listen(
    held: &mut KeeperHoldings,
    link: &mut KeeperLink,
) -> anyhow::Result<Option<(UnixListener, Sockets)>> {
    let (listener, lock) = if let (Some(listener), Some(lock)) =
        (held.stash.remove(LISTENER), held.stash.remove(LOCK))
    {
        (listener, lock)
    } else {
        let places = Paths::current()?;
        places.prepare()?;
        // A server that was killed has its lock until its last thread is gone.
        let give_up = now().tick + GOING_WITHIN;
        let lock = loop {
            match places.lock()? {
                Some(lock) => break lock,
                None if give_up <= now().tick => return Ok(None),
                None => pause(Some(now().tick + LOCK_AGAIN)).await,
            }
        };
        let listener = OwnedFd::from(places.listen(&lock)?);
        (listener, lock.into_fd())
    };
    let (listening, sockets) = Sockets::new(listener, lock)?;
    sockets.stash(link);
    Ok(Some((listening, sockets)))
}

/// The options of the user's file, the built-in ones if there is none; nothing if it has problems,
/// which are logged.
fn settings() -> Option<Settings> {
    let path = config_file::path();
    let text = match std::fs::read_to_string(&path) {
        Ok(text) => text,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            return Some(Settings::default());
        }
        Err(error) => {
            tracing::error!(path = %path.display(), %error, "the configuration cannot be read");
            return None;
        }
    };
    load(&path.display().to_string(), &text)
        .inspect_err(|problems| problems.iter().for_each(|problem| tracing::error!("{problem}")))
        .ok()
}
