//! The slots with the keeper, so that what is in them outlives this server: the structure's, which
//! are written before effects leave, and those of the paste buffers, of which nothing goes to disk.

use std::os::fd::OwnedFd;
use std::sync::Arc;

use crate::platform::memory::SharedMemory;
use crate::server::keeper_link::KeeperLink;
use crate::state::buffer::{Buffer, Buffers};
use crate::store::buffers as kept;
use crate::store::double_buffer::DoubleBuffer;
use crate::store::session_state::SessionState;
use crate::wire::keeper::ToKeeper;

/// The name the structure's slots are stashed under.
pub(in crate::server) const STRUCTURE: &[u8] = b"core";
/// The most clients whose last number is kept.
const TAKEN_MAX: usize = 256;

/// The structure's slots, and which inputs were taken.
#[derive(Debug)]
pub(in crate::server) struct StructureSlots {
    slots: DoubleBuffer,
    fd: Arc<OwnedFd>,
    version: u64,
    /// Token and number, the latest heard of last.
    taken: Vec<(u64, u64)>,
    /// A call was taken since the structure was written: whether it changes that or not, the next
    /// server must not be asked for it again.
    has_call: bool,
    /// The paste buffers.
    pub(in crate::server) buffers: BufferSlots,
}

impl StructureSlots {
    /// Opens the stashed slots, or makes and stashes new ones. Gives the structure in them too; one
    /// that cannot be read is given up, but not by a successor, since the server before it can go
    /// on.
    pub(in crate::server) fn open(
        stashed: Option<OwnedFd>,
        link: &mut KeeperLink,
        is_successor: bool,
    ) -> anyhow::Result<(Self, Option<SessionState>)> {
        let stashed = stashed.and_then(|fd| SharedMemory::from_fd(fd).ok());
        let stashed =
            stashed.and_then(|memory| Some((memory.fd(), DoubleBuffer::open(Box::new(memory))?)));
        let (fd, slots) = if let Some(both) = stashed {
            both
        } else {
            let memory = SharedMemory::growable("abide-core", 4096)?;
            let fd = memory.fd();
            link.say(&ToKeeper::Stash { name: STRUCTURE.to_vec() }, vec![Arc::clone(&fd)]);
            (fd, DoubleBuffer::create(Box::new(memory))?)
        };
        let structure = match slots.read().map(|bytes| SessionState::decode(&bytes)).transpose() {
            Ok(structure) => structure,
            Err(error) if is_successor => {
                return Err(
                    anyhow::Error::new(error).context("what the former server kept cannot be read")
                );
            }
            Err(error) => {
                tracing::error!(%error, "the structure is given up; programs are adopted one by \
                    one");
                None
            }
        };
        let taken = structure.as_ref().map_or_else(Vec::new, |structure| structure.taken.clone());
        let kept = Self {
            slots,
            fd,
            version: u64::MAX,
            taken,
            has_call: false,
            buffers: BufferSlots::default(),
        };
        Ok((kept, structure))
    }

    /// The memfd, for another keeper's stash.
    pub(in crate::server) fn fd(&self) -> Arc<OwnedFd> {
        Arc::clone(&self.fd)
    }

    /// Writes the structure if its version is not the one written last, or a call was taken. True
    /// if it has changed.
    pub(in crate::server) fn write(
        &mut self,
        version: u64,
        structure: impl FnOnce(Vec<(u64, u64)>) -> SessionState,
    ) -> bool {
        let has_call = std::mem::take(&mut self.has_call);
        let has_changed = self.version != version;
        if !has_changed && !has_call {
            return false;
        }
        self.version = version;
        if let Err(error) = self.slots.write(&structure(self.taken.clone()).encode()) {
            tracing::error!(%error, "the structure is not kept");
        }
        has_changed
    }

    /// Notes that an input of a client is worked on.
    pub(in crate::server) fn note_input(&mut self, token: u64, number: u64) {
        self.taken.retain(|(known, _)| *known != token);
        if self.taken.len() == TAKEN_MAX {
            self.taken.remove(0);
        }
        self.taken.push((token, number));
    }

    /// Notes that the input that is worked on is a call.
    pub(in crate::server) fn note_call(&mut self) {
        self.has_call = true;
    }

    /// The number of the last input of a client that the structure knows of.
    pub(in crate::server) fn number_of(&self, token: u64) -> Option<u64> {
        self.taken.iter().find(|(known, _)| *known == token).map(|(_, number)| *number)
    }
}

/// The name the buffers' slots are stashed under.
pub(in crate::server) const BUFFERS: &[u8] = b"buffers";

/// The slots of the buffers; there are none until something is copied.
#[derive(Debug, Default)]
pub(in crate::server) struct BufferSlots {
    slots: Option<(DoubleBuffer, Arc<OwnedFd>)>,
    version: u64,
}

impl BufferSlots {
    /// Opens the stashed slots; gives the buffers in them.
    pub(in crate::server) fn open(stashed: Option<OwnedFd>) -> (Self, Buffers) {
        let memory = stashed.and_then(|fd| SharedMemory::from_fd(fd).ok());
        let slots = memory.and_then(|memory| {
            let fd = memory.fd();
            Some((DoubleBuffer::open(Box::new(memory))?, fd))
        });
        let found = slots
            .as_ref()
            .and_then(|(slots, _)| kept::StoredBuffers::decode(&slots.read()?))
            .unwrap_or_default();
        let buffer = |(name, text, changed_wall)| Buffer { name, text, changed_wall };
        let buffers = Buffers::kept(found.list.into_iter().map(buffer).collect(), found.next);
        (Self { slots, version: buffers.version() }, buffers)
    }

    /// Writes the buffers if they changed.
    pub(in crate::server) fn write(&mut self, buffers: &Buffers, link: &mut KeeperLink) {
        if self.version == buffers.version() {
            return;
        }
        self.version = buffers.version();
        let part =
            |buffer: &Buffer| (buffer.name.clone(), buffer.text.clone(), buffer.changed_wall);
        let bytes = kept::StoredBuffers {
            list: buffers.list().iter().map(part).collect(),
            next: buffers.next(),
        }
        .encode();
        let written = self.slots(link).and_then(|slots| Ok(slots.write(&bytes)?));
        if let Err(error) = written {
            tracing::error!(%error, "the paste buffers are not kept");
        }
    }

    fn slots(&mut self, link: &mut KeeperLink) -> anyhow::Result<&mut DoubleBuffer> {
        if self.slots.is_none() {
            let memory = SharedMemory::growable("abide-buffers", 4096)?;
            let fd = memory.fd();
            let slots = DoubleBuffer::create(Box::new(memory))?;
            link.say(&ToKeeper::Stash { name: BUFFERS.to_vec() }, vec![Arc::clone(&fd)]);
            self.slots = Some((slots, fd));
        }
        let (slots, _) = self.slots.as_mut().expect("they were just made");
        Ok(slots)
    }

    /// The memfd, for another keeper's stash.
    pub(in crate::server) fn fd(&self) -> Option<Arc<OwnedFd>> {
        self.slots.as_ref().map(|(_, fd)| Arc::clone(fd))
    }
}
