//! The server as data: the core, and the handles of the outside. What is done with them is in the
//! files beside this one.

use std::collections::BTreeMap;
use std::sync::Arc;

use tokio::io::unix::AsyncFd;
use tokio::sync::mpsc::Sender;

use crate::base::error::Refusal;
use crate::base::id::{CallId, PaneId};
use crate::core::Core;
use crate::platform::EventFd;
use crate::platform::memory::SharedMemory;
use crate::server::clients::Clients;
use crate::server::commands::Commands;
use crate::server::event::Event;
use crate::server::hooks::Hooks;
use crate::server::inbox::Inbox;
use crate::server::keeper_link::KeeperLink;
use crate::server::loop_watchdog::LoopWatchdog;
use crate::server::panes::Panes;
use crate::server::panes::pane::PaneIo;
use crate::server::persist::slots::StructureSlots;
use crate::server::persist::writer::DiskWriter;
use crate::server::startup::socket::Sockets;
use crate::server::startup::takeover::FdReserve;

/// The keeper's signals beside records.
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
    pub(super) panes: Panes,
    pub(super) clients: Clients,
    pub(super) inbox: Inbox,
    /// The call of the present step, and the refusal of what it wanted typed.
    pub(super) stepped_call: (Option<CallId>, Option<Refusal>),
    pub(super) hooks: Hooks,
    pub(super) events: Sender<Event>,
    pub(super) home: String,
    pub(super) next: Counters,
    pub(super) reload: Reload,
    /// Exit status with which the server is to leave.
    pub(super) leaving: Option<u8>,
    pub(super) watch: Arc<LoopWatchdog>,
    pub(super) reserve: FdReserve,
    /// True if a bug left a contradiction in the state: none of it is written any more.
    pub(super) is_damaged: bool,
    /// Turns in a row that a bug cut short.
    pub(super) lost_turns: u32,
}

/// The task that reads the configuration again.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub(super) enum Reload {
    #[default]
    Idle,
    UnderWay,
    /// The configuration may have changed since that task read it.
    Again,
}

/// Numbers that are given out.
#[derive(Debug, Default)]
pub(super) struct Counters {
    pub(super) client: u64,
    pub(super) conn: u64,
    pub(super) call: u64,
}

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
            panes: Panes { io: panes, ..Panes::default() },
            events,
            home,
            clients: Clients::default(),
            inbox: Inbox::default(),
            stepped_call: (None, None),
            hooks: Hooks::default(),
            next: Counters { client, ..Counters::default() },
            reload: Reload::default(),
            leaving: None,
            watch: Arc::default(),
            reserve: FdReserve::default(),
            is_damaged: false,
            lost_turns: 0,
        }
    }
}
