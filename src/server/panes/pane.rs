//! The handles behind one pane: its PTY master, ring, input, snapshot slots and scrollback memory.
//! It parses nothing.

use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::sync::Arc;

use crate::base::geom::Size;
use crate::base::id::PaneId;
use crate::base::memory::{MemoryFull, SharedBytes};
use crate::base::path_trace;
use crate::base::time::{Span, Tick};
use crate::core::PaneEvent;
use crate::platform::memory::SharedMemory;
use crate::platform::{process, tty};
use crate::server::commands::stop::StopProgress;
use crate::server::panes::pipe::Pipe;
use crate::store::double_buffer::{self, DoubleBuffer};
use crate::store::input::{self, Full, InputQueue};
use crate::store::ring::Consumer;
use crate::term::Terminal;
use crate::wire::keeper::{self, PART_PIDFD, ProgramEntry};

/// The number of bytes of a pane that are parsed in one turn.
pub(in crate::server) const TURN_BYTES_MAX: usize = 64 << 10;
/// After so many parsed bytes a snapshot is written.
const SNAPSHOT_BYTES: u64 = 256 << 10;
/// So much is parsed again sooner than a snapshot is written.
const REPLAY_BYTES: u64 = 32 << 10;
/// After so long without output a snapshot is written, and unused memory given back.
pub(in crate::server) const QUIET: Span = Span::seconds(1);
/// The first size of scrollback memory.
const LINES_LEN_FIRST: usize = 4096;
/// Output beyond so many bytes after a key is no echo of it.
const ECHO_BYTES: u64 = 64 << 10;
/// The program in the foreground is looked up so long after output: once for a burst.
pub(in crate::server) const NAME_AFTER: Span = Span::millis(150);
/// For so long a synchronized update may hold the drawn state (DEC mode 2026).
const HOLD_MAX: Span = Span::millis(150);

/// A thing of a pane that is stashed with the keeper.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::server) enum StashedPart {
    /// Snapshot slots.
    Slots,
    /// Scrollback.
    Lines,
    /// Input on its way.
    Input,
}

impl StashedPart {
    pub(in crate::server) const ALL: [Self; 3] = [Self::Slots, Self::Lines, Self::Input];

    /// The name it is stashed under.
    pub(in crate::server) fn name(self, pane: PaneId) -> Vec<u8> {
        let part = match self {
            Self::Slots => "slots",
            Self::Lines => "lines",
            Self::Input => "input",
        };
        format!("{pane}.{part}").into_bytes()
    }
}

/// The keeper's record of a program, and the fds that came with it.
#[derive(Debug)]
pub(in crate::server) struct ProgramHandles {
    pub(in crate::server) entry: ProgramEntry,
    pub(in crate::server) master: Arc<OwnedFd>,
    pub(in crate::server) ring: SharedMemory,
    pub(in crate::server) pidfd: Option<Arc<OwnedFd>>,
}

impl ProgramHandles {
    /// Puts together what rides with the record of a program on a PTY.
    pub(in crate::server) fn new(entry: ProgramEntry, fds: Vec<OwnedFd>) -> io::Result<Self> {
        let missing = || io::Error::new(io::ErrorKind::InvalidData, "fds are missing");
        let mut fds = fds.into_iter();
        let master = Arc::new(fds.next().ok_or_else(missing)?);
        let ring = SharedMemory::from_fd(fds.next().ok_or_else(missing)?)?;
        let pidfd = fds.next().filter(|_| entry.parts & PART_PIDFD != 0).map(Arc::new);
        Ok(Self { entry, master, ring, pidfd })
    }
}

/// The handles of one pane.
#[derive(Debug)]
pub(in crate::server) struct PaneIo {
    entry: ProgramEntry,
    pub(in crate::server) master: Arc<OwnedFd>,
    pidfd: Option<Arc<OwnedFd>>,
    pub(in crate::server) ring: Consumer<SharedMemory>,
    /// Up to where the ring is parsed.
    pub(in crate::server) position: u64,
    pub(in crate::server) input: InputQueue,
    /// The place where the ring was parsed up to when input came last.
    typed_at: u64,
    slots: DoubleBuffer,
    /// The memory that is stashed with the keeper.
    stash: Vec<(StashedPart, Arc<OwnedFd>)>,
    snapshot_at: u64,
    /// The time when there will have been no output for [`QUIET`]; none once that was dealt with.
    pub(in crate::server) quiet_at: Option<Tick>,
    /// The time when it is looked what runs in the foreground.
    pub(in crate::server) named_at: Option<Tick>,
    /// Until when a synchronized update holds the drawn state.
    pub(in crate::server) held_until: Option<Tick>,
    pub(in crate::server) waits_writable: bool,
    /// True if its scrollback may have cold segments that are not packed.
    pub(in crate::server) packing: bool,
    pub(in crate::server) stop: StopProgress,
    /// The end of the leader, and the ring's head at that moment.
    pub(in crate::server) exit: Option<(keeper::ExitStatus, u64)>,
    /// A command that reads the pane's output besides us.
    pub(in crate::server) pipe: Option<Pipe>,
}

/// The memory of a pane.
#[derive(Debug)]
pub(in crate::server) struct PaneMemory {
    pub(in crate::server) slots: SharedMemory,
    pub(in crate::server) lines: SharedMemory,
    pub(in crate::server) input: SharedMemory,
}

impl PaneMemory {
    /// New memory for a pane.
    pub(in crate::server) fn create(pane: PaneId) -> io::Result<Self> {
        Ok(Self {
            slots: SharedMemory::growable(
                &format!("abide-{pane}-slots"),
                double_buffer::HEADER_LEN,
            )?,
            lines: Self::lines(pane)?,
            input: SharedMemory::fixed(&format!("abide-{pane}-input"), input::MEMORY_LEN)?,
        })
    }

    /// New memory for the scrollback of a pane.
    pub(in crate::server) fn lines(pane: PaneId) -> io::Result<SharedMemory> {
        SharedMemory::growable(&format!("abide-{pane}-lines"), LINES_LEN_FIRST)
    }
}

impl PaneIo {
    /// Puts the handles of a pane together: of a new one, or of one that a former server had. Gives
    /// the memory of the scrollback beside them.
    pub(in crate::server) fn new(
        source: ProgramHandles,
        parts: PaneMemory,
    ) -> io::Result<(Self, SharedMemory)> {
        let PaneMemory { slots, lines, input } = parts;
        let stash = vec![
            (StashedPart::Slots, slots.fd()),
            (StashedPart::Lines, lines.fd()),
            (StashedPart::Input, input.fd()),
        ];
        let full = |error: MemoryFull| io::Error::new(io::ErrorKind::OutOfMemory, error);
        let slots = if slots.word(0) == 0 {
            DoubleBuffer::create(Box::new(slots)).map_err(full)?
        } else {
            DoubleBuffer::open(Box::new(slots)).ok_or_else(damaged)?
        };
        let input = if input.word(0) == 0 {
            InputQueue::create(Box::new(input)).map_err(full)?
        } else {
            InputQueue::open(Box::new(input)).ok_or_else(damaged)?
        };
        let exit = source.entry.exit;
        let mut ring = Consumer::attach(source.ring)
            .map_err(|error| io::Error::new(io::ErrorKind::InvalidData, error))?;
        let position = ring.tail();
        let head = ring.head().unwrap_or(position);
        let io = Self {
            entry: source.entry,
            master: source.master,
            pidfd: source.pidfd,
            ring,
            position,
            input,
            typed_at: position,
            slots,
            stash,
            snapshot_at: position,
            quiet_at: None,
            named_at: Some(Tick::default()),
            held_until: None,
            waits_writable: false,
            packing: true,
            stop: StopProgress::default(),
            exit: exit.map(|status| (status, head)),
            pipe: None,
        };
        Ok((io, lines))
    }

    /// The process the pane was started with.
    pub(in crate::server) fn pid(&self) -> i32 {
        self.entry.pid
    }

    /// The program's entry for a new keeper, and the fds that ride with it.
    pub(in crate::server) fn adoption(&self) -> (ProgramEntry, Vec<Arc<OwnedFd>>) {
        let entry = ProgramEntry { exit: self.exit.map(|(status, _)| status), ..self.entry };
        let fds = [Arc::clone(&self.master), self.ring.memory().fd()]
            .into_iter()
            .chain(self.pidfd.clone());
        (entry, fds.collect())
    }

    pub(in crate::server) fn stash(&self) -> impl Iterator<Item = (StashedPart, Arc<OwnedFd>)> {
        self.stash.iter().cloned()
    }

    /// The bytes of the newest snapshot.
    pub(in crate::server) fn snapshot(&self) -> Option<Vec<u8>> {
        self.slots.read()
    }

    /// Sets out from a restored screen: the ring is parsed up to `position`.
    pub(in crate::server) fn set_out(&mut self, position: u64) {
        self.position = position;
        self.snapshot_at = position;
    }

    /// True if there is output that is not parsed.
    pub(in crate::server) fn has_output(&mut self) -> bool {
        self.ring.head().is_ok_and(|head| self.position < head)
    }

    /// The number of bytes that may be parsed in one go: at most `len`, and not past a position up
    /// to which replies were given before.
    pub(in crate::server) fn batch(&self, len: usize) -> usize {
        let until_replied = self.input.replied().saturating_sub(self.position);
        if until_replied == 0 {
            len
        } else {
            len.min(usize::try_from(until_replied).unwrap_or(len))
        }
    }

    /// True if the replies to output that ends at `position` were given before.
    pub(in crate::server) fn has_replied(&self, position: u64) -> bool {
        position <= self.input.replied()
    }

    /// Notes that the effects of all that is parsed have left. True if a snapshot is to be written.
    pub(in crate::server) fn done(&mut self) -> bool {
        self.ring.set_done(self.position);
        SNAPSHOT_BYTES <= self.position - self.snapshot_at
    }

    /// Writes a snapshot of the screen as it is at the present position, and gives the ring free up
    /// to there. True if the keeper waits for room.
    pub(in crate::server) fn write_snapshot(&mut self, content: &[u8]) -> Result<bool, MemoryFull> {
        self.slots.write(content)?;
        self.snapshot_at = self.position;
        Ok(self.ring.set_tail(self.position))
    }

    /// Gives memory back that is not needed while nothing happens.
    pub(in crate::server) fn trim(&mut self) {
        self.slots.trim();
        self.ring.ask_trim();
    }

    /// True if the newest snapshot is of the present position.
    pub(in crate::server) fn is_snapshot_fresh(&self) -> bool {
        self.snapshot_at == self.position && self.slots.has_content()
    }

    /// True if a successor that goes on from the newest snapshot has next to nothing to parse
    /// again.
    pub(in crate::server) fn is_snapshot_near(&self) -> bool {
        self.position - self.snapshot_at <= REPLAY_BYTES && self.slots.has_content()
    }

    /// Hands waiting input to the kernel. True if the program does not take all of it now.
    pub(in crate::server) fn write_input(&mut self) -> bool {
        while 0 < self.input.waiting() {
            path_trace::note("key");
            let bytes = self.input.begin();
            let len = bytes.len();
            let result = rustix::io::write(&*self.master, bytes);
            match result {
                Ok(count) => {
                    self.input.finish(len - count);
                    if count < len {
                        return true;
                    }
                }
                Err(rustix::io::Errno::INTR) => self.input.finish(len),
                Err(rustix::io::Errno::AGAIN) => {
                    self.input.finish(len);
                    return true;
                }
                // Nobody reads any more: what is typed is lost, as on any terminal whose program
                // has ended.
                Err(_) => self.input.finish(0),
            }
        }
        false
    }

    /// Accepts bytes for the program.
    pub(in crate::server) fn accept(
        &mut self,
        bytes: &[u8],
        from: Option<(u64, u64)>,
    ) -> Result<(), Full> {
        self.typed_at = self.position;
        self.input.accept(bytes, from)
    }

    /// True if what it prints next may be the echo of what was typed.
    pub(in crate::server) fn may_echo(&self) -> bool {
        self.position.saturating_sub(self.typed_at) < ECHO_BYTES
    }

    /// Accepts what the terminal answers to the output up to the present batch's end.
    pub(in crate::server) fn reply(&mut self, bytes: &[u8], position: u64) -> Result<(), Full> {
        self.input.reply(bytes, position)
    }

    /// Tells the program its size.
    pub(in crate::server) fn set_size(&self, size: Size) -> io::Result<()> {
        tty::set_size(self.master.as_fd(), size)
    }

    /// Notes whether the screen is in the middle of a synchronized update.
    pub(in crate::server) fn note_hold(&mut self, now: Tick, screen: &Terminal) {
        self.held_until = match (screen.is_synchronized(), self.held_until) {
            (false, _) => None,
            (true, None) => Some(now + HOLD_MAX),
            (true, since) => since,
        };
    }

    /// True if everything the program printed before its end is parsed.
    pub(in crate::server) fn is_drained(&self) -> bool {
        self.exit.is_some_and(|(_, end)| end <= self.position)
    }
}

fn damaged() -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, "its memory is damaged")
}

/// The most words of a command that are remembered.
const WORDS_MAX: usize = 64;
/// The most bytes of them.
const BYTES_MAX: usize = 4096;

impl PaneIo {
    /// The event that tells what runs in the foreground; none if it is not time to look.
    /// `is_shell` says whether its own program is a shell, whose foreground can be typed again.
    pub(in crate::server) fn foreground(&mut self, is_shell: bool, now: Tick) -> Option<PaneEvent> {
        let is_due = |at: Option<Tick>| at.is_some_and(|at| at <= now);
        if !is_due(self.named_at) && !is_due(self.quiet_at) {
            return None;
        }
        self.named_at = None;
        let first = self.pid();
        let leader = tty::foreground_group(self.master.as_fd()).filter(|leader| *leader != first);
        let name = leader.and_then(|leader| {
            process::label(leader).or_else(|| process::label(last_of_group(first, leader)?))
        });
        let argv = leader.filter(|_| is_shell).map(arguments).unwrap_or_default();
        Some(PaneEvent::Foreground { name, argv })
    }

    /// The directory of what runs in the foreground, else of its program; none where it is gone or
    /// no text.
    pub(in crate::server) fn directory(&self) -> Option<String> {
        let leader = tty::foreground_group(self.master.as_fd()).unwrap_or(self.pid());
        let found = process::working_directory(leader)
            .or_else(|| process::working_directory(self.pid()))?;
        found.to_str().map(str::to_owned)
    }
}

/// The arguments of a process; none if they are too many to be told, or no text.
fn arguments(pid: i32) -> Vec<String> {
    let words = process::arguments(pid);
    if WORDS_MAX < words.len() || BYTES_MAX < words.iter().map(Vec::len).sum::<usize>() {
        return Vec::new();
    }
    words.into_iter().map(String::from_utf8).collect::<Result<_, _>>().unwrap_or_default()
}

/// The end of a pipeline whose first program is over: of `seq 1000 | less` that is what one looks
/// at.
fn last_of_group(shell: i32, group: i32) -> Option<i32> {
    let children = process::children(shell).into_iter().filter_map(process::read);
    children
        .filter(|child| child.group == group && !child.is_over())
        .map(|child| child.pid)
        .next_back()
}
