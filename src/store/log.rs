//! The output of a command as it is kept: frames of both streams in the order they came, in memory
//! that outlives the server. The oldest frames make room.
//!
//! A frame is `u32` length, `u8` stream, three 0s, `u64` milliseconds since 1970, `u64` position in
//! its stream after the frame, then the bytes. Positions of frames are counted from the start of
//! the log and never wrap. Bytes are written first, then the head is published.

use crate::base::memory::{MemoryFull, SharedBytes};

/// Bytes before the frames.
pub const HEADER_LEN: usize = 4096;
/// The usual capacity.
pub const CAPACITY_DEFAULT: usize = 1 << 20;
/// The most bytes of one frame.
pub const FRAME_BYTES_MAX: usize = 16 << 10;

const FRAME_HEADER_LEN: usize = 24;
/// `abidelog` as a little-endian word.
const MAGIC: u64 = u64::from_le_bytes(*b"abidelog");
const VERSION: u64 = 1;
/// A log is longer than the header and one frame.
const LEN_MIN: usize = HEADER_LEN + FRAME_HEADER_LEN + FRAME_BYTES_MAX;
const AT_MAGIC: usize = 0;
const AT_VERSION: usize = 8;
const AT_CAPACITY: usize = 16;
const AT_HEAD: usize = 64;
const AT_TAIL: usize = 72;
/// Two words: where each stream ends, lest that is forgotten when all its frames made room.
const AT_ENDS: usize = 80;

/// Standard output or standard error.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum LogStream {
    /// Standard output.
    Output,
    /// Standard error.
    Error,
}

impl LogStream {
    /// Both.
    pub const ALL: [Self; 2] = [Self::Output, Self::Error];

    const fn index(self) -> usize {
        match self {
            Self::Output => 0,
            Self::Error => 1,
        }
    }

    /// The name: `stdout` or `stderr`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Output => "stdout",
            Self::Error => "stderr",
        }
    }
}

/// A piece of output.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogFrame {
    /// The place where the frame after it begins: a cursor behind this one.
    pub next: u64,
    /// The stream it came on.
    pub stream: LogStream,
    /// The moment when it came, in milliseconds since 1970.
    pub wall: u64,
    /// The position in its stream after it.
    pub end: u64,
    /// The bytes written.
    pub bytes: Vec<u8>,
}

/// The log of one command.
#[derive(Debug)]
pub struct Log<M> {
    memory: M,
    capacity: u64,
    head: u64,
    tail: u64,
    ends: [u64; 2],
}

impl<M: SharedBytes> Log<M> {
    /// An empty log in `memory`, which is 0 all over, as large as that allows.
    ///
    /// # Errors
    /// If the memory cannot be one: it is not larger than the header and one frame.
    pub fn create(mut memory: M) -> Result<Self, MemoryFull> {
        let len = memory.size();
        if len <= LEN_MIN {
            return Err(MemoryFull(LEN_MIN));
        }
        let capacity = (len - HEADER_LEN) as u64;
        memory.publish(AT_CAPACITY, capacity);
        memory.publish(AT_VERSION, VERSION);
        memory.publish(AT_MAGIC, MAGIC);
        Ok(Self { memory, capacity, head: 0, tail: 0, ends: [0; 2] })
    }

    /// The log that a former server kept; none if that is damaged.
    pub fn open(memory: M) -> Option<Self> {
        // Words are read of a memory that has them, and positions can be added to.
        if memory.size() <= LEN_MIN {
            return None;
        }
        let is_log = memory.word(AT_MAGIC) == MAGIC && memory.word(AT_VERSION) == VERSION;
        let (capacity, head, tail) =
            (memory.word(AT_CAPACITY), memory.word(AT_HEAD), memory.word(AT_TAIL));
        let fits = capacity == (memory.size().checked_sub(HEADER_LEN)?) as u64
            && tail <= head
            && head <= u64::MAX / 2
            && head - tail <= capacity;
        if !is_log || !fits {
            return None;
        }
        let mut log = Self {
            capacity,
            head,
            tail,
            ends: [0, 1].map(|at| memory.word(AT_ENDS + at * 8)),
            memory,
        };
        let mut at = tail;
        while at < head {
            let frame = log.frame(at)?;
            let end = &mut log.ends[frame.stream.index()];
            *end = frame.end.max(*end);
            at = frame.next;
        }
        Some(log)
    }

    /// Behind the newest frame.
    #[must_use]
    pub const fn head(&self) -> u64 {
        self.head
    }

    /// The place where the oldest frame begins.
    #[must_use]
    pub const fn tail(&self) -> u64 {
        self.tail
    }

    /// The number of bytes a stream has had.
    #[must_use]
    pub const fn end(&self, stream: LogStream) -> u64 {
        self.ends[stream.index()]
    }

    /// The memory it lies in.
    #[must_use]
    pub const fn memory(&self) -> &M {
        &self.memory
    }

    /// Adds output of a stream.
    pub fn append(&mut self, stream: LogStream, wall: u64, bytes: &[u8]) {
        for part in bytes.chunks(FRAME_BYTES_MAX) {
            let len = (FRAME_HEADER_LEN + part.len()) as u64;
            self.make_room(len);
            let end = self.ends[stream.index()] + part.len() as u64;
            let mut header = [0; FRAME_HEADER_LEN];
            header[..4].copy_from_slice(&u32::try_from(part.len()).unwrap_or(0).to_le_bytes());
            header[4] = u8::from(stream == LogStream::Error);
            header[8..16].copy_from_slice(&wall.to_le_bytes());
            header[16..24].copy_from_slice(&end.to_le_bytes());
            self.write(self.head, &header);
            self.write(self.head + FRAME_HEADER_LEN as u64, part);
            self.head += len;
            self.ends[stream.index()] = end;
            self.memory.publish(AT_HEAD, self.head);
            self.memory.publish(AT_ENDS + stream.index() * 8, end);
        }
    }

    fn make_room(&mut self, len: u64) {
        let before = self.tail;
        while self.capacity < self.head + len - self.tail {
            self.tail = self.frame(self.tail).map_or(self.head, |frame| frame.next);
        }
        if self.tail != before {
            self.memory.publish(AT_TAIL, self.tail);
        }
    }

    /// The frame at a position; none if none begins there.
    #[must_use]
    pub fn frame(&self, at: u64) -> Option<LogFrame> {
        if at < self.tail || self.head.checked_sub(at)? < FRAME_HEADER_LEN as u64 {
            return None;
        }
        let header = self.copy(at, FRAME_HEADER_LEN);
        let word =
            |at: usize| header[at..].first_chunk().map_or(0, |bytes| u64::from_le_bytes(*bytes));
        let len = u32::from_le_bytes(*header.first_chunk()?) as usize;
        let next = at + (FRAME_HEADER_LEN + len) as u64;
        if len == 0 || FRAME_BYTES_MAX < len || self.head < next {
            return None;
        }
        let stream = if header[4] == 0 { LogStream::Output } else { LogStream::Error };
        Some(LogFrame {
            next,
            stream,
            wall: word(8),
            end: word(16),
            bytes: self.copy(at + FRAME_HEADER_LEN as u64, len),
        })
    }

    /// True if a frame begins or will begin at a position.
    #[must_use]
    pub fn is_boundary(&self, position: u64) -> bool {
        let mut at = self.tail;
        while at < position {
            let Some(frame) = self.frame(at) else { return false };
            at = frame.next;
        }
        at == position && position <= self.head
    }

    /// The last `bytes_max` bytes of a stream at most, and whether anything before is
    /// gone or left out.
    #[must_use]
    pub fn text(&self, stream: LogStream, bytes_max: usize) -> (Vec<u8>, bool) {
        let mut bytes = Vec::new();
        let mut at = self.tail;
        while let Some(frame) = self.frame(at) {
            at = frame.next;
            if frame.stream == stream {
                bytes.extend_from_slice(&frame.bytes);
            }
        }
        let surplus = bytes.len().saturating_sub(bytes_max);
        bytes.drain(..surplus);
        let is_cut = (bytes.len() as u64) < self.end(stream);
        (bytes, is_cut)
    }

    fn index(&self, position: u64) -> usize {
        usize::try_from(position % self.capacity).unwrap_or(0)
    }

    fn write(&mut self, at: u64, bytes: &[u8]) {
        let start = self.index(at);
        let first = bytes.len().min(usize::try_from(self.capacity).unwrap_or(0) - start);
        self.memory.write(HEADER_LEN + start, &bytes[..first]);
        self.memory.write(HEADER_LEN, &bytes[first..]);
    }

    fn copy(&self, at: u64, len: usize) -> Vec<u8> {
        let start = self.index(at);
        let first = len.min(usize::try_from(self.capacity).unwrap_or(0) - start);
        let mut bytes = vec![0; len];
        let (before_seam, past_seam) = bytes.split_at_mut(first);
        self.memory.read(HEADER_LEN + start, before_seam);
        self.memory.read(HEADER_LEN, past_seam);
        bytes
    }
}

#[cfg(test)]
mod tests {
    use super::{FRAME_BYTES_MAX, HEADER_LEN, Log, LogStream};
    use crate::base::memory::{HeapMemory, SharedBytes};

    fn log(capacity: usize) -> Log<HeapMemory> {
        Log::create(HeapMemory(vec![0; HEADER_LEN + capacity])).expect("it is large enough")
    }

    #[test]
    fn streams_keep_their_order_and_come_apart() {
        let mut log = log(64 << 10);
        log.append(LogStream::Output, 1, b"one");
        log.append(LogStream::Error, 2, b"two");
        log.append(LogStream::Output, 3, b"three");
        assert_eq!(log.text(LogStream::Output, 100), (b"onethree".to_vec(), false));
        assert_eq!(log.text(LogStream::Output, 5), (b"three".to_vec(), true));
        assert_eq!(log.text(LogStream::Error, 100), (b"two".to_vec(), false));
        let first = log.frame(0).expect("it is there");
        let second = log.frame(first.next).expect("it is there");
        assert_eq!(
            (second.stream, second.wall, second.bytes.as_slice()),
            (LogStream::Error, 2, &b"two"[..])
        );
        assert!(log.is_boundary(second.next) && log.is_boundary(log.head()));
        assert!(!log.is_boundary(1) && !log.is_boundary(log.head() + 1) && log.frame(1).is_none());
    }

    #[test]
    fn the_oldest_frames_make_room_and_a_reader_after_a_kill_sees_the_same() {
        let mut log = log(40 << 10);
        for n in 0..200_u64 {
            log.append(LogStream::Output, n, &vec![b'a' + u8::try_from(n % 26).unwrap_or(0); 1000]);
            let other = Log::open(log.memory().clone()).expect("it is whole");
            assert_eq!(
                (other.head(), other.tail(), other.end(LogStream::Output)),
                (log.head(), log.tail(), (n + 1) * 1000)
            );
            assert_eq!(
                other.text(LogStream::Output, usize::MAX),
                log.text(LogStream::Output, usize::MAX)
            );
        }
        let (kept, is_cut) = log.text(LogStream::Output, usize::MAX);
        assert!(is_cut && (30_000..40 << 10).contains(&kept.len()), "{}", kept.len());
        log.append(LogStream::Error, 0, &vec![b'x'; 3 * FRAME_BYTES_MAX]);
        assert!(log.text(LogStream::Output, usize::MAX).0.is_empty());
        let other = Log::open(log.memory().clone()).expect("it is whole");
        assert_eq!(other.end(LogStream::Output), 200_000);
    }

    #[test]
    fn damage_is_no_log() {
        let mut log = log(40 << 10);
        log.append(LogStream::Output, 0, b"abc");
        for at in [0, 8, 16, 64, 72] {
            let mut memory = log.memory().clone();
            memory.publish(at, 77);
            assert!(Log::open(memory).is_none(), "word {at}");
        }
        assert!(Log::create(HeapMemory(vec![0; 100])).is_err());
    }
}
