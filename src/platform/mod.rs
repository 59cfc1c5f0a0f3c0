//! The operating system as the roles need it: clock, paths, sockets with fds, shared memory,
//! terminals, processes. It has no policy of the product.
//!
//! This folder is the one seam to another system: nothing above it names a call that only Linux
//! has, and `docs/porting.md` lists its public functions with the calls of other systems that could
//! keep their promises. It imports `base`; the roles and `main` use it. A child is born in its
//! control group (`spawn`): to move it there later would stop it for milliseconds.
//!
//! Tests: beside the code, `tests/it/porting.rs`, `tests/it/keeper.rs`, `tests/it/chaos.rs`.

#[cfg(not(target_os = "linux"))]
compile_error!(
    "abide runs on Linux only; docs/porting.md lists what src/platform has to keep elsewhere"
);

mod async_fd;
pub mod cgroup;
mod clock;
pub mod command;
pub mod config_file;
pub mod daemonize;
pub mod host_terminal;
mod inotify;
pub mod last_words;
pub mod memory;
pub mod origin_mark;
mod passwd;
#[cfg(feature = "path-trace")]
pub mod path_trace;
pub mod paths;
pub mod pidfd;
pub mod plain_file;
pub mod poll;
pub mod process;
pub mod process_ownership;
pub mod process_snapshot;
pub mod signals;
pub mod socket;
pub mod spawn;
mod sys;
pub mod tty;
mod which;

pub use async_fd::{Stream, async_fd, changed, gone};
pub use clock::{boot_id, now, random_u64};
pub use inotify::{FileChanges, PathPresence};
pub use passwd::Login;
pub use poll::EventFd;
pub use spawn::ProgramLimits;
pub use sys::{
    SignalFd, become_program, clear_signal_mask, close_fds_from, inherited_fd, lead_terminal,
    restore_default_signals, told_by_child_in,
};
pub use which::{NoExecutable, RUNNING, own_program, which};
