//! The server's identity and place: facts that the edge found out at its start, as plain data.

use std::collections::BTreeMap;

use crate::base::time::Tick;

/// The server and its surroundings.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Host {
    /// The server's process.
    pub server_pid: u32,
    /// A number that all servers of one keeper have in common, and no others; 0 without a keeper.
    pub lineage: u64,
    /// The keeper's process.
    pub keeper_pid: u32,
    /// The name of the machine.
    pub name: String,
    /// The server's version, such as `0.1.0`.
    pub version: String,
    /// The number of this server process: grows with each restart.
    pub lease: u64,
    /// The time when it was started.
    pub started: Tick,
    /// The socket it listens on.
    pub socket: String,
    /// The program this server is, so that panes can call it.
    pub program: String,
    /// The folder with what shells read so that they mark their prompts; empty where there is none.
    pub shell_files: String,
    /// The user's shell from passwd.
    pub shell: String,
    /// True if it took over as another version, or another build, from one that was replaced.
    pub upgraded: bool,
    /// Why the program that was to replace it did not take over; none if nothing of that kind
    /// happened.
    pub upgrade_failed: Option<String>,
    /// Files that cannot be written at the moment, by what they are (`sessions`, `log`), and why.
    pub disk_faults: BTreeMap<&'static str, String>,
    /// The environment of a login (HOME, USER, LOGNAME, SHELL, PATH), for sessions made by callers
    /// that send none.
    pub login_env: Vec<(String, String)>,
}
