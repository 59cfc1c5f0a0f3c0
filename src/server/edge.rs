//! The server as data: the core, and the handles of the outside. What is done with them is in the
//! files beside this one.

use std::collections::BTreeMap;

use tokio::io::unix::AsyncFd;
use tokio::sync::mpsc::Sender;

use crate::base::id::{CallId, ClientId, PaneId};
use crate::base::time::Span;
use crate::core::Core;
use crate::platform::EventFd;
use crate::platform::memory::SharedMemory;
use crate::server::Sockets;
use crate::server::clients::connection::Conn;
use crate::server::commands::Commands;
use crate::server::event::{ConnId, Event, Return};
use crate::server::inbox::Inbox;
use crate::server::keeper_link::KeeperLink;
use crate::server::panes::pane::PaneIo;
use crate::server::persist::slots::StructureSlots;
use crate::server::persist::writer::DiskWriter;
use crate::wire::keeper::Spawn;

/// What comes from the keeper beside records.
#[derive(Debug)]
pub(super) struct Wake {
    /// The shared page with the word `waiting`.
    pub(super) control: SharedMemory,
    /// Some ring has new bytes.
    pub(super) data: AsyncFd<EventFd>,
    /// Some ring that was full has room.
    pub(super) room: EventFd,
}

/// The server: the core and the handles of the outside.
pub(super) struct Server {
    pub(super) core: Core,
    pub(super) link: KeeperLink,
    pub(super) wake: Wake,
    pub(super) slots: StructureSlots,
    pub(super) disk: DiskWriter,
    pub(super) sockets: Sockets,
    /// Commands, session shells and processes.
    pub(super) commands: Commands,
    pub(super) panes: BTreeMap<PaneId, PaneIo>,
    /// What the keeper was asked to start and did not report yet.
    pub(super) spawning: BTreeMap<PaneId, Spawn>,
    /// Input for programs that are being started.
    pub(super) early: BTreeMap<PaneId, Vec<u8>>,
    /// Programs that are to be stopped as soon as they have been started.
    pub(super) unborn: BTreeMap<PaneId, Span>,
    pub(super) conns: BTreeMap<ConnId, Conn>,
    pub(super) clients: BTreeMap<ClientId, ConnId>,
    pub(super) calls: BTreeMap<CallId, Return>,
    pub(super) inbox: Inbox,
    pub(super) events: Sender<Event>,
    pub(super) home: String,
    pub(super) next: Counters,
    /// Exit status with which the server is to leave.
    pub(super) leaving: Option<u8>,
    /// The pane whose output is looked at first in the next turn.
    pub(super) first: Option<PaneId>,
}

/// Numbers that are given out.
#[derive(Debug, Default)]
pub(super) struct Counters {
    pub(super) client: u64,
    pub(super) conn: u64,
    pub(super) call: u64,
}

/// What a server is put together from.
pub(super) struct ServerParts {
    pub(super) core: Core,
    pub(super) link: KeeperLink,
    pub(super) wake: Wake,
    pub(super) slots: StructureSlots,
    pub(super) disk: DiskWriter,
    pub(super) sockets: Sockets,
    pub(super) commands: Commands,
    pub(super) panes: BTreeMap<PaneId, PaneIo>,
    pub(super) events: Sender<Event>,
    pub(super) home: String,
}

impl Server {
    pub(super) fn new(parts: ServerParts) -> Self {
        let ServerParts { core, link, wake, slots, disk, sockets, commands, panes, events, home } =
            parts;
        let client = core.state().next_ids.client;
        Self {
            core,
            link,
            wake,
            slots,
            disk,
            sockets,
            commands,
            panes,
            spawning: BTreeMap::new(),
            events,
            home,
            early: BTreeMap::new(),
            unborn: BTreeMap::new(),
            conns: BTreeMap::new(),
            clients: BTreeMap::new(),
            calls: BTreeMap::new(),
            inbox: Inbox::default(),
            next: Counters { client, ..Counters::default() },
            leaving: None,
            first: None,
        }
    }
}
