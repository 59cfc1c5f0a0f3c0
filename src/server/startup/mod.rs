//! The start of a server: takeover from the keeper, restore after a reboot, the listening socket,
//! the files of the shell integration,
//! what former servers left, and upgrades.

mod leftovers;
pub(in crate::server) mod reboot;
pub(in crate::server) mod shell_integration;
pub(in crate::server) mod socket;
pub(in crate::server) mod takeover;
pub(in crate::server) mod upgrade;
