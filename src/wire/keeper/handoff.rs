//! The state a keeper leaves to the program it becomes (execve(2)): everything it holds, with the
//! numbers of the fds, which stay open. Version 1 for ever, additive only, as the records are.
//! This module does not know if these fds are open.

use crate::wire::keeper::codec::{Fields, put_bytes, put_entry, put_len};
use crate::wire::keeper::{ProgramEntry, WireError};

/// Stands for a table in errors, where records have their kind.
const KIND: u16 = 0;
/// The version of this format.
const VERSION: u32 = 1;

/// A program in a [`HandoffTable`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HeldProgram {
    /// The program as the server is told of it.
    pub entry: ProgramEntry,
    /// True if a former keeper has started it, so that it is nobody's child here.
    pub is_adopted: bool,
    /// True if the server was told how it ended.
    pub is_told: bool,
    /// The fds of its parts, in the order of their bits.
    pub fds: Vec<i32>,
}

/// All a keeper holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HandoffTable {
    /// The lineage of keepers.
    pub epoch: u64,
    /// The lease of the server that runs.
    pub lease: u64,
    /// The process of that server, which is a child.
    pub server_pid: i32,
    /// The program that servers are of.
    pub server_exe: Vec<u8>,
    /// The limits on fds that programs get: the one in force and the highest; none is no limit.
    pub limit: (Option<u64>, Option<u64>),
    /// The socket to the server, the control page, `data` and `room`.
    pub fds: [i32; 4],
    /// The programs.
    pub jobs: Vec<HeldProgram>,
    /// The stash.
    pub stash: Vec<(Vec<u8>, i32)>,
}

impl HandoffTable {
    /// Every fd it names.
    pub fn open_fds(&self) -> impl Iterator<Item = i32> {
        let jobs = self.jobs.iter().flat_map(|held| &held.fds);
        self.fds.iter().chain(jobs).chain(self.stash.iter().map(|(_, fd)| fd)).copied()
    }

    /// As bytes.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        let mut body = VERSION.to_le_bytes().to_vec();
        body.extend(self.epoch.to_le_bytes());
        body.extend(self.lease.to_le_bytes());
        body.extend(self.server_pid.to_le_bytes());
        put_bytes(&mut body, &self.server_exe);
        for limit in [self.limit.0, self.limit.1] {
            body.extend(limit.unwrap_or(u64::MAX).to_le_bytes());
        }
        body.extend(self.fds.iter().flat_map(|fd| fd.to_le_bytes()));
        put_len(&mut body, self.jobs.len());
        for HeldProgram { entry, is_adopted, is_told, fds } in &self.jobs {
            put_entry(&mut body, entry);
            body.extend([u8::from(*is_adopted), u8::from(*is_told)]);
            put_len(&mut body, fds.len());
            body.extend(fds.iter().flat_map(|fd| fd.to_le_bytes()));
        }
        put_len(&mut body, self.stash.len());
        for (name, fd) in &self.stash {
            put_bytes(&mut body, name);
            body.extend(fd.to_le_bytes());
        }
        body
    }

    /// Reads what [`HandoffTable::encode`] wrote, of this version or a later one.
    ///
    /// # Errors
    /// [`WireError`] if it is no table.
    pub fn decode(body: &[u8]) -> Result<Self, WireError> {
        let fields = &mut Fields::new(KIND, body);
        if fields.u32()? < VERSION {
            return Err(WireError::Impossible(KIND));
        }
        let (epoch, lease, server_pid, server_exe) =
            (fields.u64()?, fields.u64()?, fields.i32()?, fields.bytes()?);
        let mut limit = || fields.u64().map(|limit| (limit != u64::MAX).then_some(limit));
        Ok(Self {
            epoch,
            lease,
            server_pid,
            server_exe,
            limit: (limit()?, limit()?),
            fds: [fields.i32()?, fields.i32()?, fields.i32()?, fields.i32()?],
            jobs: fields.list(|fields| {
                let (entry, is_adopted, is_told) =
                    (fields.entry()?, fields.bool()?, fields.bool()?);
                Ok(HeldProgram { entry, is_adopted, is_told, fds: fields.list(Fields::i32)? })
            })?,
            stash: fields.list(|fields| Ok((fields.bytes()?, fields.i32()?)))?,
        })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{HandoffTable, HeldProgram};
    use crate::base::geom::Size;
    use crate::wire::keeper::{ExitStatus, ProgramEntry, Wiring};

    fn table() -> HandoffTable {
        let entry = |tag, exit| ProgramEntry {
            tag,
            pid: 300,
            start_time: 9,
            wiring: Wiring::Pty(Size::new(80, 24)),
            parts: 7,
            exit,
        };
        let held = |entry, is_told: bool| HeldProgram {
            entry,
            is_adopted: !is_told,
            is_told,
            fds: vec![7, 8, 9],
        };
        HandoffTable {
            epoch: 1,
            lease: 2,
            server_pid: 3,
            server_exe: b"/a".to_vec(),
            limit: (Some(1024), None),
            fds: [3, 4, 5, 6],
            jobs: vec![
                held(entry(1, None), false),
                held(entry(2, Some(ExitStatus::Signal(9))), true),
            ],
            stash: vec![(b"core".to_vec(), 10)],
        }
    }

    /// A table as version 1 writes it: it decodes for ever.
    const GOLDEN: &str = "01000000 0100000000000000 0200000000000000 03000000 020000002f61 \
        0004000000000000 ffffffffffffffff 03000000 04000000 05000000 06000000 \
        02000000 \
        01000000000000002c0100000900000000000000070050001800000000 0000 0100 03000000 \
        07000000 08000000 09000000 \
        02000000000000002c01000009000000000000000700500018000209000000 0001 03000000 \
        07000000 08000000 09000000 \
        01000000 04000000636f7265 0a000000";

    #[test]
    fn the_format_is_frozen_and_a_later_version_may_add_to_it() {
        let mut bytes = table().encode();
        let hex: Vec<String> = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
        assert_eq!(hex.concat(), GOLDEN.replace(' ', ""));
        assert_eq!(HandoffTable::decode(&bytes), Ok(table()));
        bytes[0] = 2;
        bytes.push(9);
        assert_eq!(HandoffTable::decode(&bytes), Ok(table()));
    }

    proptest! {
        #[test]
        fn no_damage_makes_it_panic_or_hoard(at in 0usize..200, bit in 0u8..8, len in 0usize..200) {
            let mut bytes = table().encode();
            bytes.truncate(len);
            if let Some(byte) = bytes.get_mut(at) {
                *byte ^= 1 << bit;
            }
            // Nothing to hold but that it returns.
            let _table = HandoffTable::decode(&bytes);
        }
    }
}
