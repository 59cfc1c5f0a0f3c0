//! The place of the socket, and who comes there: when somebody cleans it away under a living
//! server, it is made again (F26). Who is connected notices nothing.

use std::fs::File;
use std::io;
use std::os::fd::OwnedFd;
use std::sync::Arc;

use anyhow::Context as _;
use tokio::io::Interest;
use tokio::io::unix::AsyncFd;
use tokio::net::{UnixListener, UnixStream};

use crate::base::error::{Code, Refusal};
use crate::base::time::{Span, Tick};
use crate::platform::paths::Paths;
use crate::platform::{PathPresence, async_fd, gone, now};
use crate::server::event_loop::pause;
use crate::server::keeper_link::KeeperLink;
use crate::server::startup::leftovers;
use crate::server::startup::takeover::{KeeperHoldings, LISTENER, LOCK};
use crate::wire::keeper::ToKeeper;
use crate::wire::rpc::Response;

/// The number of fds kept for a client that cannot stay; other threads may be quicker than this
/// when one is free.
const SPARES: usize = 4;
/// A socket that could not be made again is tried again after this.
const AGAIN_AFTER: Span = Span::seconds(1);
/// A lock is waited for so long.
const GOING_WITHIN: Span = Span::seconds(1);
/// A lock that is taken is tried again after this.
const LOCK_AGAIN: Span = Span::millis(10);

/// The listening socket and the lock, as handles that the keeper's stash holds too.
#[derive(Debug)]
pub(in crate::server) struct Sockets {
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
    pub(in crate::server) fn stash(&self, link: &mut KeeperLink) {
        link.say(&ToKeeper::Stash { name: LISTENER.to_vec() }, vec![Arc::clone(&self.listener)]);
        link.say(&ToKeeper::Stash { name: LOCK.to_vec() }, vec![Arc::clone(&self.lock)]);
    }
}

/// Takes the stashed socket over, or becomes the server of this place. None if there is another.
pub(in crate::server) async fn listen(
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
    leftovers::end(&sockets.lock, held.epoch, held.keeper_pid);
    sockets.stash(link);
    Ok(Some((listening, sockets)))
}

/// The listening socket, and whether it is where clients look for it.
#[derive(Debug)]
pub(in crate::server) struct ListeningSocket {
    listener: UnixListener,
    presence: Option<AsyncFd<PathPresence>>,
    /// The time when it is tried again.
    again_at: Option<Tick>,
    /// Not even who waits can be sent away; until then nobody is looked at.
    full_until: Option<Tick>,
    /// Fds to spare: where there is no other, one is given up for a moment, so that clients hear
    /// why they cannot stay (F8).
    spares: Vec<File>,
}

impl ListeningSocket {
    /// Watches over this one.
    pub(in crate::server) fn new(listener: UnixListener) -> Self {
        let presence = presence();
        // A removal before the watch began is not reported by it.
        let is_gone = presence.as_ref().is_some_and(|presence| !presence.get_ref().is_there());
        Self {
            listener,
            presence,
            again_at: is_gone.then(|| now().tick),
            full_until: None,
            spares: Vec::new(),
        }
    }

    /// The time when something is to be done about it.
    pub(in crate::server) fn deadline(&self) -> Option<Tick> {
        [self.again_at, self.full_until].into_iter().flatten().min()
    }

    /// The next connection; none when the place is to be made again.
    pub(in crate::server) async fn next(&mut self) -> Option<UnixStream> {
        if self.full_until.is_some_and(|until| until <= now().tick) {
            self.full_until = None;
        }
        while self.spares.len() < SPARES
            && let Ok(file) = File::open("/dev/null")
        {
            self.spares.push(file);
        }
        loop {
            tokio::select! {
                accepted = self.listener.accept(), if self.full_until.is_none() => match accepted {
                    Ok((stream, _)) => return Some(stream),
                    Err(error) if self.refuse(&error).await => {}
                    Err(_) => {
                        self.full_until = Some(now().tick + AGAIN_AFTER);
                        return None;
                    }
                },
                () = gone(self.presence.as_mut()), if self.again_at.is_none() => {
                    self.again_at = Some(now().tick);
                    return None;
                }
                else => return std::future::pending().await,
            }
        }
    }

    /// Makes the socket and its folders again if that is due, and stashes the new ones.
    pub(in crate::server) fn restore(&mut self, sockets: &mut Sockets, link: &mut KeeperLink) {
        let now = now().tick;
        if self.again_at.is_none_or(|at| now < at) {
            return;
        }
        match again(sockets) {
            Ok((listener, restored)) => {
                tracing::warn!("the socket was taken away and is there again");
                restored.stash(link);
                *sockets = restored;
                *self = Self::new(listener);
            }
            Err(error) => {
                tracing::error!("the socket was taken away: {error:#}");
                self.again_at = Some(now + AGAIN_AFTER);
            }
        }
    }

    /// Nobody more can stay: who waits is told why and sent away. False if not even that can be
    /// done.
    async fn refuse(&mut self, error: &io::Error) -> bool {
        tracing::warn!(%error, "connection refused");
        // Other threads take free fds too; there may be none left.
        let spare = self.spares.pop();
        drop(spare);
        let accepted = self.listener.accept().await;
        if let Ok((stream, _)) = &accepted {
            let refusal = Refusal::new(
                Code::LimitReached,
                format!("the server takes no more connections: {error}"),
            )
            .hint(
                "close panes or clients, or end the server and start it with a higher `ulimit -n`",
            );
            let response: Response = Response::new(serde_json::Value::Null, Err(refusal));
            let line = serde_json::to_string(&response).expect("a response is plain data") + "\n";
            // A client that has gone meanwhile hears nothing.
            if let Err(error) = stream.try_write(line.as_bytes()) {
                tracing::debug!(%error, "a refusal is not sent");
            }
        }
        let is_done = accepted.is_ok();
        drop(accepted);
        self.spares.extend(File::open("/dev/null"));
        is_done
    }
}

/// None if nothing can be watched; the removal of the place then goes unnoticed.
fn presence() -> Option<AsyncFd<PathPresence>> {
    let places = Paths::current().ok()?;
    PathPresence::of(places.socket())
        .and_then(|presence| async_fd(presence, Interest::READABLE))
        .ok()
}

/// Folders, lock and socket, as far as they are gone.
fn again(former: &Sockets) -> anyhow::Result<(UnixListener, Sockets)> {
    let places = Paths::current()?;
    places.prepare()?;
    let lock = places
        .lock_again(former.lock.try_clone()?)?
        .context("another server was started in its place")?;
    let listener = places.listen_again(&lock)?;
    let (listening, sockets) = Sockets::new(listener.into(), lock.into_fd())?;
    leftovers::hand_on(&former.lock, &sockets.lock);
    Ok((listening, sockets))
}
