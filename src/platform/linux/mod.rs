//! What only Linux has: /proc, pidfds, cgroups.

pub mod cgroup;
pub mod changes;
pub mod pidfd;
pub mod process;
