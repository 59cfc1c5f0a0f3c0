//! What only Linux has: /proc, pidfds, cgroups.

pub mod cgroup;
pub(super) mod changes;
pub mod pidfd;
pub(super) mod presence;
pub mod process;
pub mod process_cache;
