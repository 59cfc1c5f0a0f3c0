//! Panes outside of the core: the handles of a program on a terminal (`pane`), the command that
//! reads its output (`pipe`), and the name of its foreground program.
//!
//! What a program does not read waits in its input, up to 16 MiB; more is refused as a whole. The
//! bytes are parsed by `term`, never here.
//!
//! `event_loop`, `effects` and `dispatch` call it, `startup` and `persist` fill it. Tests:
//! `tests/it/e2e_pastes.rs`, `tests/it/e2e_daily.rs`, `tests/it/e2e_survive.rs`.

pub(in crate::server) mod pane;
pub(in crate::server) mod pipe;

use std::collections::BTreeMap;

use crate::base::id::PaneId;
use crate::base::time::Span;
use crate::server::panes::pane::PaneIo;
use crate::wire::keeper::Spawn;

/// The handles of all panes, and what waits for programs that are being started.
#[derive(Debug, Default)]
pub(in crate::server) struct Panes {
    pub(in crate::server) io: BTreeMap<PaneId, PaneIo>,
    /// Programs that the keeper was asked to start and did not report yet.
    pub(in crate::server) spawning: BTreeMap<PaneId, Spawn>,
    /// Input for programs that are being started.
    pub(in crate::server) early: BTreeMap<PaneId, Vec<u8>>,
    /// Programs that are to be stopped as soon as they have been started.
    pub(in crate::server) unborn: BTreeMap<PaneId, Span>,
    /// The pane whose output is looked at first in the next turn.
    pub(in crate::server) first: Option<PaneId>,
}
