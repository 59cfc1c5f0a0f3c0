//! The types that every folder of the server shares: events of tasks, and the origin and return
//! address of inputs.

use tokio::sync::mpsc::Sender;

use crate::base::error::Refusal;
use crate::base::id::{CallId, ClientId, PaneId};
use crate::platform::Stream;
use crate::server::commands::CommandTaskEvent;
use crate::server::persist::database::News;
use crate::server::persist::snapshot;
use crate::settings::Settings;
use crate::state::effect::Successor;

/// Number of a connection, for as long as this server lives.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(in crate::server) struct ConnId(pub(in crate::server) u64);

/// The cause of a step.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::server) enum Origin {
    /// Something else.
    None,
    /// The action of a hook. What it causes calls no hook again.
    Hook,
    /// Output that ends at this position of its ring.
    Output(u64),
    /// A numbered message of a client.
    Client { client: ClientId, token: u64, number: u64 },
}

/// The place where the answer to a call goes.
#[derive(Debug)]
pub(in crate::server) enum Return {
    /// To a line of JSON-RPC.
    Rpc { conn: ConnId, id: serde_json::Value },
    /// To a client with a terminal.
    Client { client: ClientId, id: serde_json::Value },
    /// Nobody waits for it.
    Nobody,
}

/// The news that tasks beside the loop have for it.
#[derive(Debug)]
pub(in crate::server) enum Event {
    /// Somebody connected.
    Opened(Stream),
    /// Bytes arrived on a connection.
    Bytes(ConnId, Vec<u8>),
    /// The peer of a connection sends nothing more; it may still read.
    InputEnded(ConnId),
    /// A connection was closed by its peer, or is broken.
    Closed(ConnId),
    /// A connection that was full takes bytes again.
    Writable(ConnId),
    /// A pane's program takes input again.
    Drained(PaneId),
    /// The reader of a pane's output has ended: its line for the shell, and how it ended.
    PipeEnded(PaneId, String, String),
    /// Something about commands.
    Commands(CommandTaskEvent),
    /// Something was done about snapshots of sessions, for this call.
    Snapshot(CallId, snapshot::Done),
    /// True if a program can take over, for a call that waits to hear it.
    Successor(CallId, Result<Successor, Refusal>),
    /// The configuration as it is now; none if it has problems.
    Configuration(Option<Box<Settings>>),
    /// Something about the disk.
    Disk(News),
    /// Why the log cannot be written; none if it can be again.
    Log(Option<String>),
}

/// The most events that wait for the loop; the tasks wait beyond that.
pub(in crate::server) const EVENTS_MAX: usize = 512;

/// Sends an event to the loop. A loop that has ended needs no events, so that is no error.
pub(in crate::server) async fn send(events: &Sender<Event>, event: Event) {
    if events.send(event).await.is_err() {
        tracing::debug!("an event comes after the end of the loop");
    }
}

/// The same from a thread that may block.
pub(in crate::server) fn send_blocking(events: &Sender<Event>, event: Event) {
    if events.blocking_send(event).is_err() {
        tracing::debug!("an event comes after the end of the loop");
    }
}
