//! How client and server begin: what the client is, what the server answers. Both are the first
//! packet of their direction.

use serde::{Deserialize, Serialize};

use crate::base::geom::Size;
use crate::base::id::ClientId;

/// The newest version of the protocol this binary speaks.
pub const VERSION: u32 = 1;
/// The oldest one.
pub const VERSION_MIN: u32 = 1;

/// What a client says first.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hello {
    /// Oldest version it speaks.
    pub version_min: u32,
    /// Newest version it speaks.
    pub version_max: u32,
    /// Its build, for messages only, such as `0.1.0`.
    pub build: String,
    /// Who it is, chosen at random at its start: the same after a reconnect.
    pub token: u64,
    /// The size of its terminal.
    pub size: Size,
    /// A cell of it in pixels, 0 where unknown.
    pub cell_pixels: (u16, u16),
    /// Its process.
    pub pid: u32,
    /// Its working directory; empty where unknown.
    pub cwd: String,
    /// Its environment, for sessions made from it. Empty after a reconnect.
    pub env: Vec<(String, String)>,
    /// The session that its view shows again after a reconnect.
    pub resume: bool,
    /// True if it only watches.
    pub read_only: bool,
}

/// What the server answers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Welcome {
    /// The version both speak from now on.
    pub version: u32,
    /// The server's build.
    pub build: String,
    /// The client's id.
    pub client: ClientId,
    /// Which server process this is: grows with each restart.
    pub lease: u64,
    /// The number of the last input of this client that took effect. Everything above is to be sent
    /// again.
    pub input_taken: u64,
    /// True if a write was in flight at a crash, so that input at or before `input_taken` may be
    /// missing.
    pub input_in_doubt: bool,
    /// True if its view of before the reconnect is shown again.
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
