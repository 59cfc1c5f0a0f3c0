//! Readiness of an fd in tokio's loop. What is done when it is ready is not known here.

use std::io;
use std::os::fd::{AsRawFd, OwnedFd};

use tokio::io::Interest;
use tokio::io::unix::AsyncFd;

use crate::platform::{FileChanges, PathPresence};

/// Waits until what is watched was written; for ever where nothing is.
pub async fn changed(changes: Option<&mut AsyncFd<FileChanges>>) {
    let Some(changes) = changes else { return std::future::pending().await };
    loop {
        let Ok(mut ready) = changes.readable_mut().await else {
            return std::future::pending().await;
        };
        let is_written = ready.get_inner_mut().drain();
        ready.clear_ready();
        if is_written {
            return;
        }
    }
}

/// Waits until what is watched is noticed to be no longer in its place; for ever where nothing is.
/// It looks only when there is something to notice.
pub async fn gone(presence: Option<&mut AsyncFd<PathPresence>>) {
    let Some(presence) = presence else { return std::future::pending().await };
    loop {
        let Ok(mut ready) = presence.readable_mut().await else {
            return std::future::pending().await;
        };
        ready.get_inner_mut().drain();
        let is_there = ready.get_inner().is_there();
        ready.clear_ready();
        if !is_there {
            return;
        }
    }
}

/// Registers an fd that `source` owns, so that it stays open for as long as it is registered.
///
/// # Errors
/// If the loop cannot watch it: a regular file, or too many of them (`epoll_ctl(2)`).
#[expect(
    deprecated,
    reason = "the safe form is deprecated for types that do not own their fd; the bound proves \
        that this one does"
)]
pub fn async_fd<T: AsRawFd + Into<OwnedFd>>(
    source: T,
    interest: Interest,
) -> io::Result<AsyncFd<T>> {
    AsyncFd::with_interest(source, interest)
}
