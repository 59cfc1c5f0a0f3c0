//! The start of a server: takeover from the keeper, restore after a reboot, the listening socket,
//! the files of the shell integration, what former servers left, and upgrades.
//!
//! A takeover maps what the keeper holds, restores each screen from its snapshot, and replays the
//! ring in silence up to where the dead server was. The listening socket is among it, so clients
//! wait in its backlog. Where it was planned, the former server holds everything until then
//! (`leaving`). An upgrade that fails is rolled back by the keeper, with the reason.
//! Programs that outlived keeper and server are ended, by the lineages that the lock names.
//!
//! `event_loop` begins with `takeover`; the others are asked later too. Tests: beside the code,
//! `tests/it/e2e_survive.rs`, `e2e_restore.rs`, `e2e_upgrade.rs` and `e2e_prompts.rs` there.

mod leftovers;
pub(in crate::server) mod reboot;
pub(in crate::server) mod shell_integration;
pub(in crate::server) mod socket;
pub(in crate::server) mod takeover;
pub(in crate::server) mod upgrade;
