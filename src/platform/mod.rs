//! The operating system as abide needs it: clock, places, sockets with fds, shared memory,
//! terminals, processes. No policy of the product.

mod clock;
pub mod command;
pub mod config_file;
mod eventfd;
mod executable;
pub mod kin;
mod limit;
#[cfg(target_os = "linux")]
mod linux;
mod login;
#[cfg(target_os = "macos")]
mod macos;
pub mod memory;
pub mod outer;
pub mod picture;
pub mod places;
pub mod queue;
pub mod signals;
pub mod socket;
pub mod spawn;
pub mod start;
pub mod stream;
mod sys;
pub mod tty;
pub mod wait;
mod watch;

pub use clock::{boot_id, now, random_u64};
pub use eventfd::EventFd;
pub use executable::{NoExecutable, RUNNING, executable, own_program};
pub use limit::FdLimit;
#[cfg(target_os = "linux")]
pub use linux::{cgroup, changes::Changes, pidfd, presence::Presence, process, table};
pub use login::Login;
#[cfg(target_os = "macos")]
pub use macos::{Changes, Presence, cgroup, pidfd, process, table};
pub use sys::{
    SignalFd, become_program, clear_signal_mask, close_fds_from, inherited_fd, lead_terminal,
    restore_default_signals, told_by_child_in,
};
pub use watch::{gone, saved, watch};
