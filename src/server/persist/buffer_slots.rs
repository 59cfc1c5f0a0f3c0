//! The paste buffers with the keeper, so that they outlive this server. Nothing of them goes to
//! disk.

use std::os::fd::OwnedFd;
use std::sync::Arc;

use crate::platform::memory::SharedMemory;
use crate::server::keeper_link::KeeperLink;
use crate::state::buffer::{Buffer, Buffers};
use crate::store::buffers as kept;
use crate::store::double_buffer::DoubleBuffer;
use crate::wire::keeper::ToKeeper;

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
