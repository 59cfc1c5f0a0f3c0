//! The greeting of client and server: each side's is the first packet of its direction.

use serde::{Deserialize, Serialize};

use crate::base::geom::Size;
use crate::base::id::ClientId;

/// The newest version of the protocol this binary speaks.
pub const VERSION: u32 = 1;
/// The oldest one.
pub const VERSION_MIN: u32 = 1;

/// The greeting of a client.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hello {
    /// Oldest version it speaks.
    pub version_min: u32,
    /// Newest version it speaks.
    pub version_max: u32,
    /// The build, for messages only, such as `0.1.0`.
    pub build: String,
    /// The client, a number chosen at random at its start: the same after a reconnect.
    pub token: u64,
    /// The size of its terminal.
    pub size: Size,
    /// A cell of it in pixels, 0 where unknown.
    pub cell_pixels: (u16, u16),
    /// The client's process.
    pub pid: u32,
    /// The client's working directory; empty where unknown.
    pub cwd: String,
    /// The client's environment, for sessions made from it. Empty after a reconnect.
    pub env: Vec<(String, String)>,
    /// True if the client asks for its view of before the reconnect.
    pub resume: bool,
    /// True if the client only watches.
    pub read_only: bool,
}

/// The answer of the server.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Welcome {
    /// The version both speak from now on.
    pub version: u32,
    /// The server's build.
    pub build: String,
    /// The client's id.
    pub client: ClientId,
    /// The number of the server process: grows with each restart.
    pub lease: u64,
    /// The number of the last input of this client that took effect. Everything above is to be sent
    /// again.
    pub input_taken: u64,
    /// True if a write was in flight at a crash, so that input at or before `input_taken` may be
    /// missing.
    pub input_in_doubt: bool,
    /// True if the client has its view of before the reconnect again.
    pub resumed: bool,
}

/// The version two ranges have in common: the highest.
#[must_use]
pub fn common_version(theirs: (u32, u32)) -> Option<u32> {
    let version = theirs.1.min(VERSION);
    (theirs.0.max(VERSION_MIN) <= version).then_some(version)
}

#[cfg(test)]
mod tests {
    use super::{VERSION, common_version};

    #[test]
    fn the_highest_common_version_is_spoken() {
        assert_eq!(common_version((0, VERSION + 5)), Some(VERSION));
        assert_eq!(common_version((VERSION + 1, VERSION + 5)), None);
        assert_eq!(common_version((0, 0)), None);
    }
}
