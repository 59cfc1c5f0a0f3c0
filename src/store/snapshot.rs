//! A snapshot of sessions as a file: what it is about, the structure, and what panes showed.
//! Everything after the version has a checksum.

use serde::{Deserialize, Serialize};

use crate::base::id::PaneId;
use crate::store::checksum::{add_checksum, verify_checksum};

const MAGIC: [u8; 8] = *b"abidesn\n";
/// The version this binary writes.
const VERSION: u32 = 1;

/// A snapshot.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct SnapshotFile {
    /// The moment when it was made, in milliseconds since 1970.
    pub wall: u64,
    /// True if a person gave it its name.
    pub is_named: bool,
    /// The names of its sessions.
    pub sessions: Vec<String>,
    /// The number of panes it has.
    pub panes: u64,
    /// The structure, encoded.
    pub structure: Vec<u8>,
    /// The texts of panes, compressed.
    pub texts: Vec<(PaneId, Vec<u8>)>,
}

/// A file that is no snapshot that can be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SnapshotFileError {
    /// The file is something else.
    #[error("it is no snapshot")]
    Other,
    /// Another version of abide wrote it.
    #[error("it is of version {0}, and this abide reads {VERSION}")]
    Version(u32),
    /// The content is not what was written.
    #[error("it is damaged")]
    Damaged,
}

impl SnapshotFile {
    /// As the bytes of a file.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        let body = postcard::to_allocvec(self).expect("plain data into memory");
        [&MAGIC[..], &VERSION.to_le_bytes(), &add_checksum(&body)].concat()
    }

    /// Reads what [`SnapshotFile::encode`] wrote.
    ///
    /// # Errors
    /// [`SnapshotFileError`].
    pub fn decode(bytes: &[u8]) -> Result<Self, SnapshotFileError> {
        let rest = bytes.strip_prefix(&MAGIC).ok_or(SnapshotFileError::Other)?;
        let (version, sealed) = rest.split_first_chunk().ok_or(SnapshotFileError::Damaged)?;
        match u32::from_le_bytes(*version) {
            VERSION => {
                let body = verify_checksum(sealed).ok_or(SnapshotFileError::Damaged)?;
                postcard::from_bytes(body).map_err(|_| SnapshotFileError::Damaged)
            }
            version => Err(SnapshotFileError::Version(version)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{SnapshotFile, SnapshotFileError};
    use crate::base::id::PaneId;

    #[test]
    fn a_snapshot_reads_what_it_writes_and_no_damage_is_taken_for_it() {
        let texts = vec![(PaneId(7), b"shown".to_vec())];
        let saved = SnapshotFile {
            wall: 5,
            is_named: true,
            sessions: vec!["work".into()],
            panes: 1,
            structure: vec![1, 2, 3],
            texts,
        };
        let bytes = saved.encode();
        assert_eq!(SnapshotFile::decode(&bytes), Ok(saved));
        for at in 0..bytes.len() {
            assert!(SnapshotFile::decode(&bytes[..at]).is_err(), "cut at {at}");
            let mut other = bytes.clone();
            other[at] ^= 1;
            assert!(SnapshotFile::decode(&other).is_err(), "byte {at}");
        }
        assert_eq!(SnapshotFile::decode(b"#!/bin/sh"), Err(SnapshotFileError::Other));
        let newer = [&bytes[..8], &2_u32.to_le_bytes(), &bytes[12..]].concat();
        assert_eq!(SnapshotFile::decode(&newer), Err(SnapshotFileError::Version(2)));
    }
}
