//! What the core knows of the machine and of its own process. Plain data, handed in at the start.

/// The machine and the server process.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Host {
    /// The server's process.
    pub server_pid: u32,
    /// The keeper's process.
    pub keeper_pid: u32,
    /// abide's version.
    pub version: String,
    /// Which server of this keeper it is: grows with each restart.
    pub lease: u64,
    /// When this server started, in milliseconds since 1970.
    pub started_wall: u64,
    /// The user's shell according to passwd, else `/bin/sh`.
    pub shell: String,
    /// The user's home.
    pub home: String,
    /// The environment of a login, for callers that send none.
    pub login_env: Vec<(String, String)>,
    /// The path of the socket, told to programs as `ABIDE`.
    pub socket: String,
}
