//! The operating system as abide needs it: clock, places, sockets with fds, shared memory,
//! terminals, processes. No policy of the product.

mod async_fd;
mod clock;
pub mod command;
pub mod config_file;
pub mod daemonize;
mod eventfd;
pub mod fd_queue;
pub mod host_terminal;
#[cfg(target_os = "linux")]
mod linux;
#[cfg(target_os = "macos")]
mod macos;
pub mod memory;
mod passwd;
#[cfg(feature = "path-trace")]
pub mod path_trace;
pub mod paths;
pub mod poll;
pub mod process_ownership;
pub mod process_snapshot;
mod rlimit;
pub mod signals;
pub mod socket;
pub mod spawn;
pub mod stream;
mod sys;
pub mod tty;
mod which;

pub use async_fd::{async_fd, changed, gone};
pub use clock::{boot_id, now, random_u64};
pub use eventfd::EventFd;
#[cfg(target_os = "linux")]
pub use linux::{
    cgroup, changes::FileChanges, pidfd, presence::PathPresence, process, process_cache,
};
#[cfg(target_os = "macos")]
pub use macos::{FileChanges, PathPresence, cgroup, pidfd, process, process_cache};
pub use passwd::Login;
pub use rlimit::FdLimit;
pub use sys::{
    SignalFd, become_program, clear_signal_mask, close_fds_from, inherited_fd, lead_terminal,
    restore_default_signals, told_by_child_in,
};
pub use which::{NoExecutable, RUNNING, own_program, which};
