//! A snapshot of sessions as a file: what it is about, the structure, and what panes showed.
//! Everything after the version has a checksum.

use serde::{Deserialize, Serialize};

use crate::base::id::PaneId;
use crate::store::sealed::{seal, unseal};

/// How such a file begins.
const MAGIC: [u8; 8] = *b"abidesn\n";
/// The version this binary writes.
const VERSION: u32 = 1;

/// A snapshot.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Saved {
    /// When it was made, in milliseconds since 1970.
    pub wall: u64,
    /// Whether a person gave it its name.
    pub is_named: bool,
    /// The names of its sessions.
    pub sessions: Vec<String>,
    /// How many panes it has.
    pub panes: u64,
    /// The structure, encoded.
    pub structure: Vec<u8>,
    /// What panes showed, compressed.
    pub texts: Vec<(PaneId, Vec<u8>)>,
}

/// A file that is no snapshot that can be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SavedError {
    /// It is something else.
    #[error("it is no snapshot")]
    Other,
    /// Another version of abide wrote it.
    #[error("it is of version {0}, and this abide reads {VERSION}")]
    Version(u32),
    /// It is not what was written.
    #[error("it is damaged")]
    Damaged,
}

impl Saved {
    /// As the bytes of a file.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        let body = postcard::to_allocvec(self).expect("plain data into memory");
        [&MAGIC[..], &VERSION.to_le_bytes(), &seal(&body)].concat()
    }

    /// Reads what [`Saved::encode`] wrote.
    ///
    /// # Errors
    /// [`SavedError`].
    pub fn decode(bytes: &[u8]) -> Result<Self, SavedError> {
        let rest = bytes.strip_prefix(&MAGIC).ok_or(SavedError::Other)?;
        let (version, sealed) = rest.split_first_chunk().ok_or(SavedError::Damaged)?;
        match u32::from_le_bytes(*version) {
            VERSION => {
                let body = unseal(sealed).ok_or(SavedError::Damaged)?;
                postcard::from_bytes(body).map_err(|_| SavedError::Damaged)
            }
            version => Err(SavedError::Version(version)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Saved, SavedError};
    use crate::base::id::PaneId;

    #[test]
    fn a_snapshot_reads_what_it_writes_and_no_damage_is_taken_for_it() {
        let texts = vec![(PaneId(7), b"shown".to_vec())];
        let saved = Saved {
            wall: 5,
            is_named: true,
            sessions: vec!["work".into()],
            panes: 1,
            structure: vec![1, 2, 3],
            texts,
        };
        let bytes = saved.encode();
        assert_eq!(Saved::decode(&bytes), Ok(saved));
        for at in 0..bytes.len() {
            assert!(Saved::decode(&bytes[..at]).is_err(), "cut at {at}");
            let mut other = bytes.clone();
            other[at] ^= 1;
            assert!(Saved::decode(&other).is_err(), "byte {at}");
        }
        assert_eq!(Saved::decode(b"#!/bin/sh"), Err(SavedError::Other));
        let newer = [&bytes[..8], &2_u32.to_le_bytes(), &bytes[12..]].concat();
        assert_eq!(Saved::decode(&newer), Err(SavedError::Version(2)));
    }
}
