//! The place of the socket: when somebody cleans it away under a living server, it is made again (F26). Who is connected notices nothing.

use std::os::fd::OwnedFd;
use std::sync::Arc;

use anyhow::Context as _;
use tokio::io::Interest;
use tokio::io::unix::AsyncFd;
use tokio::net::{UnixListener, UnixStream};

use crate::base::time::{Span, Tick};
use crate::platform::places::Places;
use crate::platform::{Presence, gone, now, watch};
use crate::server::Sockets;
use crate::server::edge::Server;
use crate::server::restore::{LISTENER, LOCK};
use crate::wire::keeper::ToKeeper;

/// What could not be made again is tried again after this.
const AGAIN_AFTER: Span = Span::seconds(1);

/// The listening socket, and whether it is where clients look for it.
#[derive(Debug)]
pub(super) struct Place {
    listener: UnixListener,
    presence: Option<AsyncFd<Presence>>,
    /// When it is tried again.
    again_at: Option<Tick>,
}

impl Place {
    /// Watches over this one.
    pub(super) fn new(listener: UnixListener) -> Self {
        Self { listener, presence: presence(), again_at: None }
    }

    /// When something is to be done about it.
    pub(super) fn deadline(&self) -> Option<Tick> {
        self.again_at
    }

    /// Who connects next; nobody when the place is to be made again.
    pub(super) async fn next(&mut self) -> Option<UnixStream> {
        tokio::select! {
            accepted = self.listener.accept() => match accepted {
                Ok((stream, _)) => Some(stream),
                Err(error) => {
                    // There is no fd left, most likely: the next turn of the loop tries again.
                    tracing::warn!(%error, "connection refused");
                    std::future::pending().await
                }
            },
            () = gone(self.presence.as_mut()), if self.again_at.is_none() => {
                self.again_at = Some(now().tick);
                None
            }
        }
    }
}

/// Where nothing can be watched, a place that goes is not noticed.
fn presence() -> Option<AsyncFd<Presence>> {
    let places = Places::current().ok()?;
    Presence::of(places.socket()).and_then(|presence| watch(presence, Interest::READABLE)).ok()
}

impl Server {
    /// Makes the place of the socket again if that is due.
    pub(super) fn mend(&mut self, place: &mut Place) {
        let now = now().tick;
        if place.again_at.is_none_or(|at| now < at) {
            return;
        }
        match again(&self.sockets) {
            Ok((listener, sockets)) => {
                tracing::warn!("the socket was taken away and is there again");
                self.link.say(&ToKeeper::Stash { name: LISTENER.to_vec() }, vec![Arc::clone(&sockets.listener)]);
                self.link.say(&ToKeeper::Stash { name: LOCK.to_vec() }, vec![Arc::clone(&sockets.lock)]);
                self.sockets = sockets;
                *place = Place::new(listener);
            }
            Err(error) => {
                tracing::error!("the socket was taken away: {error:#}");
                place.again_at = Some(now + AGAIN_AFTER);
            }
        }
    }
}

/// Folders, lock and socket, as far as they are gone.
fn again(former: &Sockets) -> anyhow::Result<(UnixListener, Sockets)> {
    let places = Places::current()?;
    places.prepare()?;
    let lock = places.lock_again(former.lock.try_clone()?)?.context("another server was started in its place")?;
    let listener = places.listen_again(&lock)?;
    let ours = OwnedFd::from(listener.try_clone()?);
    listener.set_nonblocking(true)?;
    Ok((UnixListener::from_std(listener)?, Sockets { listener: Arc::new(ours), lock: Arc::new(lock.into_fd()) }))
}
