//! A pane's input on its way to the program, such that a killed server types nothing twice. It
//! writes to no program.
//!
//! Words (little-endian u64): 0 magic, 8 the record in force (0 or 1), 16 taken: the position up to
//! which bytes were handed to the kernel, 24 how many of these may not have arrived (a write was in
//! flight). Records at 1024 and 2048: the position up to which input was accepted, the ring
//! position whose replies are in it, and the last message number of each client. The bytes lie from
//! 4096 on, at their position modulo the rest of the memory.

use crate::base::memory::{MemoryFull, SharedBytes};
use crate::base::path_trace;

/// The most bytes that can wait for a program: a large paste into a program that reads later.
pub const CAPACITY: usize = 16 << 20;
/// The most bytes that can wait and still be followed by answers of the terminal. A program that
/// asks and never reads makes these, so they are fewer than what a person may paste.
pub const REPLY_ROOM: usize = 1 << 20;
/// The least capacity: that of builds whose pastes were of 1 MiB at most.
const CAPACITY_MIN: usize = 1 << 20;
/// The memory of an input; pages that were never used take no room.
pub const MEMORY_LEN: usize = HEADER_LEN + CAPACITY;
/// The most clients whose last number is known per pane, as a record has room for; the one not
/// heard of for longest is forgotten. Builds that kept 32 at most give up a longer list.
pub const CLIENTS_MAX: usize = (RECORDS[1] - RECORDS[0] - 24) / 16;

const HEADER_LEN: usize = 4096;
const PUNCH_AFTER: usize = 64 << 10;
/// The most bytes that are handed to the kernel at once.
const BATCH_BYTES_MAX: usize = 64 << 10;
const MAGIC: u64 = u64::from_le_bytes(*b"abidinp1");
const IN_FORCE: usize = 8;
const TAKEN: usize = 16;
const IN_FLIGHT: usize = 24;
const RECORDS: [usize; 2] = [1024, 2048];

/// The input of one pane.
pub struct InputQueue {
    memory: Box<dyn SharedBytes>,
    capacity: usize,
    record: AcceptedInput,
    taken: u64,
    in_doubt: bool,
    /// Bytes that passed since the pages were given back.
    used: usize,
    /// The bytes of the last [`InputQueue::begin`].
    batch: Vec<u8>,
}

/// The accepted input, in one piece.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
struct AcceptedInput {
    accepted: u64,
    replied: u64,
    /// Token and number of the last message, the latest heard of last.
    clients: Vec<(u64, u64)>,
}

/// There is no room for that many bytes until the program reads.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{0} bytes wait for the program already")]
pub struct Full(pub usize);

impl std::fmt::Debug for InputQueue {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("InputQueue")
            .field("record", &self.record)
            .field("taken", &self.taken)
            .finish_non_exhaustive()
    }
}

impl InputQueue {
    /// An empty input in fresh memory.
    ///
    /// # Errors
    /// [`MemoryFull`].
    pub fn create(mut memory: Box<dyn SharedBytes>) -> Result<Self, MemoryFull> {
        memory.grow(MEMORY_LEN)?;
        let mut input = Self::at(memory, AcceptedInput::default(), 0, false);
        input.commit();
        input.memory.publish(0, MAGIC);
        Ok(input)
    }

    /// The input in this memory, as a former server left it; none if it is damaged.
    #[must_use]
    pub fn open(memory: Box<dyn SharedBytes>) -> Option<Self> {
        if memory.size() < HEADER_LEN + CAPACITY_MIN || memory.word(0) != MAGIC {
            return None;
        }
        let record = AcceptedInput::read(
            &*memory,
            *RECORDS.get(usize::try_from(memory.word(IN_FORCE)).ok()?)?,
        )?;
        let taken = memory.word(TAKEN);
        let waiting = record.accepted.checked_sub(taken)?;
        let in_doubt = memory.word(IN_FLIGHT) != 0;
        let mut input = Self::at(memory, record, taken, in_doubt);
        input.memory.publish(IN_FLIGHT, 0);
        (waiting <= input.capacity as u64).then_some(input)
    }

    fn at(memory: Box<dyn SharedBytes>, record: AcceptedInput, taken: u64, in_doubt: bool) -> Self {
        let capacity = memory.size() - HEADER_LEN;
        Self { memory, capacity, record, taken, in_doubt, used: 0, batch: Vec::new() }
    }

    /// True if a write was in flight when the former server was killed: its bytes may be missing.
    #[must_use]
    pub fn in_doubt(&self) -> bool {
        self.in_doubt
    }

    /// The number of the last message of this client that was accepted here.
    #[must_use]
    pub fn number_of(&self, token: u64) -> Option<u64> {
        self.record.clients.iter().find(|(known, _)| *known == token).map(|(_, number)| *number)
    }

    /// The ring position up to which replies are in here.
    #[must_use]
    pub fn replied(&self) -> u64 {
        self.record.replied
    }

    /// Bytes that wait.
    #[must_use]
    pub fn waiting(&self) -> usize {
        usize::try_from(self.record.accepted - self.taken).expect("it is at most the capacity")
    }

    /// Accepts bytes that a client's message made, or that have no number.
    ///
    /// # Errors
    /// [`Full`]; nothing was accepted.
    pub fn accept(&mut self, bytes: &[u8], from: Option<(u64, u64)>) -> Result<(), Full> {
        path_trace::note("key");
        self.put(bytes)?;
        if let Some((token, number)) = from {
            self.record.clients.retain(|(known, _)| *known != token);
            if self.record.clients.len() == CLIENTS_MAX {
                self.record.clients.remove(0);
            }
            self.record.clients.push((token, number));
        }
        self.commit();
        Ok(())
    }

    /// Accepts what the terminal answers to output that ends at `position` of the ring.
    ///
    /// # Errors
    /// [`Full`] from [`REPLY_ROOM`] waiting bytes on; nothing was accepted.
    pub fn reply(&mut self, bytes: &[u8], position: u64) -> Result<(), Full> {
        if REPLY_ROOM < self.waiting() + bytes.len() {
            return Err(Full(self.waiting()));
        }
        self.put(bytes)?;
        self.record.replied = position;
        self.commit();
        Ok(())
    }

    /// The next bytes to write, a copy of at most 64 KiB; they count as handed over from now on
    /// until [`InputQueue::finish`].
    pub fn begin(&mut self) -> &[u8] {
        let start = self.offset(self.taken);
        let len = self.waiting().min(self.memory_len() - start).min(BATCH_BYTES_MAX);
        self.batch.resize(len, 0);
        self.memory.read(start, &mut self.batch);
        self.memory.publish(IN_FLIGHT, len as u64);
        self.taken += len as u64;
        self.memory.publish(TAKEN, self.taken);
        &self.batch
    }

    /// Says how many bytes of the last [`InputQueue::begin`] the kernel did not take.
    pub fn finish(&mut self, not_taken: usize) {
        self.taken -= not_taken as u64;
        self.memory.publish(TAKEN, self.taken);
        self.memory.publish(IN_FLIGHT, 0);
        if self.waiting() == 0 && PUNCH_AFTER < self.used {
            self.memory.punch(HEADER_LEN..self.memory_len());
            self.batch = Vec::new();
            self.used = 0;
        }
    }

    fn put(&mut self, bytes: &[u8]) -> Result<(), Full> {
        if self.capacity - self.waiting() < bytes.len() {
            return Err(Full(self.waiting()));
        }
        let start = self.offset(self.record.accepted);
        let (first, second) = bytes.split_at(bytes.len().min(self.memory_len() - start));
        self.memory.write(start, first);
        self.memory.write(HEADER_LEN, second);
        self.record.accepted += bytes.len() as u64;
        self.used += bytes.len();
        Ok(())
    }

    fn commit(&mut self) {
        let idle = 1 - self.memory.word(IN_FORCE).min(1);
        self.record.write(&mut *self.memory, RECORDS[usize::from(idle == 1)]);
        self.memory.publish(IN_FORCE, idle);
    }

    const fn memory_len(&self) -> usize {
        HEADER_LEN + self.capacity
    }

    fn offset(&self, position: u64) -> usize {
        let within = position % self.capacity as u64;
        HEADER_LEN + usize::try_from(within).expect("it is below the capacity")
    }
}

impl AcceptedInput {
    fn read(memory: &dyn SharedBytes, at: usize) -> Option<Self> {
        let count =
            usize::try_from(memory.word(at + 16)).ok().filter(|count| *count <= CLIENTS_MAX)?;
        let client = |n: usize| (memory.word(at + 24 + 16 * n), memory.word(at + 32 + 16 * n));
        Some(Self {
            accepted: memory.word(at),
            replied: memory.word(at + 8),
            clients: (0..count).map(client).collect(),
        })
    }

    fn write(&self, memory: &mut dyn SharedBytes, at: usize) {
        memory.publish(at, self.accepted);
        memory.publish(at + 8, self.replied);
        memory.publish(at + 16, self.clients.len() as u64);
        for (n, (token, number)) in self.clients.iter().enumerate() {
            memory.publish(at + 24 + 16 * n, *token);
            memory.publish(at + 32 + 16 * n, *number);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{
        AcceptedInput, CAPACITY, CAPACITY_MIN, CLIENTS_MAX, Full, HEADER_LEN, InputQueue, MAGIC,
        REPLY_ROOM,
    };
    use crate::base::memory::HeapMemory;

    fn empty() -> InputQueue {
        InputQueue::create(Box::new(HeapMemory::default())).expect("room")
    }

    fn drain(input: &mut InputQueue) -> Vec<u8> {
        let mut all = Vec::new();
        while 0 < input.waiting() {
            all.extend_from_slice(input.begin());
            input.finish(0);
        }
        all
    }

    #[test]
    fn bytes_come_out_in_order_over_the_end_of_the_ring() {
        let mut input = empty();
        let block: Vec<u8> = (0..=255).cycle().take(CAPACITY / 3 * 2).collect();
        for _ in 0..4 {
            input.accept(&block, None).expect("room");
            assert_eq!(drain(&mut input), block);
        }
    }

    #[test]
    fn what_does_not_fit_is_refused_whole() {
        let mut input = empty();
        input.accept(&vec![7; CAPACITY - 1], None).expect("room");
        assert_eq!(input.accept(b"ab", Some((1, 1))), Err(Full(CAPACITY - 1)));
        assert_eq!(input.number_of(1), None);
        assert_eq!(input.waiting(), CAPACITY - 1);
    }

    #[test]
    fn a_successor_types_what_was_not_handed_over_and_nothing_twice() {
        let mut input = empty();
        input.accept(b"abc", Some((9, 1))).expect("room");
        assert_eq!(input.begin(), b"abc");
        input.finish(2);
        input.accept(b"d", Some((9, 2))).expect("room");
        input.reply(b"R", 77).expect("room");
        let mut next = InputQueue::open(input.memory).expect("whole");
        assert!(!next.in_doubt());
        assert_eq!((next.number_of(9), next.replied()), (Some(2), 77));
        assert_eq!(next.begin(), b"bcdR");
        let next = InputQueue::open(next.memory).expect("whole");
        assert!(next.in_doubt(), "killed with a write in flight");
        assert_eq!(next.waiting(), 0);
    }

    #[test]
    fn answers_of_the_terminal_leave_room_for_what_a_person_pastes() {
        let mut input = empty();
        let answers = vec![b'R'; REPLY_ROOM];
        input.reply(&answers, 1).expect("room for answers");
        assert_eq!(input.reply(b"R", 2), Err(Full(REPLY_ROOM)));
        assert_eq!(input.replied(), 1);
        input.accept(&vec![b'p'; CAPACITY - REPLY_ROOM], None).expect("room for a paste");
        assert_eq!(input.accept(b"p", None), Err(Full(CAPACITY)));
    }

    #[test]
    fn the_memory_of_an_older_release_is_used_at_its_own_size() {
        let memory = HeapMemory(vec![0; HEADER_LEN + CAPACITY_MIN]);
        let mut input = InputQueue::at(Box::new(memory), AcceptedInput::default(), 0, false);
        input.memory.publish(0, MAGIC);
        let block = vec![b'x'; CAPACITY_MIN / 3 * 2];
        for _ in 0..3 {
            input.accept(&block, Some((4, 2))).expect("room");
            let mut next = InputQueue::open(input.memory).expect("whole");
            assert_eq!(next.accept(&block, None), Err(Full(block.len())));
            assert_eq!(drain(&mut next), block);
            input = next;
        }
    }

    #[test]
    fn only_the_latest_clients_are_known() {
        let mut input = empty();
        for token in 0..=CLIENTS_MAX as u64 {
            input.accept(b"", Some((token, 5))).expect("room");
        }
        assert_eq!((input.number_of(0), input.number_of(1)), (None, Some(5)));
        assert!(InputQueue::open(Box::new(HeapMemory(vec![0xff; super::MEMORY_LEN]))).is_none());
    }
}
