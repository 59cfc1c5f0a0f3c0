//! Connections: what arrives on one, and what is still to be sent on it. It decides nothing about
//! what is said.

use std::sync::Arc;

use tokio::sync::mpsc::Sender;
use tokio::sync::watch;

use crate::base::error::ignore_failure;
use crate::base::id::{ClientId, PaneId};
use crate::base::path_trace;
use crate::base::time::{Span, Tick};
use crate::platform::{Stream, now};
use crate::server::clients::frame::Drawn;
use crate::server::clients::requests::RequestLines;
use crate::server::clients::scroll::CopySearch;
use crate::server::event::{self, ConnId, Event};
use crate::wire::frame::{self, ToClient};
use crate::wire::packet::Packets;

/// The most that is read from a connection at once.
const READ_LEN: usize = 32 << 10;
/// Beyond this much unsent, a connection that does not read is closed.
const UNSENT_MAX: usize = 24 << 20;
/// After so many inputs without a frame, a client is told what was taken.
const TELL_AFTER: u64 = 32;
/// After so many bytes of input without a frame, a client is told what was taken.
const TELL_AFTER_BYTES: usize = 64 << 10;
/// A connection with so much unsent is asked nothing more before its peer has read some of it.
const UNREAD_MAX: usize = 256 << 10;
/// The time that a connection has for its first whole request or hello.
pub(in crate::server) const FIRST_WORD_WITHIN: Span = Span::seconds(5);
/// The same while many others have said nothing yet.
pub(in crate::server) const FIRST_WORD_SOON: Span = Span::millis(500);

/// The protocol of a connection.
#[derive(Debug)]
pub(in crate::server) enum Speech {
    /// Nothing was heard yet.
    Unknown,
    /// Packets; a client with a terminal once it said hello.
    Client { packets: Packets, client: Option<Box<Attached>> },
    /// Newline-delimited JSON-RPC.
    Rpc(RequestLines),
}

/// A client with a terminal.
#[derive(Debug)]
pub(in crate::server) struct Attached {
    pub(in crate::server) client: ClientId,
    pub(in crate::server) token: u64,
    /// Number of its last input that was worked on.
    pub(in crate::server) number: u64,
    /// True if it was told that number.
    pub(in crate::server) told: u64,
    /// Bytes of messages since it was told.
    pub(in crate::server) untold_bytes: usize,
    pub(in crate::server) drawn: Drawn,
    /// The pane its process runs in, if it is one of ours.
    pub(in crate::server) inside: Option<PaneId>,
    pub(in crate::server) search: Option<CopySearch>,
    /// A call of it, and what it sent after that, is left to the next server.
    pub(in crate::server) is_deferred: bool,
}

impl Attached {
    /// The number of its last input, if it was not told yet; it counts as told.
    pub(in crate::server) fn untold(&mut self) -> Option<u64> {
        self.untold_bytes = 0;
        (self.told < self.number).then(|| {
            self.told = self.number;
            self.number
        })
    }

    /// The same once so much came without a frame that the client is to hear of it. A client keeps
    /// what it was not told, and reads no keys while that is much; a program that echoes nothing
    /// causes no frame.
    pub(in crate::server) fn overdue(&mut self) -> Option<u64> {
        let is_overdue =
            self.told + TELL_AFTER <= self.number || TELL_AFTER_BYTES <= self.untold_bytes;
        is_overdue.then(|| self.untold()).flatten()
    }
}

#[derive(Debug)]
pub(in crate::server) struct Conn {
    stream: Arc<Stream>,
    pub(in crate::server) speech: Speech,
    unsent: Vec<u8>,
    sent: usize,
    waits: bool,
    /// Nothing more is read from it; it is closed when everything is sent.
    pub(in crate::server) closing: bool,
    /// True while more may be read from it.
    gate: watch::Sender<bool>,
    /// The peer sends nothing more; it may still read.
    is_ended: bool,
    /// The time for its first whole request or hello; none once that came.
    pub(in crate::server) first_word_by: Option<Tick>,
    /// True if its place is kept for clients with a terminal.
    pub(in crate::server) is_kept: bool,
}

impl Conn {
    /// Begins to read from a stream.
    pub(in crate::server) fn open(id: ConnId, stream: Stream, events: &Sender<Event>) -> Self {
        let stream = Arc::new(stream);
        let (gate, opened) = watch::channel(true);
        tokio::spawn(read(id, Arc::clone(&stream), opened, events.clone()));
        Self {
            gate,
            is_ended: false,
            first_word_by: Some(now().tick + FIRST_WORD_WITHIN),
            is_kept: false,
            stream,
            speech: Speech::Unknown,
            unsent: Vec::new(),
            sent: 0,
            waits: false,
            closing: false,
        }
    }

    /// The client on it, if it is one.
    pub(in crate::server) fn attached(&mut self) -> Option<&mut Attached> {
        match &mut self.speech {
            Speech::Client { client, .. } => client.as_deref_mut(),
            _ => None,
        }
    }

    /// The time for its client's next frame, if one is due and it is not only waited for.
    pub(in crate::server) fn draw_deadline(&self) -> Option<Tick> {
        match &self.speech {
            Speech::Client { client: Some(attached), .. } => {
                attached.drawn.due(Tick::default(), false)
            }
            _ => None,
        }
    }

    /// Lets `write` append what is to be sent. Sending is [`Conn::flush`]'s.
    pub(in crate::server) fn put(&mut self, write: impl FnOnce(&mut Vec<u8>)) {
        write(&mut self.unsent);
    }

    /// Appends a message of packets. One that is too long is dropped and logged: whatever makes
    /// messages bounds them, and a client goes on without one.
    pub(in crate::server) fn tell(&mut self, message: &ToClient) {
        if let Err(error) = frame::put(&mut self.unsent, message) {
            tracing::error!(%error, "a bug: a message is dropped");
        }
    }

    /// The number of bytes not sent yet.
    pub(in crate::server) fn unsent_len(&self) -> usize {
        self.unsent.len() - self.sent
    }

    /// True if something is not sent yet.
    pub(in crate::server) fn has_unsent(&self) -> bool {
        self.sent < self.unsent.len()
    }

    /// Sends what the kernel takes and waits for the rest. Gives false if the connection is to be
    /// dropped.
    pub(in crate::server) fn flush(&mut self, id: ConnId, events: &Sender<Event>) -> bool {
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
        !(self.closing || self.is_done())
    }

    /// Bytes that came and were not worked on.
    pub(in crate::server) fn unread_len(&self) -> usize {
        match &self.speech {
            Speech::Unknown => 0,
            Speech::Client { packets, .. } => packets.pending(),
            Speech::Rpc(lines) => lines.len(),
        }
    }

    /// The requests on it, if it speaks JSON-RPC.
    pub(in crate::server) fn lines(&mut self) -> Option<&mut RequestLines> {
        match &mut self.speech {
            Speech::Rpc(lines) => Some(lines),
            _ => None,
        }
    }

    /// True if a request that waits may be worked on: its peer reads the answers.
    pub(in crate::server) fn may_ask(&self) -> bool {
        !self.closing && self.unsent_len() < UNREAD_MAX
    }

    /// True if a whole request waits. Until it is worked on, no more is read.
    pub(in crate::server) fn has_request(&mut self) -> bool {
        let has_request = self.lines().is_some_and(RequestLines::has_line);
        self.gate.send_if_modified(|may_read| {
            let was = std::mem::replace(may_read, !has_request);
            was == has_request
        });
        has_request
    }

    /// The peer sends nothing more. A last line needs no end.
    pub(in crate::server) fn end_input(&mut self) {
        self.is_ended = true;
        if let Some(lines) = self.lines() {
            lines.push(b"\n");
        }
    }

    /// True if its peer sends nothing more and everything it asked is answered.
    pub(in crate::server) fn is_done(&self) -> bool {
        self.is_ended
            && match &self.speech {
                Speech::Rpc(lines) => lines.is_done(),
                _ => true,
            }
    }

    /// Ends the connection for its peer.
    pub(in crate::server) fn hang_up(&self) {
        self.stream.close();
    }

    /// A wait that [`Conn::flush`] began is over.
    pub(in crate::server) fn woken(&mut self) {
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
            event::send(&events, event).await;
        });
    }
}

async fn read(
    id: ConnId,
    stream: Arc<Stream>,
    mut gate: watch::Receiver<bool>,
    events: Sender<Event>,
) {
    let mut buffer = vec![0; READ_LEN];
    while gate.wait_for(|may_read| *may_read).await.is_ok() {
        let event = match stream.read(&mut buffer).await {
            // A peer that has gone altogether needs no fd to be waited for.
            Ok(0) if stream.is_hung_up() => Event::Closed(id),
            Ok(0) => Event::InputEnded(id),
            Err(_) => Event::Closed(id),
            Ok(count) => {
                path_trace::note("key");
                path_trace::note("exec");
                Event::Bytes(id, buffer[..count].to_vec())
            }
        };
        let is_end = matches!(event, Event::InputEnded(_));
        let is_last = matches!(event, Event::Closed(_));
        if events.send(event).await.is_err() || is_last {
            return;
        }
        if is_end {
            break;
        }
    }
    // A peer that only ends its side reads the answers still; one that has gone awaits none.
    let waited = stream.hung_up().await;
    ignore_failure(waited, "without an fd to wait with, it counts as gone");
    event::send(&events, Event::Closed(id)).await;
}
