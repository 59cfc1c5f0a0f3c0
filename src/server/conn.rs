//! Connections: what arrives on one, and what is still to be sent on it. It decides nothing about
//! what is said.

use std::sync::Arc;

use tokio::sync::mpsc::Sender;

use crate::base::error::Refusal;
use crate::base::id::{CallId, ClientId, PaneId};
use crate::base::time::Tick;
use crate::platform::stream::Stream;
use crate::server::db::News;
use crate::server::draw::Drawn;
use crate::server::jobs::event::ProcEvent;
use crate::server::saved;
use crate::server::seek::Seeker;
use crate::state::effect::Successor;
use crate::wire::packet::Packets;

/// Number of a connection, for as long as this server lives.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct ConnId(pub(super) u64);

/// What the tasks that only move bytes tell the loop.
#[derive(Debug)]
pub(super) enum Event {
    /// Somebody connected.
    Opened(Stream),
    /// Bytes arrived on a connection.
    Bytes(ConnId, Vec<u8>),
    /// A connection was closed by its peer, or is broken.
    Closed(ConnId),
    /// A connection that was full takes bytes again.
    Writable(ConnId),
    /// A pane's program takes input again.
    Drained(PaneId),
    /// What read a pane's output has ended: the line for the shell that it was, and how it ended.
    PipeEnded(PaneId, String, String),
    /// Something about commands.
    Procs(ProcEvent),
    /// Something was done about snapshots of sessions, for this call.
    Snapshot(CallId, saved::Done),
    /// Whether a program can take over, for a call that waits to hear it.
    Successor(CallId, Result<Successor, Refusal>),
    /// Something about the disk.
    Disk(News),
}

/// The most events that wait for the loop; the tasks wait beyond that.
pub(super) const EVENTS_MAX: usize = 512;
/// How much is read from a connection at once.
const READ_LEN: usize = 32 << 10;
/// Beyond this much unsent, a connection that does not read is closed.
const UNSENT_MAX: usize = 24 << 20;
/// The longest line of newline-delimited JSON-RPC.
pub(super) const LINE_MAX: usize = 10_000_000;

/// What a connection speaks.
#[derive(Debug)]
pub(super) enum Speech {
    /// Nothing was heard yet.
    Unknown,
    /// Packets; a client with a terminal once it said hello.
    Client { packets: Packets, client: Option<Box<Attached>> },
    /// Newline-delimited JSON-RPC.
    Rpc { line: Vec<u8> },
}

/// A client with a terminal.
#[derive(Debug)]
pub(super) struct Attached {
    pub(super) client: ClientId,
    pub(super) token: u64,
    /// Number of its last input that was worked on.
    pub(super) number: u64,
    /// Whether it was told that number.
    pub(super) told: u64,
    pub(super) drawn: Drawn,
    /// The pane its process runs in, if it is one of ours.
    pub(super) inside: Option<PaneId>,
    /// Its search.
    pub(super) seek: Option<Seeker>,
    /// A call of it, and what it sent after that, is left to the next server.
    pub(super) is_deferred: bool,
}

impl Attached {
    /// The number of its last input, if at least `after` were not told yet and any were; it counts
    /// as told.
    pub(super) fn untold(&mut self, after: u64) -> Option<u64> {
        let is_news = self.told < self.number && self.told + after <= self.number;
        is_news.then(|| {
            self.told = self.number;
            self.number
        })
    }
}

/// One connection.
#[derive(Debug)]
pub(super) struct Conn {
    stream: Arc<Stream>,
    pub(super) speech: Speech,
    unsent: Vec<u8>,
    sent: usize,
    waits: bool,
    /// Nothing more is read from it; it is closed when everything is sent.
    pub(super) closing: bool,
}

impl Conn {
    /// Begins to read from a stream.
    pub(super) fn open(id: ConnId, stream: Stream, events: &Sender<Event>) -> Self {
        let stream = Arc::new(stream);
        tokio::spawn(read(id, Arc::clone(&stream), events.clone()));
        Self {
            stream,
            speech: Speech::Unknown,
            unsent: Vec::new(),
            sent: 0,
            waits: false,
            closing: false,
        }
    }

    /// The client on it, if it is one.
    pub(super) fn attached(&mut self) -> Option<&mut Attached> {
        match &mut self.speech {
            Speech::Client { client, .. } => client.as_deref_mut(),
            _ => None,
        }
    }

    /// When its client is to get the next frame, if one is due and it is not only waited for.
    pub(super) fn draw_deadline(&self) -> Option<Tick> {
        match &self.speech {
            Speech::Client { client: Some(attached), .. } => {
                attached.drawn.due(Tick::default(), false)
            }
            _ => None,
        }
    }

    /// Lets `write` append what is to be sent. Sending is [`Conn::flush`]'s.
    pub(super) fn put(&mut self, write: impl FnOnce(&mut Vec<u8>)) {
        write(&mut self.unsent);
    }

    /// How many bytes are not sent yet.
    pub(super) fn unsent_len(&self) -> usize {
        self.unsent.len() - self.sent
    }

    /// Whether something is not sent yet.
    pub(super) fn has_unsent(&self) -> bool {
        self.sent < self.unsent.len()
    }

    /// Sends what the kernel takes and waits for the rest. Gives false if the connection is to be
    /// dropped.
    pub(super) fn flush(&mut self, id: ConnId, events: &Sender<Event>) -> bool {
        while self.has_unsent() {
            match self.stream.try_write(&self.unsent[self.sent..]) {
                Ok(count) => self.sent += count,
                Err(error) if error.kind() == std::io::ErrorKind::WouldBlock => {
                    self.wait(id, events);
                    return self.unsent.len() - self.sent <= UNSENT_MAX;
                }
                Err(_) => return false,
            }
        }
        self.unsent.clear();
        self.unsent.shrink_to(READ_LEN);
        self.sent = 0;
        !self.closing
    }

    /// A wait that [`Conn::flush`] began is over.
    pub(super) fn woken(&mut self) {
        self.waits = false;
    }

    fn wait(&mut self, id: ConnId, events: &Sender<Event>) {
        if std::mem::replace(&mut self.waits, true) {
            return;
        }
        let (stream, events) = (Arc::clone(&self.stream), events.clone());
        tokio::spawn(async move {
            let event = if stream.writable().await.is_ok() {
                Event::Writable(id)
            } else {
                Event::Closed(id)
            };
            // A loop that is gone needs no events.
            drop(events.send(event).await);
        });
    }
}

async fn read(id: ConnId, stream: Arc<Stream>, events: Sender<Event>) {
    let mut buffer = vec![0; READ_LEN];
    loop {
        let event = match stream.read(&mut buffer).await {
            Ok(0) | Err(_) => Event::Closed(id),
            Ok(count) => Event::Bytes(id, buffer[..count].to_vec()),
        };
        let is_last = matches!(event, Event::Closed(_));
        if events.send(event).await.is_err() || is_last {
            return;
        }
    }
}
