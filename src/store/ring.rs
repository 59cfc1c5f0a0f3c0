//! A pane's latest raw output in memory shared by keeper and server: its header, and the rules by
//! which each side writes its own words and distrusts the other's.
//!
//! Positions are counted in bytes from the start of the stream and never wrap. Bytes are written
//! first, then the head is published. Before each read the keeper fills the window with a pattern
//! made from the position and publishes `armed`; if it dies in the read, [`recover`] finds what had
//! arrived as everything up to the last byte that differs from the pattern. (Fault F2; one trailing
//! byte in 256 equals the pattern and is lost.)

use std::ops::Range;

use crate::base::memory::{RING_BYTES, SharedBytes};

/// Bytes before the ring itself: one page, so the words and the data never share one.
pub const HEADER_LEN: usize = 4096;
/// The usual capacity.
pub const CAPACITY_DEFAULT: usize = RING_BYTES;
/// The largest capacity.
pub const CAPACITY_MAX: usize = 1 << 28;
/// The most one read takes: a PTY master gives at most 4095 bytes.
pub const WINDOW_LEN_MAX: usize = 4096;

/// `abidring` as a little-endian word.
const MAGIC: u64 = u64::from_le_bytes(*b"abidring");
const VERSION: u64 = 1;
const PAGE: usize = 4096;

// The static part.
const AT_MAGIC: usize = 0;
const AT_VERSION: usize = 8;
const AT_CAPACITY: usize = 16;
// The keeper's words.
const AT_HEAD: usize = 64;
const AT_ARMED: usize = 72;
const AT_ARMED_END: usize = 80;
const AT_FULL: usize = 88;
// The server's words.
const AT_TAIL: usize = 128;
const AT_DONE: usize = 136;
const AT_TRIM: usize = 144;

/// A ring that cannot be one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum RingError {
    /// The capacity is no power of two from 4096 to [`CAPACITY_MAX`].
    #[error("a ring cannot have a capacity of {0} bytes")]
    Capacity(u64),
    /// The memory is too short for header and ring.
    #[error("a ring does not fit in {0} bytes")]
    Short(usize),
    /// The header is not that of a ring of this version.
    #[error("this memory holds no ring of version {VERSION}")]
    Foreign,
    /// A word of the other side is impossible.
    #[error("the ring's {word} cannot be {value}")]
    Word {
        /// The word of the header.
        word: &'static str,
        /// The value it has.
        value: u64,
    },
}

/// The number of bytes of memory a ring of that capacity takes.
#[must_use]
pub const fn memory_len(capacity: usize) -> usize {
    HEADER_LEN + capacity
}

/// The keeper's side: the only writer of the bytes and of the head.
#[derive(Debug)]
pub struct Producer<M> {
    memory: M,
    capacity: u64,
    head: u64,
    tail: u64,
    /// The end of the window that is armed; equal to `head` if none is.
    armed_end: u64,
    /// From the head up to here the pattern stands already.
    poisoned_to: u64,
}

impl<M: SharedBytes> Producer<M> {
    /// Lays an empty ring of `capacity` bytes into `memory`, which is at least [`memory_len`] long
    /// and 0 all over.
    ///
    /// # Errors
    /// [`RingError::Capacity`] or [`RingError::Short`].
    pub fn create(mut memory: M, capacity: usize) -> Result<Self, RingError> {
        check_capacity(capacity as u64, memory.size())?;
        memory.publish(AT_CAPACITY, capacity as u64);
        memory.publish(AT_VERSION, VERSION);
        memory.publish(AT_MAGIC, MAGIC);
        Self::attach(memory)
    }

    /// Takes over the ring of a keeper that is known to be dead, with the read it had in flight.
    ///
    /// # Errors
    /// [`RingError`] if there is no ring, or one of its words is impossible.
    pub fn attach(mut memory: M) -> Result<Self, RingError> {
        recover(&mut memory)?;
        let Words { capacity, head, tail } = Words::read(&memory)?;
        memory.publish(AT_ARMED, 0);
        memory.publish(AT_FULL, 0);
        Ok(Self { memory, capacity, head, tail, armed_end: head, poisoned_to: head })
    }

    /// The position after the last byte.
    #[must_use]
    pub const fn head(&self) -> u64 {
        self.head
    }

    /// The memory of the ring.
    #[must_use]
    pub const fn memory(&self) -> &M {
        &self.memory
    }

    /// The memory of the ring, to read bytes into its window.
    pub const fn memory_mut(&mut self) -> &mut M {
        &mut self.memory
    }

    /// The next range of the memory to read into, armed; 1 to [`WINDOW_LEN_MAX`] bytes, or none if
    /// the ring is full.
    pub fn window(&mut self) -> Option<Range<usize>> {
        let len = self.room().min(WINDOW_LEN_MAX as u64).min(self.capacity - self.index(self.head));
        if len == 0 {
            return None;
        }
        let end = self.head + len;
        if self.armed_end < end {
            self.arm(end);
        }
        let start = HEADER_LEN + self.index_usize(self.head);
        let len = usize::try_from(self.armed_end - self.head).unwrap_or(0);
        Some(start..start + len)
    }

    /// Publishes the first `len` bytes of the window.
    ///
    /// # Panics
    /// If the window is shorter.
    pub fn advance(&mut self, len: usize) {
        assert!(len as u64 <= self.armed_end - self.head, "more was read than the window holds");
        if len == 0 {
            return;
        }
        self.head += len as u64;
        self.armed_end = self.head;
        self.poisoned_to = self.poisoned_to.max(self.head);
        self.memory.publish(AT_HEAD, self.head);
    }

    /// Says in the header that the keeper waits for room. False if room came meanwhile: then it
    /// does not wait.
    pub fn wait_for_room(&mut self) -> bool {
        self.memory.publish(AT_FULL, 1);
        if self.room() == 0 {
            return true;
        }
        self.memory.publish(AT_FULL, 0);
        false
    }

    /// True if there is room again; if so, the header no longer says that the keeper waits.
    pub fn has_room_again(&mut self) -> bool {
        let has_room = self.room() > 0;
        if has_room {
            self.memory.publish(AT_FULL, 0);
        }
        has_room
    }

    /// Gives free pages back, if the server asked for it. True if it had.
    pub fn trim_if_asked(&mut self) -> bool {
        if self.memory.word(AT_TRIM) == 0 {
            return false;
        }
        self.memory.publish(AT_TRIM, 0);
        let (from, to) = (self.poisoned_to.max(self.armed_end), self.head + self.room());
        for range in spans(self.capacity, from, to.max(from)) {
            let whole = range.start.next_multiple_of(PAGE)..range.end / PAGE * PAGE;
            if whole.start < whole.end {
                self.memory.punch(whole);
            }
        }
        true
    }

    /// The number of bytes that may be written: what the server has given free. A tail that goes
    /// back or ahead of the head is not believed.
    fn room(&mut self) -> u64 {
        let tail = self.memory.word(AT_TAIL);
        if self.tail <= tail && tail <= self.head {
            self.tail = tail;
        }
        self.capacity - (self.head - self.tail)
    }

    /// Fills `head..end` with the pattern and only then says so: a kill during the fill must not
    /// make stale bytes look new.
    fn arm(&mut self, end: u64) {
        self.memory.publish(AT_ARMED, 0);
        let from = self.poisoned_to.max(self.head);
        if from < end {
            let start = HEADER_LEN + self.index_usize(from);
            let len = usize::try_from(end - from).unwrap_or(0);
            let mut bytes = [0; WINDOW_LEN_MAX];
            poison(&mut bytes[..len], from);
            self.memory.write(start, &bytes[..len]);
            self.poisoned_to = end;
        }
        self.memory.publish(AT_ARMED_END, end);
        self.memory.publish(AT_ARMED, self.head + 1);
        self.armed_end = end;
    }

    const fn index(&self, position: u64) -> u64 {
        position & (self.capacity - 1)
    }

    fn index_usize(&self, position: u64) -> usize {
        usize::try_from(self.index(position)).unwrap_or(0)
    }
}

/// The server's side: reads the bytes, and says what may be overwritten.
#[derive(Debug)]
pub struct Consumer<M> {
    memory: M,
    capacity: u64,
    head: u64,
    tail: u64,
    done: u64,
}

impl<M: SharedBytes> Consumer<M> {
    /// Maps a ring, going on where the last server's words stand.
    ///
    /// # Errors
    /// [`RingError`] if there is no ring, or one of its words is impossible.
    pub fn attach(memory: M) -> Result<Self, RingError> {
        let Words { capacity, head, tail } = Words::read(&memory)?;
        let done = memory.word(AT_DONE);
        if done < tail || head < done {
            return Err(RingError::Word { word: "done", value: done });
        }
        Ok(Self { memory, capacity, head, tail, done })
    }

    /// The number of bytes it holds at most.
    #[must_use]
    pub const fn capacity(&self) -> u64 {
        self.capacity
    }

    /// Up to where the keeper may overwrite: the position of the newest valid snapshot.
    #[must_use]
    pub const fn tail(&self) -> u64 {
        self.tail
    }

    /// The effects of all bytes before it have left the server.
    #[must_use]
    pub const fn done(&self) -> u64 {
        self.done
    }

    /// The memory it lies in.
    #[must_use]
    pub const fn memory(&self) -> &M {
        &self.memory
    }

    /// The position after the last byte that has been published.
    ///
    /// # Errors
    /// [`RingError::Word`] if the head went back or too far ahead.
    pub fn head(&mut self) -> Result<u64, RingError> {
        let head = self.memory.word(AT_HEAD);
        if head < self.head || self.tail + self.capacity < head {
            return Err(RingError::Word { word: "head", value: head });
        }
        self.head = head;
        Ok(head)
    }

    /// Puts the bytes from `from` on into `bytes`, in place of what is there: at most `len_max` of
    /// them, at most up to the seam, and none if `from` is the head.
    ///
    /// # Errors
    /// [`RingError::Word`] if the head is impossible, or `from` is not between tail and head.
    pub fn read(
        &mut self,
        from: u64,
        len_max: usize,
        bytes: &mut Vec<u8>,
    ) -> Result<(), RingError> {
        let head = self.head()?;
        if from < self.tail || head < from {
            return Err(RingError::Word { word: "position", value: from });
        }
        let to = head.min(from.saturating_add(len_max as u64));
        let [range, _past_the_seam] = spans(self.capacity, from, to);
        bytes.resize(range.len(), 0);
        self.memory.read(range.start, bytes);
        Ok(())
    }

    /// Says that the effects of all bytes before `position` have left.
    ///
    /// # Panics
    /// If it goes back, or past the head that was last seen.
    pub fn set_done(&mut self, position: u64) {
        assert!(
            self.done <= position && position <= self.head,
            "done only moves forward, up to the head"
        );
        self.done = position;
        self.memory.publish(AT_DONE, position);
    }

    /// Lets the keeper overwrite all before `position`. True if it waits for that: then write the
    /// `room` eventfd.
    ///
    /// # Panics
    /// If it goes back, or past `done`.
    #[must_use = "the keeper may have to be woken"]
    pub fn set_tail(&mut self, position: u64) -> bool {
        assert!(
            self.tail <= position && position <= self.done,
            "the tail only moves forward, up to done"
        );
        self.tail = position;
        self.memory.publish(AT_TAIL, position);
        self.memory.word(AT_FULL) != 0
    }

    /// Asks the keeper to give the free pages back; write the `room` eventfd after it. Only the
    /// keeper knows which of them it is not about to fill.
    pub fn ask_trim(&mut self) {
        self.memory.publish(AT_TRIM, 1);
    }
}

/// Publishes what the read in flight of a dead keeper had brought, and says how many bytes that
/// were. A second call finds nothing more.
///
/// # Errors
/// [`RingError`] if there is no ring, or one of its words is impossible.
pub fn recover(memory: &mut impl SharedBytes) -> Result<usize, RingError> {
    let Words { capacity, head, .. } = Words::read(memory)?;
    let (armed, end) = (memory.word(AT_ARMED), memory.word(AT_ARMED_END));
    if armed != head + 1 || end <= head || end - head > WINDOW_LEN_MAX as u64 {
        return Ok(0);
    }
    let [window, past_the_seam] = spans(capacity, head, end);
    if !past_the_seam.is_empty() {
        return Ok(0);
    }
    let mut bytes = vec![0; window.len()];
    memory.read(window.start, &mut bytes);
    let found = unpoisoned_len(&bytes, head);
    memory.publish(AT_HEAD, head + found as u64);
    memory.publish(AT_ARMED, 0);
    Ok(found)
}

/// The words both sides need, checked.
struct Words {
    capacity: u64,
    head: u64,
    tail: u64,
}

impl Words {
    fn read(memory: &impl SharedBytes) -> Result<Self, RingError> {
        let len = memory.size();
        if len < HEADER_LEN {
            return Err(RingError::Short(len));
        }
        if memory.word(AT_MAGIC) != MAGIC || memory.word(AT_VERSION) != VERSION {
            return Err(RingError::Foreign);
        }
        let capacity = memory.word(AT_CAPACITY);
        check_capacity(capacity, len)?;
        let (head, tail) = (memory.word(AT_HEAD), memory.word(AT_TAIL));
        if u64::MAX / 2 < head {
            return Err(RingError::Word { word: "head", value: head });
        }
        if head < tail || capacity < head - tail {
            return Err(RingError::Word { word: "tail", value: tail });
        }
        Ok(Self { capacity, head, tail })
    }
}

fn check_capacity(capacity: u64, memory_bytes: usize) -> Result<(), RingError> {
    if !capacity.is_power_of_two() || capacity < PAGE as u64 || capacity > CAPACITY_MAX as u64 {
        return Err(RingError::Capacity(capacity));
    }
    if (memory_bytes as u64) < HEADER_LEN as u64 + capacity {
        return Err(RingError::Short(memory_bytes));
    }
    Ok(())
}

/// The place where the bytes `from..to` of the stream lie in the memory: up to the seam, and past
/// it. At most `capacity` bytes.
fn spans(capacity: u64, from: u64, to: u64) -> [Range<usize>; 2] {
    let at = |index: u64| HEADER_LEN + usize::try_from(index).unwrap_or(0);
    let len = (to - from).min(capacity);
    let start = from & (capacity - 1);
    let first = len.min(capacity - start);
    [at(start)..at(start + first), at(0)..at(len - first)]
}

/// Eight bytes of the pattern, for the eight positions from `8 * block`.
const fn pattern(block: u64) -> [u8; 8] {
    let mixed = (block ^ (block >> 31)).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    (mixed ^ (mixed >> 29)).to_le_bytes()
}

/// The pattern's byte for one position.
const fn pattern_byte(position: u64) -> u8 {
    pattern(position / 8)[(position % 8) as usize]
}

/// Fills `bytes`, which begin at `position`, with the pattern.
fn poison(bytes: &mut [u8], position: u64) {
    let lead =
        bytes.len().min(usize::try_from(position.next_multiple_of(8) - position).unwrap_or(0));
    let (first, rest) = bytes.split_at_mut(lead);
    for (byte, at) in first.iter_mut().zip(position..) {
        *byte = pattern_byte(at);
    }
    for (chunk, block) in rest.chunks_mut(8).zip((position + lead as u64) / 8..) {
        chunk.copy_from_slice(&pattern(block)[..chunk.len()]);
    }
}

/// The number of `bytes`, which begin at `position`, that are more than the pattern: up to the last
/// that differs.
fn unpoisoned_len(bytes: &[u8], position: u64) -> usize {
    let differs = |idx: &usize| bytes[*idx] != pattern_byte(position + *idx as u64);
    (0..bytes.len()).rev().find(differs).map_or(0, |idx| idx + 1)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::base::memory::HeapMemory;

    const CAPACITY: usize = 8192;

    fn memory() -> HeapMemory {
        HeapMemory(vec![0; memory_len(CAPACITY)])
    }

    fn stream(from: u64, len: usize) -> Vec<u8> {
        (from..).take(len).map(|at| (at.wrapping_mul(31) >> 3).to_le_bytes()[0]).collect()
    }

    /// Moves what the one side has published to the other, as the shared mapping would.
    fn carry(from: &HeapMemory, to: &mut HeapMemory, words: &[usize]) {
        for word in words {
            to.publish(*word, from.word(*word));
        }
    }

    proptest! {
        #[test]
        fn every_byte_comes_out_once_and_in_order(
            steps in prop::collection::vec((0usize..5000, 0usize..7000), 1..200),
        ) {
            let mut producer = Producer::create(memory(), CAPACITY).unwrap();
            let mut consumer = Consumer::attach(producer.memory().clone()).unwrap();
            let mut read = 0;
            for (put, take) in steps {
                let room = producer.window().map_or(0, |window| window.len());
                let at = producer.head();
                prop_assert_eq!(room == 0, at - consumer.tail() == CAPACITY as u64);
                window_fill(&mut producer, at, put.min(room));
                consumer.memory.0[HEADER_LEN..].copy_from_slice(&producer.memory.0[HEADER_LEN..]);
                carry(&producer.memory, &mut consumer.memory, &[AT_HEAD]);
                let (until, mut got) = (producer.head().min(read + take as u64), Vec::new());
                while read < until {
                    consumer.read(read, usize::try_from(until - read).unwrap(), &mut got).unwrap();
                    prop_assert!(!got.is_empty());
                    prop_assert_eq!(&got, &stream(read, got.len()));
                    read += got.len() as u64;
                }
                consumer.read(read, 0, &mut got).unwrap();
                prop_assert!(got.is_empty());
                consumer.set_done(read);
                let _woken = consumer.set_tail(read);
                carry(&consumer.memory, &mut producer.memory, &[AT_TAIL, AT_DONE]);
            }
            prop_assert_eq!(consumer.head().unwrap(), producer.head());
        }

        #[test]
        fn the_read_in_flight_is_recovered(
            before in 0u64..20_000,
            landed in prop::collection::vec(any::<u8>(), 0..4096),
        ) {
            let mut producer = filled_to(before);
            let (window_len, head) = (producer.window().unwrap().len(), producer.head());
            let landed = &landed[..landed.len().min(window_len)];
            let window = producer.window().unwrap();
            producer.memory.write(window.start, landed);
            let mut memory = producer.memory.clone();
            let found = recover(&mut memory).unwrap();
            let lost = &landed[found..];
            let mut lost = lost.iter().zip(head + found as u64..);
            prop_assert!(lost.all(|(byte, at)| *byte == pattern_byte(at)));
            prop_assert_eq!(recover(&mut memory).unwrap(), 0);
            prop_assert_eq!(Producer::attach(memory).unwrap().head(), head + found as u64);
        }

        #[test]
        fn a_hostile_header_is_refused_or_harmless(
            words in prop::collection::vec((0usize..64, any::<u64>(), any::<bool>()), 0..8),
        ) {
            let mut producer = filled_to(5000);
            producer.window().unwrap();
            let mut consumer = Consumer::attach(producer.memory.clone()).unwrap();
            let mut memory = producer.memory.clone();
            for (word, value, small) in words {
                let value = if small { value % 20_000 } else { value };
                for memory in [&mut memory, &mut producer.memory, &mut consumer.memory] {
                    memory.publish(word * 8, value);
                }
            }
            let _recovered = recover(&mut memory.clone());
            if let Ok(mut attached) = Producer::attach(memory.clone()) {
                let _window = attached.window();
                attached.trim_if_asked();
            }
            if let Ok(mut attached) = Consumer::attach(memory) {
                let tail = attached.tail();
                let _read = attached.read(tail, usize::MAX, &mut Vec::new());
            }
            let _window = producer.window();
            producer.trim_if_asked();
            let _read = consumer.read(0, usize::MAX, &mut Vec::new());
        }

        #[test]
        fn any_page_as_header_is_refused_or_harmless(
            page in prop::collection::vec(any::<u8>(), 0..5000),
        ) {
            prop_assert!(Producer::attach(HeapMemory(page.clone())).is_err());
            prop_assert!(Consumer::attach(HeapMemory(page)).is_err());
        }

        #[test]
        fn the_pattern_is_the_same_from_any_start(from in 0u64..10_000, len in 0usize..300) {
            let mut bytes = vec![0; len];
            poison(&mut bytes, from);
            prop_assert!(bytes.iter().zip(from..).all(|(byte, at)| *byte == pattern_byte(at)));
            prop_assert_eq!(unpoisoned_len(&bytes, from), 0);
        }
    }

    fn window_fill(producer: &mut Producer<HeapMemory>, at: u64, len: usize) {
        if len == 0 {
            return;
        }
        let window = producer.window().unwrap();
        producer.memory.write(window.start, &stream(at, len));
        producer.advance(len);
    }

    /// A ring whose stream has come to `position`, all consumed.
    fn filled_to(position: u64) -> Producer<HeapMemory> {
        let mut producer = Producer::create(memory(), CAPACITY).unwrap();
        while producer.head() < position {
            let len = producer
                .window()
                .unwrap()
                .len()
                .min(usize::try_from(position - producer.head()).unwrap());
            window_fill(&mut producer, 0, len);
            let head = producer.head();
            producer.memory.publish(AT_TAIL, head);
            producer.memory.publish(AT_DONE, head);
        }
        producer
    }

    #[test]
    fn a_full_ring_waits_until_the_tail_moves() {
        let mut producer = Producer::create(memory(), CAPACITY).unwrap();
        while let Some(len) = producer.window().map(|window| window.len()) {
            producer.advance(len);
        }
        assert!(producer.wait_for_room());
        assert!(!producer.has_room_again());
        let mut consumer = Consumer::attach(producer.memory.clone()).unwrap();
        consumer.set_done(100);
        assert!(consumer.set_tail(100));
        carry(&consumer.memory, &mut producer.memory, &[AT_TAIL]);
        assert!(producer.has_room_again());
        assert_eq!(producer.window().unwrap().len(), 100);
        assert!(!producer.wait_for_room());
    }

    #[test]
    fn trimming_leaves_what_is_unread_and_what_is_armed() {
        let mut producer = filled_to(3 * CAPACITY as u64 + 100);
        producer.window().unwrap();
        let mut memory = producer.memory.clone();
        memory.publish(AT_TRIM, 1);
        producer.memory = memory;
        let armed = recover(&mut producer.memory.clone()).unwrap();
        assert!(producer.trim_if_asked());
        assert!(!producer.trim_if_asked());
        assert_eq!(armed, 0);
        assert_eq!(
            recover(&mut producer.memory.clone()).unwrap(),
            0,
            "zeros in place of the pattern would look like output"
        );
    }

    #[test]
    fn the_header_is_frozen() {
        let mut producer = Producer::create(memory(), CAPACITY).unwrap();
        producer.window().unwrap();
        producer.advance(3);
        producer.window().unwrap();
        assert_eq!(&producer.memory.0[..24], b"abidring\x01\0\0\0\0\0\0\0\0\x20\0\0\0\0\0\0");
        assert_eq!(
            &producer.memory.0[64..96],
            b"\x03\0\0\0\0\0\0\0\x04\0\0\0\0\0\0\0\x03\x10\0\0\0\0\0\0\0\0\0\0\0\0\0\0"
        );
        assert_eq!(pattern(7), 0x5384_5410_e72b_c400_u64.to_le_bytes());
    }
}
